"""Statistics of single trials: means and variances by stimulus, correlations by neuroid."""

import numpy as np
from jaxtyping import Float, Int

Trials = Float[np.ndarray, "trial neuroid"]
Stimulus = Int[np.ndarray, " trial"]
"""Number of the stimulus in each trial, 0 to n - 1, each at least once."""


def mean_by_stimulus(trials: Trials, stimulus: Stimulus) -> Float[np.ndarray, "stimulus neuroid"]:
    """Return the mean response to each stimulus."""
    return _sum_by_stimulus(trials, stimulus) / np.bincount(stimulus)[:, None]


def noise_variance(trials: Trials, stimulus: Stimulus) -> Float[np.ndarray, " neuroid"]:
    """Return the variance over repeats (ddof 1), averaged over stimuli shown more than once."""
    deviation = trials - mean_by_stimulus(trials, stimulus)[stimulus]
    repeats = np.bincount(stimulus)
    several = repeats > 1
    sums = _sum_by_stimulus(deviation**2, stimulus)[several]
    return (sums / (repeats[several] - 1)[:, None]).mean(axis=0)


def correlate(
    first: Float[np.ndarray, "row neuroid"], second: Float[np.ndarray, "row neuroid"]
) -> Float[np.ndarray, " neuroid"]:
    """Return Pearson's correlation between each neuroid's columns in two arrays."""
    first = first - first.mean(axis=0, dtype=np.float64)
    second = second - second.mean(axis=0, dtype=np.float64)
    scale = np.sqrt((first**2).sum(axis=0) * (second**2).sum(axis=0))
    # ASSUME: a column that does not vary has correlation 0.
    return np.where(scale > 0, (first * second).sum(axis=0) / np.where(scale > 0, scale, 1), 0.0)


def _sum_by_stimulus(trials: Trials, stimulus: Stimulus) -> Float[np.ndarray, "stimulus neuroid"]:
    order = np.argsort(stimulus, kind="stable")
    repeats = np.bincount(stimulus)
    return np.add.reduceat(trials[order], np.cumsum(repeats) - repeats, axis=0)
