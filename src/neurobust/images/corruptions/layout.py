"""Conversion from bytes to floats and back, in either order of the axes.

Values keep the range of bytes, 0 to 255. Operations that treat the channels alike are fastest with
the channel last, the order of the images; operations on rows and columns need planes, with the
channel first.
"""

import torch
from jaxtyping import Float32, UInt8
from torch import Tensor

# Added before the fraction is cut off, so that a whole number that float32 has rounded down does
# not lose a level; a thousandth of a level is far above that rounding error.
_ROUNDING = 1e-3
LUMA = (0.299, 0.587, 0.114)  # ITU-R 601
ROUNDED_LUMA = (0.2989, 0.587, 0.114)  # as in some functions of the package `imagecorruptions`


def truncate_(values: Float32[Tensor, "..."]) -> UInt8[Tensor, "..."]:
    """Clip to 0 ... 255 and cut off the fraction, as ImageNet-C does; ``values`` is overwritten."""
    cut = values.clamp_(0.0, 255.0).add_(_ROUNDING)
    # by way of int16, which torch vectorises on a processor: four times as fast
    return cut.to(torch.int16).to(torch.uint8)


def planes_of(
    images: UInt8[Tensor, "image row column channel"],
) -> Float32[Tensor, "image channel row column"]:
    """Return the images as new float planes."""
    return images.permute(0, 3, 1, 2).contiguous().to(torch.float32)


def images_of_(
    planes: Float32[Tensor, "image channel row column"],
) -> UInt8[Tensor, "image row column channel"]:
    """Truncate planes to images; ``planes`` is overwritten."""
    cut = truncate_(planes)
    images = cut.new_empty(cut.shape[0], cut.shape[2], cut.shape[3], cut.shape[1])
    for channel in range(cut.shape[1]):  # twice as fast as one permuted copy
        images[..., channel] = cut[:, channel]
    return images
