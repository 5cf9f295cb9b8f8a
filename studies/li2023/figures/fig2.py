"""Robustness and preferred frequency of neurally regularised networks (Li et al. 2023, Fig. 2)."""

from collections.abc import Mapping
from itertools import count
from string import ascii_lowercase
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure

from neurobust.dims import NETWORK, RADIAL_FREQUENCY, SEVERITY, require
from neurobust.images.frequency_categories import CATEGORIES
from neurobust.plotting.panels import draw_level, draw_points, spread
from neurobust.plotting.style import (
    Display,
    Mark,
    add_letter,
    add_title,
    network_marks,
    new_figure,
    styled,
)
from neurobust.plotting.tables import require_columns
from neurobust.statistics.bootstrap import BOUND, HIGH, LOW
from studies.li2023.figures.panels import (
    NORM_NAMES,
    draw_band,
    draw_powers,
    draw_spectrum,
    select_spectrum,
    spectrum_scale,
)
from studies.li2023.measures import CATEGORY, HALF_POWER_FREQUENCY, NORM, STEP
from studies.li2023.networks import SIZE

_ROW_IN = 2.45
_ALMOST = 0.98  # of a network's perturbations lie within the axis
_NEEDED = {
    "severity_accuracy": (NETWORK, SEVERITY),
    "success": (NETWORK, NORM, STEP),
    "perturbation_half": (NETWORK, NORM),
    "cumulative_power": (NETWORK, NORM, RADIAL_FREQUENCY),
    HALF_POWER_FREQUENCY: (NETWORK, NORM),
    "size": (NORM, STEP),
}


@styled
def draw(
    networks: xr.Dataset,
    spectra: xr.DataTree,
    differences: pd.DataFrame,
    *,
    pairs: Mapping[str, Mapping[str, Any]],
    norm: str,
    display: Display,
) -> Figure:
    """Draw a row of panels for each pair of a baseline and a regularised network.

    Parameters
    ----------
    networks, spectra
        Measures and mean spectra from `studies.li2023.networks`: `tabulate_networks` and
        `mean_spectra`.
    differences
        Differences within pairs, from `studies.li2023.differences.pair_differences`.
    pairs
        The ``baseline``, ``regularised`` and ``controls`` of each pair, names of networks.
    norm
        Norm of the perturbations.
    display
        How figures show each network of a pair.

    Raises
    ------
    InputError
        If a variable or a column is missing.
    """
    require(networks, "networks", variables=_NEEDED)
    require_columns(
        differences,
        "differences",
        ["pair", "network", "reference", "measure", CATEGORY, "value", LOW, HIGH],
    )
    figure = new_figure(0.25 + _ROW_IN * len(pairs))
    rows = figure.subfigures(len(pairs), 1, squeeze=False).ravel()
    marks = network_marks(display)
    at_norm = networks.sel({NORM: norm})
    letters = (ascii_lowercase[number] for number in count())
    for (pair, parts), row in zip(pairs.items(), rows, strict=True):
        chosen = {name: marks[name] for name in _members(parts)}
        panels = row.subplots(1, 4, width_ratios=[1, 1, 0.85, 1.15])
        _draw_severities(networks, panels[0], chosen)
        _draw_success(at_norm, panels[1], chosen, NORM_NAMES[norm])
        _draw_categories(networks, differences, pair, parts, panels[2], chosen)
        draw_powers(at_norm, panels[3], chosen)
        _draw_insets(spectra, norm, parts, panels[3], chosen)
        for axes in panels:
            add_letter(axes, next(letters))
        _add_key(row, panels[0])
    add_title(figure, "Neural regularisation, robustness and spatial frequency", networks)
    return figure


def _members(parts: Mapping[str, Any]) -> list[str]:
    return [parts["baseline"], parts["regularised"], *parts["controls"]]


def _draw_severities(networks: xr.Dataset, axes: Axes, marks: Mapping[str, Mark]) -> None:
    severities = networks[SEVERITY].to_numpy().astype(float)
    for offset, (name, mark) in zip(spread(len(marks), 0.24), marks.items(), strict=True):
        chosen = networks.sel({NETWORK: name})
        draw_points(chosen, "severity_accuracy", severities + offset, axes, mark, joined=True)
        draw_level(axes, 100 / float(chosen["n_classes"]))
    axes.set_xticks(severities)
    axes.set_ylim(bottom=0)
    axes.set_xlabel("Severity (0: clean)")
    axes.set_ylabel("Accuracy (%)")


def _draw_success(
    networks: xr.Dataset, axes: Axes, marks: Mapping[str, Mark], norm_name: str
) -> None:
    draw_level(axes, 50)
    edge = 0.0
    for name, mark in marks.items():
        chosen = networks.sel({NETWORK: name})
        draw_band(chosen, "success", "size", axes, mark)
        success, sizes = chosen["success"].to_numpy(), chosen["size"].to_numpy()
        edge = max(edge, sizes[np.argmax(success >= _ALMOST * success[-1])])
        _mark_half(chosen, axes, mark)
    axes.set_xlim(0, edge)
    axes.set_ylim(0, 100)
    axes.set_xlabel(f"{norm_name} size ({SIZE.split()[0]})")
    axes.set_ylabel("Success of attacks (%)")


def _mark_half(chosen: xr.Dataset, axes: Axes, mark: Mark) -> None:
    """Mark the size of 50 % success with its interval, where there is one."""
    half = float(chosen["perturbation_half"])
    low, high = (
        float(chosen["perturbation_half_interval"].sel({BOUND: bound})) for bound in (LOW, HIGH)
    )
    if np.isfinite([half, low, high]).all():
        errors = np.maximum([[half - low], [high - half]], 0)
        axes.errorbar(
            [half], [50], xerr=errors, color=mark.colour, marker=mark.marker, linestyle="none"
        )


def _draw_categories(
    networks: xr.Dataset,
    differences: pd.DataFrame,
    pair: str,
    parts: Mapping[str, Any],
    axes: Axes,
    marks: Mapping[str, Mark],
) -> None:
    """Draw the gain in accuracy over the baseline, by category of corruptions."""
    chosen = differences[
        (differences["pair"] == pair)
        & (differences["reference"] == parts["baseline"])
        & (differences["measure"] == "category_accuracy")
    ]
    names = [parts["regularised"], *parts["controls"]]
    for offset, name in zip(spread(len(names), 0.3), names, strict=True):
        rows = chosen[chosen["network"] == name].set_index(CATEGORY).loc[list(CATEGORIES)]
        values, low, high = (rows[column].to_numpy(float) for column in ("value", LOW, HIGH))
        axes.errorbar(
            np.arange(len(CATEGORIES)) + offset,
            values,
            yerr=np.maximum([values - low, high - values], 0),
            color=marks[name].colour,
            marker=marks[name].marker,
            linestyle="none",
            elinewidth=0.8,
        )
    draw_level(axes, 0)
    axes.set_xticks(range(len(CATEGORIES)), ["Low", "Med.", "High"])
    axes.set_xlim(-0.5, len(CATEGORIES) - 0.5)
    axes.tick_params(axis="x", length=0)
    axes.set_xlabel("Frequency of corruptions")
    axes.set_ylabel("Gain over baseline (% points)")


def _draw_insets(
    spectra: xr.DataTree,
    norm: str,
    parts: Mapping[str, Any],
    axes: Axes,
    marks: Mapping[str, Mark],
) -> None:
    """Draw the mean spectra of the baseline (left) and the regularised network, framed alike."""
    names = [parts["baseline"], parts["regularised"]]
    powers = {name: select_spectrum(spectra, name, norm) for name in names}
    scale = spectrum_scale(powers.values())
    for left, (name, power) in zip((0.5, 0.76), powers.items(), strict=True):
        inset = axes.inset_axes((left, 0.05, 0.24, 0.3))
        draw_spectrum(power, inset, scale)
        inset.set_xticks([])
        inset.set_yticks([])
        inset.spines[:].set(visible=True, color=marks[name].colour, linewidth=1.2)


def _add_key(row: SubFigure, panel: Axes) -> None:
    handles, labels = panel.get_legend_handles_labels()
    row.legend(handles, labels, loc="outside upper left", ncols=len(labels), borderpad=0.1)
