"""The names, groups and severities of the corruptions.

The grouping is that of Hendrycks & Dietterich (2019), without glass blur, as in TIN-TC of
Safarani et al. (2021). The values are those of ImageNet-C in the form of the package
``imagecorruptions``, which takes images of any size.
"""

from typing import NamedTuple

# ASSUME: TIN-TC is made with the values of the package `imagecorruptions`; it differs from the
# ImageNet-C scripts in elastic_transform alone (no affine part, a displacement that scales with
# the image). "The ImageNet-C parameters on 64 x 64 images" does not settle it.

GROUPS: dict[str, tuple[str, ...]] = {
    "Noise": ("gaussian_noise", "shot_noise", "impulse_noise"),
    "Blur": ("defocus_blur", "motion_blur", "zoom_blur"),
    "Weather": ("snow", "frost", "fog", "brightness"),
    "Digital": ("contrast", "elastic_transform", "pixelate", "jpeg_compression"),
}
CORRUPTIONS: tuple[str, ...] = tuple(name for group in GROUPS.values() for name in group)
SEVERITIES: tuple[int, ...] = (1, 2, 3, 4, 5)


class MotionBlur(NamedTuple):
    """A line of ``2 * radius + 1`` pixels under half a Gaussian of width ``sigma`` (pixels)."""

    radius: int
    sigma: float


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


# One entry per severity, 1 to 5.
GAUSSIAN_NOISE_STD = (0.08, 0.12, 0.18, 0.26, 0.38)  # of a range of 1
SHOT_NOISE_RATE = (60, 25, 12, 5, 3)  # photons at white
IMPULSE_NOISE_AMOUNT = (0.03, 0.06, 0.09, 0.17, 0.27)  # fraction of the values
DEFOCUS_BLUR = ((3, 0.1), (4, 0.5), (6, 0.5), (8, 0.5), (10, 0.5))  # radius, alias blur (pixels)
MOTION_BLUR = (
    MotionBlur(10, 3),
    MotionBlur(15, 5),
    MotionBlur(15, 8),
    MotionBlur(15, 12),
    MotionBlur(20, 15),
)
MOTION_BLUR_ANGLE_DEG = (-45.0, 45.0)
ZOOM_BLUR = ((1.11, 0.01), (1.16, 0.01), (1.21, 0.02), (1.26, 0.02), (1.31, 0.03))  # stop, step
SNOW = (
    Snow(0.1, 0.3, 3, 0.5, MotionBlur(10, 4), 0.8),
    Snow(0.2, 0.3, 2, 0.5, MotionBlur(12, 4), 0.7),
    Snow(0.55, 0.3, 4, 0.9, MotionBlur(12, 8), 0.7),
    Snow(0.55, 0.3, 4.5, 0.85, MotionBlur(12, 8), 0.65),
    Snow(0.55, 0.3, 2.5, 0.85, MotionBlur(12, 12), 0.55),
)
SNOW_ANGLE_DEG = (-135.0, -45.0)
FROST = ((1, 0.4), (0.8, 0.6), (0.7, 0.7), (0.65, 0.7), (0.6, 0.75))  # weights: image, texture
FOG = ((1.5, 2), (2.0, 2), (2.5, 1.7), (2.5, 1.5), (3.0, 1.4))  # amount, decay of the wibble
BRIGHTNESS = (0.1, 0.2, 0.3, 0.4, 0.5)  # added to the value of HSV
CONTRAST = (0.4, 0.3, 0.2, 0.1, 0.05)  # the fraction that is left
ELASTIC_ALPHA = (12.5, 16.25, 21.25, 25.0, 30.0)  # gain of the smoothed displacement
ELASTIC_SIGMA = 0.01  # of the image's side
ELASTIC_REACH = 0.005  # of the image's rows: the displacements are drawn within +-this
PIXELATE = (0.6, 0.5, 0.4, 0.3, 0.25)  # of the image's side
JPEG_QUALITY = (25, 18, 15, 10, 7)
