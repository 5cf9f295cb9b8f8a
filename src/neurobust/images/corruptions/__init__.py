"""The 19 corruptions of ImageNet-C, on whole batches of images, on a processor or a GPU.

::

    from neurobust.images.corruptions import corrupt

    corrupted = corrupt(images, "fog", 3, image_ids=torch.arange(len(images)), seed=1000)

They are the 15 corruptions of ImageNet-C and its 4 extra ones (Hendrycks & Dietterich, 2019), with
its severities or those of CIFAR-10-C or Tiny ImageNet-C; they take bytes and return bytes. Each is
a pure function of images, values and random fields (modules ``noise``, ``blur``, ``glass``,
``weather``, ``spatter``, ``saturation``, ``digital``, ``jpeg``). The fields are counter-based
random numbers (``fields``): they depend on (seed, corruption, severity, image id), not on the
batch.
"""

import math
from numbers import Integral

import torch
from jaxtyping import Int64, UInt8
from torch import Tensor

from neurobust.errors import InputError
from neurobust.images.corruptions.apply import apply_corruption
from neurobust.images.corruptions.fields import FieldSource
from neurobust.images.corruptions.parameters import (
    CORRUPTIONS,
    EXTRA,
    GROUPS,
    SEVERITIES,
    TABLES,
    TIN_TC,
)

__all__ = ["CORRUPTIONS", "EXTRA", "GROUPS", "SEVERITIES", "TABLES", "TIN_TC", "corrupt"]


def corrupt(
    images: UInt8[Tensor, "image row column *channel"],
    corruption: str,
    severity: int,
    *,
    image_ids: Int64[Tensor, " image"],
    seed: int,
    table: str = "imagenet-c",
) -> UInt8[Tensor, "image row column *channel"]:
    """Corrupt a batch of images.

    Parameters
    ----------
    images
        Bytes on any device, of any size: RGB with 3 channels; or gray, with 1 channel or without
        that axis.
    corruption
        One of ``CORRUPTIONS``.
    severity
        1 to 5.
    image_ids
        Number of each image, from which its random fields follow. On one kind of device the result
        is the same, byte for byte, in every batch; between devices a value may differ by 1.
    seed
        Seed of all corruptions.
    table
        Table of severities, one of ``TABLES``.

    Returns
    -------
    UInt8[Tensor, "image row column *channel"]
        New images, on the device of ``images``.

    Raises
    ------
    InputError
        If the corruption, the severity or the table is unknown, the seed is not a whole number, or
        the images or ids have another type, shape or dtype.
    """
    _check_choice("corruption", corruption, CORRUPTIONS)
    _check_choice("severity", severity, SEVERITIES)
    _check_choice("table", table, tuple(TABLES))
    _check_whole("severity", severity)
    _check_whole("seed", seed)
    _check_images(images, image_ids)
    fields = FieldSource(image_ids.to(images.device), seed, ("corruption", corruption, severity))
    batch = images if images.ndim == 4 else images[..., None]
    corrupted = apply_corruption(batch, corruption, severity, TABLES[table], fields)
    return corrupted.reshape(images.shape)


def _check_choice(name: str, value: object, choices: tuple[object, ...]) -> None:
    if value not in choices:
        raise InputError(
            name,
            f"{value!r} is not known",
            expected=f"one of {', '.join(str(choice) for choice in choices)}",
            fix="choose one of these",
        )


def _check_whole(name: str, value: object) -> None:
    # 3.0 and True equal whole numbers, but would give other random fields
    if not isinstance(value, Integral) or isinstance(value, bool):
        raise InputError(
            name, f"is {value!r}", expected="a whole number", fix=f"give an int as {name}"
        )


def _check_images(images: Tensor, image_ids: Tensor) -> None:
    for name, value in {"images": images, "image_ids": image_ids}.items():
        if not isinstance(value, Tensor):
            raise InputError(
                name,
                f"is of the type {type(value).__name__}",
                expected="a tensor",
                fix="convert it with torch.from_numpy or torch.tensor",
            )
    shape = tuple(images.shape)
    channels = len(shape) == 3 or (len(shape) == 4 and shape[3] in (1, 3))
    if images.dtype != torch.uint8 or not channels or math.prod(shape[1:]) == 0:
        raise InputError(
            "images",
            f"dtype is {images.dtype}, shape is {shape}",
            expected="uint8 (image, row, column, 3 or 1) or (image, row, column)",
            fix="give bytes with the channel last",
        )
    if image_ids.dtype != torch.int64 or tuple(image_ids.shape) != shape[:1]:
        raise InputError(
            "image_ids",
            f"dtype is {image_ids.dtype}, shape is {tuple(image_ids.shape)}",
            expected=f"int64 ({shape[0]},)",
            fix="give one whole number per image",
        )
