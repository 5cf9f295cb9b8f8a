"""Each corruption at a severity: which fields it draws and which function takes them."""

import math
from collections.abc import Callable

import torch
from jaxtyping import UInt8
from torch import Tensor

from neurobust.images.corruptions import blur, digital, noise, parameters, weather
from neurobust.images.corruptions.fields import FieldSource
from neurobust.images.corruptions.frost_textures import TEXTURES, frost_crops
from neurobust.images.corruptions.plasma import plasma_draws, plasma_side
from neurobust.images.corruptions.resampling import centre_size

Images = UInt8[Tensor, "image row column channel"]


def _gaussian_noise(images: Images, level: int, fields: FieldSource) -> Images:
    normals = fields.normals("noise", *images.shape[1:])
    return noise.gaussian_noise(images, normals, parameters.GAUSSIAN_NOISE_STD[level])


def _shot_noise(images: Images, level: int, fields: FieldSource) -> Images:
    uniforms = fields.uniforms("noise", *images.shape[1:])
    return noise.shot_noise(images, uniforms, parameters.SHOT_NOISE_RATE[level])


def _impulse_noise(images: Images, level: int, fields: FieldSource) -> Images:
    uniforms = fields.uniforms("noise", *images.shape[1:])
    amount = parameters.IMPULSE_NOISE_AMOUNT[level]
    return noise.impulse_noise(images, uniforms < amount, uniforms < amount / 2)


def _defocus_blur(images: Images, level: int, _: FieldSource) -> Images:
    return blur.defocus_blur(images, *parameters.DEFOCUS_BLUR[level])


def _motion_blur(images: Images, level: int, fields: FieldSource) -> Images:
    angles = fields.angles_deg("angle", *parameters.MOTION_BLUR_ANGLE_DEG)
    return blur.motion_blur(images, angles, parameters.MOTION_BLUR[level])


def _zoom_blur(images: Images, level: int, _: FieldSource) -> Images:
    return blur.zoom_blur(images, *parameters.ZOOM_BLUR[level])


def _snow(images: Images, level: int, fields: FieldSource) -> Images:
    values = parameters.SNOW[level]
    size = [centre_size(side, values.zoom) for side in images.shape[1:3]]
    angles = fields.angles_deg("angle", *parameters.SNOW_ANGLE_DEG)
    return weather.snow(images, fields.normals("flakes", *size), angles, values)


def _frost(images: Images, level: int, fields: FieldSource) -> Images:
    textures = fields.integers("texture", TEXTURES).tolist()
    positions = fields.uniforms("position", 2)
    rows, columns = images.shape[1:3]
    crops = frost_crops(textures, positions, rows, columns, images.device)
    return weather.frost(images, crops, parameters.FROST[level])


def _fog(images: Images, level: int, fields: FieldSource) -> Images:
    uniforms = fields.uniforms("plasma", plasma_draws(plasma_side(*images.shape[1:3])))
    return weather.fog(images, uniforms, *parameters.FOG[level])


def _brightness(images: Images, level: int, _: FieldSource) -> Images:
    return weather.brightness(images, parameters.BRIGHTNESS[level])


def _contrast(images: Images, level: int, _: FieldSource) -> Images:
    return digital.contrast(images, parameters.CONTRAST[level])


def _elastic_transform(images: Images, level: int, fields: FieldSource) -> Images:
    uniforms = fields.uniforms("displacement", 2, *images.shape[1:3])
    return digital.elastic_transform(images, uniforms, parameters.ELASTIC_ALPHA[level])


def _pixelate(images: Images, level: int, _: FieldSource) -> Images:
    return digital.pixelate(images, parameters.PIXELATE[level])


def _jpeg_compression(images: Images, level: int, _: FieldSource) -> Images:
    return digital.jpeg_compression(images, parameters.JPEG_QUALITY[level])


_APPLY: dict[str, Callable[[Images, int, FieldSource], Images]] = {
    "gaussian_noise": _gaussian_noise,
    "shot_noise": _shot_noise,
    "impulse_noise": _impulse_noise,
    "defocus_blur": _defocus_blur,
    "motion_blur": _motion_blur,
    "zoom_blur": _zoom_blur,
    "snow": _snow,
    "frost": _frost,
    "fog": _fog,
    "brightness": _brightness,
    "contrast": _contrast,
    "elastic_transform": _elastic_transform,
    "pixelate": _pixelate,
    "jpeg_compression": _jpeg_compression,
}
# A batch goes through in parts whose arrays stay in a processor's cache (about a megabyte of
# floats), or that keep a GPU busy without filling its memory.
_PART_VALUES = {"cpu": 400_000, "cuda": 50_000_000}


@torch.no_grad()
def apply_corruption(images: Images, corruption: str, severity: int, fields: FieldSource) -> Images:
    """Corrupt valid images part by part; see :func:`neurobust.images.corruptions.corrupt`."""
    values = math.prod(images.shape[1:])
    part = max(1, _PART_VALUES.get(images.device.type, 400_000) // values)
    corrupted = torch.empty_like(images, memory_format=torch.contiguous_format)
    for start in range(0, len(images), part):
        span = slice(start, start + part)
        source = FieldSource(fields.image_ids[span], fields.seed, fields.purpose)
        corrupted[span] = _APPLY[corruption](images[span], severity - 1, source)
    return corrupted
