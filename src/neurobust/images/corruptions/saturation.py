"""Saturate (ImageNet-C): more or less saturation, at the same hue and value."""

from jaxtyping import UInt8
from torch import Tensor

from neurobust.images.corruptions.layout import images_of_, planes_of
from neurobust.images.corruptions.parameters import Saturate


def saturate(
    images: UInt8[Tensor, "image row column channel"], values: Saturate
) -> UInt8[Tensor, "image row column channel"]:
    """Change the saturation of HSV, and clip it to 0 ... 1.

    Value and hue do not change, so that the distances of all channels from the largest one are
    multiplied by one factor. A gray pixel has the hue of red, and a shift tints it. Images with one
    channel do not change.
    """
    planes = planes_of(images)
    value = planes.amax(1, keepdim=True)
    spread = value - planes.amin(1, keepdim=True)
    gray = (1.0 - spread).clamp_(min=0.0)  # 1 where all channels are equal, else 0
    saturation = (
        (spread / value.clamp(min=1.0)).mul_(values.gain).add_(values.shift).clamp_(0.0, 1.0)
    )
    below = value - planes
    below[:, 1:] += gray  # as if red were the largest channel, and the spread 1
    factor = saturation.mul_(value).div_(spread.add_(gray))
    return images_of_(below.mul_(factor).neg_().add_(value))
