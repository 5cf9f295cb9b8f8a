"""Fig. 3: robustness scores by group and in total, and against neural prediction."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, Normalize
from matplotlib.figure import Figure

from neurobust.dims import NETWORK
from neurobust.plotting.panels import draw_level, draw_points, spread
from neurobust.plotting.style import (
    GREY,
    Display,
    Mark,
    add_letter,
    add_title,
    network_marks,
    new_figure,
    styled,
)
from neurobust.statistics.accuracy import CORRUPTION_GROUP
from studies.safarani2021.sweeps import CLEAN, FEV, ROBUSTNESS

# The palest fifth of the map would vanish on paper.
_COLOURS = LinearSegmentedColormap.from_list(
    "clean accuracy", colormaps["YlGnBu"](np.linspace(0.25, 1, 256))
)


@styled
def draw(scores: xr.Dataset, points: pd.DataFrame, lines: pd.DataFrame, display: Display) -> Figure:
    """Draw scores by group (A) and in total (B), and against the mean FEV over sweeps (C).

    Parameters
    ----------
    scores
        From `studies.safarani2021.scores.robustness_scores`.
    points, lines
        From `studies.safarani2021.sweeps.sweep_points` and
        `studies.safarani2021.regressions.regression_line`. Where no sweep was run they are empty,
        and there is no C.
    display
        The networks drawn, in this order.
    """
    marks = network_marks(display)
    figure = new_figure(2.6)
    ratios = [2.6, 0.8, 2.2] if len(points) else [2.6, 0.8]
    panels = figure.subplots(1, len(ratios), width_ratios=ratios)
    panels[1].sharey(panels[0])
    _draw_groups(scores, panels[0], marks)
    _draw_totals(scores, panels[1], marks)
    if len(points):
        _draw_sweeps(points, lines, panels[2], marks)
    for letter, axes in zip("ABC", panels, strict=False):
        add_letter(axes, letter)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower left", ncols=min(len(labels), 6))
    add_title(figure, "Robustness to corruptions", scores)
    return figure


def _draw_groups(scores: xr.Dataset, axes: Axes, marks: Mapping[str, Mark]) -> None:
    groups = scores[CORRUPTION_GROUP].to_numpy()
    for offset, (network, mark) in zip(spread(len(marks), 0.6), marks.items(), strict=True):
        positions = np.arange(len(groups)) + offset
        draw_points(
            scores.sel({NETWORK: network}), "group_score", positions, axes, mark, joined=False
        )
    for edge in np.arange(len(groups) - 1) + 0.5:
        axes.axvline(edge, color="#e0e0e0", linewidth=0.6, zorder=0)
    draw_level(axes, 100.0)
    axes.set_xticks(range(len(groups)), groups)
    axes.set_xlim(-0.5, len(groups) - 0.5)
    axes.tick_params(axis="x", length=0)
    axes.set_ylabel("Robustness score (%)")


def _draw_totals(scores: xr.Dataset, axes: Axes, marks: Mapping[str, Mark]) -> None:
    for position, (network, mark) in enumerate(marks.items()):
        chosen = scores.sel({NETWORK: network})
        draw_points(chosen, "total_score", np.array([float(position)]), axes, mark, joined=False)
    draw_level(axes, 100.0)
    axes.set_xticks([(len(marks) - 1) / 2], ["All"])
    axes.set_xlim(-0.6, len(marks) - 0.4)
    axes.tick_params(axis="x", length=0)
    axes.tick_params(axis="y", labelleft=False)


def _draw_sweeps(
    points: pd.DataFrame, lines: pd.DataFrame, axes: Axes, marks: Mapping[str, Mark]
) -> None:
    scale = Normalize(points[CLEAN].min(), points[CLEAN].max())
    for sweep, rows in points.groupby("sweep", sort=False):
        drawn = axes.scatter(
            rows[FEV],
            rows[ROBUSTNESS],
            c=rows[CLEAN],
            cmap=_COLOURS,
            norm=scale,
            s=14,
            marker=marks[str(sweep)].marker,
            edgecolors="#303030",
            linewidths=0.3,
        )
    for sweep, ends in lines.groupby("sweep", sort=False):
        style = marks[str(sweep)].line
        axes.plot(ends[FEV], ends[ROBUSTNESS], color=GREY, linestyle=style, zorder=0)
    axes.locator_params(axis="x", nbins=5)
    axes.set_xlabel("Fraction of explainable variance explained (FEV)")
    axes.set_ylabel("Robustness score (%)")
    axes.figure.colorbar(drawn, ax=axes, label="Clean accuracy (%)", aspect=25, pad=0.02)
