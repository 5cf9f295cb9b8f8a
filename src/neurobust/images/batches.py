"""Images as a network sees them: on its device, in its colours, standardised."""

from collections.abc import Iterable
from dataclasses import dataclass

import torch
import xarray as xr
from jaxtyping import Float, Int64, UInt8
from torch import Tensor

from neurobust.dims import TRAIN
from neurobust.files.storage import load
from neurobust.images.form import (
    IMAGE_ID,
    LABEL,
    LUMA_WEIGHTS,
    PIXELS,
    read_split,
    select_split,
)

_AT_ONCE = 1024  # images in memory while their mean and standard deviation are computed


def gray(
    pixels: UInt8[Tensor, "image row column 3"],
) -> UInt8[Tensor, "image row column"]:
    """Return the ITU-R 601 luma, rounded as in Pillow."""
    luma = torch.empty(pixels.shape[:3], dtype=torch.uint8, device=pixels.device)
    # small blocks stay in a processor's cache and take almost no memory
    block = 16 if pixels.device.type == "cpu" else max(1, len(pixels))
    for shown, part in zip(luma.split(block), pixels.split(block), strict=True):
        weighted = torch.full(part.shape[:3], 0x8000, dtype=torch.int32, device=part.device)
        for channel, weight in enumerate(LUMA_WEIGHTS):
            weighted.add_(part[..., channel], alpha=weight)
        shown.copy_(weighted >> 16)
    return luma


def as_channels(
    pixels: UInt8[Tensor, "image row column *channel"], colour: str
) -> UInt8[Tensor, "image channel row column"]:
    """Return pictures with their channels first: one for ``gray``, three for ``rgb``."""
    if colour == "gray":
        return (gray(pixels) if pixels.ndim == 4 else pixels).unsqueeze(1)
    if pixels.ndim == 3:
        pixels = pixels.unsqueeze(3).expand(-1, -1, -1, 3)
    return pixels.permute(0, 3, 1, 2).contiguous()


@dataclass(frozen=True)
class Standard:
    """Mean and standard deviation by which pictures are standardised, where white is 1.

    Every source has its own: that of the training images of an image set, or of the training
    stimuli of a recording (released code of Safarani et al. 2021).
    """

    mean: float
    std: float

    @classmethod
    def of(cls, pixels: UInt8[Tensor, "image channel row column"]) -> "Standard":
        """Return the mean and the standard deviation over all pixels of these pictures."""
        return cls.over([pixels])

    @classmethod
    def of_set(cls, image_set: xr.Dataset, colour: str) -> "Standard":
        """Return the values of an image set's training images, few of them in memory at a time."""
        parts = read_split(image_set, TRAIN, _AT_ONCE)
        return cls.over(
            as_channels(torch.from_numpy(part[PIXELS].values), colour) for part in parts
        )

    @classmethod
    def over(cls, parts: Iterable[UInt8[Tensor, "image channel row column"]]) -> "Standard":
        """Return the values of pictures that are given in one or more parts."""
        levels_of_parts = [torch.bincount(part.flatten(), minlength=256) for part in parts]
        counts = torch.stack(levels_of_parts).sum(0).double()
        levels = torch.arange(256, dtype=torch.double, device=counts.device) / 255
        mean = (counts * levels).sum() / counts.sum()
        variance = (counts * (levels - mean) ** 2).sum() / counts.sum()
        return cls(mean.item(), max(variance.item(), 1e-12) ** 0.5)

    def __call__(
        self, pixels: UInt8[Tensor, "image channel row column"]
    ) -> Float[Tensor, "image channel row column"]:
        """Return these pictures standardised."""
        return self.standardise(pixels / 255)

    def standardise(
        self, images: Float[Tensor, "image channel row column"]
    ) -> Float[Tensor, "image channel row column"]:
        """Standardise images with pixels from 0 to 1; gradients pass.

        The result has the memory layout in which convolutions are fastest.
        """
        standardised = (images - self.mean).div_(self.std)
        return standardised.contiguous(memory_format=torch.channels_last)


@dataclass(frozen=True)
class LabelledPictures:
    """One split of an image set on a device.

    Attributes
    ----------
    pixels
        Pixels as stored, channels last (RGB, or gray without the dimension).
    labels, image_ids
        Label and number of each image.
    colour
        Colours that the network sees, ``gray`` or ``rgb``.
    standard
        Mean and standard deviation of the set's training images.
    """

    pixels: UInt8[Tensor, "image row column *channel"]
    labels: Int64[Tensor, " image"]
    image_ids: Int64[Tensor, " image"]
    colour: str
    standard: Standard

    @classmethod
    def of_split(
        cls, image_set: xr.Dataset, split: str, *, colour: str, device: torch.device
    ) -> "LabelledPictures":
        """Take one split of an image set."""
        standard = Standard.of_set(image_set, colour)
        return cls.of(
            load(select_split(image_set, split)), colour=colour, standard=standard, device=device
        )

    @classmethod
    def of(
        cls, pictures: xr.Dataset, *, colour: str, standard: Standard, device: torch.device
    ) -> "LabelledPictures":
        """Take these pictures of an image set."""
        pixels, labels, image_ids = (
            torch.from_numpy(pictures[name].values).to(device) for name in (PIXELS, LABEL, IMAGE_ID)
        )
        return cls(pixels, labels, image_ids, colour, standard)

    def __len__(self) -> int:
        return len(self.pixels)

    def seen(self) -> UInt8[Tensor, "image channel row column"]:
        """Return the pictures in the network's colours."""
        return as_channels(self.pixels, self.colour)
