"""Reversal frequency and robustness to corruptions (Li et al. 2023, Fig. 5)."""

import pandas as pd
import xarray as xr
from matplotlib.figure import Figure

from neurobust.dims import NETWORK, require
from neurobust.evaluation.hybrids.reversal import MIXING_FREQUENCY
from neurobust.plotting.style import Display, add_letter, add_title, new_figure, styled
from studies.li2023.figures.panels import (
    add_key,
    draw_corruptions,
    draw_reversal,
    group_marks,
    key_height,
    select_drawn,
    select_points,
)


@styled
def draw(
    networks: xr.Dataset,
    points: pd.DataFrame,
    correlations: pd.DataFrame,
    optima: pd.DataFrame,
    *,
    comparison: str,
    display: Display,
) -> Figure:
    """Draw answers to hybrid images (a), and accuracy on corrupted images against f_rev (b).

    Parameters
    ----------
    networks
        Measures of all networks, from `studies.li2023.networks.tabulate_networks`.
    points, correlations
        Tables from `studies.li2023.correlations`, of this comparison or of several.
    optima
        Rows of `studies.li2023.blur_series.Optimum`.
    comparison
        Name of the comparison whose networks are drawn.
    display
        How figures show each network.

    Raises
    ------
    InputError
        If a variable or a column is missing.
    """
    require(networks, "networks", variables={"p_difference": (NETWORK, MIXING_FREQUENCY)})
    points = select_points(points, comparison)
    marks = group_marks(points, display)
    figure = new_figure(3.4 + key_height(points))
    curves, scatter = figure.subplots(1, 2)
    draw_reversal(networks, curves, marks)
    draw_corruptions(points, correlations, optima, comparison, scatter, marks)
    for letter, axes in zip("ab", (curves, scatter), strict=True):
        add_letter(axes, letter)
    add_key(figure, points, marks)
    title = "Reversal frequencies and accuracy on corrupted images"
    add_title(figure, title, select_drawn(networks, points))
    return figure
