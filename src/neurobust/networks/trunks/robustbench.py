"""Published robust networks: RobustBench's architectures (Croce et al. 2021), a user's weights.

The package robustbench is optional. Only this module imports it, when such a network is built, and
nothing is downloaded.
"""

import importlib
import importlib.util
import re
import sys
import warnings
from collections import OrderedDict
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from types import ModuleType

import torch
from jaxtyping import Float
from torch import Tensor, nn

from neurobust.config.model import nearest
from neurobust.config.recipes import ROBUSTBENCH, Recipe
from neurobust.errors import InputError
from neurobust.images.batches import LabelledPictures
from neurobust.networks.architectures.trunk import Trunk
from neurobust.networks.fitted import FittedModule

CLASSES = {"cifar10": 10, "cifar100": 100, "imagenet": 1000}
_WRAPPED = re.compile(r"^(module\.|model\.)+")  # what DataParallel and normalising wrappers add
# Constants that an architecture normalises images by: files may lack them, or hold some where the
# architecture has none.
_NORMALISATION = {"mean", "std", "mu", "sigma"}
# Leftovers of training in the files of Diffenderfer2021Winning and Chen2020Efficient.
_UNUSED = re.compile(r"(^|\.)scores$|^model_preact_hl1\.")


class Pixels(FittedModule):
    """Undo the standardisation of images, since RobustBench's models take pixels in [0, 1].

    Images pass unchanged until it is fitted.
    """

    mean: Tensor
    std: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(0.0))
        self.register_buffer("std", torch.tensor(1.0))

    def fit(self, pictures: LabelledPictures) -> None:
        """Store the mean and standard deviation that standardise the pictures of the set."""
        self.mean.fill_(pictures.standard.mean)
        self.std.fill_(pictures.standard.std)

    def forward(
        self, images: Float[Tensor, "image channel row column"]
    ) -> Float[Tensor, "image channel row column"]:
        """Return the pixels of standardised images."""
        return images * self.std + self.mean


def build(recipe: Recipe, n_classes: int) -> Trunk:
    """Build a whole model of RobustBench in the place of a trunk and its classifier.

    Parameters
    ----------
    recipe
        The recipe, whose ``architecture`` is the name of a RobustBench model for a data set of
        ``n_classes`` classes. If several threat models have that name, the first of Linf, L2 and
        corruptions is meant; ``L2/Rice2020Overfitting`` chooses another.
    n_classes
        Number of classes of the image set.

    Returns
    -------
    `Pixels` and the model; it has no separate classifier, and its layers cannot be read.

    Raises
    ------
    InputError
        If robustbench is not installed, has no such model for so many classes, or the recipe's
        colour is not ``rgb``.
    """
    place = f"architecture {recipe.architecture!r}"
    if recipe.colour != "rgb":
        raise InputError(
            place,
            f"sees colours, and the recipe's colour is {recipe.colour!r}",
            expected="colour: rgb",
            fix="set it in the recipe",
        )
    zoo = _import_zoo(place)
    wanted, _, name = str(recipe.architecture).rpartition("/")
    found = {
        (dataset.value, threat.value): models
        for dataset, threats in zoo.model_dicts.items()
        for threat, models in threats.items()
        if wanted in ("", threat.value)
    }
    holding = [key for key, models in found.items() if name in models]
    if not holding:
        raise InputError(
            place,
            "is no model of RobustBench" + (f" for threat model {wanted}" if wanted else ""),
            expected=nearest(name, {other for models in found.values() for other in models}),
            fix="correct the recipe's architecture",
        )
    fitting = [key for key in holding if CLASSES[key[0]] == n_classes]
    if not fitting:
        datasets = dict.fromkeys(dataset for dataset, _ in holding)
        raise InputError(
            place,
            "has "
            + " or ".join(f"{CLASSES[dataset]} classes ({dataset})" for dataset in datasets)
            + f", and the image set has {n_classes}",
            expected="an image set of as many classes, in the same order",
            fix="give the recipe such 'images', or another architecture",
        )
    dataset, threat = fitting[0]
    entry = found[fitting[0]][name]
    model = _build(zoo, name, dataset, threat, entry)
    parts = OrderedDict([("pixels", Pixels()), ("model", model)])
    load = partial(load_zoo_weights, model, architecture=str(recipe.architecture))
    return Trunk(nn.Sequential(parts), {}, nn.Identity(), load)


def load_zoo_weights(
    model: nn.Module, given: Mapping[str, Tensor], path: Path, *, architecture: str
) -> None:
    """Copy a file's tensors into a model of RobustBench.

    Parameters
    ----------
    model
        The model as `build` builds it; changed in place.
    given
        The file's tensors, named as the model's own or with the prefixes of wrappers
        (``module.``, ``model.``). The constants that images are normalised by may be missing,
        since the model has them.
    architecture, path
        Names of the model and of the file, for error messages.

    Raises
    ------
    InputError
        If a tensor is missing, has another shape, or is unknown to the model.
    """
    wanted = model.state_dict()
    if not wanted.keys() <= given.keys():
        own = {_WRAPPED.sub("", name): name for name in wanted}
        given = {own.get(_WRAPPED.sub("", name), name): value for name, value in given.items()}
    for name, value in wanted.items():
        shape = tuple(given[name].shape) if name in given else None
        if shape is None and name.rpartition(".")[2] in _NORMALISATION | {"num_batches_tracked"}:
            continue
        if shape != tuple(value.shape):
            found = "no tensor" if shape is None else f"shape {shape}"
            raise _unfit(path, f"has {found} for {name!r}", architecture)
    chosen = {name: value for name, value in given.items() if name in wanted}
    for name in given.keys() - chosen.keys():
        if name.rpartition(".")[2] not in _NORMALISATION and not _UNUSED.search(name):
            raise _unfit(path, f"holds {name!r}, which the model lacks", architecture)
    model.load_state_dict({**wanted, **chosen})


def _unfit(path: Path, problem: str, architecture: str) -> InputError:
    return InputError(
        path,
        problem,
        expected=f"all tensors of RobustBench's {architecture}, and no others",
        fix="set 'architecture' to the model of the file; if RobustBench has it for several "
        "threat models, choose one: L2/NAME. torch.save(model.state_dict(), path) writes "
        "a model's whole file",
    )


def _build(zoo: ModuleType, name: str, dataset: str, threat: str, entry: Mapping) -> nn.Module:
    """Build a model with initial weights, without those functions of RobustBench that download."""
    if entry["gdrive_id"] is None:
        timm = importlib.import_module("timm")
        registered = f"{name}_{dataset}_{threat}".lower().replace("-", "_")
        return timm.create_model(registered, num_classes=CLASSES[dataset], pretrained=False)
    if name == "Standard_R50":
        torchvision = importlib.import_module("torchvision")
        wrapped = importlib.import_module(f"{zoo.__name__}.architectures.utils_architectures")
        constants = importlib.import_module(f"{zoo.__name__}.imagenet")
        plain = torchvision.models.resnet50(weights=None)
        return wrapped.normalize_model(plain, constants.mu, constants.sigma)
    return entry["model"]()


def _import_zoo(place: str) -> ModuleType:
    """Import the architectures of robustbench.

    Its own ``__init__`` is left out: it imports attacks and downloads, one of them from a package
    that PyPI lacks, and none of them is needed here.
    """
    problem = "is not installed"
    spec = importlib.util.find_spec(ROBUSTBENCH)
    if spec is not None:
        before = sys.modules.get(ROBUSTBENCH)
        sys.modules[ROBUSTBENCH] = importlib.util.module_from_spec(spec)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # deprecations in other packages
                return importlib.import_module(f"{ROBUSTBENCH}.model_zoo")
        except ImportError as error:
            problem = f"cannot be imported ({error})"
        finally:
            if before is None:
                del sys.modules[ROBUSTBENCH]
            else:
                sys.modules[ROBUSTBENCH] = before
    raise InputError(
        place,
        f"is RobustBench's, and the package robustbench {problem}",
        expected="the optional package robustbench",
        fix="install it: uv sync --group zoo",
    )
