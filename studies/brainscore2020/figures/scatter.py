"""What the scatters of Figs. 1 to 3 share: points with a line, names and the key."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from neurobust.plotting.tables import require_columns, select_points, select_row
from neurobust.statistics.coefficients import METHODS, write_p
from studies.brainscore2020.figures.marks import architecture, architecture_key, published_model
from studies.brainscore2020.table1 import MODEL
from studies.brainscore2020.treatments import LINE

ERROR_LABEL = "mCE (% of AlexNet's error)"
NAME_SIZE = 6.5
TITLE_PAD = 23  # points: two lines of coefficients lie between title and panel
_LEADER_FROM = 10  # points: a name farther away than this is tied to its point by a line


def draw_scatter(
    models: pd.DataFrame, correlations: pd.DataFrame, x: str, y: str, axes: Axes
) -> None:
    """Draw one point per model, the least-squares line, and both coefficients above.

    Raises
    ------
    InputError
        If a table lacks a column or a row that is drawn.
    """
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


def write_name(model: str, point: tuple[float, float], axes: Axes) -> None:
    """Write a model's name beside its point."""
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


def add_key(figure: Figure, models: pd.DataFrame) -> None:
    """Add the key of architectures below all panels."""
    figure.legend(handles=architecture_key(models), loc="outside lower center", ncols=4)
