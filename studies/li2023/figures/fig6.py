"""Robustness and preferred frequency of networks for larger images (Li et al. 2023, Fig. 6)."""

import pandas as pd
import xarray as xr
from matplotlib.figure import Figure

from neurobust.plotting.style import Display, add_letter, add_title, new_figure, styled
from studies.li2023.figures.panels import (
    add_key,
    draw_corruptions,
    draw_perturbations,
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
    norm: str,
    display: Display,
) -> Figure:
    """Draw size of perturbations against f_0.5 (a), accuracy on corrupted images against f_rev (b).

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
    norm
        Norm of the perturbations.
    display
        How figures show each network.

    Raises
    ------
    InputError
        If a column is missing.
    """
    points = select_points(points, comparison)
    marks = group_marks(points, display)
    figure = new_figure(3.4 + key_height(points))
    attacked, corrupted = figure.subplots(1, 2)
    draw_perturbations(points, correlations, comparison, norm, attacked, marks)
    draw_corruptions(points, correlations, optima, comparison, corrupted, marks)
    for letter, axes in zip("ab", (attacked, corrupted), strict=True):
        add_letter(axes, letter)
    add_key(figure, points, marks)
    title = "Robustness and preferred spatial frequency"
    add_title(figure, title, select_drawn(networks, points))
    return figure
