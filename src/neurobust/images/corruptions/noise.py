"""Gaussian, shot and impulse noise (ImageNet-C), given the random fields.

Formulas: Hendrycks & Dietterich (2019), ImageNet-C. Images are bytes with the channel last.
"""

import functools
import math

import numpy as np
import torch
from jaxtyping import Bool, Float32, UInt8
from scipy.special import pdtr
from torch import Tensor

from neurobust.images.corruptions.layout import truncate_

_LEVELS = 256
_BUCKETS = 4096
_AMBIGUOUS = 255  # no count comes near: the highest rate is 60


def gaussian_noise(
    images: UInt8[Tensor, "image row column channel"],
    normals: Float32[Tensor, "image row column channel"],
    std: float,
) -> UInt8[Tensor, "image row column channel"]:
    """Add normal noise of standard deviation ``std``, where white is 1."""
    return truncate_(torch.add(images, normals, alpha=255.0 * std))


def shot_noise(
    images: UInt8[Tensor, "image row column channel"],
    uniforms: Float32[Tensor, "image row column channel"],
    rate: int,
) -> UInt8[Tensor, "image row column channel"]:
    """Replace each value by a Poisson count over ``rate``, the mean count of white."""
    counts = poisson_counts(images, uniforms, rate)
    return truncate_(counts.to(torch.float32).mul_(255.0 / rate))


def impulse_noise(
    images: UInt8[Tensor, "image row column channel"],
    flipped: Bool[Tensor, "image row column channel"],
    salted: Bool[Tensor, "image row column channel"],
) -> UInt8[Tensor, "image row column channel"]:
    """Set the flipped values to white where salted, to black elsewhere."""
    return torch.where(flipped, salted.to(torch.uint8).mul_(255), images)


@functools.cache
def _poisson_tables(rate: int, device: torch.device) -> tuple[Tensor, Tensor, int]:
    """Tabulate the inverse distribution functions of the Poisson counts of all levels.

    Returns
    -------
    counts
        uint8, level times bucket of the uniform: the count, or ``_AMBIGUOUS`` where the
        distribution function takes a step within the bucket.
    steps
        float64, level times count, ascending: the level plus the distribution function, which
        is so held to 2**-45.
    width
        The number of counts per level.
    """
    width = rate + math.ceil(8 * math.sqrt(rate)) + 12  # beyond, the function is 1 to 2**-24
    means = np.arange(_LEVELS) * (rate / 255.0)
    distribution = pdtr(np.arange(width)[None, :], means[:, None])
    edges = np.arange(_BUCKETS + 1) / _BUCKETS
    low, high = (
        np.stack([np.searchsorted(row, at, side="right") for row in distribution])
        for at in (edges[:-1], np.nextafter(edges[1:], 0.0))
    )
    counts = np.where(low == high, low, _AMBIGUOUS).astype(np.uint8)
    steps = np.arange(_LEVELS)[:, None] + distribution
    return (
        torch.from_numpy(counts.ravel()).to(device),
        torch.from_numpy(steps.ravel()).to(device),
        width,
    )


def poisson_counts(
    levels: UInt8[Tensor, "..."], uniforms: Float32[Tensor, "..."], rate: int
) -> UInt8[Tensor, "..."]:
    """Return the Poisson quantiles of the uniforms, with mean ``rate * levels / 255``.

    The quantile is the smallest count whose distribution function exceeds the uniform. A table
    over buckets of the uniform answers for all but a few per cent, a search for the rest.

    Parameters
    ----------
    levels
        The bytes that set the mean.
    uniforms
        In [0, 1), in steps of 2**-24, of the same shape.
    rate
        The mean count at level 255, at most 60.
    """
    table, steps, width = _poisson_tables(rate, levels.device)
    rows = levels.reshape(-1).to(torch.int32)
    buckets = (uniforms.reshape(-1) * _BUCKETS).to(torch.int32).add_(rows, alpha=_BUCKETS)
    counts = table.index_select(0, buckets)
    open_cases = (counts == _AMBIGUOUS).nonzero()[:, 0]
    rows = rows.index_select(0, open_cases)
    wanted = uniforms.reshape(-1).index_select(0, open_cases).to(torch.float64) + rows
    found = torch.searchsorted(steps, wanted, right=True) - rows * width
    counts[open_cases] = found.to(torch.uint8)
    return counts.reshape(levels.shape)
