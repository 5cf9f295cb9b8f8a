"""Brain-Score against corruption error, on published numbers (brainscore2020, Figs. 1 to 3)."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from neurobust.plotting.style import new_figure, styled
from neurobust.plotting.tables import require_columns, select_points, select_row
from neurobust.statistics.coefficients import METHODS, write_p
from studies.brainscore2020.figures.marks import architecture, architecture_key, published_model
from studies.brainscore2020.table1 import (
    AREAS,
    AVERAGE,
    FAMILIES,
    MCE,
    MODEL,
    OST,
    SITE_IT,
    TITLES,
)
from studies.brainscore2020.treatments import LINE

ERROR_LABEL = "mCE (% of AlexNet's error)"
NAME_SIZE = 6.5
_TITLE_PAD = 23  # points: two lines of coefficients lie between title and panel
_LEADER_FROM = 10  # points: a name farther away than this is tied to its point by a line


@styled
def draw_average_score(models: pd.DataFrame, correlations: pd.DataFrame) -> Figure:
    """Draw mCE against the average Brain-Score (Fig. 1).

    Parameters
    ----------
    models
        From `studies.brainscore2020.table1.complete`.
    correlations
        From `studies.brainscore2020.correlations.correlate_published`.

    Raises
    ------
    InputError
        If a table lacks a column or a row that is drawn.
    """
    figure = new_figure(4.2)
    axes = figure.subplots()
    _draw_scatter(models, correlations, AVERAGE, MCE, axes)
    for model, x, y in select_points(models, "models", MODEL, AVERAGE, MCE):
        _write_name(model, (x, y), axes)
    axes.set_ylim(bottom=60)  # room for names
    axes.margins(x=0.06)
    axes.set_xlabel("Average Brain-Score")
    axes.set_ylabel(ERROR_LABEL)
    _add_key(figure, models)
    figure.suptitle("Average Brain-Score and corruption error – published numbers")
    return figure


@styled
def draw_area_scores(models: pd.DataFrame, correlations: pd.DataFrame) -> Figure:
    """Draw mCE against the score of each area (Fig. 2); as in `draw_average_score`."""
    figure = new_figure(4.8)
    panels = figure.subplots(2, 3, sharey=True).ravel()
    for area, axes in zip(AREAS, panels, strict=False):
        _draw_scatter(models, correlations, area, MCE, axes)
        axes.set_title(TITLES[area], pad=_TITLE_PAD)
        axes.set_xlabel("Brain-Score")
    for model, x, y in select_points(models, "models", MODEL, SITE_IT, MCE):
        if model in OST:
            panels[AREAS.index(SITE_IT)].annotate(
                f"{published_model(model).label}: the only\nOST score",
                (x, y),
                (0, 8),
                textcoords="offset points",
                ha="right",
                fontsize=NAME_SIZE,
            )
    for axes in panels[::3]:
        axes.set_ylabel(ERROR_LABEL)
    panels[-1].set_axis_off()
    panels[-1].legend(handles=architecture_key(models), loc="center left", title="Architecture")
    figure.suptitle("Brain-Scores of areas and corruption error – published numbers")
    return figure


@styled
def draw_family_scores(models: pd.DataFrame, correlations: pd.DataFrame) -> Figure:
    """Draw each family's error against the average score (Fig. 3); as in `draw_average_score`."""
    figure = new_figure(3.1)
    panels = figure.subplots(1, len(FAMILIES), sharey=True)
    for family, axes in zip(FAMILIES, panels, strict=True):
        _draw_scatter(models, correlations, AVERAGE, family, axes)
        axes.set_title(TITLES[family], pad=_TITLE_PAD)
        axes.set_xlabel("Average Brain-Score")
    panels[0].set_ylabel("Corruption error (% of AlexNet's)")
    _add_key(figure, models)
    figure.suptitle("Average Brain-Score and families of corruptions – published numbers")
    return figure


def _draw_scatter(
    models: pd.DataFrame, correlations: pd.DataFrame, x: str, y: str, axes: Axes
) -> None:
    """Draw one point per model, the least-squares line, and both coefficients above."""
    require_columns(correlations, "correlations", ["x", "y", "method", "r", "p", *LINE])
    for model, score, error in select_points(models, "models", MODEL, x, y):
        drawn = architecture(model)
        axes.plot(
            score,
            error,
            drawn.marker,
            color=drawn.colour,
            markersize=drawn.size,
            markeredgecolor="white",
            markeredgewidth=0.4,
            zorder=3 - 0.1 * drawn.size,  # small markers above large ones
        )
    pearson, spearman = (
        select_row(correlations, "correlations", x=x, y=y, method=method) for method in METHODS
    )
    x_start, y_start, x_end, y_end = (pearson[name] for name in LINE)
    axes.plot([x_start, x_end], [y_start, y_end], color="black", linewidth=0.9, zorder=1)
    axes.text(
        0.5,
        1.02,
        f"r = {pearson['r']:.2f}, p = {write_p(pearson['p'])}\n"
        f"ρ = {spearman['r']:.2f}, p = {write_p(spearman['p'])}".replace("= -", "= −"),
        transform=axes.transAxes,
        ha="center",
        va="bottom",
        fontsize=7,
    )
    axes.locator_params(axis="x", nbins=5)


def _write_name(model: str, point: tuple[float, float], axes: Axes) -> None:
    known = published_model(model)
    right, up = known.offset_points
    far = max(abs(right), abs(up)) > _LEADER_FROM
    axes.annotate(
        known.label,
        point,
        known.offset_points,
        textcoords="offset points",
        ha="left" if right > 0 else "right" if right < 0 else "center",
        va="center",
        fontsize=NAME_SIZE,
        arrowprops={"arrowstyle": "-", "color": "#a0a0a0", "linewidth": 0.5} if far else None,
    )


def _add_key(figure: Figure, models: pd.DataFrame) -> None:
    figure.legend(handles=architecture_key(models), loc="outside lower center", ncols=4)
