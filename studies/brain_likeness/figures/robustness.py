"""Robustness against neural predictivity, over the networks of a run."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from neurobust.dims import NETWORK
from neurobust.plotting.style import Display, Mark, add_letter, network_marks, new_figure, styled
from neurobust.plotting.tables import require_columns, select_row, write_coefficient
from neurobust.statistics.coefficients import PEARSON
from studies.brain_likeness.points import (
    MCE,
    MEASURES,
    PERTURBATION_L2,
    PERTURBATION_LINF,
    PREDICTIVITY,
    REVERSAL,
    network_means,
)

_TITLES = {
    MCE: "Mean corruption error (%)",
    PERTURBATION_LINF: "Smallest perturbation, L∞ (1/255)",
    PERTURBATION_L2: "Smallest perturbation, L2",
    REVERSAL: "Reversal frequency (Nyquist)",
}
_COLUMNS = 2
_KEYS = 5  # in a row of the legend


@styled
def draw(
    points: pd.DataFrame, correlations: pd.DataFrame, *, display: Display, simulated: bool
) -> Figure:
    """Draw each measure of robustness against predictivity, a panel each.

    Parameters
    ----------
    points
        From `studies.brain_likeness.points.join_points`.
    correlations
        From `studies.brain_likeness.correlations.correlate_points`.
    display
        Label, colour, marker and line of each network; a sweep is shown as its first network.
    simulated
        Whether the recording that is predicted is simulated.

    Raises
    ------
    InputError
        If a column or a row is missing.
    """
    require_columns(points, "points", [NETWORK, "sweep", PREDICTIVITY, *MEASURES])
    figure = new_figure(5.2)
    panels = figure.subplots(-(-len(MEASURES) // _COLUMNS), _COLUMNS, sharex=True)
    first = points.groupby("sweep", sort=False)[NETWORK].first()
    marks = network_marks({str(sweep): display[network] for sweep, network in first.items()})
    for letter, measure, axes in zip("ABCD", MEASURES, panels.flat, strict=True):
        _draw_networks(points, measure, axes, marks)
        _write_correlation(correlations, measure, axes)
        axes.set_ylabel(_TITLES[measure])
        add_letter(axes, letter)
    for axes in panels[-1]:
        axes.set_xlabel("Neural predictivity (ceiled)")
    handles, labels = panels.flat[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=_KEYS)
    origin = " – simulated V1" if simulated else ""
    figure.suptitle(f"Robustness and neural predictivity of networks{origin}")
    return figure


def _draw_networks(
    points: pd.DataFrame, measure: str, axes: Axes, marks: Mapping[str, Mark]
) -> None:
    """Draw seeds as small pale marks, the mean of each network as a large one."""
    for sweep, rows in points.groupby("sweep", sort=False):
        mark = marks[str(sweep)]
        known = rows[np.isfinite(rows[measure])]
        axes.plot(
            known[PREDICTIVITY],
            known[measure],
            mark.marker,
            color=mark.colour,
            markersize=2.6,
            markeredgewidth=0,
            alpha=0.45,
        )
        means = network_means(rows)
        several = f" ({len(means)} ratios)" if len(means) > 1 else ""
        axes.plot(
            means[PREDICTIVITY],
            means[measure],
            mark.marker,
            color=mark.colour,
            markersize=5.5,
            markeredgecolor="white",
            markeredgewidth=0.5,
            label=f"{mark.label}{several}",
        )


def _write_correlation(correlations: pd.DataFrame, measure: str, axes: Axes) -> None:
    row = select_row(correlations, "correlations", y=measure, method=PEARSON)
    axes.set_title(f"{write_coefficient(row, 'r')}, n = {row['n']}", fontsize=7, loc="right")
