"""The names, groups and severities of the corruptions.

Names, groups and the values of ``imagenet-c`` are those of ImageNet-C (Hendrycks & Dietterich,
2019) in the form of the package ``imagecorruptions``, which takes images of any size. Hendrycks &
Dietterich made CIFAR-10-C and Tiny ImageNet-C with weaker values: those of ``cifar-10-c`` and
``tiny-imagenet-c`` are from their scripts ``make_cifar_c.py`` and ``make_tinyimagenet_c.py``
(repository hendrycks/robustness, folder ImageNet-C/create_c).
"""

from dataclasses import dataclass
from typing import NamedTuple

# ASSUME: TIN-TC is made with the values of the package `imagecorruptions`; it differs from the
# ImageNet-C scripts only in elastic_transform (no affine part, a displacement that scales with the
# image). The paper's "ImageNet-C parameters on 64 x 64 images" leaves both readings open.

GROUPS: dict[str, tuple[str, ...]] = {
    "Noise": ("gaussian_noise", "shot_noise", "impulse_noise"),
    "Blur": ("defocus_blur", "glass_blur", "motion_blur", "zoom_blur"),
    "Weather": ("snow", "frost", "fog", "brightness"),
    "Digital": ("contrast", "elastic_transform", "pixelate", "jpeg_compression"),
}
EXTRA: tuple[str, ...] = ("speckle_noise", "gaussian_blur", "spatter", "saturate")
CORRUPTIONS: tuple[str, ...] = (*(name for group in GROUPS.values() for name in group), *EXTRA)
# Safarani et al. (2021), section 2: the 15 without glass blur.
TIN_TC: tuple[str, ...] = tuple(
    name for group in GROUPS.values() for name in group if name != "glass_blur"
)
SEVERITIES: tuple[int, ...] = (1, 2, 3, 4, 5)


class Defocus(NamedTuple):
    """A disk of ``radius`` whose rim is softened by a Gaussian of ``alias_blur`` (pixels)."""

    radius: float
    alias_blur: float


class Glass(NamedTuple):
    """Blur of ``sigma`` before and after ``iterations`` of shuffling within ``reach`` (pixels)."""

    sigma: float
    reach: int
    iterations: int


class MotionBlur(NamedTuple):
    """A line of ``2 * radius + 1`` pixels under half a Gaussian of width ``sigma`` (pixels)."""

    radius: int
    sigma: float


class Zoom(NamedTuple):
    """Zooms by 1, 1 + ``step``, ... below ``stop``."""

    stop: float
    step: float


class Snow(NamedTuple):
    """Flakes: ``mean`` and ``std`` of the field, its ``zoom`` and ``threshold``, their ``blur``.

    ``clarity`` is the weight of the image against its whitened self.
    """

    mean: float
    std: float
    zoom: float
    threshold: float
    blur: MotionBlur
    clarity: float


class Frost(NamedTuple):
    """The weights of the image and of the frost."""

    image: float
    texture: float


class Fog(NamedTuple):
    """The height of the fog, where white is 1, and the decay of its roughness per halving."""

    amount: float
    decay: float


class Spatter(NamedTuple):
    """Drops: ``mean`` and ``std`` of the field, its smoothing ``sigma`` (pixels), ``threshold``.

    ``amount`` is the strength of water, or the smoothing of the mask of mud (pixels).
    """

    mean: float
    std: float
    sigma: float
    threshold: float
    amount: float
    mud: bool


class Saturate(NamedTuple):
    """Saturation is multiplied by ``gain``, then raised by ``shift``."""

    gain: float
    shift: float


class Elastic(NamedTuple):
    """Random displacement up to ``alpha``, smoothed by ``sigma``, on top of a random affine map.

    The map moves three points by up to ``affine``. All values are fractions of the number of rows,
    except for ``sigma``, which is a fraction of either side.
    """

    alpha: float
    sigma: float
    affine: float


@dataclass(frozen=True)
class SeverityTable:
    """The values of every corruption, one per severity, 1 to 5."""

    gaussian_noise: tuple[float, ...]  # standard deviation, where white is 1
    shot_noise: tuple[int, ...]  # photons at white
    impulse_noise: tuple[float, ...]  # fraction of the values
    speckle_noise: tuple[float, ...]  # standard deviation, relative to the value
    defocus_blur: tuple[Defocus, ...]
    glass_blur: tuple[Glass, ...]
    motion_blur: tuple[MotionBlur, ...]
    zoom_blur: tuple[Zoom, ...]
    gaussian_blur: tuple[float, ...]  # sigma in pixels
    snow: tuple[Snow, ...]
    frost: tuple[Frost, ...]
    fog: tuple[Fog, ...]
    brightness: tuple[float, ...]  # added to the value of HSV
    spatter: tuple[Spatter, ...]
    contrast: tuple[float, ...]  # the fraction that is left
    elastic_transform: tuple[Elastic, ...]
    pixelate: tuple[float, ...]  # fraction of the image's side
    jpeg_compression: tuple[int, ...]  # quality
    saturate: tuple[Saturate, ...]
    frost_scale: float  # smallest scale of the photographs of frost
    frost_textures: int  # number of them, of six, that are used


MOTION_BLUR_ANGLE_DEG = (-45.0, 45.0)
SNOW_ANGLE_DEG = (-135.0, -45.0)

_IMAGENET_C = SeverityTable(
    gaussian_noise=(0.08, 0.12, 0.18, 0.26, 0.38),
    shot_noise=(60, 25, 12, 5, 3),
    impulse_noise=(0.03, 0.06, 0.09, 0.17, 0.27),
    speckle_noise=(0.15, 0.2, 0.35, 0.45, 0.6),
    defocus_blur=(
        Defocus(3, 0.1),
        Defocus(4, 0.5),
        Defocus(6, 0.5),
        Defocus(8, 0.5),
        Defocus(10, 0.5),
    ),
    glass_blur=(
        Glass(0.7, 1, 2),
        Glass(0.9, 2, 1),
        Glass(1, 2, 3),
        Glass(1.1, 3, 2),
        Glass(1.5, 4, 2),
    ),
    motion_blur=(
        MotionBlur(10, 3),
        MotionBlur(15, 5),
        MotionBlur(15, 8),
        MotionBlur(15, 12),
        MotionBlur(20, 15),
    ),
    zoom_blur=(
        Zoom(1.11, 0.01),
        Zoom(1.16, 0.01),
        Zoom(1.21, 0.02),
        Zoom(1.26, 0.02),
        Zoom(1.31, 0.03),
    ),
    gaussian_blur=(1, 2, 3, 4, 6),
    snow=(
        Snow(0.1, 0.3, 3, 0.5, MotionBlur(10, 4), 0.8),
        Snow(0.2, 0.3, 2, 0.5, MotionBlur(12, 4), 0.7),
        Snow(0.55, 0.3, 4, 0.9, MotionBlur(12, 8), 0.7),
        Snow(0.55, 0.3, 4.5, 0.85, MotionBlur(12, 8), 0.65),
        Snow(0.55, 0.3, 2.5, 0.85, MotionBlur(12, 12), 0.55),
    ),
    frost=(
        Frost(1, 0.4),
        Frost(0.8, 0.6),
        Frost(0.7, 0.7),
        Frost(0.65, 0.7),
        Frost(0.6, 0.75),
    ),
    fog=(Fog(1.5, 2), Fog(2.0, 2), Fog(2.5, 1.7), Fog(2.5, 1.5), Fog(3.0, 1.4)),
    brightness=(0.1, 0.2, 0.3, 0.4, 0.5),
    spatter=(
        Spatter(0.65, 0.3, 4, 0.69, 0.6, mud=False),
        Spatter(0.65, 0.3, 3, 0.68, 0.6, mud=False),
        Spatter(0.65, 0.3, 2, 0.68, 0.5, mud=False),
        Spatter(0.65, 0.3, 1, 0.65, 1.5, mud=True),
        Spatter(0.67, 0.4, 1, 0.65, 1.5, mud=True),
    ),
    contrast=(0.4, 0.3, 0.2, 0.1, 0.05),
    elastic_transform=(
        Elastic(0.0625, 0.01, 0),
        Elastic(0.08125, 0.01, 0),
        Elastic(0.10625, 0.01, 0),
        Elastic(0.125, 0.01, 0),
        Elastic(0.15, 0.01, 0),
    ),
    pixelate=(0.6, 0.5, 0.4, 0.3, 0.25),
    jpeg_compression=(25, 18, 15, 10, 7),
    saturate=(
        Saturate(0.3, 0),
        Saturate(0.1, 0),
        Saturate(2, 0),
        Saturate(5, 0.1),
        Saturate(20, 0.2),
    ),
    frost_scale=1.1,
    frost_textures=6,
)

_CIFAR_10_C = SeverityTable(
    gaussian_noise=(0.04, 0.06, 0.08, 0.09, 0.10),
    shot_noise=(500, 250, 100, 75, 50),
    impulse_noise=(0.01, 0.02, 0.03, 0.05, 0.07),
    speckle_noise=(0.06, 0.1, 0.12, 0.16, 0.2),
    defocus_blur=(
        Defocus(0.3, 0.4),
        Defocus(0.4, 0.5),
        Defocus(0.5, 0.6),
        Defocus(1, 0.2),
        Defocus(1.5, 0.1),
    ),
    glass_blur=(
        Glass(0.05, 1, 1),
        Glass(0.25, 1, 1),
        Glass(0.4, 1, 1),
        Glass(0.25, 1, 2),
        Glass(0.4, 1, 2),
    ),
    motion_blur=(
        MotionBlur(6, 1),
        MotionBlur(6, 1.5),
        MotionBlur(6, 2),
        MotionBlur(8, 2),
        MotionBlur(9, 2.5),
    ),
    zoom_blur=(
        Zoom(1.06, 0.01),
        Zoom(1.11, 0.01),
        Zoom(1.16, 0.01),
        Zoom(1.21, 0.01),
        Zoom(1.26, 0.01),
    ),
    gaussian_blur=(0.4, 0.6, 0.7, 0.8, 1),
    snow=(
        Snow(0.1, 0.2, 1, 0.6, MotionBlur(8, 3), 0.95),
        Snow(0.1, 0.2, 1, 0.5, MotionBlur(10, 4), 0.9),
        Snow(0.15, 0.3, 1.75, 0.55, MotionBlur(10, 4), 0.9),
        Snow(0.25, 0.3, 2.25, 0.6, MotionBlur(12, 6), 0.85),
        Snow(0.3, 0.3, 1.25, 0.65, MotionBlur(14, 12), 0.8),
    ),
    frost=(
        Frost(1, 0.2),
        Frost(1, 0.3),
        Frost(0.9, 0.4),
        Frost(0.85, 0.4),
        Frost(0.75, 0.45),
    ),
    fog=(Fog(0.2, 3), Fog(0.5, 3), Fog(0.75, 2.5), Fog(1, 2), Fog(1.5, 1.75)),
    brightness=(0.05, 0.1, 0.15, 0.2, 0.3),
    spatter=(
        Spatter(0.62, 0.1, 0.7, 0.7, 0.5, mud=False),
        Spatter(0.65, 0.1, 0.8, 0.7, 0.5, mud=False),
        Spatter(0.65, 0.3, 1, 0.69, 0.5, mud=False),
        Spatter(0.65, 0.1, 0.7, 0.69, 0.6, mud=True),
        Spatter(0.65, 0.1, 0.5, 0.68, 0.6, mud=True),
    ),
    contrast=(0.75, 0.5, 0.4, 0.3, 0.15),
    elastic_transform=(
        Elastic(0, 0, 0.08),
        Elastic(0.05, 0.2, 0.07),
        Elastic(0.08, 0.06, 0.06),
        Elastic(0.1, 0.04, 0.05),
        Elastic(0.1, 0.03, 0.03),
    ),
    pixelate=(0.95, 0.9, 0.85, 0.75, 0.65),
    jpeg_compression=(80, 65, 58, 50, 40),
    saturate=(
        Saturate(0.3, 0),
        Saturate(0.1, 0),
        Saturate(1.5, 0),
        Saturate(2, 0.1),
        Saturate(2.5, 0.2),
    ),
    frost_scale=0.2,
    frost_textures=5,
)

_TINY_IMAGENET_C = SeverityTable(
    gaussian_noise=(0.04, 0.08, 0.12, 0.15, 0.18),
    shot_noise=(250, 100, 50, 30, 15),
    impulse_noise=(0.01, 0.02, 0.05, 0.08, 0.14),
    speckle_noise=(0.15, 0.2, 0.25, 0.3, 0.35),
    defocus_blur=(
        Defocus(0.5, 0.6),
        Defocus(1, 0.1),
        Defocus(1.5, 0.1),
        Defocus(2.5, 0.01),
        Defocus(3, 0.1),
    ),
    glass_blur=(
        Glass(0.1, 1, 1),
        Glass(0.5, 1, 1),
        Glass(0.6, 1, 2),
        Glass(0.7, 2, 1),
        Glass(0.9, 2, 2),
    ),
    motion_blur=(
        MotionBlur(10, 1),
        MotionBlur(10, 1.5),
        MotionBlur(10, 2),
        MotionBlur(10, 2.5),
        MotionBlur(12, 3),
    ),
    zoom_blur=(
        Zoom(1.06, 0.01),
        Zoom(1.11, 0.01),
        Zoom(1.16, 0.01),
        Zoom(1.21, 0.01),
        Zoom(1.26, 0.01),
    ),
    gaussian_blur=(0.5, 0.75, 1, 1.25, 1.5),
    snow=(
        Snow(0.1, 0.2, 1, 0.6, MotionBlur(8, 3), 0.8),
        Snow(0.1, 0.2, 1, 0.5, MotionBlur(10, 4), 0.8),
        Snow(0.15, 0.3, 1.75, 0.55, MotionBlur(10, 4), 0.7),
        Snow(0.25, 0.3, 2.25, 0.6, MotionBlur(12, 6), 0.65),
        Snow(0.3, 0.3, 1.25, 0.65, MotionBlur(14, 12), 0.6),
    ),
    frost=(
        Frost(1, 0.3),
        Frost(0.9, 0.4),
        Frost(0.8, 0.45),
        Frost(0.75, 0.5),
        Frost(0.7, 0.55),
    ),
    fog=(Fog(0.4, 3), Fog(0.7, 3), Fog(1, 2.5), Fog(1.5, 2), Fog(2, 1.75)),
    brightness=(0.1, 0.2, 0.3, 0.4, 0.5),
    spatter=(
        Spatter(0.62, 0.1, 0.7, 0.7, 0.6, mud=False),
        Spatter(0.65, 0.1, 0.8, 0.7, 0.6, mud=False),
        Spatter(0.65, 0.3, 1, 0.69, 0.6, mud=False),
        Spatter(0.65, 0.1, 0.7, 0.68, 0.6, mud=True),
        Spatter(0.65, 0.1, 0.5, 0.67, 0.6, mud=True),
    ),
    contrast=(0.4, 0.3, 0.2, 0.1, 0.05),
    elastic_transform=(
        Elastic(0, 0, 0.08),
        Elastic(0.05, 0.3, 0.06),
        Elastic(0.1, 0.08, 0.06),
        Elastic(0.1, 0.03, 0.03),
        Elastic(0.16, 0.03, 0.02),
    ),
    pixelate=(0.9, 0.8, 0.7, 0.6, 0.5),
    jpeg_compression=(65, 58, 50, 40, 25),
    saturate=(
        Saturate(0.3, 0),
        Saturate(0.1, 0),
        Saturate(2, 0),
        Saturate(5, 0.1),
        Saturate(30, 0.2),
    ),
    frost_scale=0.3,
    frost_textures=5,
)

TABLES: dict[str, SeverityTable] = {
    "imagenet-c": _IMAGENET_C,
    "cifar-10-c": _CIFAR_10_C,
    "tiny-imagenet-c": _TINY_IMAGENET_C,
}
