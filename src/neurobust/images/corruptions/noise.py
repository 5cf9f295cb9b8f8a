"""Gaussian, shot, impulse and speckle noise (ImageNet-C), given the random fields.

Formulas: Hendrycks & Dietterich (2019), ImageNet-C. Images are bytes with the channel last.
"""

import functools
import math

import numpy as np
import torch
from jaxtyping import Float32, Int16, Int32, UInt8
from scipy.special import pdtr
from torch import Tensor

from neurobust.images.corruptions.fields import WORDS
from neurobust.images.corruptions.layout import truncate_

_LEVELS = 256


def gaussian_noise(
    images: UInt8[Tensor, "image row column channel"],
    normals: Float32[Tensor, "image row column channel"],
    std: float,
) -> UInt8[Tensor, "image row column channel"]:
    """Add normal noise of standard deviation ``std``, where white is 1."""
    return truncate_(torch.add(images, normals, alpha=255.0 * std))


def speckle_noise(
    images: UInt8[Tensor, "image row column channel"],
    normals: Float32[Tensor, "image row column channel"],
    std: float,
) -> UInt8[Tensor, "image row column channel"]:
    """Add normal noise of standard deviation ``std`` times the value."""
    return truncate_(normals.mul(std).add_(1.0).mul_(images))


@functools.lru_cache(maxsize=5)
def _shot_table(rate: int, device: torch.device) -> UInt8[Tensor, " level_word"]:
    """Return the new value of each level at each of 65,536 quantiles of its Poisson count."""
    # beyond this width the distribution function is 1 within 2**-24
    width = rate + math.ceil(8 * math.sqrt(rate)) + 12
    counts = np.arange(width)
    means = np.arange(_LEVELS) * (rate / 255.0)
    below = np.ceil(pdtr(counts, means[:, None]) * WORDS - 0.5)  # words whose uniform is below
    below[:, -1] = WORDS
    repeats = np.diff(below, axis=1, prepend=0.0).astype(np.int64)
    # a tiny addition keeps whole numbers from losing a level to rounding; the largest is 255
    shown = np.minimum(counts * 255.0 / rate + 1e-9, 255.0).astype(np.uint8)
    table = np.repeat(np.tile(shown, _LEVELS), repeats.ravel())
    return torch.from_numpy(table).to(device)


def shot_noise(
    images: UInt8[Tensor, "image row column channel"],
    words: Int32[Tensor, "image row column channel"],
    rate: int,
) -> UInt8[Tensor, "image row column channel"]:
    """Replace each value by a Poisson count over ``rate``, the mean count of white.

    Parameters
    ----------
    images
        Images as bytes.
    words
        Random words from 0 to 65,535. A word stands for the quantile at ``(word + 0.5) / 65536``,
        the smallest count whose distribution function exceeds it.
    rate
        Mean count of photons at white.
    """
    table = _shot_table(rate, images.device)
    entries = torch.add(words, images, alpha=WORDS)
    return table.index_select(0, entries.reshape(-1)).reshape(images.shape)


@functools.lru_cache(maxsize=32)
def impulse_table(amount: float, device: torch.device) -> Int16[Tensor, " word"]:
    """Return 65,536 quantiles of the impulses: 255 or -255 with probability ``amount`` / 2 each."""
    centres = (np.arange(WORDS) + 0.5) / WORDS
    salt, pepper = centres < amount / 2, (centres >= amount / 2) & (centres < amount)
    impulses = 255 * (salt.astype(np.int16) - pepper.astype(np.int16))
    return torch.from_numpy(impulses).to(device)


def impulse_noise(
    images: UInt8[Tensor, "image row column channel"],
    impulses: Int16[Tensor, "image row column channel"],
) -> UInt8[Tensor, "image row column channel"]:
    """Set values to white where the impulse is 255, to black where it is -255."""
    return torch.add(impulses, images).clamp_(0, 255).to(torch.uint8)
