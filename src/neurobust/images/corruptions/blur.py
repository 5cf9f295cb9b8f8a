"""Defocus, motion and zoom blur (ImageNet-C)."""

import functools
import math

import numpy as np
import torch
from jaxtyping import Float, UInt8
from scipy import sparse
from torch import Tensor
from torch.nn.functional import embedding_bag

from neurobust.images.corruptions.layout import images_of_, planes_of, truncate_
from neurobust.images.corruptions.motion import blur_along_lines
from neurobust.images.corruptions.parameters import Defocus, MotionBlur, Zoom
from neurobust.images.corruptions.resampling import zoom_matrix


def motion_blur(
    images: UInt8[Tensor, "image row column channel"],
    angles_deg: Float[Tensor, " image"],
    line: MotionBlur,
) -> UInt8[Tensor, "image row column channel"]:
    """Blur each image along a line at its own angle."""
    return truncate_(blur_along_lines(images.to(torch.float32), angles_deg, line))


def disk_kernel(radius: float, alias_blur: float) -> Float[np.ndarray, "row column"]:
    """Return a disk, its rim softened by a small Gaussian.

    The Gaussian has 3 taps a side (5 for radii above 8) and a standard deviation of
    ``alias_blur`` pixels. It mirrors the kernel at its border; a disk that touches the border,
    of radius 8 or 10, then sums to slightly more than 1. ImageNet-C has this too.
    """
    half, reach = (8, 1) if radius <= 8 else (math.ceil(radius), 2)
    at = np.arange(-half, half + 1)
    disk = (at[:, None] ** 2 + at**2 <= radius**2).astype(float)
    taps = np.exp(-(np.arange(-reach, reach + 1) ** 2) / (2 * alias_blur**2))
    taps /= taps.sum()
    smooth = np.zeros((at.size, at.size))
    for tap, weight in zip(range(-reach, reach + 1), taps, strict=True):
        source = np.abs(np.arange(at.size) + tap)
        source = np.minimum(source, 2 * (at.size - 1) - source)
        np.add.at(smooth, (np.arange(at.size), source), weight)
    return smooth @ (disk / disk.sum()) @ smooth.T


def _cosines(frequencies: int, positions: Float[np.ndarray, " at"]) -> np.ndarray:
    """Return cos(pi * frequency * position / (frequencies - 1))."""
    period = max(1, frequencies - 1)
    return np.cos(np.pi * np.outer(np.arange(frequencies), positions) / period)


@functools.lru_cache(maxsize=32)
def _defocus_matrices(
    rows: int, columns: int, disk: Defocus, device: torch.device
) -> tuple[Tensor, ...]:
    kernel = disk_kernel(*disk)
    offsets = np.arange(kernel.shape[0]) - kernel.shape[0] // 2
    gains = _cosines(rows, offsets) @ kernel @ _cosines(columns, offsets).T
    forward = [_cosines(size, np.arange(size)) for size in (rows, columns)]
    for matrix in forward:
        matrix[:, 1:-1] *= 2.0  # a mirror image holds all but its ends twice
    backward = [np.linalg.inv(matrix) for matrix in forward]
    matrices = (*forward, gains, *backward)
    return tuple(torch.from_numpy(each).to(device, torch.float32) for each in matrices)


def defocus_blur(
    images: UInt8[Tensor, "image row column channel"], disk: Defocus
) -> UInt8[Tensor, "image row column channel"]:
    """Convolve with a disk, borders mirrored about the outermost pixels.

    A symmetric kernel under such borders is diagonal in the discrete cosine transform of type I
    (Martucci, 1994), so that the blur is a transform, a product and the inverse transform, and
    its cost does not depend on the radius.
    """
    matrices = _defocus_matrices(*images.shape[1:3], disk, images.device)
    row_forward, column_forward, gains, row_backward, column_backward = matrices
    spectra = row_forward @ (planes_of(images) @ column_forward.T)
    return images_of_(row_backward @ (spectra.mul_(gains) @ column_backward.T))


@functools.lru_cache(maxsize=32)
def _zoom_operator(
    rows: int, columns: int, zoom: Zoom, device: torch.device
) -> tuple[Tensor, Tensor, Tensor]:
    """Return the mean of the image and its zooms, as a sparse matrix over the pixels."""
    factors = np.arange(1, zoom.stop, zoom.step)
    total = sparse.identity(rows * columns, format="csr")
    for factor in factors:
        parts = (sparse.csr_matrix(zoom_matrix(size, factor)[:size]) for size in (rows, columns))
        total = total + sparse.kron(*parts, format="csr")
    total = total / (len(factors) + 1)
    return (
        torch.from_numpy(total.indices).to(device),
        torch.from_numpy(total.indptr[:-1]).to(device),
        torch.from_numpy(total.data).to(device, torch.float32),
    )


def zoom_blur(
    images: UInt8[Tensor, "image row column channel"], zoom: Zoom
) -> UInt8[Tensor, "image row column channel"]:
    """Average the image with its central zooms."""
    count, rows, columns, channels = images.shape
    sources, starts, weights = _zoom_operator(rows, columns, zoom, images.device)
    # Every pixel is one row of a table (its channels, of all images): a weighted sum of rows is
    # what an embedding bag computes, far faster on a processor than a sparse matrix product.
    table = images.reshape(count, -1).to(torch.float32).T.contiguous()
    table = table.reshape(rows * columns, channels * count)
    mean = embedding_bag(sources, table, starts, mode="sum", per_sample_weights=weights)
    return truncate_(mean).reshape(-1, count).T.reshape(images.shape)
