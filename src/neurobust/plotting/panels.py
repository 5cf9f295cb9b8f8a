"""Panels that several figures share; each draws data into the axes that it is given."""

import numpy as np
import xarray as xr
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.container import ErrorbarContainer

from neurobust.plotting.style import GREY, Mark
from neurobust.statistics.bootstrap import BOUND, HIGH, LOW


def draw_points(
    scores: xr.Dataset,
    name: str,
    positions: Float[np.ndarray, " position"],
    axes: Axes,
    mark: Mark,
    *,
    joined: bool,
) -> ErrorbarContainer:
    """Draw one network's values with their intervals, joined by a line or not.

    Parameters
    ----------
    scores
        Has the variable ``name``, along at most one dimension, and ``{name}_interval`` along the
        same and ``bound``.
    name
        The variable that is drawn.
    positions
        Where the values stand on the horizontal axis.
    """
    values = np.atleast_1d(scores[name].to_numpy())
    low, high = (
        np.atleast_1d(scores[f"{name}_interval"].sel({BOUND: bound}).to_numpy())
        for bound in (LOW, HIGH)
    )
    # A percentile interval may lie on one side of its estimate; a bar cannot have negative length.
    errors = np.maximum([values - low, high - values], 0)
    return axes.errorbar(
        positions,
        values,
        yerr=errors,
        color=mark.colour,
        marker=mark.marker,
        linestyle=mark.line if joined else "none",
        elinewidth=0.8,
        label=mark.label,
        clip_on=False,
    )


def spread(count: int, width: float) -> Float[np.ndarray, " count"]:
    """Return offsets that set networks side by side, so that no error bar hides another."""
    return np.linspace(-width / 2, width / 2, count) if count > 1 else np.zeros(1)


def draw_level(axes: Axes, value: float, *, upright: bool = False) -> None:
    """Draw a level to compare with, such as chance or Baseline."""
    draw = axes.axvline if upright else axes.axhline
    draw(value, color=GREY, linewidth=0.8, linestyle=":", zorder=0)
