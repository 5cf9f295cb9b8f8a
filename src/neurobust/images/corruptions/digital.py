"""Contrast, elastic transform, pixelation and JPEG compression (ImageNet-C)."""

import functools
import io

import numpy as np
import torch
from jaxtyping import Float32, UInt8
from PIL import Image
from torch import Tensor
from torch.nn.functional import grid_sample

from neurobust.images.corruptions.layout import images_of_, planes_of, truncate_
from neurobust.images.corruptions.parameters import ELASTIC_REACH, ELASTIC_SIGMA
from neurobust.images.corruptions.resampling import box_matrix, smoothing_matrix

_CUT_SIGMA = 3.0


def contrast(
    images: UInt8[Tensor, "image row column channel"], left: float
) -> UInt8[Tensor, "image row column channel"]:
    """Shrink each channel's deviations from its mean over the image to the fraction ``left``."""
    count, rows, columns, channels = images.shape
    lines = images.reshape(count, rows, columns * channels).to(torch.float32)
    means = lines.mean(1).reshape(count, columns, channels).mean(1)
    means = means.mul_(1.0 - left).repeat(1, columns)[:, None]
    return truncate_(lines.mul_(left).add_(means)).reshape(images.shape)


@functools.lru_cache(maxsize=32)
def _smoothing(size: int, device: torch.device) -> Tensor:
    matrix = smoothing_matrix(size, ELASTIC_SIGMA * size, _CUT_SIGMA)
    return torch.from_numpy(matrix).to(device, torch.float32)


def elastic_transform(
    images: UInt8[Tensor, "image row column channel"],
    uniforms: Float32[Tensor, "image 2 row column"],
    alpha: float,
) -> UInt8[Tensor, "image row column channel"]:
    """Displace every pixel by a smoothed random field, with linear interpolation.

    Borders are mirrored outside the outermost pixels.

    Parameters
    ----------
    images
        Bytes.
    uniforms
        In [0, 1): how far to look to the right, then how far down, before smoothing.
    alpha
        The gain of the smoothed fields.
    """
    rows, columns = images.shape[1:3]
    down, across = (_smoothing(side, images.device) for side in (rows, columns))
    reach = ELASTIC_REACH * rows  # of both directions, as in ImageNet-C
    fields = uniforms.mul(2.0 * reach).sub_(reach)
    fields = (down @ fields @ across.T).mul_(alpha)
    grid = uniforms.new_empty(len(images), rows, columns, 2)
    for axis, size in enumerate((columns, rows)):
        at = torch.arange(size, device=images.device, dtype=torch.float32)
        source = fields[:, axis].add_(at if axis == 0 else at[:, None])
        # grid_sample's coordinates run from -1 to 1 between the outer edges of the pixels
        torch.mul(source.add_(0.5), 2.0 / size, out=grid[..., axis]).sub_(1.0)
    planes = planes_of(images)
    moved = grid_sample(planes, grid, "bilinear", "reflection", align_corners=False)
    return images_of_(moved)


@functools.lru_cache(maxsize=32)
def _box(size: int, reduced: int, device: torch.device) -> Tensor:
    return torch.from_numpy(box_matrix(size, reduced)).to(device, torch.float32)


def _nearest(size: int, reduced: int, device: torch.device) -> Tensor:
    # Pillow steps by repeated addition, which decides where a pixel's centre falls on an edge.
    steps = np.full(size, reduced / size)
    steps[0] *= 0.5
    return torch.from_numpy(np.cumsum(steps).astype(np.int64)).to(device)


def pixelate(
    images: UInt8[Tensor, "image row column channel"], fraction: float
) -> UInt8[Tensor, "image row column channel"]:
    """Reduce the images to a fraction of their sides by box means, and enlarge them by repetition.

    As Pillow does it: columns first, rounded to bytes, then rows, rounded again.
    """
    rows, columns = images.shape[1:3]
    small_rows, small_columns = int(rows * fraction), int(columns * fraction)
    across = _box(columns, small_columns, images.device)
    down = _box(rows, small_rows, images.device)
    narrow = (planes_of(images) @ across.T).add_(0.5).floor_()
    small = images_of_((down @ narrow).add_(0.5))
    wide = small.index_select(2, _nearest(columns, small_columns, images.device))
    return wide.index_select(1, _nearest(rows, small_rows, images.device))


def jpeg_compression(
    images: UInt8[Tensor, "image row column channel"], quality: int
) -> UInt8[Tensor, "image row column channel"]:
    """Encode each image as JPEG and decode it, with Pillow on the CPU."""
    arrays = images.cpu().numpy()
    decoded = np.empty_like(arrays)
    for array, result in zip(arrays, decoded, strict=True):
        stream = io.BytesIO()
        Image.fromarray(array).save(stream, "JPEG", quality=quality)
        with Image.open(stream) as image:
            result[:] = image
    return torch.from_numpy(decoded).to(images.device)
