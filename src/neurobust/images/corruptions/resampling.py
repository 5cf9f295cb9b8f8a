"""Resampling along one axis as a matrix: zoom, smoothing, box reduction."""

import functools
import math

import numpy as np
import torch
from jaxtyping import Float
from scipy.ndimage import gaussian_filter1d
from torch import Tensor


def centre_size(size: int, factor: float) -> int:
    """Return the number of central pixels that fill ``size`` pixels when zoomed by ``factor``."""
    return math.ceil(size / factor)


def stretch_matrix(size: int, factor: float) -> Float[np.ndarray, "zoomed size"]:
    """Return the linear interpolation that maps the first pixel to the first, the last to the last.

    This is the convention of ``scipy.ndimage.zoom``; the zoomed size is rounded.
    """
    zoomed = round(size * factor)
    at = np.linspace(0, size - 1, zoomed)
    return np.maximum(0.0, 1.0 - np.abs(at[:, None] - np.arange(size)))


def zoom_matrix(size: int, factor: float) -> Float[np.ndarray, "zoomed size"]:
    """Return the zoom of the central part of an axis to ``size`` pixels or slightly more."""
    centre = centre_size(size, factor)
    start = (size - centre) // 2
    stretch = stretch_matrix(centre, factor)
    matrix = np.zeros((stretch.shape[0], size))
    matrix[:, start : start + centre] = stretch
    return matrix


@functools.lru_cache(maxsize=128)
def smoother(
    size: int, sigma: float, truncate: float, mode: str, dtype: torch.dtype, device: torch.device
) -> Float[Tensor, "smoothed size"]:
    """Return the matrix of ``scipy.ndimage.gaussian_filter1d``, truncated at ``truncate`` sigma.

    The mode determines the values beyond the borders: "reflect" mirrors about the outer edges of
    the outermost pixels, "nearest" repeats these pixels.
    """
    matrix = gaussian_filter1d(np.eye(size), sigma, axis=0, mode=mode, truncate=truncate)
    return torch.from_numpy(matrix).to(device, dtype)


def box_matrix(size: int, reduced: int) -> Float[np.ndarray, "reduced size"]:
    """Return the reduction of an axis by means over boxes, as in Pillow's BOX filter.

    A pixel belongs entirely to the box that contains its centre. Centres on an edge are common, and
    go to the side on which Pillow's arithmetic puts them.
    """
    scale = size / reduced
    centres = (np.arange(reduced)[:, None] + 0.5) * scale
    offsets = (np.arange(size) - centres + 0.5) * (1.0 / scale)
    first = (centres - 0.5 * scale + 0.5).astype(int)
    end = (centres + 0.5 * scale + 0.5).astype(int)
    inside = (offsets > -0.5) & (offsets <= 0.5)
    inside &= (np.arange(size) >= first) & (np.arange(size) < end)
    return inside / inside.sum(axis=1, keepdims=True)
