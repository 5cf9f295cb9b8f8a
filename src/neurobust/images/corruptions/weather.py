"""Snow, frost, fog and brightness (ImageNet-C), given the random fields."""

import functools

import torch
from jaxtyping import Float, Float32, UInt8
from torch import Tensor

from neurobust.images.corruptions.layout import LUMA, ROUNDED_LUMA, images_of_, planes_of, truncate_
from neurobust.images.corruptions.motion import blur_along_lines
from neurobust.images.corruptions.parameters import Fog, Frost, Snow
from neurobust.images.corruptions.plasma import plasma_maps
from neurobust.images.corruptions.resampling import stretch_matrix


@functools.lru_cache(maxsize=32)
def _stretch(size: int, factor: float, device: torch.device) -> Tensor:
    return torch.from_numpy(stretch_matrix(size, factor)).to(device, torch.float32)


def snow(
    images: UInt8[Tensor, "image row column channel"],
    normals: Float32[Tensor, "image flake_row flake_column"],
    angles_deg: Float[Tensor, " image"],
    values: Snow,
) -> UInt8[Tensor, "image row column channel"]:
    """Whiten the images and let snow fall in two opposite directions.

    Parameters
    ----------
    images
        Images as bytes.
    normals
        Field of flakes before it is zoomed, with sides of ``centre_size(side, values.zoom)``.
    angles_deg
        Direction of the fall, in degrees.
    values
        Values of the severity.
    """
    rows, columns = images.shape[1:3]
    down, across = (_stretch(side, values.zoom, images.device) for side in normals.shape[1:])
    flakes = down @ (normals * values.std + values.mean) @ across.T
    flakes = torch.where(flakes < values.threshold, 0.0, flakes).clamp_(0.0, 1.0)
    fallen = blur_along_lines(flakes[..., None], angles_deg, values.blur)[:, :rows, :columns, 0]
    layer = fallen.mul(255.0).round_()
    layer += layer.flip(1, 2)

    planes = planes_of(images)
    weights = LUMA if planes.shape[1] == 3 else (1.0,)
    luma = torch.einsum("nchw,c->nhw", planes, planes.new_tensor(weights))
    whitened = torch.maximum(planes, luma.mul_(1.5).add_(0.5 * 255.0)[:, None])
    planes.mul_(values.clarity).add_(whitened, alpha=1.0 - values.clarity)
    return images_of_(planes.add_(layer[:, None]))


def frost(
    images: UInt8[Tensor, "image row column channel"],
    crops: UInt8[Tensor, "image row column 3"],
    weights: Frost,
) -> UInt8[Tensor, "image row column channel"]:
    """Add windows of frost textures to the images; on gray images the frost is gray."""
    layer = images.to(torch.float32).mul_(weights.image)
    if images.shape[3] == 1:
        gray = crops.to(torch.float32) @ layer.new_tensor(ROUNDED_LUMA)
        return truncate_(layer.add_(gray[..., None], alpha=weights.texture))
    return truncate_(layer.add_(crops, alpha=weights.texture))


def fog(
    images: UInt8[Tensor, "image row column channel"],
    uniforms: Float32[Tensor, "image draw"],
    values: Fog,
) -> UInt8[Tensor, "image row column channel"]:
    """Add a plasma fractal and scale back to the image's own maximum.

    The uniforms and the decay are those of `plasma_maps`.
    """
    rows, columns = images.shape[1:3]
    haze = plasma_maps(uniforms, values.decay)[:, :rows, :columns].mul(255.0 * values.amount)
    planes = planes_of(images)
    brightest = planes.amax((1, 2, 3), keepdim=True)
    planes.add_(haze[:, None]).mul_(brightest / (brightest + 255.0 * values.amount))
    return images_of_(planes)


def brightness(
    images: UInt8[Tensor, "image row column channel"], amount: float
) -> UInt8[Tensor, "image row column channel"]:
    """Raise the value of HSV by ``amount``, where white is 1.

    The value is the largest channel, and hue and saturation are ratios: all channels are multiplied
    by the factor of the value. Black becomes gray.
    """
    planes = planes_of(images)
    value = planes.amax(1, keepdim=True)
    black = (1.0 - value).clamp_(min=0.0)  # 1 where all channels are 0, else 0
    raised = (value + 255.0 * amount).clamp_(max=255.0)
    factor = raised.div_(value.add_(black))
    return images_of_(planes.add_(black).mul_(factor))
