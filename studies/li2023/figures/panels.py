"""Panels that several of the study's figures share, and the marks of groups of networks."""

from collections.abc import Hashable, Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from jaxtyping import Float
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm, Normalize
from matplotlib.figure import Figure, SubFigure
from matplotlib.image import AxesImage
from matplotlib.lines import Line2D

from neurobust.dims import COLUMN_FREQUENCY, NETWORK, RADIAL_FREQUENCY, ROW_FREQUENCY
from neurobust.errors import InputError
from neurobust.evaluation.hybrids.reversal import MIXING_FREQUENCY
from neurobust.plotting.panels import draw_level
from neurobust.plotting.style import Display, Mark
from neurobust.plotting.tables import require_columns, select_row, write_coefficient
from neurobust.statistics.bootstrap import BOUND, HIGH, LOW
from neurobust.statistics.coefficients import PEARSON, SPEARMAN
from studies.li2023.blur_series import BASELINE
from studies.li2023.measures import (
    CORRUPTION_ACCURACY,
    HALF_POWER_FREQUENCY,
    NORM,
    PERTURBATION,
    REVERSAL_FREQUENCY,
    name_with_norm,
)

NORM_NAMES = {"linf": "L∞", "l2": "L2"}
DIAGONAL = 0.5**0.5
MIXING_LABEL = "Mixing frequency (Nyquist = 0.5 cycles/pixel)"
AXIS_LABELS = {
    **{name_with_norm(PERTURBATION, n): "Mean smallest perturbation (1/255)" for n in NORM_NAMES},
    CORRUPTION_ACCURACY: "Accuracy on corrupted images (%)",
    HALF_POWER_FREQUENCY: "Half-power frequency (cycles/pixel)",
    REVERSAL_FREQUENCY: "Reversal frequency (Nyquist = 0.5 cycles/pixel)",
}
"""Labels of the axes of scatters, by the column drawn."""
SERIES_COLOUR, SERIES_MARKER, SERIES_LINE = ("#009E73", "x", "-")
_GROUPS = {
    BASELINE: ("#000000", "o"),
    "neural": ("#CC79A7", "sP*"),
    "adversarial": ("#D55E00", "v>^<"),
    "corruption": ("#E69F00", "DdhH"),
    "preprocessing": (SERIES_COLOUR, "pX"),
    "other": ("#949494", "8"),
}
"""Colours of Okabe and Ito, which colour-blind people can distinguish, and markers of their own."""
_LINES = ("-", "--", "-.", ":")
_DECADES = 4  # of the power shown
_SMALLEST, _LARGEST = 3.0, 7.0  # crosses of the blur series, in points
_KEYS = 4  # in a row of the legend
_KEY_IN = 0.14  # height of a row


def select_points(points: pd.DataFrame, comparison: str) -> pd.DataFrame:
    """Return the rows of a comparison's networks.

    Raises
    ------
    InputError
        If a column is missing.
    """
    require_columns(points, "points", ["comparison", NETWORK, "group", "in_series", "sigma_px"])
    return points[points["comparison"] == comparison].reset_index(drop=True)


def group_marks(points: pd.DataFrame, display: Display) -> dict[str, Mark]:
    """Return marks coloured by what makes networks robust; the blur series has one for all.

    Parameters
    ----------
    points
        Networks of a comparison, from `studies.li2023.correlations.network_points`.
    display
        How figures show each network, of which the label is used.
    """
    marks: dict[str, Mark] = {}
    counts: dict[str, int] = {}
    for row in points.to_dict("records"):
        name, group = row["network"], row["group"]
        label = display[name]["label"] or name
        if row["in_series"]:
            marks[name] = Mark(label, SERIES_COLOUR, SERIES_MARKER, SERIES_LINE)
            continue
        number = counts.get(group, 0)
        counts[group] = number + 1
        colour, markers = _GROUPS[group]
        turn = number // len(markers)
        line = _LINES[(number + turn) % len(_LINES)]
        marks[name] = Mark(label, colour, markers[number % len(markers)], line)
    return marks


def select_drawn(networks: xr.Dataset, points: pd.DataFrame) -> xr.Dataset:
    """Return the networks of a comparison; ``simulated`` is 1 if any of these is."""
    chosen = networks.sel({NETWORK: points[NETWORK].tolist()})
    return chosen.assign_attrs(simulated=int(chosen["simulated"].any()))


def draw_band(values: xr.Dataset, name: str, along: str, axes: Axes, mark: Mark) -> None:
    """Draw a network's curve in % with its 95 % interval."""
    x = values[along].to_numpy()
    ends = 100 * values[f"{name}_interval"]
    low, high = (ends.sel({BOUND: bound}).to_numpy() for bound in (LOW, HIGH))
    axes.fill_between(x, low, high, color=mark.colour, alpha=0.2, linewidth=0)
    y = 100 * values[name].to_numpy()
    axes.plot(x, y, color=mark.colour, linestyle=mark.line, label=mark.label)


def draw_powers(networks: xr.Dataset, axes: Axes, marks: Mapping[str, Mark]) -> None:
    """Draw the power within each radius, a line per network, and each half-power frequency."""
    draw_level(axes, 50)
    for name, mark in marks.items():
        chosen = networks.sel({NETWORK: name})
        draw_band(chosen, "cumulative_power", RADIAL_FREQUENCY, axes, mark)
        half = float(chosen[HALF_POWER_FREQUENCY])
        axes.plot([half, half], [0, 50], color=mark.colour, linestyle="--", linewidth=0.7)
        axes.plot(half, 50, mark.marker, color=mark.colour)
    axes.set_xlim(0, DIAGONAL)
    axes.set_ylim(0, 100)
    axes.set_xticks([0, 0.25, 0.5], ["0", ".25", ".5"])
    axes.set_xlabel("Frequency (cycles/pixel)")
    axes.set_ylabel("Power below (%)")


def draw_reversal(networks: xr.Dataset, axes: Axes, marks: Mapping[str, Mark]) -> None:
    """Draw p_low - p_high and the reversal frequency of each network with standard deviations."""
    draw_level(axes, 0)
    for name, mark in marks.items():
        chosen = networks.sel({NETWORK: name})
        frequency = chosen[MIXING_FREQUENCY].to_numpy()
        difference = chosen["p_difference"].to_numpy()
        deviation = np.nan_to_num(chosen["p_difference_std"].to_numpy())
        axes.fill_between(
            frequency,
            difference - deviation,
            difference + deviation,
            color=mark.colour,
            alpha=0.2,
            linewidth=0,
        )
        axes.plot(frequency, difference, color=mark.colour, linestyle=mark.line)
        reversal = float(chosen[REVERSAL_FREQUENCY])
        deviation = float(chosen["reversal_frequency_std"])
        axes.errorbar(
            [reversal],
            [0],
            xerr=None if np.isnan(deviation) else [deviation],
            color=mark.colour,
            marker=mark.marker,
            markersize=4.5,
            linestyle=mark.line,
            elinewidth=1.2,
            label=f"{mark.label}: {_write_reversal(reversal, deviation)}",
        )
    axes.set_xlim(0, 1)
    axes.set_ylim(-1, 1)
    axes.set_xlabel(MIXING_LABEL)
    axes.set_ylabel("$p_{low} - p_{high}$")


def _write_reversal(reversal: float, deviation: float) -> str:
    if np.isnan(reversal):
        return "no reversal"
    return f"{reversal:.3f}" + ("" if np.isnan(deviation) else f" ± {deviation:.3f}")


def select_spectrum(spectra: xr.DataTree, network: str, norm: str) -> xr.DataArray:
    """Return a network's mean spectrum.

    Raises
    ------
    InputError
        If there is none.
    """
    if network not in spectra.children:
        raise InputError(
            "spectra",
            f"network {network!r} is missing",
            expected=f"a group {network!r}",
            fix="delete the file and let the workflow build it again",
        )
    return spectra.children[network].to_dataset()["power"].sel({NORM: norm})


def spectrum_scale(spectra: Iterable[xr.DataArray]) -> LogNorm:
    """Return one logarithmic scale for all spectra, at most four decades deep."""
    tops = [float(power.max()) for power in spectra]
    highest = np.nanmax([*tops, 1.0])
    lows = [float(power.where(power > 0).min()) for power in spectra]
    lowest = np.nanmin([*lows, highest / 10])
    return LogNorm(max(lowest, highest / 10**_DECADES), highest, clip=True)


def draw_spectrum(power: xr.DataArray, axes: Axes, scale: Normalize) -> AxesImage:
    """Draw the power at each frequency, 0 in the middle; up in the map is up in the image."""
    (left, right), (top, bottom) = (
        power[side].values[[0, -1]] + np.array([-0.5, 0.5]) / power.sizes[side]
        for side in (COLUMN_FREQUENCY, ROW_FREQUENCY)
    )
    values = power.transpose(ROW_FREQUENCY, COLUMN_FREQUENCY).values
    return axes.imshow(
        np.ma.masked_where(~(values > 0), values),  # frequency 0 is left out and stays white
        cmap=colormaps["viridis"].with_extremes(bad="white"),
        norm=scale,
        extent=(left, right, -bottom, -top),  # rows are counted downwards
        interpolation="nearest",
    )


def draw_scatter(
    points: pd.DataFrame, x: str, y: str, axes: Axes, marks: Mapping[str, Mark]
) -> None:
    """Draw one measure of networks against another, with intervals; larger crosses: more blur."""
    columns = [f"{name}{end}" for name in (x, y) for end in ("", "_low", "_high")]
    require_columns(points, "points", [NETWORK, "in_series", "sigma_px", *columns])
    strengths = np.sort(points.loc[points["in_series"], "sigma_px"].unique())
    known = np.isfinite(points[columns].to_numpy(float)).all(axis=1)
    for row in points.loc[known].to_dict("records"):
        mark = marks[row["network"]]
        axes.errorbar(
            row[x],
            row[y],
            xerr=_error(row, x),
            yerr=_error(row, y),
            color=mark.colour,
            marker=mark.marker,
            markersize=_cross_size(row["sigma_px"], strengths) if row["in_series"] else 4.5,
            linestyle="none",
            elinewidth=0.7,
            markeredgewidth=1.2 if row["in_series"] else 0,
        )
    axes.set_xlabel(AXIS_LABELS[x])
    axes.set_ylabel(AXIS_LABELS[y])


def _error(row: Mapping[Hashable, Any], name: str) -> list[list[float]]:
    """Return how far the interval reaches; it may lie on one side of its estimate."""
    below, above = row[name] - row[f"{name}_low"], row[f"{name}_high"] - row[name]
    return [[max(below, 0)], [max(above, 0)]]


def _cross_size(sigma: float, strengths: Float[np.ndarray, " strength"]) -> float:
    rank = np.searchsorted(strengths, sigma) / max(len(strengths) - 1, 1)
    return float(_SMALLEST + (_LARGEST - _SMALLEST) * rank)


def write_correlation(
    correlations: pd.DataFrame, comparison: str, x: str, y: str, axes: Axes
) -> None:
    """Write Pearson's and Spearman's coefficients of two measures above a panel."""
    lines = []
    for method, symbol in ((PEARSON, "r"), (SPEARMAN, "ρ")):
        row = select_row(
            correlations, "correlations", comparison=comparison, x=x, y=y, method=method
        )
        lines.append(write_coefficient(row, symbol))
    axes.set_title(f"{lines[0]}, n = {row['n']}\n{lines[1]}", fontsize=7, loc="right")


def draw_perturbations(
    points: pd.DataFrame,
    correlations: pd.DataFrame,
    comparison: str,
    norm: str,
    axes: Axes,
    marks: Mapping[str, Mark],
) -> None:
    """Draw the size of perturbations against their half-power frequency."""
    size = name_with_norm(PERTURBATION, norm)
    draw_scatter(points, HALF_POWER_FREQUENCY, size, axes, marks)
    axes.set_ylim(bottom=0)
    write_correlation(correlations, comparison, HALF_POWER_FREQUENCY, size, axes)


def draw_corruptions(
    points: pd.DataFrame,
    correlations: pd.DataFrame,
    optima: pd.DataFrame,
    comparison: str,
    axes: Axes,
    marks: Mapping[str, Mark],
) -> None:
    """Draw accuracy on corrupted images against f_rev, with the parabola of the blur series."""
    coefficients = ["constant", "linear", "square"]
    require_columns(optima, "optima", ["comparison", *coefficients, REVERSAL_FREQUENCY])
    draw_scatter(points, REVERSAL_FREQUENCY, CORRUPTION_ACCURACY, axes, marks)
    write_correlation(correlations, comparison, REVERSAL_FREQUENCY, CORRUPTION_ACCURACY, axes)
    if comparison not in optima["comparison"].to_numpy():
        return
    fitted = select_row(optima, "optima", comparison=comparison)
    curve = np.polynomial.Polynomial([fitted[name] for name in coefficients])
    series = points[points["in_series"] | (points["group"] == BASELINE)]
    frequency = series[REVERSAL_FREQUENCY]
    across = np.linspace(frequency.min(), frequency.max(), 100)
    axes.plot(across, curve(across), color=SERIES_COLOUR, linewidth=0.9, zorder=0)
    best = fitted[REVERSAL_FREQUENCY]
    if np.isfinite(best):
        axes.plot(
            best, curve(best), "v", color="white", markeredgecolor=SERIES_COLOUR, markersize=5.5
        )


def add_key(figure: Figure | SubFigure, points: pd.DataFrame, marks: Mapping[str, Mark]) -> None:
    """List the networks below a figure, the blur series as one."""
    drawn = zip(points[NETWORK], points["in_series"], strict=True)
    keys = [marks[name] for name, in_series in drawn if not in_series]
    sigmas = points.loc[points["in_series"], "sigma_px"]
    if len(sigmas):
        label = f"Blur, σ {sigmas.min():g}–{sigmas.max():g} px"
        keys.append(Mark(label, SERIES_COLOUR, SERIES_MARKER, SERIES_LINE))
    handles = [_make_handle(key) for key in keys]
    figure.legend(handles=handles, loc="outside lower center", ncols=_KEYS)


def _make_handle(key: Mark) -> Line2D:
    style: dict[str, Any] = {"color": key.colour, "marker": key.marker, "linestyle": key.line}
    return Line2D([], [], label=key.label, **style)


def key_height(points: pd.DataFrame) -> float:
    """Return the height of the list of networks, in inches."""
    keys = int((~points["in_series"]).sum()) + int(points["in_series"].any())
    return -(-keys // _KEYS) * _KEY_IN
