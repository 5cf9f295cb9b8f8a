"""The 14 corruptions of TIN-TC, on whole batches of images.

They are the corruptions of ImageNet-C (Hendrycks & Dietterich, 2019) without glass blur, with its
severities, applied to bytes and truncated to bytes. Each is a pure function of images, values and
random fields (``noise``, ``blur``, ``weather``, ``digital``); the fields come from
counter-based random numbers (``fields``), so that what happens to an image follows from
(seed, corruption, severity, image id) and not from its batch.
"""

import torch
from jaxtyping import Int64, UInt8
from torch import Tensor

from neurobust.errors import InputError
from neurobust.images.corruptions.apply import apply_corruption
from neurobust.images.corruptions.fields import FieldSource
from neurobust.images.corruptions.parameters import CORRUPTIONS, GROUPS, SEVERITIES

__all__ = ["CORRUPTIONS", "GROUPS", "SEVERITIES", "corrupt"]

MINIMUM_SIDE = 32


def corrupt(
    images: UInt8[Tensor, "image row column channel"],
    corruption: str,
    severity: int,
    *,
    image_ids: Int64[Tensor, " image"],
    seed: int,
) -> UInt8[Tensor, "image row column channel"]:
    """Corrupt a batch of RGB images.

    Parameters
    ----------
    images
        Bytes, with 3 channels and sides of at least 32 pixels, on any device.
    corruption
        One of ``CORRUPTIONS``.
    severity
        1 to 5.
    image_ids
        What tells the images apart: an image's random fields follow from its id. On one kind of
        device the result is the same, byte for byte, in every batch.
    seed
        The seed of all corruptions.

    Returns
    -------
    UInt8[Tensor, "image row column channel"]
        New images, on the device of ``images``.

    Raises
    ------
    InputError
        If the corruption or the severity is unknown, or the images or ids have another shape or
        dtype.
    """
    _check(images, corruption, severity, image_ids)
    ids = image_ids.to(images.device)
    fields = FieldSource(ids, seed, ("corruption", corruption, severity))
    return apply_corruption(images, corruption, severity, fields)


def _check(images: Tensor, corruption: str, severity: int, image_ids: Tensor) -> None:
    if corruption not in CORRUPTIONS:
        raise InputError(
            "corruption",
            f"{corruption!r} is not known",
            expected=f"one of {', '.join(CORRUPTIONS)}",
            mend="choose one of these",
        )
    if severity not in SEVERITIES:
        raise InputError(
            "severity", f"{severity!r} is not known", expected="1 to 5", mend="choose one of these"
        )
    shape = tuple(images.shape)
    colour = len(shape) == 4 and shape[3] == 3
    if images.dtype != torch.uint8 or not colour or min(shape[1:3]) < MINIMUM_SIDE:
        raise InputError(
            "images",
            f"dtype is {images.dtype}, shape is {shape}",
            expected=f"uint8 (image, row, column, 3), sides of {MINIMUM_SIDE} pixels or more",
            mend="give RGB bytes with the channel last",
        )
    if image_ids.dtype != torch.int64 or tuple(image_ids.shape) != shape[:1]:
        raise InputError(
            "image_ids",
            f"dtype is {image_ids.dtype}, shape is {tuple(image_ids.shape)}",
            expected=f"int64 ({shape[0]},)",
            mend="give one whole number per image",
        )
