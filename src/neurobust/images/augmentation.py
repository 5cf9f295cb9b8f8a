"""The augmentation of classification images: shifted crop, mirror, small rotation.

The three steps and their order (crop, flip, rotate) are those of the released code of Safarani
et al. (2021). Here the steps of a whole batch are one gather: each pixel that comes out is traced
back through all three to the pixel it shows.
"""

import torch
from jaxtyping import Bool, Float, Int, Shaped
from torch import Tensor

# At a time on the CPU: larger intermediates take two to three times as long.
_BLOCK_PIXELS = 1 << 16


def augment(
    images: Shaped[Tensor, "image channel row column"],
    *,
    generator: torch.Generator,
    padding: int = 4,
    max_rotation_deg: float = 15.0,
    flip: bool = True,
) -> Shaped[Tensor, "image channel row column"]:
    """Shift, mirror and rotate each image of a batch at random and independently.

    Parameters
    ----------
    images
        Gray or colour, uint8 or float, in a range where 0 is black: what comes from outside of an
        image is filled with 0.
    generator
        A generator on the CPU, wherever the images are, so that a seed gives the same draws on
        every device. Each call draws shifts, mirrors and angles, in this order, used or not.
    padding
        Greatest shift up, down, left or right, in pixels.
    max_rotation_deg
        Angles are uniform within plus and minus this.
    flip
        Whether to mirror left to right with probability one half.

    Returns
    -------
    Tensor
        A new batch of the same shape, dtype and device.
    """
    n_images = len(images)
    offsets = torch.randint(0, 2 * padding + 1, (n_images, 2), generator=generator)
    flips = torch.rand(n_images, generator=generator) < 0.5
    angles_deg = (2 * torch.rand(n_images, generator=generator) - 1) * max_rotation_deg
    return transform(
        images, offsets=offsets, flips=flips & flip, angles_deg=angles_deg, padding=padding
    )


def transform(
    images: Shaped[Tensor, "image channel row column"],
    *,
    offsets: Int[Tensor, "image 2"],
    flips: Bool[Tensor, " image"],
    angles_deg: Float[Tensor, " image"],
    padding: int,
) -> Shaped[Tensor, "image channel row column"]:
    """Crop, mirror and rotate each image of a batch by given amounts.

    Parameters
    ----------
    images
        The batch, on any device.
    offsets
        Row and column of the crop's corner in the image with ``padding`` zeros on every side,
        from 0 to twice the padding; the padding itself leaves the image in place.
    flips
        Whether the crop is then mirrored left to right.
    angles_deg
        The rotation after that, counter-clockwise about the centre, nearest neighbour, with zeros
        for what lay outside of the crop.
    padding
        Width of the zero margin in pixels.

    Returns
    -------
    Tensor
        A new batch of the same shape, dtype and device.
    """
    height, width = images.shape[-2:]
    on_cpu = images.device.type == "cpu"
    n_block = max(1, _BLOCK_PIXELS // (height * width)) if on_cpu else max(1, len(images))
    blocks = zip(
        images.split(n_block),
        offsets.split(n_block),
        flips.split(n_block),
        angles_deg.split(n_block),
        strict=True,
    )
    return torch.cat([_transform_block(*block, padding) for block in blocks])


def _transform_block(
    images: Shaped[Tensor, "image channel row column"],
    offsets: Int[Tensor, "image 2"],
    flips: Bool[Tensor, " image"],
    angles_deg: Float[Tensor, " image"],
    padding: int,
) -> Shaped[Tensor, "image channel row column"]:
    height, width = images.shape[-2:]
    shift = offsets.cpu().double() - padding
    radians = torch.deg2rad(angles_deg.cpu().double())[:, None]
    sine, cosine = radians.sin(), radians.cos()
    sign = torch.where(flips.cpu(), -1.0, 1.0)[:, None]
    y = torch.arange(height, dtype=torch.float64) - (height - 1) / 2
    x = torch.arange(width, dtype=torch.float64) - (width - 1) / 2
    # A mirror keeps the centre and turns the sign of the column, so that flip and rotation are one
    # linear map. The half makes rounding to the nearest pixel a floor.
    row_centre = shift[:, :1] + (height - 1) / 2 + 0.5
    column_centre = shift[:, 1:] + (width - 1) / 2 + 0.5
    row, row_inside = _trace(y * cosine + row_centre, x * sine, shift[:, 0], height, images.device)
    column, column_inside = _trace(
        -sign * y * sine + column_centre, sign * x * cosine, shift[:, 1], width, images.device
    )
    source = row.mul_(width).add_(column).clamp_(0, height * width - 1).long().flatten(1)
    shown = images.flatten(2).gather(2, source[:, None].expand(-1, images.shape[1], -1))
    inside = row_inside.logical_and_(column_inside)
    # A product, because masked_fill_ takes a hundred times as long on the CPU.
    return shown.view(images.shape).mul_(inside[:, None])


def _trace(
    from_row: Float[Tensor, "image row"],
    from_column: Float[Tensor, "image column"],
    shift: Float[Tensor, " image"],
    length: int,
    device: torch.device,
) -> tuple[Float[Tensor, "image row column"], Bool[Tensor, "image row column"]]:
    """Return one coordinate of each pixel's source, and whether the source exists.

    The coordinate is the sum of a part from the pixel's row and one from its column. A source
    exists inside both the image, from 0 to ``length``, and the crop, the same interval shifted.
    """
    traced = (
        from_row.float().to(device)[:, :, None] + from_column.float().to(device)[:, None, :]
    ).floor_()
    first = shift.clamp(min=0).float().to(device)[:, None, None]
    last = (length - 1 + shift.clamp(max=0)).float().to(device)[:, None, None]
    return traced, (traced >= first).logical_and_(traced <= last)
