"""Checks that the evaluations of several networks can be compared."""

from collections.abc import Mapping

import numpy as np
import xarray as xr

from neurobust.dims import CORRUPTION, IMAGE, SEED, SEVERITY, require
from neurobust.errors import InputError

GROUP = "group"
_VARIABLES = {
    "correct": (SEED, CORRUPTION, SEVERITY, IMAGE),
    "clean_correct": (SEED, IMAGE),
    "image_id": (IMAGE,),
    GROUP: (CORRUPTION,),
}


def check_comparable(evaluations: Mapping[str, xr.Dataset], reference: str) -> None:
    """Check that networks can be compared with a reference, image by image.

    Parameters
    ----------
    evaluations
        The corruption evaluation of each network.
    reference
        Name of the network that all are compared with.

    Raises
    ------
    InputError
        If the reference or a variable is missing, or the networks were not evaluated on the same
        images, corruptions and severities.
    """
    if reference not in evaluations:
        raise InputError(
            "networks",
            f"the reference {reference!r} is missing",
            expected=f"one of {', '.join(evaluations) or 'the evaluated networks'}",
            fix="evaluate the reference with the other networks",
        )
    shown = evaluations[reference]
    for name, data in evaluations.items():
        place = _place(name, data)
        require(data, place, variables=_VARIABLES, attributes=("n_classes", "simulated"))
        if not data["correct"].size:
            raise InputError(
                place,
                f"'correct' is empty: {dict(data['correct'].sizes)}",
                expected="at least one seed and one image",
                fix="evaluate the network on at least one image",
            )
        for coordinate in ("image_id", CORRUPTION, SEVERITY):
            if not np.array_equal(data[coordinate].to_numpy(), shown[coordinate].to_numpy()):
                raise InputError(
                    place,
                    f"{coordinate!r} differs from that of {reference!r}",
                    expected="all networks evaluated on the same corrupted images",
                    fix="evaluate both networks again, on the same image set",
                )


def check_ever_right(evaluations: Mapping[str, xr.Dataset], reference: str) -> None:
    """Check that a reference, by whose accuracy others are divided, is sometimes right.

    Raises
    ------
    InputError
        If it is never right on some corruption.
    """
    evaluation = evaluations[reference]
    accuracy = evaluation["correct"].mean((SEED, SEVERITY, IMAGE))
    never_right = evaluation[CORRUPTION].to_numpy()[accuracy.to_numpy() == 0]
    if len(never_right):
        raise InputError(
            _place(reference, evaluation),
            f"'correct' is 0 throughout for {', '.join(never_right)}",
            expected="a reference above 0 % on every corruption, as all scores divide by it",
            fix="train the reference for longer or evaluate on more images",
        )


def _place(name: str, data: xr.Dataset) -> str:
    return data.encoding.get("source", name)
