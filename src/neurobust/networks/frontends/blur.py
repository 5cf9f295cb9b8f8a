"""A Gaussian blur before the trunk."""

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn

from neurobust.config.frontends.blur import Blur


class GaussianBlur(nn.Module):
    """Blur each channel with a normalised Gaussian, the image wrapped around at its edges.

    The kernel reaches ceil(2.5 sigma) pixels to each side (Li et al. 2023, released code). As the
    kernel sums to one, blurring standardised images is the same as standardising blurred ones.

    Parameters
    ----------
    sigma_px
        Standard deviation in pixels.
    """

    kernel: Tensor

    def __init__(self, sigma_px: float) -> None:
        super().__init__()
        reach = math.ceil(2.5 * sigma_px)
        distance = torch.arange(-reach, reach + 1, dtype=torch.float64)
        kernel = torch.exp(-(distance**2) / (2 * sigma_px**2))
        self.register_buffer("kernel", (kernel / kernel.sum()).float(), persistent=False)

    def forward(
        self, images: Float[Tensor, "image channel row column"]
    ) -> Float[Tensor, "image channel row column"]:
        """Return the blurred images."""
        channels = images.shape[1]
        reach = len(self.kernel) // 2
        padded = nn.functional.pad(images, (reach,) * 4, mode="circular")
        for shape in ((-1, 1), (1, -1)):
            weight = self.kernel.view(1, 1, *shape).expand(channels, 1, -1, -1)
            padded = nn.functional.conv2d(padded, weight, groups=channels)
        return padded


def build(settings: Blur) -> GaussianBlur:
    """Build the blur of a recipe."""
    return GaussianBlur(settings.sigma_px)
