"""Network files: weights with all that it takes to use, judge and repeat them."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch

from neurobust.config.recipes import Recipe
from neurobust.errors import InputError
from neurobust.files import provenance
from neurobust.files.whole import whole
from neurobust.networks.network import Heads, Network

_KEYS = {"weights", "recipe", "heads", "seed", "history", "provenance"}
_UNTRAINED = {"label", "seeds"}
"""Fields that recipes in older files also hold, although no network depends on them."""
UNREADABLE = (
    OSError,
    ValueError,
    RuntimeError,
    TypeError,
    AttributeError,
    LookupError,
    EOFError,
    UnpicklingError,
)
"""Errors of torch for damaged files; its unpickler does not check the stack or the memo."""


@dataclass
class NetworkFile:
    """A trained network and its record.

    Attributes
    ----------
    network
        The network, in evaluation mode on the CPU.
    seed
        Seed of initialisation, batches and augmentation.
    history
        One list for each measure, with a value per epoch over all stages.
    """

    network: Network
    seed: int
    history: dict[str, list[float]]


def save_network(saved: NetworkFile, path: str | Path) -> None:
    """Write a network file with its provenance; it holds only plain values and tensors."""
    network = saved.network
    content = {
        "weights": {name: value.cpu() for name, value in network.state_dict().items()},
        "recipe": network.recipe.training_key(),
        "heads": network.heads.as_dict(),
        "seed": saved.seed,
        "history": saved.history,
        "provenance": provenance.stamp(),
    }
    # Given a path, torch would write its name into the file, and the same run give other bytes.
    with whole(path) as part, part.open("wb") as file:
        torch.save(content, file)


def load_network(path: str | Path) -> NetworkFile:
    """Read a network file with ``weights_only=True``.

    Raises
    ------
    InputError
        If the file is absent, damaged, or no network file.
    """
    try:
        content: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
        if not isinstance(content, dict) or set(content) != _KEYS:
            raise ValueError(f"it does not hold {', '.join(sorted(_KEYS))}")
        stored = content["recipe"]
        recipe = Recipe.model_validate({k: stored[k] for k in stored.keys() - _UNTRAINED})
        network = Network(recipe, Heads(**content["heads"]))
        network.load_state_dict(content["weights"])
    except UNREADABLE as error:
        raise InputError(
            path,
            f"cannot be read as a network ({error})",
            expected="a file written by the rule train_network",
            fix="delete it and run again",
        ) from error
    provenance.note(content["provenance"])
    return NetworkFile(network.eval(), content["seed"], content["history"])


def load_by_name(paths: Iterable[str | Path]) -> dict[str, dict[int, Network]]:
    """Read networks by name (that of their folder), then by seed, in the order given.

    It raises the errors of `load_network`.
    """
    folders: dict[str, list[Path]] = {}
    for path in map(Path, paths):
        folders.setdefault(path.parent.name, []).append(path)
    return {name: load_networks(files) for name, files in folders.items()}


def load_networks(paths: Iterable[str | Path]) -> dict[int, Network]:
    """Read the networks of several seeds, by seed; it raises the errors of `load_network`."""
    return {saved.seed: saved.network for saved in map(load_network, paths)}
