"""Weights from published files reproduce their outputs, and files that do not fit are refused."""

import pytest
import torch
import torchvision

from neurobust.config.recipes import Recipe
from neurobust.config.schedules import Schedule
from neurobust.errors import InputError
from neurobust.networks.network import Heads, build_network
from neurobust.networks.weights import load_weights
from neurobust.training.objective import TrainingData
from neurobust.training.train import train_network

CPU = torch.device("cpu")
SMALL = {"width": 1 / 16, "colour": "rgb"}
CLASSES = 3


def make(trunk="cornet-s", seed=1, classes=CLASSES, **fields):
    """Return a network with running statistics and scales other than 0 and 1."""
    network = build_network(Recipe(**SMALL | {"trunk": trunk} | fields), Heads(classes), seed=seed)
    random = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for value in network.state_dict().values():
            if value.ndim == 1 and value.is_floating_point():
                value.copy_(torch.rand(value.shape, generator=random) + 0.5)
    return network.eval()


def norm(name):
    parts = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")
    return [f"{name}.{part}" for part in parts]


def names_of_cornet_s():
    """List the names of tensors in the authors' CORnet-S."""
    names = ["V1.conv1.weight", *norm("V1.norm1"), "V1.conv2.weight", *norm("V1.norm2")]
    for area, steps in (("V2", 2), ("V4", 4), ("IT", 2)):
        convolutions = ("conv_input", "skip", "conv1", "conv2", "conv3")
        names += [f"{area}.{convolution}.weight" for convolution in convolutions]
        names += norm(f"{area}.norm_skip")
        for step in range(steps):
            for number in (1, 2, 3):
                names += norm(f"{area}.norm{number}_{step}")
    return [*names, "decoder.linear.weight", "decoder.linear.bias"]


def names_of_cornet_z():
    areas = ("V1", "V2", "V4", "IT")
    own = [f"{area}.conv.{part}" for area in areas for part in ("weight", "bias")]
    return [*own, "decoder.linear.weight", "decoder.linear.bias"]


NAMES = {"cornet-s": names_of_cornet_s(), "cornet-z": names_of_cornet_z()}


def as_authors_save(network):
    """Return the checkpoint that the authors' training script would write for a CORnet."""
    own = dict(network.state_dict())
    tensors = {}
    for name in NAMES[network.recipe.trunk]:
        part = "classifier" if name.startswith("decoder.") else "trunk"
        tensors[f"module.{name}"] = own.pop(f"{part}.{name.removeprefix('decoder.')}")
    assert not own  # the names are all there are
    return {"epoch": 43.0, "state_dict": tensors, "optimizer": {"param_groups": []}}


@pytest.fixture
def images():
    return torch.randn(4, 3, 32, 32, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def save(tmp_path):
    def write(content):
        torch.save(content, tmp_path / "weights.pth")
        return tmp_path / "weights.pth"

    return write


def outputs(network, images):
    with torch.no_grad():
        return network.classify(images)


@pytest.mark.parametrize("trunk", ["cornet-s", "cornet-z"])
@pytest.mark.parametrize("form", ["checkpoint", "state_dict", "single device"])
def test_a_cornet_s_checkpoint_gives_its_output(trunk, form, images, save):
    saved, network = make(trunk, seed=1), make(trunk, seed=2)
    content = as_authors_save(saved)
    if form != "checkpoint":
        content = content["state_dict"]
    if form == "single device":
        content = {name.removeprefix("module."): value for name, value in content.items()}
    assert not torch.allclose(outputs(network, images), outputs(saved, images))
    load_weights(network, save(content))
    # The same weights and operations: no tolerance.
    assert torch.equal(outputs(network, images), outputs(saved, images))


def test_a_decoder_of_other_classes_is_left_out(images, save):
    saved, network, before = make(seed=1), make(seed=2, classes=5), make(seed=2, classes=5)
    load_weights(network, save(as_authors_save(saved)))
    assert torch.equal(network.classifier.linear.weight, before.classifier.linear.weight)
    assert torch.equal(network.classifier.linear.bias, before.classifier.linear.bias)
    with torch.no_grad():
        assert torch.equal(network.features(images, "IT"), saved.features(images, "IT"))


def test_a_network_without_a_classifier_takes_the_trunk(images, save):
    saved, network = make(seed=1), make(seed=2, classes=0)
    load_weights(network, save(as_authors_save(saved)))
    with torch.no_grad():
        assert torch.equal(network.features(images, "IT"), saved.features(images, "IT"))


@pytest.fixture(scope="module")
def vgg11_bn():
    """Return torchvision's features with random weights, and their state as it names them."""
    with torch.device("meta"):
        whole = torchvision.models.vgg11_bn(weights=None)
    features = whole.features.to_empty(device="cpu").eval()
    random = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for value in features.state_dict().values():
            if value.is_floating_point() and value.ndim == 1:
                value.copy_(torch.rand(value.shape, generator=random) + 0.5)
            elif value.is_floating_point():
                value.copy_(torch.randn(value.shape, generator=random) / value[0].numel() ** 0.5)
            else:
                value.zero_()
    state = whole.state_dict()
    # The classifier's 124 million weights are of no use here; a few stand for them.
    stands = {name: torch.ones(2) for name in state if name.startswith("classifier.")}
    assert len(stands) == 6
    return features, {**state, **stands}


@pytest.mark.parametrize("version", ["today's", "without batches counted"])
def test_torchvision_s_vgg_gives_torchvision_s_features(version, vgg11_bn, images, save):
    features, state = vgg11_bn
    if version != "today's":  # files of torchvision's first years lack the counter
        state = {name: v for name, v in state.items() if "num_batches" not in name}
    network, before = (make("vgg11", width=1) for _ in range(2))
    load_weights(network, save(state))
    with torch.no_grad():
        assert torch.equal(network.trunk(images), features(images))
        # VGG11's fourth convolution is the first of the third block: module 8, its ReLU 10.
        assert torch.equal(network.features(images, "conv-3-1"), features[:11](images))
    own = network.classifier.state_dict()
    for name, value in before.classifier.state_dict().items():
        assert torch.equal(own[name], value), name


def test_torchvision_s_resnet18_is_refused_for_its_stem(save):
    with torch.device("meta"):
        state = torchvision.models.resnet18(weights=None).state_dict()
    state = {name: torch.zeros(value.shape) for name, value in state.items()}
    with pytest.raises(InputError, match=r"shape \(64, 3, 7, 7\) for 'conv1.weight'") as caught:
        load_weights(make("resnet18", width=1), save(state))
    assert "shape (64, 3, 3, 3), for trunk 'resnet18'" in caught.value.expected
    # With a fitting stem it is taken, but for its classifier of 1000 classes.
    state["conv1.weight"] = torch.ones(64, 3, 3, 3)
    network, before = make("resnet18", width=1), make("resnet18", width=1)
    load_weights(network, save(state))
    assert torch.equal(network.trunk.conv1.weight, state["conv1.weight"])
    assert torch.equal(network.classifier.linear.weight, before.classifier.linear.weight)


def test_an_absent_file_is_reported(tmp_path):
    with pytest.raises(InputError, match="is not there") as caught:
        load_weights(make(), tmp_path / "absent.pth")
    assert caught.value.place.endswith("absent.pth")


def test_damaged_files_are_refused(save, tmp_path):
    whole = save(as_authors_save(make())).read_bytes()
    contents = {
        "truncated.pth": whole[: len(whole) // 2],
        "short.pth": whole[:10],
        "empty.pth": b"",
        "text.pth": b"no weights",
        # Pickles that underflow the unpickler's stack, or name what was never stored.
        "stack.pth": b"\x80\x02.",
        "memo.pth": b"\x80\x02h\x05.",
    }
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(InputError, match=f"{name}: cannot be read") as caught:
            load_weights(make(), tmp_path / name)
        assert "state_dict" in caught.value.expected
    with pytest.raises(InputError, match="cannot be read"):
        load_weights(make(), tmp_path)


def test_a_whole_pickled_model_is_refused(save):
    with pytest.raises(InputError, match="cannot be read") as caught:
        load_weights(make(), save(make("cornet-z")))
    assert "torch.save(model.state_dict(), path)" in caught.value.fix


@pytest.mark.parametrize(
    "content",
    [torch.zeros(3), [torch.zeros(3)], {}, {"epoch": 3}, {"state_dict": {"epoch": 3}}],
)
def test_what_is_no_state_dict_is_refused(content, save):
    with pytest.raises(InputError, match="holds no state_dict"):
        load_weights(make(), save(content))


@pytest.mark.parametrize(
    ("fields", "problem", "expected"),
    [
        (
            {"width": 1 / 8},
            r"has shape \(4, 3, 7, 7\) for 'V1.conv1.weight'",
            r"shape (8, 3, 7, 7), for trunk 'cornet-s' at width 0.125 in rgb",
        ),
        (
            {"colour": "gray"},
            r"has shape \(4, 3, 7, 7\) for 'V1.conv1.weight'",
            r"shape (4, 1, 7, 7), for trunk 'cornet-s' at width 0.0625 in gray",
        ),
        ({"trunk": "cornet-z"}, "has no tensor for 'V1.conv.weight'", "trunk 'cornet-z'"),
        ({"trunk": "vgg11"}, "has no tensor for '0.weight'", "trunk 'vgg11'"),
    ],
)
def test_weights_of_another_network_are_refused(fields, problem, expected, save):
    network = make(seed=2, **fields)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    with pytest.raises(InputError, match=problem) as caught:
        load_weights(network, save(as_authors_save(make(seed=1))))
    assert expected in caught.value.expected
    assert "trunk, width and colour" in caught.value.fix
    for name, value in network.state_dict().items():
        assert torch.equal(value, before[name]), name  # nothing is copied by half


def test_one_lacking_tensor_is_enough_to_refuse(save):
    content = as_authors_save(make(seed=1))
    del content["state_dict"]["module.V4.norm2_3.running_var"]
    with pytest.raises(InputError, match=r"no tensor for 'V4.norm2_3.running_var'"):
        load_weights(make(seed=2), save(content))


def test_a_recipe_of_weights_alone_is_used_as_it_is(images, save):
    saved = make(seed=1)
    recipe = Recipe(**SMALL, trunk="cornet-s", weights=save(as_authors_save(saved)))
    network, history = train_network(recipe, {}, TrainingData(), seed=5, device=CPU)
    assert history == {}
    assert not network.training
    assert network.classifier is None
    own = network.trunk.state_dict()
    for name, value in saved.trunk.state_dict().items():
        assert torch.equal(own[name], value), name


def test_training_starts_from_the_weights(image_set, save):
    saved = make(seed=1)
    still = {"padding_px": 0, "flip": False, "rotation_deg": 0}
    recipe = Recipe(
        **SMALL,
        trunk="cornet-s",
        weights=save(as_authors_save(saved)),
        objectives={"c": {"kind": "classification", "augmentation": still}},
    )
    # A rate too small to move anything shows the weights that training began with.
    schedule = Schedule(lr=1e-30, min_lr=0, max_epochs=1, batch_size=8)
    data = TrainingData(images=image_set)
    network, history = train_network(recipe, {"classification": schedule}, data, seed=5, device=CPU)
    assert history["epoch"] == [1]
    own = dict(network.named_parameters())
    for name, value in saved.named_parameters():  # the decoder's too: three classes are three
        assert torch.equal(own[name], value), name
