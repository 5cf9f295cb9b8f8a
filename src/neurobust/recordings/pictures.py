"""Pictures that were shown in an experiment, converted to gray squares for a network."""

import struct
from io import BytesIO
from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from PIL import Image

from neurobust.errors import InputError

_READABLE = ("1", "L", "P", "RGB")


def read_picture(
    file: Path | BytesIO, place: object, *, size_px: int, crop_px: int
) -> UInt8[np.ndarray, "row column"]:
    """Decode a picture, convert it to gray, crop its central square and resize the square.

    Gray is the ITU-R 601 luma of the stored pixel values (as in Safarani et al. 2021).

    Parameters
    ----------
    file
        Path or contents of the file.
    place
        Name of the file in messages.
    size_px
        Side of the result. A square of this size is not resized.
    crop_px
        Pixels to remove at each side before the central square is cut out.

    Raises
    ------
    InputError
        If the picture does not decode, is neither 8-bit gray nor RGB, or is smaller than the crop.
    """
    try:
        with Image.open(file) as picture:
            picture.load()
            mode, gray = picture.mode, _gray(picture)
    except (OSError, SyntaxError, ValueError, EOFError, struct.error) as error:
        raise InputError(
            place,
            f"cannot be read as a picture ({error})",
            expected="a complete PNG, JPEG or other common image file",
            fix="fetch or export the picture again",
        ) from error
    if gray is None:
        raise InputError(
            place,
            f"has the pixel mode {mode!r}",
            expected="8-bit gray or RGB without transparency",
            fix="export the picture again as gray or RGB",
        )
    side = min(gray.size) - 2 * crop_px
    if side < 1:
        raise InputError(
            place,
            f"{gray.width} x {gray.height} px leave nothing after crop_px = {crop_px} at each side",
            expected="a picture larger than twice crop_px",
            fix="lower crop_px",
        )
    return np.asarray(_resize(_central_square(gray, side), size_px))


def _gray(picture: Image.Image) -> Image.Image | None:
    if picture.mode not in _READABLE or "transparency" in picture.info:
        return None
    return (picture.convert("RGB") if picture.mode == "P" else picture).convert("L")


def _central_square(picture: Image.Image, side: int) -> Image.Image:
    left, top = (picture.width - side) // 2, (picture.height - side) // 2
    return picture.crop((left, top, left + side, top + side))


def _resize(picture: Image.Image, size_px: int) -> Image.Image:
    if picture.size == (size_px, size_px):
        return picture
    # ASSUME: bilinear; as always in Pillow, the filter widens with the scale, so that frequencies
    # above the new Nyquist limit do not alias.
    return picture.resize((size_px, size_px), Image.Resampling.BILINEAR)
