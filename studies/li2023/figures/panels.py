"""Panels of the low-frequency study (Li et al. 2023), and how its networks are told apart."""

from collections.abc import Hashable, Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm

from neurobust.dims import NETWORK
from neurobust.errors import InputError
from neurobust.evaluation.hybrids.reversal import MIXING_FREQUENCY
from neurobust.images.frequencies import RADIAL_FREQUENCY
from neurobust.plotting.panels import draw_level
from neurobust.plotting.style import Mark, network_marks
from neurobust.plotting.tables import require_columns, select_row, write_coefficient
from neurobust.statistics.bootstrap import BOUND, HIGH, LOW
from neurobust.statistics.coefficients import PEARSON, SPEARMAN
from studies.li2023.measures import MEASURES, NORM

DIAGONAL = 0.5**0.5
RADIUS_LABEL = "Frequency (cycles/pixel)"
MIXING_LABEL = "Mixing frequency (Nyquist = 0.5 cycles/pixel)"
SERIES = Mark("#009E73", "x", "-")
_FAMILIES = {
    "baseline": ("#000000", "o"),
    "neural": ("#CC79A7", "sP*"),
    "adversarial": ("#D55E00", "v>^<"),
    "corruption": ("#E69F00", "DdhH"),
    "preprocessing": ("#009E73", "pX"),
    "other": ("#949494", "8"),
}
"""Colours of Okabe and Ito, which the colour-blind can tell apart; the markers tell the same."""
_LINES = ("-", "--", "-.", ":")
_DECADES = 4  # of the power shown
_SMALLEST, _LARGEST = 3.0, 7.0  # crosses of the blur series, in points


def study_marks(networks: xr.Dataset, names: Iterable[str]) -> dict[str, Mark]:
    """Return the marks that networks have in all studies; a sweep's members share one."""
    sweeps = {name: str(networks["sweep"].sel({NETWORK: name}).item()) for name in names}
    marks = network_marks(dict.fromkeys(sweeps.values()))
    return {name: marks[sweep] for name, sweep in sweeps.items()}


def family_marks(points: pd.DataFrame) -> dict[str, Mark]:
    """Return marks coloured by what makes networks robust; the blur series has one for all.

    Parameters
    ----------
    points
        From `studies.li2023.correlations.network_points`.
    """
    marks: dict[str, Mark] = {}
    counts: dict[str, int] = {}
    for row in points.to_dict("records"):
        name, family = row["network"], row["family"]
        if row["in_series"]:
            marks[name] = SERIES
            continue
        number = counts.get(family, 0)
        counts[family] = number + 1
        colour, markers = _FAMILIES[family]
        turn = number // len(markers)
        line = _LINES[(number + turn) % len(_LINES)]
        marks[name] = Mark(colour, markers[number % len(markers)], line)
    return marks


def draw_band(values: xr.Dataset, name: str, along: str, axes: Axes, mark: Mark) -> None:
    """Draw a network's curve in % with its 95 % interval."""
    x = values[along].to_numpy()
    ends = 100 * values[f"{name}_interval"]
    low, high = (ends.sel({BOUND: bound}).to_numpy() for bound in (LOW, HIGH))
    axes.fill_between(x, low, high, color=mark.colour, alpha=0.2, linewidth=0)
    axes.plot(
        x,
        100 * values[name].to_numpy(),
        color=mark.colour,
        linestyle=mark.line,
        label=str(values["label"].item()),
    )


def draw_powers(networks: xr.Dataset, axes: Axes, marks: Mapping[str, Mark]) -> None:
    """Draw the power within each radius, a line per network, and each half-power frequency."""
    draw_level(axes, 50)
    for name, mark in marks.items():
        chosen = networks.sel({NETWORK: name})
        draw_band(chosen, "cumulative_power", RADIAL_FREQUENCY, axes, mark)
        half = float(chosen["half_power_frequency"])
        axes.plot([half, half], [0, 50], color=mark.colour, linestyle="--", linewidth=0.7)
        axes.plot(half, 50, mark.marker, color=mark.colour)
    axes.set_xlim(0, DIAGONAL)
    axes.set_ylim(0, 100)
    axes.set_xticks([0, 0.25, 0.5], ["0", ".25", ".5"])
    axes.set_xlabel(RADIUS_LABEL)
    axes.set_ylabel("Power below (%)")


def draw_reversal(networks: xr.Dataset, axes: Axes, marks: Mapping[str, Mark]) -> None:
    """Draw p_low - p_high with its standard deviation, and each reversal frequency with its."""
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
        reversal = float(chosen["reversal_frequency"])
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
            label=f"{chosen['label'].item()}: {_tell_reversal(reversal, deviation)}",
        )
    axes.set_xlim(0, 1)
    axes.set_ylim(-1, 1)
    axes.set_xlabel(MIXING_LABEL)
    axes.set_ylabel("$p_{low} - p_{high}$")


def _tell_reversal(reversal: float, deviation: float) -> str:
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
    """Return one logarithmic scale for all spectra; what lies four decades deep is dark."""
    tops = [float(power.max()) for power in spectra]
    highest = np.nanmax([*tops, 1.0])
    lows = [float(power.where(power > 0).min()) for power in spectra]
    lowest = np.nanmin([*lows, highest / 10])
    return LogNorm(max(lowest, highest / 10**_DECADES), highest, clip=True)


def draw_scatter(
    points: pd.DataFrame, x: str, y: str, axes: Axes, marks: Mapping[str, Mark]
) -> None:
    """Draw one measure of networks against another, with intervals; larger crosses: more blur."""
    columns = [f"{name}{end}" for name in (x, y) for end in ("", "_low", "_high")]
    require_columns(points, "points", [NETWORK, "label", "in_series", "sigma_px", *columns])
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
    axes.set_xlabel(MEASURES[x])
    axes.set_ylabel(MEASURES[y])


def _error(row: Mapping[Hashable, Any], name: str) -> list[list[float]]:
    """Return how far the interval reaches; it may lie on one side of its estimate."""
    below, above = row[name] - row[f"{name}_low"], row[f"{name}_high"] - row[name]
    return [[max(below, 0)], [max(above, 0)]]


def _cross_size(sigma: float, strengths: Float[np.ndarray, " strength"]) -> float:
    rank = np.searchsorted(strengths, sigma) / max(len(strengths) - 1, 1)
    return float(_SMALLEST + (_LARGEST - _SMALLEST) * rank)


def tell_correlation(correlations: pd.DataFrame, family: str, x: str, y: str, axes: Axes) -> None:
    """Write Pearson's and Spearman's coefficients of two measures above a panel."""
    lines = []
    for method, symbol in ((PEARSON, "r"), (SPEARMAN, "ρ")):
        row = select_row(correlations, "correlations", family=family, x=x, y=y, method=method)
        lines.append(write_coefficient(row, symbol))
    axes.set_title(f"{lines[0]}, n = {row['n']}\n{lines[1]}", fontsize=7, loc="right")
