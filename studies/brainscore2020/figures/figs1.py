"""Fig. S1: what the correlation of Brain-Score and corruption error depends on."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from neurobust.plotting.panels import draw_level
from neurobust.plotting.style import ACCENT, add_letter, new_figure, styled
from neurobust.plotting.tables import require_columns, select_points, select_row
from neurobust.statistics.coefficients import PEARSON, SPEARMAN
from studies.brainscore2020.figures.marks import OTHER, architecture, published_model
from studies.brainscore2020.figures.scatter import ERROR_LABEL, NAME_SIZE
from studies.brainscore2020.table1 import AREAS, AVERAGE, IT, MCE, MODEL, SITE_IT, TITLES
from studies.brainscore2020.treatments import (
    LINE,
    OLS_SLOPE,
    PUBLISHED,
    TREATMENTS,
    WEAKEST,
    WITHOUT_OST,
    WITHOUT_WEAKEST,
    WITHOUT_WEAKEST_AND_OST,
)

_ALL_COLOUR, _REST_COLOUR = "black", "#D55E00"
_POINTS_PER_DISTANCE = 700  # marker area (square points) of a Cook's distance of 1
_LEAST_AREA = 8
_SHOWN_DISTANCES = (0.01, 0.1)
_BESIDE = 0.14  # rows between the two intervals of a treatment or an area, halved
# Where the names of the weakest networks stand, in points from them.
_NAME_OFFSETS = {
    "alexnet": (9, -2),
    "cornet_z": (8, 4),
    "squeezenet1_0": (8, 5),
    "squeezenet1_1": (8, 13),
}


@styled
def draw(models: pd.DataFrame, alternatives: pd.DataFrame, influence: pd.DataFrame) -> Figure:
    """Draw what the headline depends on.

    (A) The scatter with marker areas by Cook's distance and lines with and without the four
    weakest networks, (B) both correlations under each treatment, (C) Pearson's r without each
    model, (D) Pearson's r of each area with and without the four.

    Parameters
    ----------
    models
        From `studies.brainscore2020.table1.complete`.
    alternatives, influence
        From `studies.brainscore2020.correlations`.

    Raises
    ------
    InputError
        If a table lacks a column or a row that is drawn.
    """
    columns = ["treatment", "label", "x", "n", "method", "value", "low", "high", *LINE]
    require_columns(alternatives, "alternatives", columns)
    require_columns(influence, "influence", [MODEL, "cooks_distance", "r_without"])
    figure = new_figure(7.0)
    panels = figure.subplots(2, 2, width_ratios=[1.3, 1], height_ratios=[1, 1.1]).ravel()
    _draw_influence(models, alternatives, influence, panels[0])
    _draw_treatments(alternatives, panels[1])
    _draw_left_out(influence, alternatives, panels[2])
    _draw_areas(alternatives, panels[3])
    for letter, axes in zip("ABCD", panels, strict=True):
        add_letter(axes, letter)
    figure.suptitle("What the correlation depends on – published numbers")
    return figure


def _draw_influence(
    models: pd.DataFrame, alternatives: pd.DataFrame, influence: pd.DataFrame, axes: Axes
) -> None:
    for model, x, y in select_points(models, "models", MODEL, AVERAGE, MCE):
        drawn = architecture(model)
        found = select_row(influence, "influence", model=model)
        weak = model in WEAKEST
        axes.scatter(
            x,
            y,
            s=_marker_area(found["cooks_distance"]),
            color=drawn.colour,
            marker=drawn.marker,
            edgecolors=_REST_COLOUR if weak else "white",
            linewidths=1.0 if weak else 0.4,
        )
        if weak:
            axes.annotate(
                published_model(model).label,
                (x, y),
                _NAME_OFFSETS[model],
                textcoords="offset points",
                va="center",
                fontsize=NAME_SIZE,
            )
    for treatment, colour, style, label in (
        (PUBLISHED, _ALL_COLOUR, "-", "All"),
        (WITHOUT_WEAKEST, _REST_COLOUR, "--", "Without the four"),
    ):
        row = _row(alternatives, treatment, AVERAGE, OLS_SLOPE)
        x_start, y_start, x_end, y_end = (row[name] for name in LINE)
        axes.plot(
            [x_start, x_end],
            [y_start, y_end],
            style,
            color=colour,
            linewidth=0.9,
            zorder=0,
            label=f"{label} ({row['n']})",
        )
    for shown in _SHOWN_DISTANCES:
        area = _marker_area(shown)
        axes.scatter([], [], s=area, color=OTHER.colour, label=f"Cook's distance {shown}")
    axes.legend(loc="lower left")
    axes.set_xlabel("Average Brain-Score")
    axes.set_ylabel(ERROR_LABEL)


def _marker_area(cooks_distance: float) -> float:
    return _LEAST_AREA + _POINTS_PER_DISTANCE * cooks_distance


def _draw_treatments(alternatives: pd.DataFrame, axes: Axes) -> None:
    for method, offset, colour, marker in (
        (PEARSON, -_BESIDE, _ALL_COLOUR, "o"),
        (SPEARMAN, _BESIDE, ACCENT, "D"),
    ):
        rows = [_row(alternatives, name, t.x, method) for name, t in TREATMENTS.items()]
        _draw_intervals(rows, offset, axes, colour, marker, method.capitalize())
    _finish_forest([f"{row['label']} ({row['n']})" for row in rows], axes)


def _draw_left_out(influence: pd.DataFrame, alternatives: pd.DataFrame, axes: Axes) -> None:
    ordered = influence.sort_values("r_without")
    names = ordered[MODEL].to_list()
    for position, (name, r) in enumerate(zip(names, ordered["r_without"], strict=True)):
        drawn = architecture(name)
        axes.plot(r, position, drawn.marker, color=drawn.colour, markersize=drawn.size)
    draw_level(axes, _row(alternatives, PUBLISHED, AVERAGE, PEARSON)["value"], upright=True)
    axes.set_yticks(range(len(names)), [published_model(name).label for name in names])
    axes.tick_params(axis="y", labelsize=NAME_SIZE, length=0)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.set_xlabel("Pearson's r without the model")


def _draw_areas(alternatives: pd.DataFrame, axes: Axes) -> None:
    beside = AREAS.index(SITE_IT) + 1
    names = [*AREAS[:beside], IT, *AREAS[beside:]]
    for everyone, without_ost, offset, colour, marker, label in (
        (PUBLISHED, WITHOUT_OST, -_BESIDE, _ALL_COLOUR, "o", "All"),
        (WITHOUT_WEAKEST, WITHOUT_WEAKEST_AND_OST, _BESIDE, _REST_COLOUR, "s", "Without the four"),
    ):
        rows = [
            _row(alternatives, without_ost if name == IT else everyone, name, PEARSON)
            for name in names
        ]
        _draw_intervals(rows, offset, axes, colour, marker, f"{label} ({rows[0]['n']})")
    _finish_forest([TITLES[name] for name in names], axes)


def _row(alternatives: pd.DataFrame, treatment: str, x: str, method: str) -> dict[str, Any]:
    return select_row(alternatives, "alternatives", treatment=treatment, x=x, method=method)


def _draw_intervals(
    rows: Sequence[Mapping[str, Any]],
    offset: float,
    axes: Axes,
    colour: str,
    marker: str,
    label: str,
) -> None:
    positions = [row + offset for row in range(len(rows))]
    limits = [row["low"] for row in rows], [row["high"] for row in rows]
    axes.hlines(positions, *limits, color=colour, linewidth=0.8)
    axes.plot(
        [row["value"] for row in rows],
        positions,
        marker,
        color=colour,
        markerfacecolor=colour if marker == "o" else "white",
        label=label,
    )


def _finish_forest(labels: Sequence[str], axes: Axes) -> None:
    draw_level(axes, 0.0, upright=True)
    axes.set_yticks(range(len(labels)), labels)
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(len(labels) + 0.3, -0.5)  # room for the key
    axes.set_xlim(-1, 1)
    axes.set_xlabel("Correlation with mCE")
    axes.legend(loc="lower center", ncols=2, columnspacing=1.0, borderaxespad=0.1)
