"""CORnets against a plain restatement of their recurrence, and trained like any other trunk."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from neurobust.config.recipes import Recipe
from neurobust.config.schedules import Schedule
from neurobust.networks.architectures.trunk import build_decoder
from neurobust.networks.network import Heads, Network, build_network
from neurobust.training.objective import TrainingData
from neurobust.training.train import train_network

CPU = torch.device("cpu")
CORNETS = ("cornet-s", "cornet-z")
AREAS = ["V1", "V2", "V4", "IT"]
STEPS = {"V2": 2, "V4": 4, "IT": 2}  # Kubilius et al. 2019


@pytest.mark.parametrize(
    ("trunk", "parameters"), [("cornet-s", 53_416_616), ("cornet-z", 2_071_656)]
)
def test_the_published_networks_have_as_many_parameters(trunk, parameters):
    with torch.device("meta"):
        network = Network(Recipe(trunk=trunk, width=1, colour="rgb"), Heads(1000))
    assert sum(parameter.numel() for parameter in network.parameters()) == parameters


@pytest.mark.parametrize("trunk", CORNETS)
@pytest.mark.parametrize("side_px", [224, 64, 32])
def test_areas_halve_the_image_five_times(trunk, side_px):
    with torch.device("meta"):
        network = Network(Recipe(trunk=trunk, width=1, colour="rgb"), Heads(10))
        images = torch.zeros(2, 3, side_px, side_px)
    assert network.layers == AREAS
    # V1 halves twice, by its convolution's stride and its pooling.
    for area, channels, part in zip(AREAS, (64, 128, 256, 512), (4, 8, 16, 32), strict=True):
        side = side_px // part
        assert network.features(images, area).shape == (2, channels, side, side)
    assert network.classify(images).shape == (2, 10)


@pytest.mark.parametrize("trunk", CORNETS)
def test_width_and_colour_scale_channels(trunk):
    network = build_network(Recipe(trunk=trunk, width=1 / 16), Heads(3), seed=0)
    images = torch.zeros(2, 1, 32, 32)
    assert [network.features(images, area).shape[1] for area in AREAS] == [4, 8, 16, 32]
    assert network.classifier.linear.weight.shape == (3, 32)


def build_random(trunk, seed=0):
    """Return a small trunk in double precision whose every weight and statistic is random."""
    recipe = Recipe(trunk=trunk, width=1 / 16, colour="rgb")
    layers = Network(recipe, Heads()).trunk.double().eval()
    random = torch.Generator().manual_seed(seed)

    def draw(name, value):
        if not value.is_floating_point():
            return value
        if name.endswith("running_var") or (value.ndim == 1 and name.endswith("weight")):
            return torch.rand(value.shape, generator=random, dtype=torch.double) + 0.5
        drawn = torch.randn(value.shape, generator=random, dtype=torch.double)
        return drawn / max(value[0].numel(), 1) ** 0.5 if value.ndim == 4 else drawn / 2

    layers.load_state_dict({name: draw(name, v) for name, v in layers.state_dict().items()})
    return layers


def normalise(maps, weights, name):
    """Normalise by stored statistics, written out (torch's epsilon is 1e-5)."""
    mean, variance, scale, shift = (
        weights[f"{name}.{part}"][:, None, None]
        for part in ("running_mean", "running_var", "weight", "bias")
    )
    return (maps - mean) / (variance + 1e-5).sqrt() * scale + shift


def follow_cornet_s(images, weights):
    """Restate CORnet-S after Kubilius et al. 2019: what each area does, in its order."""
    conv = functional.conv2d
    outputs = {}
    maps = conv(images, weights["V1.conv1.weight"], stride=2, padding=3)
    maps = normalise(maps, weights, "V1.norm1").clamp(min=0)
    maps = functional.max_pool2d(maps, 3, stride=2, padding=1)
    maps = conv(maps, weights["V1.conv2.weight"], padding=1)
    maps = outputs["V1"] = normalise(maps, weights, "V1.norm2").clamp(min=0)
    for area, steps in STEPS.items():
        maps = conv(maps, weights[f"{area}.conv_input.weight"])  # once
        for step in range(steps):
            skip, stride = maps, 1
            if step == 0:
                stride = 2
                skip = conv(maps, weights[f"{area}.skip.weight"], stride=2)
                skip = normalise(skip, weights, f"{area}.norm_skip")
            for number, options in ((1, {}), (2, {"stride": stride, "padding": 1}), (3, {})):
                maps = conv(maps, weights[f"{area}.conv{number}.weight"], **options)
                maps = normalise(maps, weights, f"{area}.norm{number}_{step}")
                maps = (maps + skip if number == 3 else maps).clamp(min=0)
        outputs[area] = maps
    return outputs


def follow_cornet_z(images, weights):
    """Restate CORnet-Z after Kubilius et al. 2018: convolution, ReLU and pooling, four times."""
    outputs, maps = {}, images
    for area in AREAS:
        kernel, bias = (weights[f"{area}.conv.{part}"] for part in ("weight", "bias"))
        stride = 2 if area == "V1" else 1
        maps = functional.conv2d(maps, kernel, bias, stride=stride, padding=kernel.shape[-1] // 2)
        maps = outputs[area] = functional.max_pool2d(maps.clamp(min=0), 3, stride=2, padding=1)
    return outputs


@pytest.mark.parametrize(
    ("trunk", "follow"), [("cornet-s", follow_cornet_s), ("cornet-z", follow_cornet_z)]
)
@pytest.mark.parametrize("side_px", [64, 42])  # 42: odd sizes within
def test_each_area_is_what_its_authors_describe(trunk, follow, side_px):
    layers = build_random(trunk)
    shape = (2, 3, side_px, side_px)
    images = torch.randn(shape, generator=torch.Generator().manual_seed(1), dtype=torch.double)
    expected = follow(images, layers.state_dict())
    with torch.no_grad():
        maps = images
        for area, layer in zip(AREAS, layers, strict=True):
            maps = layer(maps)
            assert (maps > 0).any()
            # The same sums in float64, some in another order.
            torch.testing.assert_close(maps, expected[area], rtol=1e-9, atol=1e-11)


def test_the_decoder_is_linear_in_the_mean_over_positions():
    decoder = build_decoder(5, 3).double()
    maps = torch.randn(2, 5, 4, 6, generator=torch.Generator().manual_seed(0), dtype=torch.double)
    weight, bias = decoder.linear.weight.detach().numpy(), decoder.linear.bias.detach().numpy()
    expected = maps.numpy().mean((2, 3)) @ weight.T + bias
    np.testing.assert_allclose(decoder(maps).detach(), expected, rtol=1e-12)


def test_each_step_has_batch_normalisation_of_its_own():
    layers = build_random("cornet-s").train()
    norms = {name: m for name, m in layers.named_modules() if isinstance(m, nn.BatchNorm2d)}
    # Two of V1; for each area one of the skip, and three for each step.
    assert len(norms) == 2 + sum(1 + 3 * steps for steps in STEPS.values())
    before = {name: norm.running_mean.clone() for name, norm in norms.items()}
    random = torch.Generator().manual_seed(2)
    layers(
        torch.randn(2, 3, 32, 32, generator=random, dtype=torch.double)
    ).square().sum().backward()
    for parameter in ("weight", "bias"):
        own = [getattr(norm, parameter) for norm in norms.values()]
        assert len({tensor.data_ptr() for tensor in own}) == len(norms)
        assert all(tensor.grad.any() for tensor in own)
    for name, norm in norms.items():
        assert not torch.equal(norm.running_mean, before[name]), name
        assert norm.num_batches_tracked == 1, name  # no step passes through another's


STILL = {"padding_px": 0, "flip": False, "rotation_deg": 0}
CLASSIFY = {"classification": {"kind": "classification", "augmentation": STILL}}
RESPOND = {"v1": {"kind": "responses", "source": "r"}}
CALM = {"lr": 0.01, "batch_size": 8, "max_epochs": 1}
UNMOVED = {"lr": 1e-30, "min_lr": 0}  # a rate too small to move anything


def train(recipe, data, seed=1, **settings):
    calm = Schedule(**CALM | settings)
    schedules = dict.fromkeys(("classification", "prediction"), calm)
    return train_network(recipe, schedules, data, seed=seed, device=CPU)


def moved(first, second):
    """Return the names of the areas in which some parameter differs."""
    weights = [dict(network.trunk.named_parameters()) for network in (first, second)]
    return {
        name.split(".")[0]
        for name, value in weights[0].items()
        if not torch.equal(value, weights[1][name])
    }


@pytest.mark.parametrize("trunk", CORNETS)
def test_a_cornet_is_trained_to_classify(trunk, image_set):
    recipe = Recipe(trunk=trunk, width=1 / 16, objectives=CLASSIFY)
    data = TrainingData(images=image_set)
    network, history = train(recipe, data)
    start, _ = train(recipe, data, **UNMOVED)
    assert history["epoch"] == [1]
    assert np.isfinite(history["classification_loss"]).all()
    assert moved(network, start) == set(AREAS)
    linear = (network.classifier.linear.weight, start.classifier.linear.weight)
    assert not torch.equal(*linear)
    repeated, _ = train(recipe, data)
    assert not moved(network, repeated)


@pytest.mark.parametrize("trunk", CORNETS)
def test_v1_of_a_cornet_is_trained_to_predict_responses(trunk, recording):
    recipe = Recipe(
        trunk=trunk, width=1 / 16, readout_layer="V1", schedule="prediction", objectives=RESPOND
    )
    data = TrainingData(recordings={"r": recording})
    network, history = train(recipe, data)
    start, _ = train(recipe, data, **UNMOVED)
    assert np.isfinite(history["v1_loss"]).all()
    assert network.classifier is None
    assert network.readout.features.shape == (5, 4)
    assert moved(network, start) == {"V1"}  # later areas do not contribute


def test_areas_are_frozen_and_the_others_initialised_anew(image_set):
    first = {"objectives": CLASSIFY}
    second = {"objectives": CLASSIFY, "freeze_to": "V2", "reset": True, "schedule": "prediction"}
    data = TrainingData(images=image_set)
    made = {"trunk": "cornet-s", "width": 1 / 8}
    trained, _ = train(Recipe(**made, **first), data)
    staged = Recipe(**made, stages=[first, second])

    def train_both(seed):
        schedules = {"classification": Schedule(**CALM), "prediction": Schedule(**CALM | UNMOVED)}
        return train_network(staged, schedules, data, seed=seed, device=CPU)[0].state_dict()

    before, after, again, other = trained.state_dict(), *map(train_both, (1, 1, 2))
    early = {name for name in before if name.startswith(("trunk.V1", "trunk.V2"))}
    assert sum("running" in name for name in early) == 2 * (2 + 1 + 3 * 2)
    for name in early:
        assert torch.equal(before[name], after[name]), name
    drawn = [n for n in set(before) - early if before[n].ndim > 1]
    assert len(drawn) == 2 * 5 + 1  # five convolutions of V4 and of IT, and the linear layer
    for name in drawn:
        assert torch.equal(after[name], again[name]), name  # the seed decides
        for another in (before[name], other[name]):
            # Independent draws correlate with a standard error of 1 / sqrt(n).
            r = torch.corrcoef(torch.stack([after[name].flatten(), another.flatten()]))[0, 1]
            assert abs(r) < 5 / after[name].numel() ** 0.5 < 0.4, name
    linear = after["classifier.linear.weight"]
    bound = linear.shape[1] ** -0.5  # torch's rule: uniform within 1 / sqrt(inputs)
    assert 0.9 * bound < linear.abs().max() <= bound
    # The variance of 192 uniform draws, a third of the squared bound, has an error of 6.5 %.
    assert linear.square().mean().item() == pytest.approx(bound**2 / 3, rel=0.26)
    assert torch.equal(after["trunk.IT.norm3_1.weight"], torch.ones(64))
    assert not torch.equal(before["trunk.IT.norm3_1.weight"], torch.ones(64))
