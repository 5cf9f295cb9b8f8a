"""Each corruption at a severity: the random fields that it draws, and the function it calls."""

import math
from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import UInt8
from torch import Tensor

from neurobust.images.corruptions import blur, digital, glass, noise, parameters, weather
from neurobust.images.corruptions.fields import FieldSource
from neurobust.images.corruptions.frost_textures import frost_crops
from neurobust.images.corruptions.jpeg import jpeg_compression
from neurobust.images.corruptions.parameters import SeverityTable
from neurobust.images.corruptions.plasma import plasma_draws, plasma_side
from neurobust.images.corruptions.resampling import centre_size
from neurobust.images.corruptions.saturation import saturate
from neurobust.images.corruptions.spatter import spatter

Images = UInt8[Tensor, "image row column channel"]


def _gaussian_noise(images: Images, std: float, fields: FieldSource) -> Images:
    return noise.gaussian_noise(images, fields.normals("noise", *images.shape[1:]), std)


def _speckle_noise(images: Images, std: float, fields: FieldSource) -> Images:
    return noise.speckle_noise(images, fields.normals("noise", *images.shape[1:]), std)


def _shot_noise(images: Images, rate: int, fields: FieldSource) -> Images:
    return noise.shot_noise(images, fields.words("noise", *images.shape[1:]), rate)


def _impulse_noise(images: Images, amount: float, fields: FieldSource) -> Images:
    table = noise.impulse_table(amount, images.device)
    return noise.impulse_noise(images, fields.quantiles("noise", table, *images.shape[1:]))


def _glass_blur(images: Images, values: parameters.Glass, fields: FieldSource) -> Images:
    shape = (values.iterations, 2, *images.shape[1:3])
    return glass.glass_blur(images, fields.shifts("shuffle", values.reach, *shape), values)


def _motion_blur(images: Images, line: parameters.MotionBlur, fields: FieldSource) -> Images:
    angles = fields.angles_deg("angle", *parameters.MOTION_BLUR_ANGLE_DEG)
    return blur.motion_blur(images, angles, line)


def _snow(images: Images, values: parameters.Snow, fields: FieldSource) -> Images:
    size = [centre_size(side, values.zoom) for side in images.shape[1:3]]
    angles = fields.angles_deg("angle", *parameters.SNOW_ANGLE_DEG)
    return weather.snow(images, fields.normals("flakes", *size), angles, values)


def _frost(
    images: Images, weights: parameters.Frost, fields: FieldSource, table: SeverityTable
) -> Images:
    textures = fields.integers("texture", table.frost_textures)
    positions = fields.uniforms("position", 2)
    rows, columns = images.shape[1:3]
    crops = frost_crops(textures, positions, rows, columns, table.frost_scale)
    return weather.frost(images, crops, weights)


def _fog(images: Images, values: parameters.Fog, fields: FieldSource) -> Images:
    uniforms = fields.uniforms("plasma", plasma_draws(plasma_side(*images.shape[1:3])))
    return weather.fog(images, uniforms, values)


def _spatter(images: Images, values: parameters.Spatter, fields: FieldSource) -> Images:
    return spatter(images, fields.normals("drops", *images.shape[1:3]), values)


def _elastic_transform(images: Images, values: parameters.Elastic, fields: FieldSource) -> Images:
    uniforms = fields.uniforms("displacement", 2, *images.shape[1:3])
    return digital.elastic_transform(images, uniforms, fields.uniforms("map", 3, 2), values)


_FIXED: dict[str, Callable[[Images, Any], Images]] = {
    "defocus_blur": blur.defocus_blur,
    "zoom_blur": blur.zoom_blur,
    "gaussian_blur": glass.gaussian_blur,
    "brightness": weather.brightness,
    "contrast": digital.contrast,
    "pixelate": digital.pixelate,
    "jpeg_compression": jpeg_compression,
    "saturate": saturate,
}
_RANDOM: dict[str, Callable[[Images, Any, FieldSource], Images]] = {
    "gaussian_noise": _gaussian_noise,
    "shot_noise": _shot_noise,
    "impulse_noise": _impulse_noise,
    "speckle_noise": _speckle_noise,
    "glass_blur": _glass_blur,
    "motion_blur": _motion_blur,
    "snow": _snow,
    "fog": _fog,
    "spatter": _spatter,
    "elastic_transform": _elastic_transform,
}


def _corrupt_part(
    images: Images, corruption: str, severity: int, table: SeverityTable, fields: FieldSource
) -> Images:
    values = getattr(table, corruption)[severity - 1]
    if corruption in _FIXED:
        return _FIXED[corruption](images, values)
    if corruption == "frost":
        return _frost(images, values, fields, table)
    return _RANDOM[corruption](images, values, fields)


# A batch is processed in parts whose arrays stay in a processor's cache (about a megabyte of
# floats), or which keep a GPU busy without filling its memory.
_PART_VALUES = {"cpu": 400_000, "cuda": 50_000_000}


@torch.no_grad()
def apply_corruption(
    images: Images, corruption: str, severity: int, table: SeverityTable, fields: FieldSource
) -> Images:
    """Corrupt valid images part by part; see `neurobust.images.corruptions.corrupt`."""
    values = math.prod(images.shape[1:])
    part = max(1, _PART_VALUES.get(images.device.type, 400_000) // values)
    corrupted = torch.empty_like(images, memory_format=torch.contiguous_format)
    # Not in the bfloat16 of a training: matrix products must be exact to a byte.
    with torch.autocast(images.device.type, enabled=False):
        for start in range(0, len(images), part):
            span = slice(start, start + part)
            source = FieldSource(fields.image_ids[span], fields.seed, fields.purpose)
            corrupted[span] = _corrupt_part(images[span], corruption, severity, table, source)
    return corrupted
