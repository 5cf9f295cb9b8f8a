"""Defocus, motion and zoom blur (ImageNet-C)."""

import functools
import math

import numpy as np
import torch
from jaxtyping import Float, UInt8
from scipy import sparse
from torch import Tensor
from torch.nn.functional import embedding_bag, interpolate

from neurobust.images.corruptions.layout import images_of_, planes_of, truncate_
from neurobust.images.corruptions.motion import blur_along_lines
from neurobust.images.corruptions.parameters import Defocus, MotionBlur, Zoom
from neurobust.images.corruptions.resampling import centre_size, zoom_matrix


def motion_blur(
    images: UInt8[Tensor, "image row column channel"],
    angles_deg: Float[Tensor, " image"],
    line: MotionBlur,
) -> UInt8[Tensor, "image row column channel"]:
    """Blur each image along a line at its own angle."""
    return truncate_(blur_along_lines(images.to(torch.float32), angles_deg, line))


def disk_kernel(radius: float, alias_blur: float) -> Float[np.ndarray, "row column"]:
    """Return a disk whose rim is softened by a small Gaussian.

    The Gaussian has 3 taps along each axis (5 for radii above 8) and a standard deviation of
    ``alias_blur`` pixels. The kernel is mirrored at its border, so that a disk that touches the
    border (radius 8 or 10) sums to slightly more than 1, as in ImageNet-C.
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


@functools.lru_cache(maxsize=8)
def _cosine_transform(size: int, device: torch.device) -> Tensor:
    """Return the discrete cosine transform of type I, which is its own inverse up to a factor."""
    matrix = _cosines(size, np.arange(size))
    matrix[:, 1:-1] *= 2.0  # a mirrored signal holds all samples but its ends twice
    return torch.from_numpy(matrix).to(device, torch.float32)


@functools.lru_cache(maxsize=16)
def _defocus_gains(rows: int, columns: int, disk: Defocus, device: torch.device) -> Tensor:
    kernel = disk_kernel(*disk)
    offsets = np.arange(kernel.shape[0]) - kernel.shape[0] // 2
    gains = _cosines(rows, offsets) @ kernel @ _cosines(columns, offsets).T
    for size in (rows, columns):
        gains /= max(1, 2 * (size - 1))  # the factor of the transform and its inverse
    return torch.from_numpy(gains).to(device, torch.float32)


def defocus_blur(
    images: UInt8[Tensor, "image row column channel"], disk: Defocus
) -> UInt8[Tensor, "image row column channel"]:
    """Convolve with a disk, borders mirrored about the outermost pixels.

    With such borders, a symmetric kernel is diagonal in the discrete cosine transform of type I
    (Martucci, 1994): the blur is a transform, a product and the inverse transform, whose cost does
    not depend on the radius.
    """
    rows, columns = images.shape[1:3]
    down, across = (_cosine_transform(size, images.device) for size in (rows, columns))
    spectra = down @ (planes_of(images) @ across.T)
    spectra.mul_(_defocus_gains(rows, columns, disk, images.device))
    return images_of_(down @ (spectra @ across.T))


# The sparse matrix takes up to 400 bytes per pixel, 25 MB at this size. For larger images the zooms
# are computed and added one by one, which takes twice as long but little memory.
_MATRIX_PIXELS = 2**16


def _zoom_factors(zoom: Zoom) -> Float[np.ndarray, " factor"]:
    return np.arange(1, zoom.stop, zoom.step)


@functools.lru_cache(maxsize=5)
def _zoom_operator(
    rows: int, columns: int, zoom: Zoom, device: torch.device
) -> tuple[Tensor, Tensor, Tensor]:
    """Return the mean of the image and its zooms, as a sparse matrix over the pixels."""
    factors = _zoom_factors(zoom)
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


def _multiply_by_operator(
    images: UInt8[Tensor, "image row column channel"], zoom: Zoom
) -> UInt8[Tensor, "image row column channel"]:
    count, rows, columns, channels = images.shape
    sources, starts, weights = _zoom_operator(rows, columns, zoom, images.device)
    # Every pixel is one row of a table, with its channels in all images. An embedding bag computes
    # weighted sums of rows, on a processor far faster than a sparse matrix product does.
    table = images.reshape(count, -1).to(torch.float32).T.contiguous()
    table = table.reshape(rows * columns, channels * count)
    mean = embedding_bag(sources, table, starts, mode="sum", per_sample_weights=weights)
    return truncate_(mean).reshape(-1, count).T.reshape(images.shape)


def _add_zooms(
    images: UInt8[Tensor, "image row column channel"], zoom: Zoom
) -> UInt8[Tensor, "image row column channel"]:
    sides = images.shape[1:3]
    # planes with their channels side by side in memory, which torch interpolates faster
    planes = images.contiguous().to(torch.float32).permute(0, 3, 1, 2)
    factors = _zoom_factors(zoom)
    total = planes * 2.0  # the image and its zoom by 1
    for factor in factors[1:].tolist():
        centre = [centre_size(side, factor) for side in sides]
        top, left = ((side - part) // 2 for side, part in zip(sides, centre, strict=True))
        part = planes[:, :, top : top + centre[0], left : left + centre[1]]
        size = [round(side * factor) for side in centre]
        zoomed = interpolate(part, size, mode="bilinear", align_corners=True)
        total += zoomed[:, :, : sides[0], : sides[1]]
    return truncate_(total.div_(len(factors) + 1).permute(0, 2, 3, 1))


def zoom_blur(
    images: UInt8[Tensor, "image row column channel"], zoom: Zoom
) -> UInt8[Tensor, "image row column channel"]:
    """Average the image with its central zooms."""
    rows, columns = images.shape[1:3]
    average = _multiply_by_operator if rows * columns <= _MATRIX_PIXELS else _add_zooms
    return average(images, zoom)
