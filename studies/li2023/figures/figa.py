"""Which spatial frequencies each corruption alters (Li et al. 2023, appendix, Fig. A)."""

from typing import NamedTuple

import xarray as xr
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure, SubFigure

from neurobust.dims import (
    COLUMN_FREQUENCY,
    CORRUPTION,
    IMAGE,
    RADIAL_FREQUENCY,
    ROW_FREQUENCY,
    require,
)
from neurobust.images.frequencies import cumulative_share
from neurobust.images.frequency_categories import CATEGORIES, HIGH, LOW, MEDIUM
from neurobust.plotting.panels import draw_level
from neurobust.plotting.style import add_letter, add_title, new_figure, readable, styled
from studies.li2023.figures.panels import DIAGONAL, draw_spectrum

_HALF = "half_power_frequency"
_TICKS = (-0.4, 0, 0.4)
_DECADES = 5  # of the power shown; less power is as dark as the least shown
_LINES = {LOW: ("#0072B2", "-"), MEDIUM: ("#009E73", "--"), HIGH: ("#D55E00", "-.")}
_MARKERS = "os^DvPX"


@styled
def draw(spectra: xr.Dataset) -> Figure:
    """Draw each corruption's spectrum (A), its power within a radius (B) and its f_0.5 (C).

    Parameters
    ----------
    spectra
        Spectra from `neurobust.evaluation.corruptions.spectra.measure_corruption_spectra`.

    Raises
    ------
    InputError
        If a variable is missing.
    """
    require(
        spectra,
        "corruption spectra",
        variables={
            "power": (CORRUPTION, ROW_FREQUENCY, COLUMN_FREQUENCY),
            "radial_power": (CORRUPTION, IMAGE, RADIAL_FREQUENCY),
            _HALF: (CORRUPTION,),
            "category": (CORRUPTION,),
        },
    )
    groups = _by_category(spectra)
    figure = new_figure(6.6)
    above, below = figure.subfigures(2, 1, squeeze=False, height_ratios=[4.2, 2.4])[:, 0]
    _draw_maps(spectra["power"], groups, above)
    curves, values = below.subplots(1, 2, width_ratios=[1.6, 1])
    marks = _marks(groups)
    _draw_shares(spectra, marks, curves)
    _draw_half_powers(spectra[_HALF], marks, values)
    for letter, axes in (("A", above.axes[0]), ("B", curves), ("C", values)):
        add_letter(axes, letter)
    add_title(figure, "Spatial frequencies that corruptions alter", spectra)
    return figure


def _by_category(spectra: xr.Dataset) -> dict[str, list[str]]:
    """Return the corruptions of each category, from the lowest half-power frequency up."""
    ordered = spectra.sortby(_HALF)
    found = {
        category: ordered[CORRUPTION].values[ordered["category"].values == category].tolist()
        for category in CATEGORIES
    }
    return {category: names for category, names in found.items() if names}


class _Mark(NamedTuple):
    """How a corruption is drawn."""

    colour: str
    marker: str
    line: str


def _marks(groups: dict[str, list[str]]) -> dict[str, _Mark]:
    return {
        name: _Mark(_LINES[category][0], marker, _LINES[category][1])
        for category, names in groups.items()
        for name, marker in zip(names, _MARKERS, strict=False)
    }


def _draw_maps(power: xr.DataArray, groups: dict[str, list[str]], figure: SubFigure) -> None:
    columns = max(map(len, groups.values()))
    grid = figure.subplots(len(groups), columns, squeeze=False)
    highest = float(power.max())
    scale = LogNorm(highest / 10**_DECADES, highest, clip=True)
    for row, (category, names) in enumerate(groups.items()):
        for axes in grid[row, len(names) :]:
            axes.set_axis_off()
        for column, (name, axes) in enumerate(zip(names, grid[row], strict=False)):
            drawn = draw_spectrum(power.sel({CORRUPTION: name}), axes, scale)
            axes.set(xticks=_TICKS, yticks=_TICKS)
            axes.set_title(readable(name).replace(" ", "\n"), fontsize=7)  # side by side: narrow
            lowest = all(len(others) <= column for others in [*groups.values()][row + 1 :])
            axes.tick_params(labelleft=column == 0, labelbottom=lowest)
        grid[row, 0].set_ylabel(f"{category.capitalize()} frequencies", color=_LINES[category][0])
    figure.colorbar(
        drawn, ax=grid, label="Power (squared pixel range)", aspect=40, pad=0.02, extend="min"
    )
    figure.supxlabel("Horizontal frequency (cycles/pixel)")
    figure.supylabel("Vertical frequency (cycles/pixel)")


def _draw_shares(spectra: xr.Dataset, marks: dict[str, _Mark], axes: Axes) -> None:
    radii = spectra[RADIAL_FREQUENCY].values
    for name, mark in marks.items():
        chosen = spectra.sel({CORRUPTION: name})
        share = 100 * cumulative_share(chosen["radial_power"].mean(IMAGE).values)
        axes.plot(radii, share, color=mark.colour, linestyle=mark.line, linewidth=0.9)
        axes.plot(float(chosen[_HALF]), 50, color=mark.colour, marker=mark.marker, clip_on=False)
    draw_level(axes, 50)
    for category, (colour, line) in _LINES.items():
        axes.plot([], [], color=colour, linestyle=line, label=category.capitalize())
    axes.legend(loc="lower right", title="Frequencies altered")
    axes.set_xlim(0, DIAGONAL)
    axes.set_ylim(0, 100)
    axes.set_xlabel("Radius (cycles/pixel)")
    axes.set_ylabel("Power within the radius (%)")


def _draw_half_powers(half: xr.DataArray, marks: dict[str, _Mark], axes: Axes) -> None:
    for height, (name, mark) in enumerate(marks.items()):
        value = float(half.sel({CORRUPTION: name}))
        axes.plot(value, height, color=mark.colour, marker=mark.marker, clip_on=False)
    axes.set_yticks(range(len(marks)), [readable(name) for name in marks])
    for label, mark in zip(axes.get_yticklabels(), marks.values(), strict=True):
        label.set_color(mark.colour)
    axes.invert_yaxis()
    axes.set_xlim(0, DIAGONAL)
    axes.grid(axis="y", color="#e0e0e0", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.set_xlabel("Half-power frequency (cycles/pixel)")
