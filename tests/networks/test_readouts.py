"""The Gaussian readout against a naive loop, and what it draws and learns."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from neurobust.networks.readouts import GaussianReadout

ROWS, COLUMNS, CHANNELS, NEUROIDS = 5, 7, 4, 6


def make(continuous=True, seed=0):
    torch.manual_seed(seed)
    readout = GaussianReadout(NEUROIDS, CHANNELS, continuous=continuous)
    with torch.no_grad():
        readout.features.copy_(torch.randn(NEUROIDS, CHANNELS))
        readout.bias.copy_(torch.randn(NEUROIDS))
        # Corners, an edge, outside of the map, and two positions between pixels.
        readout.position.copy_(
            torch.tensor([[-1, -1], [1, 1], [0.0, 1.0], [1.5, -2.0], [0.123, -0.77], [-0.4, 0.31]])
        )
    return readout


def maps(count=3):
    return torch.randn(count, CHANNELS, ROWS, COLUMNS, generator=torch.Generator().manual_seed(1))


def interpolate(map_, x, y):
    """Interpolate bilinearly; x is -1 at the centre of the first column, 1 at the last one's."""
    column = (min(max(x, -1), 1) + 1) / 2 * (COLUMNS - 1)
    row = (min(max(y, -1), 1) + 1) / 2 * (ROWS - 1)
    left, top = min(int(column), COLUMNS - 2), min(int(row), ROWS - 2)
    value = 0.0
    for r, share in ((top, 1 - (row - top)), (top + 1, row - top)):
        for c, part in ((left, 1 - (column - left)), (left + 1, column - left)):
            value += share * part * map_[r, c]
    return value


def naive(readout, features):
    weights, bias = readout.features.detach().numpy(), readout.bias.detach().numpy()
    result = np.zeros((len(features), NEUROIDS))
    for i, image in enumerate(features.numpy().astype(np.float64)):
        for n, (x, y) in enumerate(readout.position.detach().numpy()):
            for c in range(CHANNELS):
                result[i, n] += weights[n, c] * interpolate(image[c], x, y)
    return result + bias


def test_evaluation_reads_the_mean_position_bilinearly():
    readout = make().eval()
    expected = naive(readout, maps())
    # float32 sums of four products against float64.
    np.testing.assert_allclose(readout(maps()).detach(), expected, rtol=1e-5, atol=1e-5)


def test_counts_are_positive_and_continuous_responses_linear():
    readout, linear = make(continuous=False).eval(), make(continuous=True).eval()
    raw = naive(linear, maps() * 3)
    counts = readout(maps() * 3).detach().numpy()
    expected = np.where(raw > 1, raw, np.exp(np.minimum(raw, 1) - 1))  # elu(x - 1) + 1
    np.testing.assert_allclose(counts, expected, rtol=1e-4, atol=1e-6)
    assert (counts > 0).all()
    assert (raw < 0).any()
    assert (linear(maps() * 3).detach().numpy() < 0).any()


def test_sessions_are_slices_of_the_whole():
    readout = make().eval()
    together = readout(maps())
    for part in (slice(0, 2), slice(2, 6), slice(3, 4)):
        torch.testing.assert_close(readout(maps(), part), together[:, part], rtol=0, atol=1e-6)


def test_training_draws_a_position_for_every_image_and_neuroid():
    torch.manual_seed(0)
    readout = GaussianReadout(2, 2, continuous=True)
    mean = torch.tensor([[0.1, -0.2], [-0.05, 0.15]])
    std = torch.tensor([[0.1, 0.2], [0.15, 0.05]])
    with torch.no_grad():
        readout.position.copy_(mean)
        readout.spread.copy_(std)
        readout.features.copy_(torch.eye(2))
    # Maps whose values are their own coordinates: neuroid 0 reads x, neuroid 1 reads y.
    x = torch.linspace(-1, 1, 33)
    grid = torch.stack([x.expand(33, 33), x[:, None].expand(33, 33)])
    count = 4000
    drawn = readout.train()(grid.expand(count, -1, -1, -1)).detach().double()
    for neuroid, axis in ((0, 0), (1, 1)):
        s = std[neuroid, axis].item()
        assert abs(drawn[:, neuroid].mean() - mean[neuroid, axis]) < 4 * s / math.sqrt(count)
        assert abs(drawn[:, neuroid].std() / s - 1) < 4 / math.sqrt(2 * count)
    assert abs(torch.corrcoef(drawn.T)[0, 1]) < 4 / math.sqrt(count)
    assert len(drawn[:, 0].unique()) > 0.99 * count


def test_positions_outside_of_the_map_read_its_edge():
    readout = make()
    with torch.no_grad():
        readout.position.fill_(5.0)
        readout.spread.fill_(0.5)
    training = readout.train()(maps())
    corner = torch.einsum("ic,nc->in", maps()[:, :, -1, -1], readout.features) + readout.bias
    torch.testing.assert_close(training, corner, rtol=1e-5, atol=1e-5)


def test_gradients_reach_every_parameter_and_the_maps():
    readout = make().train()
    with torch.no_grad():
        readout.position.uniform_(-0.5, 0.5)
        readout.spread.fill_(0.1)
    features = maps().requires_grad_()
    (readout(features) ** 2).sum().backward()
    for name, parameter in readout.named_parameters():
        assert (parameter.grad.reshape(NEUROIDS, -1) != 0).any(1).all(), name
    assert features.grad.any()


def test_only_the_chosen_session_gets_gradients():
    readout = make().eval()
    readout(maps(), slice(0, 2)).sum().backward()
    assert readout.features.grad[:2].any()
    assert not readout.features.grad[2:].any()


def test_it_starts_as_published():
    torch.manual_seed(0)
    readout = GaussianReadout(5000, 256, continuous=False)
    for parameter, low, high in ((readout.position, -0.3, 0.3), (readout.spread, 0.0, 0.6)):
        values = parameter.detach()
        assert low <= values.min() < low + 0.001
        assert high - 0.001 < values.max() <= high
        # Standard error of a uniform mean: width / sqrt(12 n).
        assert abs(values.mean() - (low + high) / 2) < 4 * 0.6 / math.sqrt(12 * values.numel())
    assert torch.equal(readout.features, torch.full((5000, 256), 1 / 256))
    assert not readout.bias.any()
    means = torch.rand(5000)
    readout.start_at(means)
    assert torch.equal(readout.bias, means)
    assert readout.bias.requires_grad


@pytest.mark.parametrize("part", [slice(None), slice(1, 3)])
def test_l1_is_the_sum_of_absolute_features(part):
    readout = make()
    expected = np.abs(readout.features.detach().numpy()[part]).sum()
    np.testing.assert_allclose(readout.l1(part).item(), expected, rtol=1e-6)


def test_it_learns_a_neuroid_s_place():
    torch.manual_seed(0)
    teacher, student = (GaussianReadout(1, CHANNELS, continuous=True) for _ in range(2))
    with torch.no_grad():
        teacher.position.copy_(torch.tensor([[0.25, -0.15]]))
        teacher.features.copy_(torch.tensor([[1.0, -1.0, 0.5, 2.0]]))
        student.features.copy_(teacher.features)
        student.spread.fill_(0.05)
    teacher.eval()
    optimiser = torch.optim.Adam(student.parameters(), lr=0.02)
    smooth = nn.functional.interpolate(torch.randn(64, CHANNELS, 3, 3), 17, mode="bilinear")
    target = teacher(smooth).detach()
    for _ in range(150):
        optimiser.zero_grad()
        nn.functional.mse_loss(student(smooth), target).backward()
        optimiser.step()
    # A fifth of the distance between two of the coarse features.
    assert (student.position - teacher.position).abs().max() < 0.1
