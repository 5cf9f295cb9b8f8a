"""An estimate and its resamples in one array: the first repetition counts everything once.

Whatever is computed from such arrays, repetition by repetition, is again an estimate followed by
its resamples. Networks share the resampled images, so that their differences are paired.
"""

import warnings

import numpy as np
import xarray as xr
from jaxtyping import Float32, Int64

from neurobust.statistics.bootstrap import (
    BOUND,
    HIGH,
    LOW,
    REPETITION,
    interval,
    resample_images,
    resample_seeds,
)

_HUGE = 1e300  # stands for infinity, between which and a number nothing can be interpolated


def count_images(
    images: int, repetitions: int, seed: int
) -> Float32[np.ndarray, "repetition image"]:
    """Return how often each image counts: once, then as often as it is drawn.

    All networks of an image set share the draws, see
    `neurobust.statistics.bootstrap.resample_images`.
    """
    drawn = resample_images(images, repetitions, seed)
    return np.concatenate([np.ones((1, images), drawn.dtype), drawn])


def count_seeds(
    seeds: int, repetitions: int, seed: int, *purpose: object
) -> Int64[np.ndarray, "repetition seed"]:
    """Return how often each seed counts: once, then as often as it is drawn, as `count_images`."""
    drawn = resample_seeds(seeds, repetitions, seed, *purpose)
    return np.concatenate([np.ones((1, seeds), drawn.dtype), drawn])


def estimate(draws: xr.DataArray) -> xr.DataArray:
    """Return the estimate: the first repetition."""
    return draws.isel({REPETITION: 0}, drop=True)


def bounds(draws: xr.DataArray) -> xr.DataArray:
    """Return the 95 % percentile interval over the resamples, ``bound`` (low, high) last.

    Resamples in which the quantity is undefined (NaN) are left out; infinite ones are not.
    """
    resamples = draws.isel({REPETITION: slice(1, None)}).astype(float)
    with warnings.catch_warnings():  # where no resample has a value, neither have the bounds
        warnings.filterwarnings("ignore", "All-NaN slice", RuntimeWarning)
        found = interval(resamples.where(~np.isinf(resamples), _HUGE))
    return found.where(~(found > _HUGE / 1e6), np.inf)


def limits(draws: xr.DataArray) -> tuple[float, float, float]:
    """Return a single quantity's estimate and the ends of its interval."""
    around = bounds(draws)
    low, high = (float(around.sel({BOUND: bound})) for bound in (LOW, HIGH))
    return float(estimate(draws)), low, high
