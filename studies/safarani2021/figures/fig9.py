"""Fig. 9: one image under every corruption."""

import numpy as np
import xarray as xr
from jaxtyping import UInt8
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from neurobust.dims import COLUMN, CORRUPTION, ROW, require
from neurobust.plotting.style import new_figure, readable, styled

_COLUMNS = 5


@styled
def draw(examples: xr.Dataset) -> Figure:
    """Draw an image and its corrupted versions, in gray as networks see it.

    Parameters
    ----------
    examples
        ``images(corruption, row, column)`` and ``original(row, column)``, 0 to 255, with the
        attribute ``severity``; from `neurobust.evaluation.corruptions.examples.corrupt_example`.

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
    panels = figure.subplots(rows, _COLUMNS, squeeze=False).ravel()
    for axes in panels:
        axes.set_axis_off()
    _draw_image(examples["original"].to_numpy(), "Original", panels[0])
    for name, axes in zip(names, panels[1:], strict=False):
        image = examples["images"].sel({CORRUPTION: name}).to_numpy()
        _draw_image(image, readable(name), axes)
    figure.suptitle(f"Corruptions at severity {examples.attrs['severity']}")
    return figure


def _draw_image(image: UInt8[np.ndarray, "row column"], title: str, axes: Axes) -> None:
    axes.imshow(image, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
    axes.set_title(title)
