"""The parts of a network: features of layers, classifier, readout, and what is refused."""

import pytest
import torch

from neurobust.config.recipes import Recipe
from neurobust.errors import InputError
from neurobust.networks.network import Heads, build_network

SESSIONS = {"first": ["a", "b", "c"], "second": ["d", "e"]}


def make(heads=None, **fields):
    recipe = Recipe(**{"trunk": "vgg11", "width": 1 / 32} | fields)
    return build_network(recipe, heads or Heads(3, SESSIONS), seed=0).eval()


@pytest.fixture
def images():
    return torch.randn(4, 1, 32, 32, generator=torch.Generator().manual_seed(0))


def test_features_are_the_trunk_s_up_to_the_layer(images):
    network = make()
    with torch.no_grad():
        found = network.features(images, "conv-3-1")
        expected = images
        for layer in network.trunk[:11]:  # VGG11: conv-1-1, pool, conv-2-1, pool, conv-3-1
            expected = layer(expected)
    assert torch.equal(found, expected)
    assert found.shape == (4, 8, 8, 8)
    assert found.min() == 0  # after the ReLU


def test_it_classifies_and_responds(images):
    network = make()
    assert network.classify(images).shape == (4, 3)
    together = network.respond(images)
    assert together.shape == (4, 5)
    torch.testing.assert_close(network.respond(images, "first"), together[:, :3])
    torch.testing.assert_close(network.respond(images, "second"), together[:, 3:])


def test_colour_decides_the_channels():
    images = torch.randn(2, 3, 32, 32)
    assert make(colour="rgb").classify(images).shape == (2, 3)
    with pytest.raises(RuntimeError, match="channels"):
        make(colour="gray").classify(images)


def test_heads_follow_what_is_asked():
    assert make(Heads(3)).readout is None
    assert make(Heads(0, SESSIONS)).classifier is None
    assert make(Heads(0, SESSIONS, continuous=True)).readout.continuous
    assert Heads(0, SESSIONS).slices() == {"first": slice(0, 3), "second": slice(3, 5)}
    assert Heads(3).slices() == {}
    heads = Heads(3, SESSIONS, continuous=True)
    assert Heads(**heads.as_dict()) == heads


def test_an_unknown_layer_is_refused():
    with pytest.raises(InputError, match=r"'vgg11' has no such layer") as caught:
        make(readout_layer="conv-3-3")
    assert "conv-3-1" in caught.value.expected
    with pytest.raises(InputError, match="conv-9-9"):
        make().features(torch.zeros(1, 1, 32, 32), "conv-9-9")


def test_the_readout_sees_the_layer_that_the_recipe_names(images):
    network = make(readout_layer="conv-2-1")
    assert network.readout.features.shape == (5, 4)
    expected = network.readout(network.features(images, "conv-2-1"))
    assert torch.equal(network.respond(images), expected)
