"""Hybrid images and the answers of networks to them (Li et al. 2023, Figs. 3 and B)."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure

from neurobust.dims import CHANNEL, COLUMN, NETWORK, ROW, require
from neurobust.evaluation.hybrids.reversal import MIXING_FREQUENCY
from neurobust.plotting.style import (
    Display,
    add_letter,
    add_title,
    network_marks,
    new_figure,
    readable,
    styled,
)
from studies.li2023.figures.panels import draw_reversal
from studies.li2023.measures import REVERSAL_FREQUENCY

_IMAGE = (ROW, COLUMN, CHANNEL)


@styled
def draw(
    networks: xr.Dataset,
    examples: xr.Dataset,
    *,
    pairs: Mapping[str, Mapping[str, Any]],
    display: Display,
) -> Figure:
    """Draw hybrids of two images (a), and below a panel of curves for each pair of networks.

    Parameters
    ----------
    networks
        Measures of all networks, from `studies.li2023.networks.tabulate_networks`.
    examples
        Hybrids from `neurobust.evaluation.hybrids.examples.make_hybrid_examples`.
    pairs
        The ``baseline``, ``regularised`` and ``controls`` of each pair, names of networks.
    display
        How figures show each network of a pair.

    Raises
    ------
    InputError
        If a variable is missing.
    """
    require(
        examples,
        "hybrid examples",
        variables={"low": _IMAGE, "high": _IMAGE, "hybrid": (MIXING_FREQUENCY, *_IMAGE)},
        attributes=("low_class", "high_class"),
    )
    require(
        networks,
        "networks",
        variables={
            "p_difference": (NETWORK, MIXING_FREQUENCY),
            "p_difference_std": (NETWORK, MIXING_FREQUENCY),
            REVERSAL_FREQUENCY: (NETWORK,),
            "reversal_frequency_std": (NETWORK,),
        },
    )
    figure = new_figure(4.3)
    above, below = figure.subfigures(2, 1, squeeze=False, height_ratios=[1.35, 2.9]).ravel()
    _draw_examples(examples, above)
    panels = np.atleast_1d(below.subplots(1, len(pairs), sharey=True))
    marks = network_marks(display)
    for letter, parts, axes in zip("bcdefgh", pairs.values(), panels, strict=False):
        names = [parts["baseline"], parts["regularised"], *parts["controls"]]
        draw_reversal(networks, axes, {name: marks[name] for name in names})
        axes.legend(loc="lower right", title="$f_{rev}$ (mean ± s.d.)", fontsize=6.5)
        add_letter(axes, letter)
    for axes in panels[1:]:
        axes.set_ylabel("")
    add_title(figure, "Answers to hybrid images", networks)
    return figure


def _draw_examples(examples: xr.Dataset, figure: SubFigure) -> None:
    frequencies = examples[MIXING_FREQUENCY].to_numpy()
    panels = figure.subplots(1, 2 + len(frequencies))
    _draw_image(examples["high"], f"High seed:\n{_class(examples, 'high')}", panels[0])
    # Above the two lines of the title.
    panels[0].set_title("a", loc="left", y=1.2, fontweight="bold", fontsize=9)
    for number, frequency in enumerate(frequencies):
        title = f"$f_{{mix}}$ = {frequency:g}\nNyquist"
        _draw_image(examples["hybrid"].isel({MIXING_FREQUENCY: number}), title, panels[number + 1])
    _draw_image(examples["low"], f"Low seed:\n{_class(examples, 'low')}", panels[-1])


def _class(examples: xr.Dataset, which: str) -> str:
    """Return the name of a class, cut to what fits above an image."""
    name = readable(examples.attrs[f"{which}_class"]).partition(" (")[0]
    return name if len(name) <= 16 else f"{name[:15]}…"


def _draw_image(image: xr.DataArray, title: str, axes: Axes) -> None:
    pixels: Float[np.ndarray, "row column channel"] = image.to_numpy()
    gray = pixels.shape[-1] == 1
    axes.imshow(
        pixels[..., 0] if gray else pixels,
        cmap="gray" if gray else None,
        vmin=0,
        vmax=1,
        interpolation="nearest",
    )
    axes.set_axis_off()
    axes.set_title(title, fontsize=7)
