"""Accuracy against severity: Fig. 2 (three corruptions) and Fig. 8 (all)."""

from collections.abc import Sequence

import xarray as xr
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.container import Container
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from neurobust.dims import CORRUPTION, NETWORK
from neurobust.plotting.panels import draw_severities
from neurobust.plotting.style import (
    GREY,
    PAGE_WIDTH_IN,
    add_title,
    network_marks,
    new_figure,
    styled,
)

_COLUMNS = 4


@styled
def draw_exemplary_severities(
    scores: xr.Dataset, corruptions: Sequence[str], network: str
) -> Figure:
    """Draw accuracy against severity for a few corruptions in one row (Fig. 2).

    Parameters
    ----------
    scores
        From `studies.safarani2021.scores.robustness_scores`.
    corruptions
        From `studies.safarani2021.scores.exemplary_corruptions`.
    network
        The network whose best, median and worst corruption they are.
    """
    figure = new_figure(2.3)
    marks = network_marks(scores[NETWORK].to_numpy())
    row = figure.subplots(1, len(corruptions), squeeze=False)[0]
    for corruption, axes in zip(corruptions, row, strict=True):
        draw_severities(scores, corruption, axes, marks)
        axes.set_xlabel("Severity")
    row[0].set_ylabel("Accuracy (%)")
    figure.legend(handles=_keys(row[0]), loc="outside right center")
    label = scores["label"].sel({NETWORK: network}).item()
    add_title(figure, f"Best, median and worst corruption of {label}", scores)
    return figure


@styled
def draw_all_severities(scores: xr.Dataset) -> Figure:
    """Draw accuracy against severity for every corruption, the key in a spare place (Fig. 8)."""
    corruptions = scores[CORRUPTION].to_numpy()
    rows = len(corruptions) // _COLUMNS + 1  # at least one spare place
    figure = new_figure(0.4 + 1.55 * rows, PAGE_WIDTH_IN)
    marks = network_marks(scores[NETWORK].to_numpy())
    places = figure.subplots(rows, _COLUMNS, squeeze=False).ravel()
    for corruption, axes in zip(corruptions, places, strict=False):
        draw_severities(scores, corruption, axes, marks)
    figure.supxlabel("Severity")
    figure.supylabel("Accuracy (%)")
    for axes in places[len(corruptions) :]:
        axes.set_axis_off()
    places[len(corruptions)].legend(handles=_keys(places[0]), loc="center left")
    add_title(figure, "Accuracy under all corruptions", scores)
    return figure


def _keys(axes: Axes) -> list[Artist | Container]:
    handles, _ = axes.get_legend_handles_labels()
    chance = Line2D([], [], color=GREY, linewidth=0.8, linestyle=":", label="Chance")
    return [*handles, chance]
