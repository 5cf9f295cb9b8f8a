"""Components of neural representations, and their receptive fields (Li 2023, appendix, Fig. D)."""

from collections.abc import Sequence
from textwrap import fill

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from neurobust.dims import COLUMN, ROW, require
from neurobust.plotting.style import (
    Display,
    Mark,
    add_letter,
    add_title,
    network_marks,
    new_figure,
    styled,
)
from studies.li2023.components import COMPONENT, COMPONENT_ALL, LEAST_R2

SHOWN = 8  # receptive fields in a row
_LINE = 16  # letters that fit beside a field


@styled
def draw(components: Sequence[xr.Dataset], *, display: Display) -> Figure:
    """Draw eigenspectra (A), frequencies of the components (B) and their receptive fields (C).

    Parameters
    ----------
    components
        Components of each representation, from `studies.li2023.components.decompose_similarity`.
    display
        How figures show each network.

    Raises
    ------
    InputError
        If a variable or an attribute is missing.
    """
    for each in components:
        require(
            each,
            f"components of {each.attrs.get('network', 'a network')}",
            variables={
                "share": (COMPONENT_ALL,),
                "effective_dimensionality": (),
                "half_power_per_image": (COMPONENT,),
                "r2": (COMPONENT,),
                "is_linear": (COMPONENT,),
                "receptive_field": (COMPONENT, ROW, COLUMN),
            },
            attributes=("network", "simulated"),
        )
    heights_in = (2.3, 0.4 + 1.1 * len(components))
    figure = new_figure(0.2 + sum(heights_in))
    above, below = figure.subfigures(2, 1, squeeze=False, height_ratios=heights_in)[:, 0]
    marks = network_marks(display)
    spectra, frequencies = above.subplots(1, 2)
    rows = below.subplots(len(components), SHOWN, squeeze=False)
    for each, row in zip(components, rows, strict=True):
        mark = marks[each.attrs["network"]]
        _draw_spectrum(each, spectra, mark)
        _draw_frequencies(each, frequencies, mark)
        _draw_fields(each, mark.label, row)
    _finish(spectra, frequencies)
    for number, axes in enumerate(rows[0], start=1):
        axes.set_title(f"PC {number}")
    below.suptitle("Linear receptive fields of the components, each scaled to its largest value")
    for letter, axes in zip("ABC", (spectra, frequencies, rows[0, 0]), strict=True):
        add_letter(axes, letter)
    add_title(figure, "Principal components of neural similarity", components)
    return figure


def _draw_spectrum(components: xr.Dataset, axes: Axes, mark: Mark) -> None:
    # Beyond the number of neuroids eigenvalues are 0 but for rounding.
    shares = components["share"].where(components["share"] > 1e-6, drop=True)
    dimensions = components["effective_dimensionality"].item()
    axes.loglog(
        shares[COMPONENT_ALL],
        shares,
        color=mark.colour,
        linestyle=mark.line,
        label=f"{mark.label} (effective dimensionality {dimensions:.1f})",
    )
    first = shares[: components.sizes[COMPONENT]]
    axes.plot(first[COMPONENT_ALL], first, mark.marker, color=mark.colour)


def _draw_frequencies(components: xr.Dataset, axes: Axes, mark: Mark) -> None:
    """Draw full marks where a field describes the component, hollow ones elsewhere."""
    linear = components.sel({COMPONENT: components["is_linear"]})
    median = linear["half_power_per_image"].median().item() if linear.sizes[COMPONENT] else None
    axes.plot(
        components[COMPONENT],
        components["half_power_per_image"],
        color=mark.colour,
        marker=mark.marker,
        linestyle=mark.line,
        markerfacecolor="white",
    )
    axes.plot(
        linear[COMPONENT],
        linear["half_power_per_image"],
        mark.marker,
        color=mark.colour,
        label="none is linear" if median is None else f"median {median:.1f}",
    )


def _finish(spectra: Axes, frequencies: Axes) -> None:
    spectra.set_xlabel("Component")
    spectra.set_ylabel("Share of variance")
    spectra.legend(loc="lower left")
    frequencies.set_xlabel(f"Component (hollow: R² below {LEAST_R2})")
    frequencies.set_ylabel("Half-power frequency\n(cycles/image)")
    frequencies.set_ylim(0, 1.08 * frequencies.dataLim.y1)
    frequencies.xaxis.set_major_locator(MaxNLocator(integer=True))
    frequencies.legend()


def _draw_fields(components: xr.Dataset, label: str, row: np.ndarray) -> None:
    for axes in row:
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set_visible(False)
    fields, explained = components["receptive_field"].to_numpy(), components["r2"].to_numpy()
    for field, r2, axes in zip(fields, explained, row, strict=False):
        largest = np.abs(field).max()
        axes.imshow(field, cmap="RdBu_r", vmin=-largest, vmax=largest, interpolation="nearest")
        written = f"{round(r2, 2) + 0.0:.2f}"  # 0.00, not -0.00
        axes.set_xlabel(f"R² = {written}".replace("-", "−"))
    row[0].set_ylabel(fill(label, _LINE))
