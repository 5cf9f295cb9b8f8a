"""ResNet18 equals torchvision's with a stem for small images."""

import pytest
import torch
import torchvision
from torch import nn

from neurobust.config.recipes import Recipe
from neurobust.networks.network import Heads, Network, build_network
from neurobust.networks.weights import load_weights

NAMES = ["conv-1", *(f"block-{stage}-{block}" for stage in range(1, 5) for block in (1, 2))]


def with_small_stem(classes=10, in_channels=3):
    """Return torchvision's ResNet18, its first convolution replaced and its pooling left out."""
    theirs = torchvision.models.resnet18(weights=None, num_classes=classes)
    theirs.conv1 = nn.Conv2d(in_channels, 64, 3, padding=1, bias=False)
    theirs.maxpool = nn.Identity()
    return randomise(theirs)


def randomise(network, seed=0):
    """Draw running statistics and scales other than 0 and 1, or a lost layer would go unseen."""
    random = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for value in network.state_dict().values():
            if value.ndim == 1 and value.is_floating_point():
                value.copy_(torch.rand(value.shape, generator=random) + 0.5)
    return network.eval()


def as_for_cifar(state):
    """Name tensors as ResNets for CIFAR that were trained on several GPUs do."""
    named = {n.replace("downsample", "shortcut").replace("fc.", "linear."): v for n, v in state}
    return {"net": {f"module.{name}": value for name, value in named.items()}, "acc": 95.0}


def make(**fields):
    recipe = {"trunk": "resnet18", "width": 1, "colour": "rgb"} | fields
    return build_network(Recipe(**recipe), Heads(10), seed=1).eval()


def test_the_published_network_has_as_many_parameters():
    with torch.device("meta"):
        network = Network(Recipe(trunk="resnet18", width=1, colour="rgb"), Heads(10))
    assert sum(parameter.numel() for parameter in network.parameters()) == 11_173_962


@pytest.mark.parametrize("colour", ["rgb", "gray"])
@pytest.mark.parametrize("form", ["torchvision", "cifar"])
def test_with_the_same_weights_the_logits_are_torchvision_s(colour, form, tmp_path):
    channels = 3 if colour == "rgb" else 1
    theirs, ours = with_small_stem(in_channels=channels), make(colour=colour)
    content = (
        theirs.state_dict() if form == "torchvision" else as_for_cifar(theirs.state_dict().items())
    )
    torch.save(content, tmp_path / "resnet18.pth")
    load_weights(ours, tmp_path / "resnet18.pth")
    images = torch.randn(2, channels, 32, 32, generator=torch.Generator().manual_seed(0))
    outputs = {}
    maps = theirs.relu(theirs.bn1(theirs.conv1(images)))
    outputs["conv-1"] = maps
    for stage in range(1, 5):
        for block, module in enumerate(getattr(theirs, f"layer{stage}"), 1):
            maps = outputs[f"block-{stage}-{block}"] = module(maps)
    with torch.no_grad():
        # The same operations in the same order: no tolerance.
        assert torch.equal(ours.classify(images), theirs(images))
        assert ours.layers == list(outputs) == NAMES
        for name, expected in outputs.items():
            assert torch.equal(ours.features(images, name), expected), name


def test_stages_halve_rows_and_columns_and_width_scales_channels():
    network = make(width=1 / 16, colour="gray")
    images = torch.zeros(2, 1, 32, 32)
    for name in NAMES:
        stage = 1 if name == "conv-1" else int(name.split("-")[1])
        side, channels = 32 // 2 ** (stage - 1), 4 * 2 ** (stage - 1)
        assert network.features(images, name).shape == (2, channels, side, side)
    assert network.classify(images).shape == (2, 10)
    assert network.classifier.linear.weight.shape == (10, 32)


def test_a_block_that_changes_nothing_has_no_convolution_on_its_skip_connection():
    trunk = make(width=1 / 16).trunk
    with_skip = [name for name, block in trunk.named_children() if getattr(block, "downsample", 0)]
    assert with_skip == ["layer2-0", "layer3-0", "layer4-0"]


def test_layers_are_left_as_they_were_by_what_follows_them():
    # ReLUs work in place; a layer's output must not be changed by the next block.
    network = make(width=1 / 16)
    images = torch.randn(2, 3, 16, 16)
    with torch.no_grad():
        together = network.features_of(images, NAMES)
        for name, found in zip(NAMES, together, strict=True):
            assert torch.equal(found, network.features(images, name)), name
