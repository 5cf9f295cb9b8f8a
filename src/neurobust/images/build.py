"""From the settings of an image set to the image set."""

from collections.abc import Mapping
from typing import Any

import xarray as xr
from pydantic import TypeAdapter

from neurobust.config.settings import CIFAR10, SPLIT_SEED, Folder, ImageSet, Photographs
from neurobust.images.sources.cifar10 import read_cifar10
from neurobust.images.sources.folder import read_folder
from neurobust.images.sources.photographs import build_photographs
from neurobust.images.sources.tiny_imagenet import read_tiny_imagenet


def build_image_set(settings: Mapping[str, Any]) -> xr.Dataset:
    """Build an image set as its settings say; errors are those of its source."""
    chosen = TypeAdapter(ImageSet).validate_python(settings)
    if isinstance(chosen, Photographs):
        return build_photographs(
            chosen.photographs,
            short_side_px=chosen.short_side_px,
            tile_px=chosen.tile_px,
            test_fraction=chosen.test,
            validation_fraction=chosen.validation,
            seed=SPLIT_SEED,
        )
    if isinstance(chosen, CIFAR10):
        return read_cifar10(
            chosen.path,
            classes=chosen.classes,
            validation_fraction=chosen.validation,
            seed=SPLIT_SEED,
        )
    if isinstance(chosen, Folder):
        return read_folder(
            chosen.path,
            classes=chosen.classes,
            size_px=chosen.size_px,
            short_side_px=chosen.short_side_px,
            validation_fraction=chosen.validation,
            seed=SPLIT_SEED,
        )
    return read_tiny_imagenet(
        chosen.path,
        classes=chosen.classes,
        validation_fraction=chosen.validation,
        seed=SPLIT_SEED,
    )
