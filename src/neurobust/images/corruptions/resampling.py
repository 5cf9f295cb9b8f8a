"""Resampling along one axis as a matrix: zoom, smoothing, box reduction."""

import math

import numpy as np
from jaxtyping import Float


def centre_size(size: int, factor: float) -> int:
    """Return how many pixels around the centre fill ``size`` pixels when zoomed by ``factor``."""
    return math.ceil(size / factor)


def stretch_matrix(size: int, factor: float) -> Float[np.ndarray, "zoomed size"]:
    """Return linear interpolation that maps the first pixel on the first, the last on the last.

    It is the convention of ``scipy.ndimage.zoom``; the zoomed size is rounded.
    """
    zoomed = round(size * factor)
    at = np.arange(zoomed) * ((size - 1) / (zoomed - 1))
    below = np.minimum(np.floor(at).astype(int), size - 2)
    matrix = np.zeros((zoomed, size))
    matrix[np.arange(zoomed), below] = 1 - (at - below)
    matrix[np.arange(zoomed), below + 1] = at - below
    return matrix


def zoom_matrix(size: int, factor: float) -> Float[np.ndarray, "zoomed size"]:
    """Return the zoom of the central part of an axis to ``size`` pixels or slightly more."""
    centre = centre_size(size, factor)
    start = (size - centre) // 2
    stretch = stretch_matrix(centre, factor)
    matrix = np.zeros((stretch.shape[0], size))
    matrix[:, start : start + centre] = stretch
    return matrix


def smoothing_matrix(
    size: int, sigma: float, truncate: float
) -> Float[np.ndarray, "smoothed size"]:
    """Return smoothing by a Gaussian cut at ``truncate`` sigma, borders mirrored outside pixels.

    It is the convention of ``scipy.ndimage.gaussian_filter`` in mode "reflect".
    """
    reach = int(truncate * sigma + 0.5)
    offsets = np.arange(-reach, reach + 1)
    weights = np.exp(-0.5 * (offsets / sigma) ** 2)
    weights /= weights.sum()
    matrix = np.zeros((size, size))
    for offset, weight in zip(offsets, weights, strict=True):
        source = (np.arange(size) + offset) % (2 * size)
        source = np.minimum(source, 2 * size - 1 - source)
        np.add.at(matrix, (np.arange(size), source), weight)
    return matrix


def box_matrix(size: int, reduced: int) -> Float[np.ndarray, "reduced size"]:
    """Return the reduction of an axis by means over boxes, as Pillow's BOX filter.

    A pixel belongs to a box, wholly, if its centre does. Centres on an edge are common, and fall
    to the side that Pillow's own arithmetic puts them on.
    """
    scale = size / reduced
    centres = (np.arange(reduced)[:, None] + 0.5) * scale
    offsets = (np.arange(size) - centres + 0.5) * (1.0 / scale)
    first = (centres - 0.5 * scale + 0.5).astype(int)
    end = (centres + 0.5 * scale + 0.5).astype(int)
    inside = (offsets > -0.5) & (offsets <= 0.5)
    inside &= (np.arange(size) >= first) & (np.arange(size) < end)
    return inside / inside.sum(axis=1, keepdims=True)
