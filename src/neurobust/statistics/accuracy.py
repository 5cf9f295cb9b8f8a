"""Accuracy under corruptions: estimates, resamples, and means by group of corruptions."""

from collections.abc import Mapping
from typing import TypeVar

import numpy as np
import xarray as xr

from neurobust.dims import CORRUPTION, IMAGE, NETWORK, SEED, SEVERITY
from neurobust.statistics.bootstrap import REPETITION, resample_accuracy, resample_seeds
from neurobust.statistics.comparable import GROUP

CORRUPTION_GROUP = "corruption_group"
PERCENT = 100.0
_Labelled = TypeVar("_Labelled", xr.Dataset, xr.DataArray)


def stack(parts: Mapping[str, _Labelled], dim: str) -> _Labelled:
    """Join labelled parts along a new dimension whose labels are their names."""
    return xr.concat(list(parts.values()), dim).assign_coords({dim: list(parts)})


def estimate_accuracy(evaluation: xr.Dataset) -> xr.Dataset:
    """Return the accuracy of a network, as fractions.

    Parameters
    ----------
    evaluation
        ``correct(seed, corruption, severity, image)`` and ``clean_correct(seed, image)``.

    Returns
    -------
    ``accuracy(corruption, severity)`` and ``clean``, means over seeds, and ``clean_deviation``, the
    standard deviation over seeds (ddof 1), NaN for a single one.
    """
    clean = evaluation["clean_correct"].mean(IMAGE)
    several = evaluation.sizes[SEED] > 1
    return xr.Dataset(
        {
            "accuracy": evaluation["correct"].mean((SEED, IMAGE)),
            "clean": clean.mean(SEED),
            "clean_deviation": clean.std(SEED, ddof=1) if several else np.nan,
        }
    )


def resample_evaluation(
    evaluation: xr.Dataset, image_counts: np.ndarray, seed: int, *purpose: str
) -> xr.Dataset:
    """Return the accuracy of a network over resampled seeds and images, as fractions.

    Parameters
    ----------
    evaluation
        As in `estimate_accuracy`.
    image_counts
        From `neurobust.statistics.bootstrap.resample_images`.
    seed, purpose
        Names of the random stream that draws the network's seeds.

    Returns
    -------
    ``accuracy(repetition, corruption, severity)`` and ``clean(repetition)``.
    """
    seed_counts = resample_seeds(evaluation.sizes[SEED], len(image_counts), seed, *purpose)
    correct = evaluation["correct"]
    accuracy = resample_accuracy(correct.to_numpy(), image_counts, seed_counts)
    clean = resample_accuracy(evaluation["clean_correct"].to_numpy(), image_counts, seed_counts)
    names = (CORRUPTION, SEVERITY)
    return xr.Dataset(
        {"accuracy": ((REPETITION, *names), accuracy), "clean": (REPETITION, clean)},
        {name: correct[name] for name in (*names, GROUP)},
    )


def estimate_networks(evaluations: Mapping[str, xr.Dataset]) -> xr.Dataset:
    """Return the accuracy of each network (`estimate_accuracy`), along ``network``."""
    return stack({name: estimate_accuracy(data) for name, data in evaluations.items()}, NETWORK)


def resample_networks(
    evaluations: Mapping[str, xr.Dataset], image_counts: np.ndarray, seed: int
) -> xr.Dataset:
    """Return the resampled accuracy of each network (`resample_evaluation`), along ``network``.

    Each network has seeds of its own; all share the images.
    """
    drawn = {
        name: resample_evaluation(data, image_counts, seed, name, "numerator")
        for name, data in evaluations.items()
    }
    return stack(drawn, NETWORK)


def average_groups(relative: xr.DataArray) -> xr.DataArray:
    """Average over the corruptions of each group; the last dimension is ``corruption_group``."""
    groups = {
        group: relative.sel({CORRUPTION: relative[GROUP] == group}).mean(CORRUPTION, skipna=False)
        for group in dict.fromkeys(relative[GROUP].to_numpy().tolist())
    }
    return stack(groups, CORRUPTION_GROUP).transpose(..., CORRUPTION_GROUP)


def average_corruptions(relative: xr.DataArray) -> xr.DataArray:
    """Average over all corruptions; NaN if one is."""
    return relative.mean(CORRUPTION, skipna=False)
