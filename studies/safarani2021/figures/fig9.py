"""One image under every corruption (Fig. 9)."""

import numpy as np
import xarray as xr
from jaxtyping import UInt8
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from neurobust.dims import COLUMN, CORRUPTION, ROW, require
from neurobust.plotting.style import new_figure, readable, styled

_COLUMNS = 5


@styled
def draw_corruption_examples(examples: xr.Dataset) -> Figure:
    """Draw an image and its corrupted versions.

    Parameters
    ----------
    examples
        ``images(corruption, row, column)`` and ``original(row, column)``, gray, 0 to 255, with
        the attribute ``severity``.

    Raises
    ------
    InputError
        If a variable or the attribute is missing.
    """
    require(
        examples,
        "corruption examples",
        variables={"images": (CORRUPTION, ROW, COLUMN), "original": (ROW, COLUMN)},
        attributes=("severity",),
    )
    names = examples[CORRUPTION].to_numpy()
    rows = -(-(len(names) + 1) // _COLUMNS)
    figure = new_figure(0.3 + 1.5 * rows)
    places = figure.subplots(rows, _COLUMNS, squeeze=False).ravel()
    for axes in places:
        axes.set_axis_off()
    _draw_image(examples["original"].to_numpy(), "Original", places[0])
    for name, axes in zip(names, places[1:], strict=False):
        image = examples["images"].sel({CORRUPTION: name}).to_numpy()
        _draw_image(image, readable(name), axes)
    figure.suptitle(f"Corruptions at severity {examples.attrs['severity']}")
    return figure


def _draw_image(image: UInt8[np.ndarray, "row column"], title: str, axes: Axes) -> None:
    axes.imshow(image, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
    axes.set_title(title)
