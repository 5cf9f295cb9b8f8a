"""Spatial frequencies of the smallest perturbations, and their size (Li et al. 2023, Fig. 4)."""

from collections.abc import Mapping
from textwrap import fill
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.figure import Figure

from neurobust.dims import NETWORK, RADIAL_FREQUENCY, require
from neurobust.plotting.style import Display, Mark, add_letter, add_title, new_figure, styled
from studies.li2023.figures.panels import (
    add_key,
    draw_perturbations,
    draw_powers,
    draw_spectrum,
    group_marks,
    key_height,
    select_drawn,
    select_points,
    select_spectrum,
    spectrum_scale,
)
from studies.li2023.measures import NORM

_FEW, _FEW_COLUMNS, _MANY_COLUMNS = 12, 6, 8  # of maps
_GRID: dict[str, Any] = {"squeeze": False, "sharex": True, "sharey": True}
_MAPS_IN = 5.7  # width of a row of maps


@styled
def draw(
    networks: xr.Dataset,
    spectra: xr.DataTree,
    points: pd.DataFrame,
    correlations: pd.DataFrame,
    *,
    comparison: str,
    norm: str,
    display: Display,
) -> Figure:
    """Draw mean spectra of perturbations (a), power within radii (b), and size against f_0.5 (c).

    Parameters
    ----------
    networks, spectra
        Measures and mean spectra from `studies.li2023.networks`: `tabulate_networks` and
        `mean_spectra`.
    points, correlations
        Tables from `studies.li2023.correlations`, of this comparison or of several.
    comparison
        Name of the comparison whose networks are drawn.
    norm
        Norm of the perturbations.
    display
        How figures show each network.

    Raises
    ------
    InputError
        If a variable or a column is missing.
    """
    require(networks, "networks", variables={"cumulative_power": (NETWORK, NORM, RADIAL_FREQUENCY)})
    points = select_points(points, comparison)
    marks = group_marks(points, display)
    rows = -(-len(points) // (_FEW_COLUMNS if len(points) <= _FEW else _MANY_COLUMNS))
    columns = -(-len(points) // rows)
    maps_in = rows * (_MAPS_IN / columns + 0.3) + 0.35
    below_in = 2.5 + key_height(points)
    figure = new_figure(maps_in + below_in + 0.2)
    above, below = figure.subfigures(2, 1, squeeze=False, height_ratios=[maps_in, below_in]).ravel()
    _draw_maps(spectra, points, marks, norm, above.subplots(rows, columns, **_GRID))
    curves, scatter = below.subplots(1, 2)
    draw_powers(networks.sel({NORM: norm}), curves, marks)
    draw_perturbations(points, correlations, comparison, norm, scatter, marks)
    above.suptitle("a", x=0.01, ha="left", fontweight="bold", fontsize=9)
    for letter, axes in zip("bc", (curves, scatter), strict=True):
        add_letter(axes, letter)
    add_key(below, points, marks)
    title = "Spatial frequencies of the smallest perturbations"
    add_title(figure, title, select_drawn(networks, points))
    return figure


def _draw_maps(
    spectra: xr.DataTree,
    points: pd.DataFrame,
    marks: Mapping[str, Mark],
    norm: str,
    grid: np.ndarray,
) -> None:
    rows, columns = grid.shape
    figure = grid.flat[0].figure
    powers = {name: select_spectrum(spectra, name, norm) for name in points[NETWORK]}
    scale = spectrum_scale(powers.values())
    for row, axes in zip(points.to_dict("records"), grid.flat, strict=False):
        mark = marks[row[NETWORK]]
        drawn = draw_spectrum(powers[row[NETWORK]], axes, scale)
        title = mark.label + (f", σ {row['sigma_px']:g} px" if row["in_series"] else "")
        axes.set_title(fill(title, round(100 / columns)), fontsize=6.5)
        axes.spines[:].set(visible=True, color=mark.colour, linewidth=1.5)
        axes.set_xticks([-0.5, 0, 0.5], ["−.5", "0", ".5"])
        axes.set_yticks([-0.5, 0, 0.5], ["−.5", "0", ".5"])
    for number in range(len(points), grid.size):
        grid.flat[number].set_axis_off()
        grid.flat[number - columns].tick_params(labelbottom=True)
    figure.colorbar(drawn, ax=grid, label="Power (white noise: 1)", aspect=20 * rows, pad=0.01)
    figure.supxlabel("Horizontal frequency (cycles/pixel)")
    figure.supylabel("Vertical (cycles/pixel)")
