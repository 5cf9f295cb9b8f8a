"""What must hold of the evaluations of several networks before they are compared."""

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


def check_comparable(evaluations: Mapping[str, xr.Dataset], baseline: str) -> None:
    """Check that networks can be compared with Baseline, image by image.

    Parameters
    ----------
    evaluations
        The corruption evaluation of each network.
    baseline
        The key of the network that all are compared with.

    Raises
    ------
    InputError
        If Baseline is not there, a variable is missing, or the networks were not evaluated on the
        same images, corruptions and severities.
    """
    if baseline not in evaluations:
        raise InputError(
            "networks",
            f"baseline {baseline!r} is missing",
            expected=f"one of {', '.join(evaluations) or 'the evaluated networks'}",
            fix="evaluate the baseline with the other networks",
        )
    reference = evaluations[baseline]
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
            if not np.array_equal(data[coordinate].to_numpy(), reference[coordinate].to_numpy()):
                raise InputError(
                    place,
                    f"{coordinate!r} differs from that of {baseline!r}",
                    expected="all networks evaluated on the same corrupted images",
                    fix="evaluate both networks again, on the same image set",
                )


def check_ever_right(evaluations: Mapping[str, xr.Dataset], baseline: str) -> None:
    """Check that Baseline is right at times on every corruption, as accuracies are divided by its.

    Raises
    ------
    InputError
        If it is never right on some corruption.
    """
    reference = evaluations[baseline]
    accuracy = reference["correct"].mean((SEED, SEVERITY, IMAGE))
    never_right = reference[CORRUPTION].to_numpy()[accuracy.to_numpy() == 0]
    if len(never_right):
        raise InputError(
            _place(baseline, reference),
            f"'correct' is 0 throughout for {', '.join(never_right)}",
            expected="a baseline above 0 % on every corruption, as all scores divide by it",
            fix="train the baseline for longer or evaluate on more images",
        )


def _place(name: str, data: xr.Dataset) -> str:
    return data.encoding.get("source", name)
