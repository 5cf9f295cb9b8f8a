"""Robustness against preferred frequency of many networks (Li et al. 2023, Figs. 4 to 6)."""

from collections.abc import Mapping
from textwrap import fill
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.lines import Line2D

from neurobust.dims import NETWORK, require
from neurobust.evaluation.hybrids.reversal import MIXING_FREQUENCY
from neurobust.images.frequencies import RADIAL_FREQUENCY
from neurobust.plotting.panels import draw_spectrum
from neurobust.plotting.style import Mark, add_letter, add_title, new_figure, styled
from neurobust.plotting.tables import require_columns, select_row
from studies.li2023.figures.panels import (
    MIXING_LABEL,
    SERIES,
    draw_powers,
    draw_reversal,
    draw_scatter,
    family_marks,
    select_spectrum,
    spectrum_scale,
    tell_correlation,
)
from studies.li2023.measures import NORM

F_HALF, F_REV = "half_power_frequency", "reversal_frequency"
EPSILON, CORRUPTION_ACCURACY = "epsilon", "corruption_accuracy"
_FEW, _FEW_COLUMNS, _MANY_COLUMNS = 12, 6, 8  # of maps
_GRID: dict[str, Any] = {"squeeze": False, "sharex": True, "sharey": True}
_MAPS_IN = 5.7  # width of a row of maps
_KEYS = 4  # in a row of the legend
_KEY_IN = 0.14  # height of a row


@styled
def draw_spectra(
    networks: xr.Dataset,
    spectra: xr.DataTree,
    points: pd.DataFrame,
    correlations: pd.DataFrame,
    *,
    comparison: str,
    norm: str,
) -> Figure:
    """Draw mean spectra of perturbations, power within radii, and size against f_0.5 (Fig. 4).

    Parameters
    ----------
    networks, spectra
        From `studies.li2023.networks`: `tabulate_networks` and `mean_spectra`.
    points, correlations
        From `studies.li2023.correlations`, of this comparison or of several.
    comparison
        Whose networks are drawn.
    norm
        Of the perturbations.

    Raises
    ------
    InputError
        If a variable or a column is missing.
    """
    require(networks, "networks", variables={"cumulative_power": (NETWORK, NORM, RADIAL_FREQUENCY)})
    points = _points_of(points, comparison)
    marks = family_marks(points)
    rows = -(-len(points) // (_FEW_COLUMNS if len(points) <= _FEW else _MANY_COLUMNS))
    columns = -(-len(points) // rows)
    maps_in = rows * (_MAPS_IN / columns + 0.3) + 0.35
    below_in = 2.5 + _key_height(points)
    figure = new_figure(maps_in + below_in + 0.2)
    above, below = figure.subfigures(2, 1, squeeze=False, height_ratios=[maps_in, below_in]).ravel()
    _draw_maps(spectra, points, marks, norm, above.subplots(rows, columns, **_GRID))
    curves, scatter = below.subplots(1, 2)
    draw_powers(networks.sel({NORM: norm}), curves, marks)
    draw_scatter(points, F_HALF, EPSILON, scatter, marks)
    scatter.set_ylim(bottom=0)
    tell_correlation(correlations, comparison, F_HALF, EPSILON, scatter)
    above.suptitle("a", x=0.01, ha="left", fontweight="bold", fontsize=9)
    for letter, axes in zip("bc", (curves, scatter), strict=True):
        add_letter(axes, letter)
    _add_key(below, points, marks)
    add_title(figure, "Spatial frequencies of the smallest perturbations", _drawn(networks, points))
    return figure


@styled
def draw_reversals(
    networks: xr.Dataset,
    points: pd.DataFrame,
    correlations: pd.DataFrame,
    optima: pd.DataFrame,
    *,
    comparison: str,
) -> Figure:
    """Draw answers to hybrid images, and accuracy on corrupted ones against f_rev (Fig. 5).

    Parameters
    ----------
    networks, points, correlations, comparison
        As in `draw_spectra`.
    optima
        Rows of `studies.li2023.blur_series.Optimum`.

    Raises
    ------
    InputError
        If a variable or a column is missing.
    """
    require(networks, "networks", variables={"p_difference": (NETWORK, MIXING_FREQUENCY)})
    points = _points_of(points, comparison)
    marks = family_marks(points)
    figure = new_figure(3.4 + _key_height(points))
    curves, scatter = figure.subplots(1, 2)
    draw_reversal(networks, curves, marks)
    _draw_corruptions(points, correlations, optima, comparison, scatter, marks)
    curves.set_xlabel(MIXING_LABEL)
    for letter, axes in zip("ab", (curves, scatter), strict=True):
        add_letter(axes, letter)
    _add_key(figure, points, marks)
    add_title(
        figure, "Reversal frequencies and accuracy on corrupted images", _drawn(networks, points)
    )
    return figure


@styled
def draw_robustness_scatters(
    networks: xr.Dataset,
    points: pd.DataFrame,
    correlations: pd.DataFrame,
    optima: pd.DataFrame,
    *,
    comparison: str,
) -> Figure:
    """Draw both kinds of robustness against preferred frequency (Fig. 6); as `draw_reversals`."""
    points = _points_of(points, comparison)
    marks = family_marks(points)
    figure = new_figure(3.4 + _key_height(points))
    attacked, corrupted = figure.subplots(1, 2)
    draw_scatter(points, F_HALF, EPSILON, attacked, marks)
    attacked.set_ylim(bottom=0)
    tell_correlation(correlations, comparison, F_HALF, EPSILON, attacked)
    _draw_corruptions(points, correlations, optima, comparison, corrupted, marks)
    for letter, axes in zip("ab", (attacked, corrupted), strict=True):
        add_letter(axes, letter)
    _add_key(figure, points, marks)
    add_title(figure, "Robustness and preferred spatial frequency", _drawn(networks, points))
    return figure


def _points_of(points: pd.DataFrame, comparison: str) -> pd.DataFrame:
    require_columns(points, "points", ["comparison", NETWORK, "label", "family", "in_series"])
    return points[points["comparison"] == comparison].reset_index(drop=True)


def _drawn(networks: xr.Dataset, points: pd.DataFrame) -> xr.Dataset:
    """Return the drawn networks, saying whether any of them is from simulated neurons."""
    chosen = networks.sel({NETWORK: points[NETWORK].tolist()})
    return chosen.assign_attrs(simulated=int(chosen["simulated"].any()))


def _draw_maps(
    spectra: xr.DataTree,
    points: pd.DataFrame,
    marks: Mapping[str, Mark],
    norm: str,
    places: np.ndarray,
) -> None:
    rows, columns = places.shape
    figure = places.flat[0].figure
    powers = {name: select_spectrum(spectra, name, norm) for name in points[NETWORK]}
    scale = spectrum_scale(powers.values())
    for row, axes in zip(points.to_dict("records"), places.flat, strict=False):
        drawn = draw_spectrum(powers[row[NETWORK]], axes, scale)
        title = row["label"] + (f", σ {row['sigma_px']:g} px" if row["in_series"] else "")
        axes.set_title(fill(title, round(100 / columns)), fontsize=6.5)
        axes.spines[:].set(visible=True, color=marks[row[NETWORK]].colour, linewidth=1.5)
        axes.set_xticks([-0.5, 0, 0.5], ["−.5", "0", ".5"])
        axes.set_yticks([-0.5, 0, 0.5], ["−.5", "0", ".5"])
    for number in range(len(points), places.size):
        places.flat[number].set_axis_off()
        places.flat[number - columns].tick_params(labelbottom=True)
    figure.colorbar(drawn, ax=places, label="Power (white noise: 1)", aspect=20 * rows, pad=0.01)
    figure.supxlabel("Horizontal frequency (cycles/pixel)")
    figure.supylabel("Vertical (cycles/pixel)")


def _draw_corruptions(
    points: pd.DataFrame,
    correlations: pd.DataFrame,
    optima: pd.DataFrame,
    comparison: str,
    axes: Axes,
    marks: Mapping[str, Mark],
) -> None:
    """Draw accuracy on corrupted images against f_rev, with the parabola of the blur series."""
    require_columns(optima, "optima", ["comparison", "constant", "linear", "square", F_REV])
    draw_scatter(points, F_REV, CORRUPTION_ACCURACY, axes, marks)
    tell_correlation(correlations, comparison, F_REV, CORRUPTION_ACCURACY, axes)
    if comparison not in optima["comparison"].to_numpy():
        return
    fitted = select_row(optima, "optima", comparison=comparison)
    curve = np.polynomial.Polynomial([fitted[name] for name in ("constant", "linear", "square")])
    series = points[points["in_series"] | (points["family"] == "baseline")]
    across = np.linspace(series[F_REV].min(), series[F_REV].max(), 100)
    axes.plot(across, curve(across), color=SERIES.colour, linewidth=0.9, zorder=0)
    best = fitted[F_REV]
    if np.isfinite(best):
        axes.plot(
            best, curve(best), "v", color="white", markeredgecolor=SERIES.colour, markersize=5.5
        )


def _add_key(figure: Figure | SubFigure, points: pd.DataFrame, marks: Mapping[str, Mark]) -> None:
    """List the networks below, the blur series as one."""
    handles = [
        _make_key(marks[name], label)
        for name, label, in_series in zip(
            points[NETWORK], points["label"], points["in_series"], strict=True
        )
        if not in_series
    ]
    sigmas = points.loc[points["in_series"], "sigma_px"]
    if len(sigmas):
        label = f"Blur, σ {sigmas.min():g}–{sigmas.max():g} px"
        handles.append(_make_key(SERIES, label))
    figure.legend(handles=handles, loc="outside lower center", ncols=_KEYS)


def _key_height(points: pd.DataFrame) -> float:
    """Return the height of the list of networks, in inches."""
    keys = int((~points["in_series"]).sum()) + int(points["in_series"].any())
    return -(-keys // _KEYS) * _KEY_IN


def _make_key(mark: Mark, label: str) -> Line2D:
    style: dict[str, Any] = {"color": mark.colour, "marker": mark.marker, "linestyle": mark.line}
    return Line2D([], [], label=label, **style)
