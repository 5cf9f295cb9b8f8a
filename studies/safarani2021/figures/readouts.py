"""How well readouts predict the recorded responses, neuroid by neuroid (not in the paper)."""

from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from neurobust.dims import NEUROID, SEED, require
from neurobust.plotting.panels import draw_level
from neurobust.plotting.style import (
    Display,
    Mark,
    add_letter,
    add_title,
    network_marks,
    new_figure,
    styled,
)

_FEV_FLOOR, _FEV_CEILING = -0.5, 1.05  # beyond: neuroids with hardly any explainable variance
_LABELS = {"fev": "FEV", "correlation": "Correlation"}


@styled
def draw(readouts: Sequence[xr.Dataset], display: Display) -> Figure:
    """Draw FEV (A) and correlation (B) by network, and FEV against explainable variance (C).

    Parameters
    ----------
    readouts
        ``fev(seed, neuroid)``, ``correlation(seed, neuroid)`` and the coordinate
        ``explainable_variance(neuroid)`` of each network.
    display
        The networks, in the same order.

    Raises
    ------
    InputError
        If a variable is missing.
    """
    evaluations = dict(zip(display, readouts, strict=True))
    for network, readout in evaluations.items():
        require(
            readout,
            readout.encoding.get("source", network),
            variables={
                "fev": (SEED, NEUROID),
                "correlation": (SEED, NEUROID),
                "explainable_variance": (NEUROID,),
            },
        )
    figure = new_figure(1.4 + max(1.2, 0.3 * len(evaluations)))
    panels = figure.subplots(1, 3, width_ratios=[1, 1, 1.2])
    marks = network_marks(display)
    _draw_boxes(evaluations, "fev", panels[0], marks)
    _draw_boxes(evaluations, "correlation", panels[1], marks)
    _draw_against_reliability(evaluations, panels[2], marks)
    panels[0].set_xlim(_FEV_FLOOR, min(panels[0].get_xlim()[1], _FEV_CEILING))
    panels[1].tick_params(axis="y", labelleft=False)
    panels[2].set_ylim(_FEV_FLOOR, min(panels[2].get_ylim()[1], _FEV_CEILING))
    for letter, axes in zip("ABC", panels, strict=True):
        add_letter(axes, letter)
    handles, labels = panels[2].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower right", ncols=min(len(labels), 6))
    add_title(figure, "Prediction of neural responses", evaluations.values())
    return figure


def _draw_boxes(
    evaluations: Mapping[str, xr.Dataset], name: str, axes: Axes, marks: Mapping[str, Mark]
) -> None:
    labels = []
    for position, (network, readout) in enumerate(evaluations.items()):
        values = readout[name].mean(SEED).dropna(NEUROID).to_numpy()
        colour = {"color": marks[network].colour}
        axes.boxplot(
            values,
            positions=[position],
            widths=0.55,
            orientation="horizontal",
            whis=(5, 95),
            showfliers=False,
            boxprops=colour,
            whiskerprops=colour,
            medianprops=colour,
            showcaps=False,
        )
        below = int((values < _FEV_FLOOR).sum()) if name == "fev" else 0
        labels.append(marks[network].label + (f"\n({below} below {_FEV_FLOOR})" if below else ""))
    draw_level(axes, 0.0, upright=True)
    axes.set_yticks(np.arange(len(labels)), labels)
    axes.set_ylim(len(labels) - 0.4, -0.6)
    axes.set_xlabel(_LABELS[name])


def _draw_against_reliability(
    evaluations: Mapping[str, xr.Dataset], axes: Axes, marks: Mapping[str, Mark]
) -> None:
    for network, readout in evaluations.items():
        axes.plot(
            readout["explainable_variance"],
            readout["fev"].mean(SEED),
            marker=marks[network].marker,
            linestyle="none",
            color=marks[network].colour,
            alpha=0.5,
            markersize=2.6,
            markeredgewidth=0,
            label=marks[network].label,
        )
    draw_level(axes, 0.0)
    axes.set_xlabel("Explainable variance")
    axes.set_ylabel(_LABELS["fev"])
