"""The course of training, from the histories that network files hold."""

from collections.abc import Mapping

import numpy as np
import xarray as xr

from neurobust.dims import EPOCH, SEED

History = dict[str, list[float]]


def collect_histories(histories: Mapping[int, History]) -> xr.Dataset:
    """Align the histories of a network's seeds.

    Parameters
    ----------
    histories
        History of each seed; see `neurobust.training.loop.train_stage`.

    Returns
    -------
    ``value(seed, metric, epoch)``, with epochs counted from 1 over all stages; NaN after the end of
    a seed's training and where a stage lacks the metric.
    """
    metrics = list(dict.fromkeys(name for history in histories.values() for name in history))
    length = max(len(history["epoch"]) for history in histories.values())
    value = np.full((len(histories), len(metrics), length), np.nan)
    for s, history in enumerate(histories.values()):
        for m, metric in enumerate(metrics):
            column = history.get(metric, [])
            value[s, m, : len(column)] = column
    return xr.Dataset(
        {"value": ((SEED, "metric", EPOCH), value)},
        coords={SEED: list(histories), "metric": metrics, EPOCH: np.arange(1, length + 1)},
    )
