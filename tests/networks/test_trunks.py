"""Every trunk makes a network; the VGGs are torchvision's, at any width and colour."""

import math

import pytest
import torch
import torchvision
from torch import nn

from neurobust.config.kinds import modules_in
from neurobust.config.recipes import ROBUSTBENCH, Recipe
from neurobust.networks.architectures.trunk import initialise
from neurobust.networks.architectures.vgg import build_classifier
from neurobust.networks.network import Heads, Network, build_network
from neurobust.parts import load_part

TRUNKS = ("vgg11", "vgg13", "vgg16", "vgg19")


def build_trunk(trunk, *, width, colour):
    """Return a VGG's layers and outputs, without a classifier."""
    built = load_part(f"networks.trunks.{trunk}").build(
        Recipe(trunk=trunk, width=width, colour=colour), 0
    )
    assert built.classifier is None
    return built.layers, built.outputs


@pytest.fixture(scope="module")
def vgg():
    """Return a function that gives torchvision's features without spending time on weights."""

    def features(trunk):
        with torch.device("meta"):
            return getattr(torchvision.models, f"{trunk}_bn")(weights=None).features

    return features


# A model of RobustBench needs a file of weights and has tests of its own.
@pytest.mark.parametrize(
    "module", sorted({*modules_in("neurobust.networks.trunks")} - {ROBUSTBENCH})
)
def test_every_trunk_makes_a_network_that_classifies_and_predicts(module):
    trunk = module.replace("_", "-")
    built = load_part(f"networks.trunks.{module}").build(Recipe(trunk=trunk, width=1 / 32), 0)
    first = next(iter(built.outputs))
    heads = Heads(3, {"session": ["a", "b"]})
    recipe = Recipe(trunk=trunk, width=1 / 32, readout_layer=first)
    network = build_network(recipe, heads, seed=0).eval()
    images = torch.randn(2, 1, 32, 32)
    assert network.classify(images).shape == (2, 3)
    assert network.respond(images).shape == (2, 2)
    channels = {name: network.features(images, name).shape[1] for name in network.layers}
    assert channels == {name: count for name, (_, count) in built.outputs.items()}


def test_the_published_network_has_as_many_parameters():
    # Safarani 2021, released code: VGG19-BN for colour images of 200 classes.
    with torch.device("meta"):
        network = Network(Recipe(trunk="vgg19", width=1, colour="rgb"), Heads(200))
    assert sum(parameter.numel() for parameter in network.parameters()) == 39_737_352


@pytest.mark.parametrize("trunk", TRUNKS)
def test_layers_and_shapes_are_torchvision_s(trunk, vgg):
    with torch.device("meta"):
        ours, _ = build_trunk(trunk, width=1, colour="rgb")
    theirs = vgg(trunk)
    assert [type(layer) for layer in ours] == [type(layer) for layer in theirs]
    shapes = [{k: v.shape for k, v in net.state_dict().items()} for net in (ours, theirs)]
    assert shapes[0] == shapes[1]
    assert list(shapes[0]) == list(shapes[1])


@pytest.mark.parametrize("trunk", ["vgg11", "vgg19"])
def test_with_torchvision_s_weights_the_output_is_torchvision_s(trunk, vgg):
    ours, outputs = build_trunk(trunk, width=1, colour="rgb")
    ours.apply(initialise).eval()
    theirs = vgg(trunk).to_empty(device="cpu").eval()
    generator = torch.Generator().manual_seed(0)
    weights = {
        # Running statistics and scales other than 0 and 1, or a lost layer would go unseen.
        name: torch.rand(value.shape, generator=generator) + 0.5 if value.ndim == 1 else value
        for name, value in ours.state_dict().items()
    }
    ours.load_state_dict(weights)
    theirs.load_state_dict(weights)
    images = torch.randn(2, 3, 32, 32, generator=generator)
    with torch.no_grad():
        # The same operations in the same order: no tolerance.
        assert torch.equal(ours(images), theirs(images))
        index = outputs["conv-3-1"][0]
        assert torch.equal(ours[: index + 1](images), theirs[: index + 1](images))


def test_conv_3_1_of_vgg19_is_the_relu_after_convolution_14():
    # Safarani 2021, released code: convolution features[14], batch normalisation 15, ReLU 16.
    with torch.device("meta"):
        trunk, outputs = build_trunk("vgg19", width=1, colour="gray")
    assert outputs["conv-3-1"] == (16, 256)
    assert [type(trunk[index]) for index in (14, 15, 16)] == [nn.Conv2d, nn.BatchNorm2d, nn.ReLU]
    assert trunk[14].in_channels == 128
    assert len(outputs) == 16


@pytest.mark.parametrize("trunk", TRUNKS)
def test_named_layers_are_where_their_channels_are(trunk):
    layers, outputs = build_trunk(trunk, width=0.125, colour="gray")
    maps = torch.zeros(1, 1, 64, 64)
    seen = {}
    for index, layer in enumerate(layers):
        maps = layer(maps)
        seen[index] = maps.shape
    for name, (index, channels) in outputs.items():
        block = int(name.split("-")[1])
        side = 64 // 2 ** (block - 1)
        assert seen[index] == (1, channels, side, side)
        assert isinstance(layers[index], nn.ReLU)
    assert maps.shape == (1, 64, 2, 2)


@pytest.mark.parametrize(
    ("width", "channels"),
    [(1, [64, 128, 256, 512, 512]), (0.125, [8, 16, 32, 64, 64]), (0.001, [1, 1, 1, 1, 1])],
)
def test_width_scales_every_number_of_channels(width, channels):
    with torch.device("meta"):
        _, outputs = build_trunk("vgg11", width=width, colour="gray")
        classifier = build_classifier(channels[-1], 10, width=width)
    assert [outputs[f"conv-{block}-1"][1] for block in range(1, 6)] == channels
    hidden = max(1, round(4096 * width))
    convolutions = [layer for layer in classifier if isinstance(layer, nn.Conv2d)]
    assert [layer.out_channels for layer in convolutions] == [hidden, hidden, 10]


def test_the_classifier_takes_the_greatest_logit_over_positions():
    classifier = build_classifier(4, 3, width=1 / 512).apply(initialise).eval()
    maps = torch.randn(2, 4, 2, 2, generator=torch.Generator().manual_seed(0))
    positions = torch.stack(
        [classifier(maps[:, :, r : r + 1, c : c + 1]) for r in (0, 1) for c in (0, 1)]
    )
    # One matrix product per position against one for all: rounding of float32.
    torch.testing.assert_close(classifier(maps), positions.amax(0), rtol=1e-5, atol=1e-6)


def test_the_classifier_drops_half_of_either_hidden_layer():
    # Safarani et al. 2021, released code: 1x1 convolution, ReLU, dropout .5, twice, then logits.
    classifier = build_classifier(4, 3, width=1)
    kinds = [nn.Conv2d, nn.ReLU, nn.Dropout] * 2 + [nn.Conv2d, nn.AdaptiveMaxPool2d, nn.Flatten]
    assert [type(layer) for layer in classifier] == kinds
    assert [layer.p for layer in classifier if isinstance(layer, nn.Dropout)] == [0.5, 0.5]
    assert {layer.kernel_size for layer in classifier if isinstance(layer, nn.Conv2d)} == {(1, 1)}


def test_initial_weights_have_kaiming_s_variance():
    torch.manual_seed(0)
    layer = nn.Conv2d(64, 128, kernel_size=3)
    nn.init.ones_(layer.bias)
    initialise(layer)
    weight = layer.weight.detach()
    expected = math.sqrt(2 / (128 * 9))  # fan out
    # The standard error of a standard deviation of n normal draws is s / sqrt(2 n).
    assert abs(weight.std().item() / expected - 1) < 4 / math.sqrt(2 * weight.numel())
    assert abs(weight.mean().item()) < 4 * expected / math.sqrt(weight.numel())
    kurtosis = ((weight / expected) ** 4).mean().item()
    assert abs(kurtosis - 3) < 4 * math.sqrt(96 / weight.numel())  # normal, not uniform (1.8)
    assert not layer.bias.any()


def test_initialisation_forgets_running_statistics():
    layer = nn.BatchNorm2d(3)
    layer(torch.randn(4, 3, 5, 5) * 7 + 1)
    nn.init.constant_(layer.weight, 9)
    initialise(layer)
    fresh = nn.BatchNorm2d(3).state_dict()
    assert all(torch.equal(value, fresh[name]) for name, value in layer.state_dict().items())


def test_the_seed_alone_decides_the_weights():
    recipe = Recipe(trunk="vgg11", width=1 / 32)
    torch.manual_seed(5)
    before = torch.random.get_rng_state()
    first = build_network(recipe, Heads(3), seed=1).state_dict()
    assert torch.equal(torch.random.get_rng_state(), before)
    torch.manual_seed(6)
    second = build_network(recipe, Heads(3), seed=1).state_dict()
    third = build_network(recipe, Heads(3), seed=2).state_dict()
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert not torch.equal(first["trunk.0.weight"], third["trunk.0.weight"])
