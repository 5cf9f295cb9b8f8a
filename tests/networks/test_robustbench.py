"""Models of RobustBench, tested with a stand-in and, where it is installed, with the package.

The package is optional: tests of it run after `uv sync --group zoo`, and are skipped without it.
"""

import importlib
import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from neurobust.config.recipes import Recipe
from neurobust.errors import InputError
from neurobust.images.batches import LabelledPictures
from neurobust.images.form import make_image_set
from neurobust.networks.files import NetworkFile, load_network, save_network
from neurobust.networks.network import Heads, build_network
from neurobust.networks.pixels import PixelClassifier
from neurobust.training.objective import TrainingData
from neurobust.training.train import train_network

CPU = torch.device("cpu")

STAND_IN = '''
"""What neurobust uses of robustbench.model_zoo: names, builders, and where files come from."""

from enum import Enum

import torch
from torch import nn


class Dataset(Enum):
    cifar_10 = "cifar10"
    cifar_100 = "cifar100"


class Threat(Enum):
    Linf = "Linf"
    L2 = "L2"


class Small(nn.Module):
    def __init__(self, classes=10, channels=4):
        super().__init__()
        self.conv = nn.Conv2d(3, channels, 3)
        self.bn = nn.BatchNorm2d(channels, affine=False)
        self.fc = nn.Linear(channels, classes)
        self.register_buffer("mu", torch.tensor([0.4, 0.5, 0.6]).view(1, 3, 1, 1))
        self.register_buffer("sigma", torch.full((1, 3, 1, 1), 0.25))

    def forward(self, x):
        assert -1e-5 < x.min() and x.max() < 1 + 1e-5  # pixels
        return self.fc(self.bn(self.conv((x - self.mu) / self.sigma)).relu().mean((2, 3)))


def entry(build):
    return {"model": build, "gdrive_id": "of no use"}


model_dicts = {
    Dataset.cifar_10: {
        Threat.Linf: {"Small2020Net": entry(Small), "Twice2021": entry(Small)},
        Threat.L2: {"Twice2021": entry(lambda: Small(channels=6))},
    },
    Dataset.cifar_100: {Threat.Linf: {"Hundred2022": entry(lambda: Small(100))}},
}
'''


def forget():
    """Take the package's modules out of those imported, and return them."""
    names = [name for name in sys.modules if name.partition(".")[0] == "robustbench"]
    return {name: sys.modules.pop(name) for name in names}


@pytest.fixture
def zoo(tmp_path, monkeypatch):
    """Put a stand-in for the package where Python finds it first, and return its model zoo."""
    folder = tmp_path / "packages" / "robustbench"
    (folder / "model_zoo").mkdir(parents=True)
    # As the released package: it imports attacks of a package that is not there.
    (folder / "__init__.py").write_text("import a_package_that_is_not_there\n")
    (folder / "model_zoo" / "__init__.py").write_text(STAND_IN)
    monkeypatch.syspath_prepend(tmp_path / "packages")
    before = forget()
    yield folder / "model_zoo" / "__init__.py"
    forget()
    sys.modules.update(before)


@pytest.fixture(scope="module")
def ten_classes():
    """Return 20 colour pictures of ten classes in each split."""
    random = np.random.default_rng(0)
    label = np.tile(np.arange(10), 6)
    return make_image_set(
        pixels=random.integers(0, 256, (60, 32, 32, 3), dtype=np.uint8),
        image_id=np.arange(60),
        label=label,
        split=np.repeat(["train", "validation", "test"], 20).tolist(),
        class_names=[f"class {number}" for number in range(10)],
        identifier="noise",
        source="a test",
        licence="CC0",
        task="none",
    )


def make_model(seed=0, **settings):
    """Return the stand-in's model with random weights and running statistics."""
    scope = {}
    exec(STAND_IN, scope)
    return randomise(scope["Small"](**settings), seed)


def randomise(model, seed=0):
    random = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, value in model.state_dict().items():
            if value.ndim == 1 and value.is_floating_point():
                value.copy_(torch.rand(value.shape, generator=random) + 0.5)
            elif value.ndim > 1 and name not in ("mu", "sigma"):
                drawn = torch.randn(value.shape, generator=random)
                value.copy_(drawn / value[0].numel() ** 0.5)
    return model.eval()


def recipe(path, architecture="Small2020Net", **fields):
    given = {"trunk": "robustbench", "architecture": architecture, "weights": path}
    return Recipe(**{"colour": "rgb"} | given | fields)


def use(made, images):
    return train_network(made, {}, TrainingData(images=images), seed=1, device=CPU)[0]


@pytest.fixture
def save(tmp_path):
    def write(content):
        torch.save(content, tmp_path / "model.pt")
        return tmp_path / "model.pt"

    return write


def pixels_of(ten_classes):
    pictures = LabelledPictures.of_split(ten_classes, "test", colour="rgb", device=CPU)
    return pictures, pictures.seen()[:4].float() / 255


FORMS = {
    "state_dict": lambda s: s,
    "epoch": lambda s: {"state_dict": s, "epoch": 3},
    "net": lambda s: {"net": {f"module.{n}": v for n, v in s.items()}},
    "last of two": lambda s: {"last": s, "best": {n: v * 0 for n, v in s.items()}},
    "wrapped": lambda s: {"model": {f"module.model.{n}": v for n, v in s.items()}},
    "without constants": lambda s: {n: v for n, v in s.items() if n not in ("mu", "sigma")},
    "other constants": lambda s: s | {"normalize.mean": torch.zeros(3), "conv.scores": s["mu"]},
}


@pytest.mark.parametrize("form", FORMS)
def test_a_file_in_any_form_gives_the_model_s_answers_to_pixels(form, zoo, ten_classes, save):
    model = make_model()
    network = use(recipe(save(FORMS[form](model.state_dict()))), ten_classes)
    pictures, pixels = pixels_of(ten_classes)
    with torch.no_grad():
        # Standardised and back in float32: a few roundings of numbers below 2.
        found = network.classify(pictures.standard(pictures.seen()[:4]))
        torch.testing.assert_close(found, model(pixels), rtol=1e-5, atol=1e-5)
        answers = PixelClassifier(network, pictures.standard).answers(pixels)
    assert torch.equal(answers, model(pixels).argmax(1))


def test_gradients_reach_the_pixels_as_in_the_model_itself(zoo, ten_classes, save):
    model = make_model()
    network = use(recipe(save(model.state_dict())), ten_classes)
    pictures, pixels = pixels_of(ten_classes)
    gradients = []
    for classify in (PixelClassifier(network, pictures.standard), model):
        images = pixels.clone().requires_grad_()
        classify(images)[:, 3].sum().backward()
        gradients.append(images.grad)
    scale = gradients[1].abs().max().item()
    # Sums of float32 products, scaled back and forth by the standard deviation.
    torch.testing.assert_close(gradients[0], gradients[1], rtol=1e-4, atol=1e-5 * scale)


def test_the_network_s_file_needs_no_file_of_weights(zoo, ten_classes, save, tmp_path):
    path = save(make_model().state_dict())
    network = use(recipe(path), ten_classes)
    save_network(NetworkFile(network, 1, {}), tmp_path / "network.pt")
    path.unlink()
    loaded = load_network(tmp_path / "network.pt").network
    images = pixels_of(ten_classes)[0].standard(pixels_of(ten_classes)[0].seen()[:4])
    with torch.no_grad():
        assert torch.equal(loaded.classify(images), network.classify(images))
    own = network.state_dict()
    assert all(torch.equal(value, own[name]) for name, value in loaded.state_dict().items())


def test_the_threat_model_can_be_chosen_where_a_name_is_there_twice(zoo, ten_classes, save):
    path = save(make_model(channels=6).state_dict())
    network = use(recipe(path, "L2/Twice2021"), ten_classes)
    assert network.trunk.model.conv.weight.shape[0] == 6
    with pytest.raises(InputError, match=r"shape \(6, 3, 3, 3\) for 'conv.weight'") as caught:
        use(recipe(path, "Twice2021"), ten_classes)
    assert "L2/NAME" in caught.value.fix
    assert "RobustBench's Twice2021" in caught.value.expected


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda s: s.pop("fc.bias"), "has no tensor for 'fc.bias'"),
        (lambda s: s.pop("bn.running_mean"), "has no tensor for 'bn.running_mean'"),
        (lambda s: s.update({"fc.bias": torch.ones(9)}), r"has shape \(9,\) for 'fc.bias'"),
        (lambda s: s.update({"block2.weight": s["fc.bias"]}), "holds 'block2.weight', which"),
    ],
)
def test_a_file_of_another_model_is_refused(change, problem, zoo, ten_classes, save):
    content = dict(make_model().state_dict())
    change(content)
    with pytest.raises(InputError, match=problem) as caught:
        use(recipe(save(content)), ten_classes)
    assert caught.value.place.endswith("model.pt")


def test_unusable_files_are_refused(zoo, ten_classes, save, tmp_path):
    with pytest.raises(InputError, match="is not there"):
        use(recipe(tmp_path / "absent.pt"), ten_classes)
    with pytest.raises(InputError, match="holds no state_dict"):
        use(recipe(save({"epoch": 3})), ten_classes)
    with pytest.raises(InputError, match="cannot be read"):
        use(recipe(save({"state_dict": {}, "arguments": Path("x")})), ten_classes)


@pytest.mark.parametrize(
    ("fields", "classes", "problem", "expected"),
    [
        ({"architecture": "Small2020Nets"}, 10, "is no model of RobustBench", "'Small2020Net'"),
        ({"architecture": "L2/Small2020Net"}, 10, "for threat model L2", "Twice2021"),
        ({"colour": "gray"}, 10, "the recipe's colour is 'gray'", "colour: rgb"),
        ({}, 3, r"has 10 classes \(cifar10\), and the image set has 3", "as many"),
        ({"architecture": "Hundred2022"}, 10, r"has 100 classes \(cifar100\)", "as many"),
    ],
)
def test_recipes_that_do_not_fit_are_refused(fields, classes, problem, expected, zoo, tmp_path):
    with pytest.raises(InputError, match=problem) as caught:
        build_network(recipe(tmp_path / "x.pt", **fields), Heads(classes), seed=0)
    assert expected in caught.value.expected
    assert caught.value.place.startswith("architecture")


def test_its_layers_are_not_read(zoo, tmp_path):
    network = build_network(recipe(tmp_path / "x.pt"), Heads(10), seed=0)
    assert network.layers == []
    images = torch.zeros(1, 3, 8, 8)
    for read in (network.features, lambda images, layer: network.features_of(images, [layer])):
        with pytest.raises(InputError, match="trunk 'robustbench' is used whole"):
            read(images, "all")


def test_without_the_package_the_error_explains_how_to_install_it(tmp_path, monkeypatch):
    forget()
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "robustbench" else find(name)
    )
    with pytest.raises(InputError, match="the package robustbench is not installed") as caught:
        build_network(recipe(tmp_path / "x.pt"), Heads(10), seed=0)
    assert "uv sync --group zoo" in caught.value.fix


def test_a_package_that_cannot_be_imported_is_reported(zoo, tmp_path):
    zoo.write_text("import timm_of_a_kind\n")
    with pytest.raises(InputError, match=r"cannot be imported .*timm_of_a_kind") as caught:
        build_network(recipe(tmp_path / "x.pt"), Heads(10), seed=0)
    assert "uv sync --group zoo" in caught.value.fix
    assert "robustbench" not in sys.modules


def test_the_package_stays_importable_as_itself(zoo, tmp_path):
    build_network(recipe(tmp_path / "x.pt"), Heads(10), seed=0)
    with pytest.raises(ModuleNotFoundError, match="a_package_that_is_not_there"):
        importlib.import_module("robustbench")  # its own __init__ was only passed by


installed = pytest.mark.skipif(
    importlib.util.find_spec("robustbench") is None,
    reason="needs the optional package robustbench (uv sync --group zoo)",
)


@pytest.fixture
def load_model():
    """Return RobustBench's own loader, imported past what the package imports beside it."""
    sys.modules["robustbench"] = importlib.util.module_from_spec(
        importlib.util.find_spec("robustbench")
    )
    yield importlib.import_module("robustbench.utils").load_model
    del sys.modules["robustbench"]


def as_published(name, model):
    """Return what the file of a model holds, as RobustBench's loader takes it."""
    tensors = {n: v for n, v in model.state_dict().items() if n not in ("mu", "sigma")}
    if name in ("Hendrycks2020AugMix_WRN", "Carmon2019Unlabeled"):
        return {"state_dict": {f"module.{n}": v for n, v in tensors.items()}, "epoch": 99}
    if name == "Geirhos2018_SIN":  # the loader puts normalisation before it
        return {n.removeprefix("model."): v for n, v in tensors.items()}
    return tensors


@installed
@pytest.mark.filterwarnings("ignore")  # deprecations in other packages
@pytest.mark.parametrize(
    ("name", "dataset", "threat"),
    [
        ("Carmon2019Unlabeled", "cifar10", "Linf"),
        ("Sehwag2021Proxy_R18", "cifar10", "L2"),
        ("Hendrycks2020AugMix_WRN", "cifar10", "corruptions"),
        ("Hendrycks2020AugMix_WRN", "cifar100", "corruptions"),
        ("Geirhos2018_SIN", "imagenet", "corruptions"),
    ],
)
def test_answers_are_those_of_robustbench_s_own_loader(name, dataset, threat, load_model, tmp_path):
    path = tmp_path / dataset / threat / f"{name}.pt"
    path.parent.mkdir(parents=True)
    classes = {"cifar10": 10, "cifar100": 100, "imagenet": 1000}[dataset]
    side = 64 if dataset == "imagenet" else 32
    random = np.random.default_rng(0)
    images = make_image_set(
        pixels=random.integers(0, 256, (3 * classes, side, side, 3), dtype=np.uint8),
        image_id=np.arange(3 * classes),
        label=np.tile(np.arange(classes), 3),
        split=np.repeat(["train", "validation", "test"], classes).tolist(),
        class_names=[f"class {number}" for number in range(classes)],
        identifier="noise",
        source="a test",
        licence="CC0",
        task="none",
    )
    built = build_network(recipe(path, f"{threat}/{name}"), Heads(classes), seed=3)
    torch.save(as_published(name, built.trunk.model), path)
    theirs = load_model(name, model_dir=tmp_path, dataset=dataset, threat_model=threat)
    network = use(recipe(path, f"{threat}/{name}"), images)
    save_network(NetworkFile(network, 1, {}), tmp_path / "network.pt")
    loaded = load_network(tmp_path / "network.pt").network
    pictures, pixels = pixels_of(images)
    with torch.no_grad():
        expected = theirs(pixels)
        found = PixelClassifier(network, pictures.standard)(pixels)
        again = PixelClassifier(loaded, pictures.standard)(pixels)
    assert expected.std(0).max() > 0
    # Pixels differ by rounding after standardisation and back; dozens of layers carry it on.
    scale = expected.abs().max().item()
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-4 * scale)
    assert torch.equal(again, found)


@installed
@pytest.mark.filterwarnings("ignore")  # deprecations in other packages
@pytest.mark.parametrize(
    ("name", "classes"),
    [
        ("Standard", 10),
        ("Standard_R50", 1000),
        ("AlexNet", 1000),
        ("Debenedetti2022Light_XCiT-S12", 10),
        ("L2/Rice2020Overfitting", 10),
    ],
)
def test_models_are_built_without_a_download(name, classes, tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("a download")

    monkeypatch.setattr("urllib.request.urlopen", refuse)
    monkeypatch.setattr("socket.socket.connect", refuse)
    with torch.device("meta"):
        network = build_network(recipe(tmp_path / "x.pt", name), Heads(classes), seed=0)
        side = 32 if classes == 10 else 224
        assert network.classify(torch.zeros(2, 3, side, side)).shape == (2, classes)
