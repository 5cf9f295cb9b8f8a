"""Accuracy against severity, the panel of Figs. 2 and 8."""

from collections.abc import Mapping

import xarray as xr
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.container import Container
from matplotlib.lines import Line2D

from neurobust.dims import CORRUPTION, NETWORK, SEVERITY
from neurobust.plotting.panels import draw_level, draw_points, spread
from neurobust.plotting.style import GREY, Mark, readable


def draw_severities(
    scores: xr.Dataset, corruption: str, axes: Axes, marks: Mapping[str, Mark]
) -> None:
    """Draw accuracy against the severity of one corruption, a line per network."""
    severities = scores[SEVERITY].to_numpy()
    for offset, (network, mark) in zip(spread(len(marks), 0.3), marks.items(), strict=True):
        chosen = scores.sel({NETWORK: network, CORRUPTION: corruption})
        draw_points(chosen, "accuracy", severities + offset, axes, mark, joined=True)
    draw_level(axes, 100 / scores.attrs["n_classes"])
    axes.set_title(readable(corruption))
    axes.set_xticks(severities)
    axes.set_ylim(bottom=0)


def legend_handles(axes: Axes) -> list[Artist | Container]:
    """Return the handles of a panel's networks, and one of chance."""
    handles, _ = axes.get_legend_handles_labels()
    chance = Line2D([], [], color=GREY, linewidth=0.8, linestyle=":", label="Chance")
    return [*handles, chance]
