"""Trained weights from a user's file, for VGGs, ResNet18, CORnets and RobustBench's models."""

import re
from pathlib import Path

import torch
from torch import Tensor

from neurobust.errors import InputError
from neurobust.networks.files import UNREADABLE
from neurobust.networks.network import Network

_WRAPPERS = ("state_dict", "model_state_dict", "net", "model", "last")
"""Keys under which files hold a state_dict; ``last`` is the last epoch's in RobustBench's files."""
_PARALLEL = "module."  # torch's DataParallel puts it before every name
_TORCHVISION = "features."
# CORnet's classifier, torchvision's of ResNets, and that of ResNets written for CIFAR.
_DECODER = re.compile(r"^(decoder\.linear|fc|linear)\.")
_BLOCK = re.compile(r"^layer(\d)\.(\d)\.")
_SHORTCUT = re.compile(r"(?<=\.)shortcut\.")  # torchvision's downsample, in ResNets for CIFAR


def load_weights(network: Network, path: Path) -> None:
    """Copy a file's weights into a network's trunk, and into its classifier where they fit.

    Parameters
    ----------
    network
        The network, changed in place.
    path
        A file written by ``torch.save``: a ``state_dict``, or a mapping that holds one as
        ``state_dict``, ``net`` or ``model``. The classifier of a CORnet or ResNet is copied if it
        has the network's number of classes; other classifiers are not. A model of RobustBench is
        copied whole.

    Raises
    ------
    InputError
        If the file is absent, is no such mapping, lacks a tensor of the trunk in its shape, or
        does not belong to the recipe's model of RobustBench.
    """
    tensors = _read(path)
    if network.load_trunk is not None:
        network.load_trunk(tensors, path)
        return
    given = {_our_name(name): value for name, value in tensors.items()}
    wanted = network.state_dict()
    for name, value in wanted.items():
        if not name.startswith("trunk.") or name.endswith("num_batches_tracked"):
            continue
        shape = tuple(given[name].shape) if name in given else None
        if shape != tuple(value.shape):
            raise InputError(
                path,
                f"has {'no tensor' if shape is None else f'shape {shape}'} for "
                f"{name.removeprefix('trunk.')!r}",
                expected=f"shape {tuple(value.shape)}, for trunk {network.recipe.trunk!r} at width "
                f"{network.recipe.width:g} in {network.recipe.colour}",
                fix="set the recipe's trunk, width and colour to those of the file",
            )
    decoder = {name for name in wanted if name.startswith("classifier.")}
    fits = all(name in given and given[name].shape == wanted[name].shape for name in decoder)
    chosen = {
        name: value
        for name, value in given.items()
        if name in wanted and (name.startswith("trunk.") or fits)
    }
    network.load_state_dict({**wanted, **chosen})


def _read(path: Path) -> dict[str, Tensor]:
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError as error:
        raise InputError(
            path,
            "is not there",
            expected="a file of trained weights",
            fix="put it there, or correct the path in the recipe's 'weights'",
        ) from error
    except UNREADABLE as error:
        # The first sentence alone: torch goes on to suggest a way that would run the file's code.
        reason = str(error).partition("\n")[0].partition(". ")[0] or type(error).__name__
        raise _unusable(path, f"cannot be read ({reason})") from error
    while isinstance(content, dict):
        held = [name for name in _WRAPPERS if isinstance(content.get(name), dict)]
        if not held:
            break
        content = content[held[0]]
    if not isinstance(content, dict) or not any(isinstance(v, Tensor) for v in content.values()):
        raise _unusable(path, "holds no state_dict")
    return {str(name): value for name, value in content.items() if isinstance(value, Tensor)}


def _unusable(path: Path, problem: str) -> InputError:
    return InputError(
        path,
        problem,
        expected="a state_dict of tensors, or a mapping with a 'state_dict', as torch.save writes",
        fix="save the model's state_dict alone: torch.save(model.state_dict(), path)",
    )


def _our_name(name: str) -> str:
    name = name.removeprefix(_PARALLEL)
    if _DECODER.match(name):
        return _DECODER.sub("classifier.linear.", name)
    name = name.removeprefix(_TORCHVISION).removeprefix(_PARALLEL)
    return "trunk." + _SHORTCUT.sub("downsample.", _BLOCK.sub(r"layer\1-\2.", name))
