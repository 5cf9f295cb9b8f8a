"""Contrast, elastic transform and pixelation (ImageNet-C)."""

import functools

import numpy as np
import torch
from jaxtyping import Float, Float32, Float64, UInt8
from torch import Tensor, nn

from neurobust.images.corruptions.layout import images_of_, planes_of, truncate_
from neurobust.images.corruptions.parameters import Elastic
from neurobust.images.corruptions.resampling import box_matrix, smoother


def contrast(
    images: UInt8[Tensor, "image row column channel"], left: float
) -> UInt8[Tensor, "image row column channel"]:
    """Shrink each channel's deviations from its mean over the image to the fraction ``left``."""
    count, rows, columns, channels = images.shape
    lines = images.reshape(count, rows, columns * channels).to(torch.float32)
    means = lines.mean(1).reshape(count, columns, channels).mean(1)
    means = means.mul_(1.0 - left).repeat(1, columns)[:, None]
    return truncate_(lines.mul_(left).add_(means)).reshape(images.shape)


def _affine_maps(
    moves: Float[Tensor, "image 3 2"], rows: int, columns: int, reach: float
) -> Float64[Tensor, "image 3 2"]:
    """Return the maps (x, y, 1) -> (x, y) from each pixel of the result to its source.

    Three corners of a square about the centre, whose half side is a third of the image's shorter
    side, move by up to ``reach`` pixels along each axis.
    """
    half = max(1, min(rows, columns) // 3)
    corners = [(half, half), (half, -half), (-half, -half)]
    before = torch.tensor(corners, dtype=torch.float64, device=moves.device)
    before = before + before.new_tensor((columns // 2, rows // 2))
    after = before + (moves.to(torch.float64) * 2 - 1) * reach
    return torch.linalg.solve(nn.functional.pad(after, (0, 1), value=1.0), before.expand_as(after))


def _sample(
    planes: Float32[Tensor, "image channel row column"],
    x: Float32[Tensor, "image row column"],
    y: Float32[Tensor, "image row column"],
    *,
    about_pixels: bool,
) -> Float32[Tensor, "image channel row column"]:
    """Interpolate at positions in pixels; ``x`` and ``y`` are overwritten.

    Borders are mirrored about the outermost pixels (``about_pixels``) or about their outer edges.
    """
    # grid_sample's coordinates run from -1 to 1 between the centres or the outer edges
    for at, size in ((x, planes.shape[3]), (y, planes.shape[2])):
        if about_pixels:
            at.mul_(2.0 / max(1, size - 1)).sub_(1.0)
        else:
            at.add_(0.5).mul_(2.0 / size).sub_(1.0)
    grid = torch.stack((x, y), -1)
    return nn.functional.grid_sample(
        planes, grid, "bilinear", "reflection", align_corners=about_pixels
    )


def elastic_transform(
    images: UInt8[Tensor, "image row column channel"],
    uniforms: Float32[Tensor, "image 2 row column"],
    moves: Float32[Tensor, "image 3 2"],
    values: Elastic,
) -> UInt8[Tensor, "image row column channel"]:
    """Displace every pixel by an affine map and by a smoothed random field.

    Interpolation is linear. The map mirrors borders about the outermost pixels, the field about
    their outer edges.

    Parameters
    ----------
    images
        Images as bytes.
    uniforms
        Displacements to the right and down before smoothing, from [0, 1).
    moves
        Displacements to the right and down of the affine map's three points, from [0, 1).
    values
        Values of the severity.
    """
    rows, columns = images.shape[1:3]
    across = torch.arange(columns, device=images.device, dtype=torch.float32)
    down = torch.arange(rows, device=images.device, dtype=torch.float32)[:, None]
    planes = planes_of(images)
    if values.affine:
        maps = _affine_maps(moves, rows, columns, values.affine * rows).to(torch.float32)
        by_x, by_y, offset = maps[..., None, None].unbind(1)
        x, y = (by_x * across + by_y * down + offset).unbind(1)
        planes = _sample(planes, x, y, about_pixels=True)
    if values.alpha:
        vertical, horizontal = (
            smoother(side, values.sigma * side, 3.0, "reflect", planes.dtype, planes.device)
            for side in (rows, columns)
        )
        reach = values.alpha * rows  # of both directions, as in ImageNet-C
        fields = uniforms.mul(2.0 * reach).sub_(reach)
        fields = vertical @ fields @ horizontal.T
        x, y = fields[:, 0].add_(across), fields[:, 1].add_(down)
        planes = _sample(planes, x, y, about_pixels=False)
    return images_of_(planes)


@functools.lru_cache(maxsize=32)
def _box(size: int, reduced: int, device: torch.device) -> Tensor:
    return torch.from_numpy(box_matrix(size, reduced)).to(device, torch.float32)


def _nearest(size: int, reduced: int, device: torch.device) -> Tensor:
    # Pillow adds up steps; its rounding decides to which side a centre on an edge belongs.
    steps = np.full(size, reduced / size)
    steps[0] *= 0.5
    return torch.from_numpy(np.cumsum(steps).astype(np.int64)).to(device)


def pixelate(
    images: UInt8[Tensor, "image row column channel"], fraction: float
) -> UInt8[Tensor, "image row column channel"]:
    """Reduce the images to a fraction of their sides by box means, and enlarge them by repetition.

    As in Pillow, columns come first and are rounded to bytes, then rows, which are rounded again.
    (New versions of Pillow begin with the rows of images that are more than twice as high as wide;
    the results then differ by a level.)
    """
    rows, columns = images.shape[1:3]
    small_rows, small_columns = (max(1, int(side * fraction)) for side in (rows, columns))
    across = _box(columns, small_columns, images.device)
    down = _box(rows, small_rows, images.device)
    narrow = (planes_of(images) @ across.T).add_(0.5).floor_()
    small = images_of_((down @ narrow).add_(0.5))
    wide = small.index_select(2, _nearest(columns, small_columns, images.device))
    return wide.index_select(1, _nearest(rows, small_rows, images.device))
