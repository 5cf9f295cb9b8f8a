"""Trained weights from a user's file: torchvision's VGG with batch normalisation, or CORnet's."""

from pathlib import Path

import torch
from torch import Tensor

from neurobust.errors import InputError
from neurobust.networks.files import UNREADABLE
from neurobust.networks.network import Network

_PARALLEL = "module."  # what torch's DataParallel puts before every name
_TORCHVISION = "features."
_DECODER = "decoder."


def load_weights(network: Network, path: Path) -> None:
    """Copy a file's weights into a network's trunk, and into its classifier where they fit.

    Parameters
    ----------
    network
        Changed in place.
    path
        What ``torch.save`` wrote: a ``state_dict``, or a mapping that holds one under that name.
        CORnet's decoder is copied if it has the network's number of classes; other classifiers
        are not.

    Raises
    ------
    InputError
        If the file is absent, no such mapping, or lacks a tensor of the trunk in its shape.
    """
    given = {_our_name(name): value for name, value in _read(path).items()}
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
                mend="set the recipe's trunk, width and colour to those of the file",
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
            mend="put it there, or let the recipe's 'weights' name where it is",
        ) from error
    except UNREADABLE as error:
        # The first sentence: torch goes on to advise what would run a file's code.
        told = str(error).partition("\n")[0].partition(". ")[0] or type(error).__name__
        raise _unusable(path, f"cannot be read ({told})") from error
    if isinstance(content, dict) and isinstance(content.get("state_dict"), dict):
        content = content["state_dict"]
    if not isinstance(content, dict) or not any(isinstance(v, Tensor) for v in content.values()):
        raise _unusable(path, "holds no state_dict")
    return {str(name): value for name, value in content.items() if isinstance(value, Tensor)}


def _unusable(path: Path, problem: str) -> InputError:
    return InputError(
        path,
        problem,
        expected="a state_dict of tensors, or a mapping with a 'state_dict', as torch.save writes",
        mend="save the model's state_dict alone: torch.save(model.state_dict(), path)",
    )


def _our_name(name: str) -> str:
    name = name.removeprefix(_PARALLEL)
    if name.startswith(_DECODER):
        return f"classifier.{name.removeprefix(_DECODER)}"
    return f"trunk.{name.removeprefix(_TORCHVISION).removeprefix(_PARALLEL)}"
