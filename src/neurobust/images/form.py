"""The labelled form of an image set, its checks, and how its splits are read.

A set is a dataset with ``pixels(image, row, column, channel)``, uint8, channels r, g, b (or, for a
gray set, without ``channel``). Its coordinates along ``image`` are ``image_id`` (a picture keeps
its number whatever else the set holds), ``label`` (the position of its class in ``class_name``) and
``split``.
"""

import hashlib
import io
from collections.abc import Iterator, Sequence

import numpy as np
import xarray as xr
from jaxtyping import Int64, UInt8
from PIL import Image

from neurobust.dims import CHANNEL, COLUMN, IMAGE, ROW, SPLITS, require
from neurobust.errors import InputError
from neurobust.files.storage import load

PIXELS = "pixels"
IMAGE_ID = "image_id"
LABEL = "label"
SPLIT = "split"
CLASS = "class"
CLASS_NAME = "class_name"
CHANNELS = ("r", "g", "b")

_ATTRIBUTES = ("identifier", "source", "licence", "sha256", "task")
_REBUILD = "delete the file and let the workflow build it again"
# ITU-R 601 weights of r, g, b in units of 2**-16; they sum to 2**16.
LUMA_WEIGHTS = (19595, 38470, 7471)
_HALF = 1 << 15
_BLOCK = 1 << 18  # pixels at a time, so that the 32-bit intermediates stay in the cache


def make_image_set(
    *,
    pixels: UInt8[np.ndarray, "image row column *channel"],
    image_id: Int64[np.ndarray, " image"],
    label: Int64[np.ndarray, " image"],
    split: Sequence[str],
    class_names: Sequence[str],
    identifier: str,
    source: str,
    licence: str,
    task: str,
) -> xr.Dataset:
    """Assemble an image set and check it.

    Parameters
    ----------
    pixels
        The pictures: r, g, b along a last axis of three, or gray without that axis.
    image_id, label, split
        Number, class (as a position in ``class_names``) and split of each picture.
    class_names
        Name of each class, in the order of the labels.
    identifier, source, licence
        Name of the set, where it comes from and on which terms it may be used.
    task
        Question that the label answers, in one sentence.

    Raises
    ------
    InputError
        In the same cases as `check_image_set`.
    """
    colour = pixels.ndim == 4
    dims = (IMAGE, ROW, COLUMN, CHANNEL) if colour else (IMAGE, ROW, COLUMN)
    data = xr.Dataset(
        {PIXELS: (dims, pixels)},
        coords={
            IMAGE_ID: (IMAGE, image_id),
            LABEL: (IMAGE, label),
            SPLIT: (IMAGE, np.asarray(split, dtype=str)),
            CLASS_NAME: (CLASS, np.asarray(class_names, dtype=str)),
            **({CHANNEL: (CHANNEL, list(CHANNELS))} if colour else {}),
        },
        attrs={
            "identifier": identifier,
            "source": source,
            "licence": licence,
            "sha256": _checksum(pixels, label),
            "task": task,
        },
    )
    check_image_set(data, f"image set {identifier!r}")
    return data


def require_colour(data: xr.Dataset) -> None:
    """Check that an image set is in RGB, as corruptions need it.

    Raises
    ------
    InputError
        If it is gray.
    """
    if CHANNEL not in data.dims:
        raise InputError(
            f"image set {data.attrs.get('identifier')!r}",
            "is gray",
            expected="an image set in RGB, since corruptions are applied to colour images",
            fix="build the set from colour images",
        )


def require_image(images: xr.Dataset, number: int, place: str) -> None:
    """Check that the image at a position, which the key ``place`` gives, is there.

    Raises
    ------
    InputError
        If there are fewer images.
    """
    if number >= images.sizes[IMAGE]:
        raise InputError(
            place,
            f"is {number}, but there are {images.sizes[IMAGE]} test images",
            expected=f"0 to {images.sizes[IMAGE] - 1}",
            fix="choose a smaller number",
        )


def check_image_set(data: xr.Dataset, place: object) -> None:
    """Check that a dataset is a complete image set whose content has its checksum.

    Raises
    ------
    InputError
        If a variable, coordinate or attribute is missing, has another dtype or other dims; a number
        occurs twice; a label has no class; a split is empty or unknown; or the checksum of pixels
        and labels is not ``sha256``.
    """
    dims = (IMAGE, ROW, COLUMN, CHANNEL) if CHANNEL in data.dims else (IMAGE, ROW, COLUMN)
    along = dict.fromkeys((IMAGE_ID, LABEL, SPLIT), (IMAGE,))
    require(
        data,
        place,
        variables={PIXELS: dims, **along, CLASS_NAME: (CLASS,)},
        attributes=_ATTRIBUTES,
    )
    for name, dtype in ((PIXELS, np.uint8), (IMAGE_ID, np.int64), (LABEL, np.int64)):
        if data[name].dtype != dtype:
            raise _unlike(place, f"{name!r} is {data[name].dtype}", f"{name!r} as {dtype.__name__}")
    _check_values(data, place)
    if _checksum(data[PIXELS].values, data[LABEL].values) != data.attrs["sha256"]:
        raise _unlike(
            place, "'sha256' is not that of the pixels and labels", "an unaltered image set"
        )


def _check_values(data: xr.Dataset, place: object) -> None:
    if CHANNEL in data.dims and tuple(data[CHANNEL].values) != CHANNELS:
        found = ", ".join(map(str, data[CHANNEL].values))
        raise _unlike(place, f"'channel' is {found}", "the channels r, g, b")
    if np.unique(data[IMAGE_ID].values).size != data.sizes[IMAGE]:
        raise _unlike(place, "'image_id' repeats a number", "one number per picture")
    label = data[LABEL].values
    if label.size and (label.min() < 0 or label.max() >= data.sizes[CLASS]):
        raise _unlike(
            place,
            f"'label' runs from {label.min()} to {label.max()}",
            f"labels of the {data.sizes[CLASS]} classes, from 0",
        )
    found_splits = {str(split) for split in data[SPLIT].values}
    if found_splits != set(SPLITS):
        raise _unlike(
            place,
            f"'split' holds {', '.join(sorted(found_splits)) or 'nothing'}",
            f"pictures in each of {', '.join(SPLITS)}",
        )


def _unlike(place: object, problem: str, expected: str) -> InputError:
    return InputError(place, problem, expected=expected, fix=_REBUILD)


def _checksum(
    pixels: UInt8[np.ndarray, "image row column *channel"], label: Int64[np.ndarray, " image"]
) -> str:
    digest = hashlib.sha256(np.ascontiguousarray(pixels))
    digest.update(label.astype("<i8").tobytes())
    return digest.hexdigest()


def select_split(data: xr.Dataset, split: str) -> xr.Dataset:
    """Return the pictures of one split; the attributes remain those of the whole set.

    Raises
    ------
    InputError
        If ``split`` is not train, validation or test, or has no pictures.
    """
    if split not in SPLITS:
        raise InputError(
            f"image set {data.attrs.get('identifier')!r}",
            f"'split' {split!r} is unknown",
            expected=f"one of {', '.join(SPLITS)}",
            fix="name one of these splits",
        )
    chosen = np.flatnonzero(data[SPLIT].values == split)
    if chosen.size == 0:
        raise _unlike(
            f"image set {data.attrs.get('identifier')!r}",
            f"'split' is {split} for no picture",
            f"pictures in each of {', '.join(SPLITS)}",
        )
    return data.isel({IMAGE: chosen})


def read_split(data: xr.Dataset, split: str, at_once: int) -> Iterator[xr.Dataset]:
    """Yield the pictures of one split in their order, ``at_once`` at a time, loaded into memory.

    If the set is an open file (`neurobust.files.storage.open_dataset`), no other pictures are
    loaded.

    Raises
    ------
    InputError
        If the file is damaged, or there is no such split.
    """
    chosen = select_split(data, split)
    for start in range(0, chosen.sizes[IMAGE], at_once):
        yield load(chosen.isel({IMAGE: slice(start, start + at_once)}))


def luma(pixels: UInt8[np.ndarray, "*picture 3"]) -> UInt8[np.ndarray, "*picture"]:
    """Return the ITU-R 601 luma of RGB pixels, rounded as Pillow's mode "L" rounds it.

    That is (19595 r + 38470 g + 7471 b + 2**15) >> 16, with the channels along the last axis.
    """
    flat = pixels.reshape(-1, len(CHANNELS))
    gray = np.empty(len(flat), dtype=np.uint8)
    for start in range(0, len(flat), _BLOCK):
        block = flat[start : start + _BLOCK].astype(np.uint32)
        total = np.full(len(block), _HALF, dtype=np.uint32)
        for channel, weight in enumerate(LUMA_WEIGHTS):
            total += block[:, channel] * np.uint32(weight)
        gray[start : start + _BLOCK] = total >> np.uint32(16)
    return gray.reshape(pixels.shape[:-1])


def decode_rgb(encoded: bytes, place: object) -> Image.Image:
    """Decode a JPEG or PNG into an RGB picture; a gray one gets three equal channels.

    Raises
    ------
    InputError
        If the bytes are not a whole picture; ``place`` names it.
    """
    try:
        with Image.open(io.BytesIO(encoded)) as picture:
            return picture.convert("RGB")
    except (OSError, SyntaxError, ValueError) as error:  # Pillow raises each for damaged files
        raise InputError(
            place,
            f"the image does not decode ({error})",
            expected="a whole JPEG or PNG file",
            fix="fetch the source again; this file in it is damaged",
        ) from error
