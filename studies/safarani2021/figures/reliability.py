"""How reliable the recorded responses are (not in the paper)."""

import numpy as np
import pandas as pd
import seaborn as sns
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from neurobust.dims import NEUROID, require
from neurobust.plotting.panels import draw_level
from neurobust.plotting.style import ACCENT, add_letter, add_title, new_figure, styled

_EXPLAINABLE = "explainable_variance"


@styled
def draw(reliability: xr.Dataset) -> Figure:
    """Draw explainable variance over neuroids (A), by session (B) and against split-half (C).

    Parameters
    ----------
    reliability
        ``explainable_variance(neuroid)``, ``split_half(neuroid)`` and the coordinate
        ``session(neuroid)``.

    Raises
    ------
    InputError
        If one of them, or the name of the recording, is missing.
    """
    require(
        reliability,
        "reliability",
        variables=dict.fromkeys((_EXPLAINABLE, "split_half", "session"), (NEUROID,)),
        attributes=("recording",),
    )
    figure = new_figure(2.3)
    panels = figure.subplots(1, 3, width_ratios=[1, 1.4, 1])
    _draw_histogram(reliability, panels[0])
    _draw_sessions(reliability, panels[1])
    _draw_split_half(reliability, panels[2])
    for letter, axes in zip("ABC", panels, strict=True):
        add_letter(axes, letter)
    add_title(figure, f"Reliability of {reliability.attrs['recording']}", reliability)
    return figure


def _draw_histogram(reliability: xr.Dataset, axes: Axes) -> None:
    values = reliability[_EXPLAINABLE].dropna(NEUROID).to_numpy()
    sns.histplot(values, bins=20, color=ACCENT, alpha=1, linewidth=0.3, ax=axes)
    axes.set_xlabel("Explainable variance")
    axes.set_ylabel("Neuroids")


def _draw_sessions(reliability: xr.Dataset, axes: Axes) -> None:
    codes, sessions = pd.factorize(reliability["session"].to_numpy())
    values = reliability[_EXPLAINABLE].to_numpy()
    axes.plot(codes, values, "o", color=ACCENT, alpha=0.5, markersize=2.5, markeredgewidth=0)
    for code in range(len(sessions)):
        axes.hlines(np.nanmedian(values[codes == code]), code - 0.35, code + 0.35, color="black")
    step = -(-len(sessions) // 8)  # eight names fit
    shown = range(0, len(sessions), step)
    axes.set_xticks(shown, [str(sessions[code]) for code in shown], rotation=45, ha="right")
    axes.set_xlim(-0.6, len(sessions) - 0.4)
    axes.set_xlabel("Session")
    axes.set_ylabel("Explainable variance")


def _draw_split_half(reliability: xr.Dataset, axes: Axes) -> None:
    axes.plot(
        reliability[_EXPLAINABLE],
        reliability["split_half"],
        "o",
        color=ACCENT,
        alpha=0.5,
        markersize=2.5,
        markeredgewidth=0,
    )
    draw_level(axes, 0.0)
    axes.set_xlabel("Explainable variance")
    axes.set_ylabel("Split-half correlation")
