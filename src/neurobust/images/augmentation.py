"""The augmentation of classification images: shifted crop, mirror, small rotation.

The three steps and their order (crop, flip, rotate) are those of the released code of Safarani
et al. (2021). For speed, a whole batch goes through all three in one gather: each pixel of the
result is traced back to the pixel that it shows.
"""

import torch
from jaxtyping import Bool, Float, Int, Shaped
from torch import Tensor, nn

# Pixels that the CPU handles at a time: larger intermediates can take two to three times as long.
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
        Gray or colour images, uint8 or float, in a range where 0 is black: pixels from outside of
        an image become 0.
    generator
        A generator on the CPU, wherever the images are, so that a seed gives the same draws on
        every device. Each call draws shifts, mirrors and angles, in this order, even those that it
        does not use.
    padding
        Largest shift up, down, left or right, in pixels.
    max_rotation_deg
        Largest angle, in degrees; angles are uniform between minus and plus this value.
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
        from 0 to twice the padding; an offset equal to the padding does not shift the image.
    flips
        Whether the crop is then mirrored left to right.
    angles_deg
        The rotation that follows, counter-clockwise about the centre, with nearest-neighbour
        sampling and zeros for pixels from outside of the crop.
    padding
        Width of the zero margin in pixels.

    Returns
    -------
    Tensor
        A new batch of the same shape, dtype and device.
    """
    device = images.device
    height, width = images.shape[-2:]
    y, x = (torch.arange(size, dtype=torch.float64) - (size - 1) / 2 for size in (height, width))
    shift = (offsets.cpu().double() - padding).unsqueeze(2)
    # Instead of padding and cropping, set the pixels that the crop leaves out to zero and add a
    # ring of zeros.
    rows, columns = (abs(y - shift[:, 0]) < height / 2, abs(x - shift[:, 1]) < width / 2)
    rows, columns = (kept.to(device, images.dtype) for kept in (rows, columns))
    cropped = nn.functional.pad(images * rows[:, None, :, None] * columns[:, None, None], [1] * 4)
    radians = torch.deg2rad(angles_deg.cpu().double())
    sine, cosine = radians.sin(), radians.cos()
    sign = torch.where(flips.cpu(), -1.0, 1.0)
    # A mirror keeps the centre and changes the sign of the column, so that flip and rotation are
    # one linear map. A centre half a pixel larger makes rounding to the nearest pixel a floor.
    linear = torch.stack([cosine, sine, -sign * sine, sign * cosine], 1).view(-1, 2, 2)
    centre = torch.tensor([[height / 2], [width / 2]], dtype=torch.float64)
    from_row = (linear[:, :, :1] * y + (shift + centre)).to(device, torch.float32)
    from_column = (linear[:, :, 1:] * x).to(device, torch.float32)
    n_block = max(1, _BLOCK_PIXELS // (height * width) if device.type == "cpu" else len(images))
    parts = (tensor.split(n_block) for tensor in (cropped, from_row, from_column))
    return torch.cat([_show(*part) for part in zip(*parts, strict=True)])


def _show(
    cropped: Shaped[Tensor, "image channel row+2 column+2"],
    from_row: Float[Tensor, "image 2 row"],
    from_column: Float[Tensor, "image 2 column"],
) -> Shaped[Tensor, "image channel row column"]:
    """Return for each pixel the value of its source in images with a ring of zeros.

    The row and column of the source are sums of two parts, one that depends on the pixel's row and
    one that depends on its column. A source outside is clamped to the ring, which takes the CPU far
    less time than comparisons.
    """
    height, width = from_row.shape[2], from_column.shape[2]
    traced = (from_row[..., None] + from_column[:, :, None]).floor_()
    row, column = traced[:, 0].clamp_(-1, height), traced[:, 1].clamp_(-1, width)
    pixel = column.add_(row, alpha=width + 2).add_(width + 3)
    # By way of int32: a direct conversion to int64 takes the CPU twice as long.
    pixel = pixel.int().long().flatten(1)[:, None].expand(-1, cropped.shape[1], -1)
    return cropped.flatten(2).gather(2, pixel).unflatten(2, (height, width))
