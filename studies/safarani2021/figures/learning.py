"""Learning curves of the networks: validation score and losses over epochs (not in the paper)."""

from collections.abc import Mapping
from itertools import cycle

import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter, StrMethodFormatter

from neurobust.dims import EPOCH, SEED, require
from neurobust.plotting.style import (
    ACCENT,
    Display,
    add_title,
    network_marks,
    new_figure,
    readable,
    styled,
)

SCORE = "validation_score"
_LOSS = "_loss"
_COLOURS = ("#D55E00", "#009E73", "#CC79A7", "#E69F00")


@styled
def draw(histories: xr.DataTree, display: Display, validation_scores: Mapping[str, str]) -> Figure:
    """Draw the learning curves of each network in a row of its own.

    Parameters
    ----------
    histories
        ``value(seed, metric, epoch)`` of each network in a group of its own, NaN where a seed has
        no such value; the losses are the metrics named ``..._loss``.
    display
        The networks drawn, in this order.
    validation_scores
        What the validation score of each network is, such as ``Validation accuracy``.

    Raises
    ------
    InputError
        If a network has no history, or one without values.
    """
    drawn = {network: _select(histories, network) for network in display}
    marks = network_marks(display)
    figure = new_figure(0.5 + 1.35 * len(drawn))
    panels = figure.subplots(len(drawn), 2, squeeze=False)
    named = [str(name) for data in drawn.values() for name in data["metric"].to_numpy()]
    losses = [name for name in dict.fromkeys(named) if name.endswith(_LOSS)]
    colours = dict(zip(losses, cycle(_COLOURS), strict=False))
    for (network, history), (left, right) in zip(drawn.items(), panels, strict=True):
        _draw_curves(history, SCORE, left, ACCENT, None)
        left.set_ylabel(validation_scores[network])
        left.set_title(marks[network].label, loc="left")
        _draw_losses(history, right, colours)
    for axes in panels.flat:
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    for axes in panels[-1]:
        axes.set_xlabel("Epoch")
    legend = {
        label: handle
        for axes in panels[:, 1]
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)
    }
    figure.legend(legend.values(), legend.keys(), loc="outside lower right", ncols=len(losses))
    add_title(figure, "Learning curves", drawn.values())
    return figure


def _select(histories: xr.DataTree, network: str) -> xr.Dataset:
    history = histories.children.get(network, xr.DataTree()).to_dataset()
    place = f"{histories.encoding.get('source', 'histories')}, group {network!r}"
    require(history, place, variables={"value": (SEED, "metric", EPOCH)})
    return history


def _draw_losses(history: xr.Dataset, axes: Axes, colours: Mapping[str, str]) -> None:
    for metric, colour in colours.items():
        _draw_curves(history, metric, axes, colour, readable(metric.removesuffix(_LOSS)))
    # A Poisson loss leaves out the term of the counts alone and may fall below zero.
    losses = history["value"].sel(metric=history["metric"].isin(list(colours)))
    if not (losses <= 0).any():
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        axes.yaxis.set_minor_formatter(NullFormatter())
    axes.set_ylabel("Training loss")


def _draw_curves(
    history: xr.Dataset, metric: str, axes: Axes, colour: str, label: str | None
) -> None:
    if metric not in history["metric"]:
        return
    values = history["value"].sel(metric=metric)
    for seed in history[SEED].to_numpy():
        curve = values.sel({SEED: seed}).dropna(EPOCH)
        if curve.size:
            axes.plot(curve[EPOCH], curve, color=colour, linewidth=0.6, alpha=0.4)
    mean = values.mean(SEED, skipna=False).dropna(EPOCH)
    if mean.size:
        axes.plot(mean[EPOCH], mean, color=colour, linewidth=1.4, label=label)
