"""Names of dimensions and coordinates in all files, and a check that a dataset has them."""

from collections.abc import Iterable

import xarray as xr

from neurobust.errors import InputError

IMAGE = "image"
ROW = "row"
COLUMN = "column"
ROW_FREQUENCY = "row_frequency"
COLUMN_FREQUENCY = "column_frequency"
RADIAL_FREQUENCY = "radial_frequency"
CHANNEL = "channel"
STIMULUS = "stimulus"
OTHER_STIMULUS = "other_stimulus"
PRESENTATION = "presentation"
NEUROID = "neuroid"
SEED = "seed"
CORRUPTION = "corruption"
SEVERITY = "severity"
NETWORK = "network"
EPOCH = "epoch"
LAYER = "layer"
SPLIT = "split"
HALF = "half"

TRAIN, VALIDATION, TEST = SPLITS = ("train", "validation", "test")


def require(
    data: xr.Dataset,
    place: object,
    *,
    variables: dict[str, tuple[str, ...]],
    attributes: Iterable[str] = (),
) -> None:
    """Check that a dataset has the variables (or coordinates) with these dims, and the attributes.

    Parameters
    ----------
    data
        The dataset to check.
    place
        The file that it comes from, for messages.
    variables
        Dims of each variable or coordinate, in order, by its name.
    attributes
        Names of the attributes.

    Raises
    ------
    InputError
        If a variable or an attribute is missing, or the dims differ.
    """
    for name, dims in variables.items():
        found = data[name].dims if name in data.variables else None
        if found != dims:
            raise InputError(
                place,
                f"variable {name!r} is missing" if found is None else f"{name!r} has dims {found}",
                expected=f"{name!r} with dims {dims}",
                fix="delete the file and let the workflow build it again",
            )
    for name in attributes:
        if name not in data.attrs:
            raise InputError(
                place,
                f"attribute {name!r} is missing",
                expected=f"an attribute {name!r}",
                fix="delete the file and let the workflow build it again",
            )
