"""Hybrid images against sums written out; reversals of classifiers that see a known frequency."""

import cmath
import logging
import math

import numpy as np
import pytest
import torch
from torch import nn

from neurobust.config.recipes import Recipe
from neurobust.evaluation.hybrids.evaluate import (
    MIXING_FREQUENCIES,
    evaluate_hybrids,
    make_hybrids,
)
from neurobust.evaluation.hybrids.reversal import find_reversal
from neurobust.images.form import luma, make_image_set, select_split
from neurobust.images.pairing import derange_labels
from neurobust.networks.network import Heads, build_network
from neurobust.randomness import generator

CPU = torch.device("cpu")
SIDE_PX = 16


def draw(*shape, seed=0, contrast=0.1):
    """Return images around 0.5, of so little contrast that no hybrid of them is clipped."""
    return 0.5 + contrast * torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def naive_frequencies(n):
    return [k / n if k / n < 0.5 else k / n - 1 for k in range(n)]


def naive_transform(values, sign):
    """Sum over all pixels (or frequencies), one at a time."""
    rows, columns = values.shape
    result = np.zeros((rows, columns), complex)
    for u in range(rows):
        for v in range(columns):
            for y in range(rows):
                for x in range(columns):
                    angle = sign * 2 * math.pi * (u * y / rows + v * x / columns)
                    result[u, v] += values[y, x] * cmath.exp(1j * angle)
    return result


def naive_hybrid(low, high, mixing_frequency):
    spectra = naive_transform(low, -1), naive_transform(high, -1)
    mixed = np.zeros(low.shape, complex)
    for u, along_rows in enumerate(naive_frequencies(low.shape[0])):
        for v, along_columns in enumerate(naive_frequencies(low.shape[1])):
            is_low = math.hypot(along_rows, along_columns) <= mixing_frequency * 0.5
            mixed[u, v] = spectra[0 if is_low else 1][u, v]
    return (naive_transform(mixed, 1).real / low.size).clip(0, 1)


@pytest.mark.parametrize("shape", [(6, 8), (8, 5), (5, 7)])
@pytest.mark.parametrize("mixing_frequency", [0.0, 0.3, 0.5, 0.72, 1.0])
def test_a_hybrid_is_the_definition(shape, mixing_frequency):
    # Full contrast, so that clipping is compared, too.
    low, high = (
        torch.rand(2, 3, *shape, generator=torch.Generator().manual_seed(s)) for s in (1, 2)
    )
    found = make_hybrids(low, high, mixing_frequency)
    for i, channel in np.ndindex(2, 3):
        expected = naive_hybrid(low[i, channel].numpy(), high[i, channel].numpy(), mixing_frequency)
        # Sums of some 50 numbers below 1 in float32, of a relative precision of 6e-8.
        np.testing.assert_allclose(found[i, channel], expected, atol=1e-5)


@pytest.mark.parametrize("mixing_frequency", MIXING_FREQUENCIES)
def test_an_image_mixed_with_itself_is_itself(mixing_frequency):
    image = draw(1, 1, 12, 10)
    torch.testing.assert_close(make_hybrids(image, image, mixing_frequency), image)


@pytest.mark.parametrize("mixing_frequency", [0.2, 0.57, 1.0])
def test_what_one_hybrid_lacks_its_counterpart_has(mixing_frequency):
    first, second = draw(2, 1, 16, 16), draw(2, 1, 16, 16, seed=1)
    one = make_hybrids(first, second, mixing_frequency)
    other = make_hybrids(second, first, mixing_frequency)
    torch.testing.assert_close(one + other, first + second)
    # Their spectra share no frequency, so by Parseval's theorem neither do their powers.
    powers = [(part**2).sum() for part in (one, other, first, second)]
    torch.testing.assert_close(powers[0] + powers[1], powers[2] + powers[3])


def test_at_zero_the_mean_alone_is_the_low_images():
    low, high = draw(3, 1, 8, 8), draw(3, 1, 8, 8, seed=1)
    means = [images.mean((2, 3), keepdim=True) for images in (low, high)]
    torch.testing.assert_close(make_hybrids(low, high, 0.0), high - means[1] + means[0])


def test_at_one_the_corners_are_still_the_high_images():
    low, high = draw(1, 1, 16, 16), draw(1, 1, 16, 16, seed=1)
    found, *seeds = (
        torch.fft.fft2(images)[0, 0] for images in (make_hybrids(low, high, 1), low, high)
    )
    torch.testing.assert_close(found[8, 8], seeds[1][8, 8])
    torch.testing.assert_close(found[7, 6], seeds[1][7, 6])
    torch.testing.assert_close(found[0, 8], seeds[0][0, 8])
    torch.testing.assert_close(found[4, 6], seeds[0][4, 6])


@pytest.mark.parametrize(
    ("difference", "reversal", "crossings"),
    [
        ([-0.5, -0.3, 0.1, 0.2], 0.2 + 0.2 * 0.3 / 0.4, 1),
        ([-0.5, -0.1, 0.0, 0.2], 0.4, 1),  # a zero is where it is
        ([-0.5, 0.0, 0.0, 0.2], 0.2, 1),  # the first of a plateau
        ([-0.2, 0.2, -0.2, 0.2], 0.1, 3),  # the first of several
        ([0.1, -0.1, 0.1, 0.3], 0.3, 2),  # a fall is none
        ([-0.5, 0.0, -0.1, -0.2], 1.0, 0),  # it touches
        ([-0.5, -0.4, -0.3, -0.1], 1.0, 0),  # beyond the range
        ([0.1, 0.2, 0.3, 0.4], 0.0, 0),  # before the range
        ([0.1, 0.1, -0.3, -0.4], math.nan, 1),
        ([0.0, 0.0, 0.0, 0.0], math.nan, 0),
    ],
)
def test_a_reversal_is_the_first_rise_through_zero(difference, reversal, crossings):
    found = find_reversal((0.0, 0.2, 0.4, 1.0), np.array(difference))
    assert found == (pytest.approx(reversal, nan_ok=True), crossings)


@pytest.fixture(scope="module")
def noise_set():
    """Return 36 gray images of noise, all different, in three classes."""
    pixels = (255 * draw(36, SIDE_PX, SIDE_PX)).round().numpy().astype(np.uint8)
    return make_image_set(
        pixels=pixels,
        image_id=np.arange(36),
        label=np.tile([0, 1, 2], 12),
        split=np.repeat(["train", "validation", "test"], 12).tolist(),
        class_names=["a", "b", "c"],
        identifier="noise",
        source="a test",
        licence="CC0",
        task="which noise is it",
    )


class Knows(nn.Module):
    """Answers with the class of the test image that an image equals at one radius of frequency."""

    recipe = Recipe(colour="gray")

    def __init__(self, image_set, cycles):
        super().__init__()
        test = select_split(image_set, "test")
        self.label = torch.from_numpy(test["label"].values)
        self.cycles = cycles
        self.known = self.see(torch.from_numpy(test["pixels"].values)[:, None].double() / 255)

    def see(self, images):
        spectrum = torch.fft.fft2(images.double())[:, 0]
        at = self.cycles
        seen = torch.stack([spectrum[:, 0, at], spectrum[:, at, 0]], 1)
        # Standardised by some mean and deviation: angles and ratios do not depend on them.
        return seen / seen.abs().pow(2).sum(1, keepdim=True).sqrt()

    def classify(self, images):
        distance = (self.see(images)[:, None] - self.known).abs().sum(2)
        return nn.functional.one_hot(self.label[distance.argmin(1)], 3).float()


@pytest.mark.parametrize("cycles", [2, 5, 7])
def test_the_reversal_is_at_the_frequency_that_a_classifier_sees(noise_set, cycles):
    seen = cycles / SIDE_PX / 0.5  # in units of Nyquist
    below, above = seen - 0.03, seen + 0.01
    found = evaluate_hybrids(
        {1: Knows(noise_set, cycles)},
        noise_set,
        mixing_frequencies=[0.0, below, above, 1.0],
        permutations=2,
        batch_size=5,
        seed=0,
        device=CPU,
    )
    np.testing.assert_array_equal(found["p_low"].sel(seed=1), [[0, 0, 1, 1]] * 2)
    np.testing.assert_array_equal(found["p_high"].sel(seed=1), [[1, 1, 0, 0]] * 2)
    np.testing.assert_allclose(found["reversal_frequency"], (below + above) / 2)
    assert (found["crossings"] == 1).all()
    assert found.attrs == {"not_reversed": 0, "reversed_repeatedly": 0, "images": "noise"}


def make(seed, **fields):
    fields = {"trunk": "vgg11", "width": 1 / 32} | fields
    return build_network(Recipe(**fields), Heads(3), seed=seed)


def evaluate(networks, image_set, **options):
    given = {
        "mixing_frequencies": [0.0, 0.22, 1.0],
        "permutations": 2,
        "batch_size": 24,
        "seed": 7,
        "device": CPU,
    } | options
    return evaluate_hybrids(networks, image_set, **given)


@pytest.fixture(scope="module")
def networks():
    return {1000: make(1), 2000: make(2)}


@pytest.fixture(scope="module")
def together(networks, image_set):
    return evaluate(networks, image_set)


@pytest.mark.parametrize("batch_size", [5, 64])
def test_the_size_of_the_batches_does_not_matter(networks, image_set, together, batch_size):
    assert evaluate(networks, image_set, batch_size=batch_size).identical(together)


def test_networks_alone_or_together_are_the_same(networks, image_set, together):
    for seed, network in networks.items():
        alone = evaluate({seed: network}, image_set).drop_attrs()
        assert alone.equals(together.sel(seed=[seed]).drop_attrs())


@pytest.mark.parametrize("colour", ["gray", "rgb"])
def test_probabilities_are_the_shares_of_answers_to_each_hybrid(image_set, colour):
    network = make(3, colour=colour).eval()
    found = evaluate({1: network}, image_set)
    test, training = (
        select_split(image_set, split)["pixels"].values for split in ("test", "train")
    )
    labels = select_split(image_set, "test")["label"].values
    if colour == "gray":
        test, training = luma(test)[..., None], luma(training)[..., None]
    radius = np.hypot(*np.meshgrid(np.fft.fftfreq(32), np.fft.fftfreq(32)))
    agreements = {"p_low": [], "p_high": []}
    for permutation in range(2):
        partner = derange_labels(labels, generator=generator(7, "hybrids", permutation))
        spectra = np.fft.fft2(test / 255, axes=(1, 2))
        for frequency in (0.0, 0.22, 1.0):
            low = (radius <= frequency * 0.5)[..., None]
            mixed = np.fft.ifft2(np.where(low, spectra, spectra[partner]), axes=(1, 2)).real
            shown = (mixed.clip(0, 1) - (training / 255).mean()) / (training / 255).std()
            images = torch.tensor(shown.transpose(0, 3, 1, 2), dtype=torch.float32)
            with torch.no_grad():
                answers = network.classify(images).argmax(1).numpy()
            agreements["p_low"].append((answers == labels).mean())
            agreements["p_high"].append((answers == labels[partner]).mean())
    for name, expected in agreements.items():
        np.testing.assert_allclose(found[name].values.ravel(), expected)


def test_a_constant_classifier_reverses_nowhere_and_the_log_says_so(image_set, caplog):
    network = make(0)
    with torch.no_grad():
        network.classifier[6].weight.zero_()
        network.classifier[6].bias.copy_(torch.tensor([0.0, 1.0, 0.0]))
    with caplog.at_level(logging.WARNING):
        found = evaluate({1: make(1), 9: network}, image_set)
    # In each permutation every image is the low one once and the high one once.
    np.testing.assert_allclose(found["p_low"].sel(seed=9), 1 / 3)
    assert found["p_high"].sel(seed=9).equals(found["p_low"].sel(seed=9))
    assert found["reversal_frequency"].sel(seed=9).isnull().all()
    without = found["reversal_frequency"].isnull() | (found["crossings"] == 0)
    assert found.attrs["not_reversed"] == without.sum() >= 2
    assert "seed 9, permutation 1: p_low - p_high crosses zero 0 times" in caplog.text


def test_answers_that_are_not_numbers_are_no_answers(image_set):
    network = make(0)
    with torch.no_grad():
        network.classifier[6].bias.fill_(torch.nan)
    found = evaluate({1: network}, image_set)
    assert (found["p_low"] == 0).all()
    assert (found["p_high"] == 0).all()


def test_the_result_is_labelled(image_set, networks, together):
    default = evaluate_hybrids(
        networks, image_set, permutations=1, batch_size=24, seed=7, device=CPU
    )
    assert default["mixing_frequency"].values.tolist() == list(MIXING_FREQUENCIES)
    assert default["p_low"].dims == ("seed", "permutation", "mixing_frequency")
    assert default["p_high"].dims == default["p_low"].dims
    assert default["reversal_frequency"].dims == ("seed", "permutation")
    assert default["reversal_frequency"].attrs == {"units": "Nyquist"}
    assert default["mixing_frequency"].attrs == {"units": "Nyquist"}
    assert default["seed"].values.tolist() == [1000, 2000]
    assert together["permutation"].values.tolist() == [0, 1]
    first = together["p_low"].isel(permutation=0).sel(mixing_frequency=0.22)
    assert default["p_low"].isel(permutation=0).sel(mixing_frequency=0.22).equals(first)
