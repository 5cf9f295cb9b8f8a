"""Robustness scores by group and in total, and against neural performance (Fig. 3)."""

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
    add_letter,
    add_title,
    network_marks,
    new_figure,
    styled,
)
from neurobust.statistics.accuracy import CORRUPTION_GROUP
from studies.safarani2021.sweeps import CLEAN, NEURAL, ROBUSTNESS

# The palest fifth of the map would vanish on paper.
_COLOURS = LinearSegmentedColormap.from_list(
    "clean accuracy", colormaps["YlGnBu"](np.linspace(0.25, 1, 256))
)


@styled
def draw_robustness(
    scores: xr.Dataset,
    points: pd.DataFrame | None = None,
    line: pd.DataFrame | None = None,
) -> Figure:
    """Draw scores by group (A) and in total (B) and, given a sweep, the scatter (C) of Fig. 3.

    Parameters
    ----------
    scores
        From `studies.safarani2021.scores.robustness_scores`.
    points, line
        From `studies.safarani2021.sweeps.sweep_points` and
        `studies.safarani2021.regressions.regression_line`. Without them, or where they are empty, the
        figure ends with B.
    """
    sweep = pd.DataFrame() if points is None else points
    figure = new_figure(2.6)
    ratios = [2.6, 0.8, 2.2] if len(sweep) else [2.6, 0.8]
    panels = figure.subplots(1, len(ratios), width_ratios=ratios)
    panels[1].sharey(panels[0])
    _draw_groups(scores, panels[0])
    _draw_totals(scores, panels[1])
    if len(sweep):
        _draw_sweep(sweep, line, panels[2])
    for letter, axes in zip("ABC", panels, strict=False):
        add_letter(axes, letter)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower left", ncols=min(len(labels), 6))
    add_title(figure, "Robustness to corruptions", scores)
    return figure


def _draw_groups(scores: xr.Dataset, axes: Axes) -> None:
    marks = network_marks(scores[NETWORK].to_numpy())
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


def _draw_totals(scores: xr.Dataset, axes: Axes) -> None:
    marks = network_marks(scores[NETWORK].to_numpy())
    for position, (network, mark) in enumerate(marks.items()):
        chosen = scores.sel({NETWORK: network})
        draw_points(chosen, "total_score", np.array([float(position)]), axes, mark, joined=False)
    draw_level(axes, 100.0)
    axes.set_xticks([(len(marks) - 1) / 2], ["All"])
    axes.set_xlim(-0.6, len(marks) - 0.4)
    axes.tick_params(axis="x", length=0)
    axes.tick_params(axis="y", labelleft=False)


def _draw_sweep(points: pd.DataFrame, line: pd.DataFrame | None, axes: Axes) -> None:
    scale = Normalize(points[CLEAN].min(), points[CLEAN].max())
    marks = network_marks(points["sweep"].unique())
    for sweep, rows in points.groupby("sweep", sort=False):
        drawn = axes.scatter(
            rows[NEURAL],
            rows[ROBUSTNESS],
            c=rows[CLEAN],
            cmap=_COLOURS,
            norm=scale,
            s=14,
            marker=marks[str(sweep)].marker,
            edgecolors="#303030",
            linewidths=0.3,
        )
    if line is not None:
        for sweep, ends in line.groupby("sweep", sort=False):
            style = marks[str(sweep)].line
            axes.plot(ends[NEURAL], ends[ROBUSTNESS], color=GREY, linestyle=style, zorder=0)
    axes.locator_params(axis="x", nbins=5)
    axes.set_xlabel("Neural performance (FEV)")
    axes.set_ylabel("Robustness score (%)")
    axes.figure.colorbar(drawn, ax=axes, label="Clean accuracy (%)", aspect=25, pad=0.02)
