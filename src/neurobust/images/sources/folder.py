"""Your own pictures, in a folder for each class: ``train/CLASS/`` and ``test/CLASS/``.

This is the layout of ImageNet, where ``val`` stands for ``test``.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import xarray as xr
from jaxtyping import UInt8
from PIL import Image

from neurobust.config.images.folder import Folder
from neurobust.config.splits import SPLIT_SEED
from neurobust.dims import TEST, TRAIN, VALIDATION
from neurobust.errors import InputError
from neurobust.images.form import CHANNELS, decode_rgb, make_image_set
from neurobust.images.splits import hold_out

TASK = "which class does the picture belong to"
SUFFIXES = (".jpg", ".jpeg", ".png")  # or in capital letters

_TEST_FOLDERS = ("test", "val")
_LAYOUT = "train/CLASS/*.jpg and test/CLASS/*.jpg (or val/CLASS/*.jpg)"


class _Picture(NamedTuple):
    file: Path
    label: int
    is_train: bool


def build(settings: Folder) -> xr.Dataset:
    """Build the image set of these settings; see `read_folder`."""
    return read_folder(
        settings.path,
        classes=settings.classes,
        size_px=settings.size_px,
        short_side_px=settings.short_side_px,
        validation_fraction=settings.validation,
        seed=SPLIT_SEED,
    )


def read_folder(
    source: Path,
    *,
    classes: Sequence[str] | int | None = None,
    size_px: int = 224,
    short_side_px: int = 256,
    validation_fraction: float = 0.1,
    seed: int = 1000,
) -> xr.Dataset:
    """Read an image set from a folder for each class.

    Each picture's shorter side is resized to ``short_side_px``, then the central square is cut
    out. Its number follows from its path within ``source`` (`number_of`): it depends neither on the
    classes chosen nor on the other pictures. Pictures are JPEG or PNG files directly in the folder
    of their class; other files, and names that begin with a dot, are ignored.

    Parameters
    ----------
    source
        The folder that holds ``train`` and ``test`` (or ``val``).
    classes
        Folders of classes, whose order gives the labels; or their number, the first by name; or
        None for all, by name.
    size_px
        Side of the square, in pixels.
    short_side_px
        Shorter side of the resized picture, in pixels.
    validation_fraction
        Share of the training pictures of each class; see
        `neurobust.images.splits.hold_out`.
    seed
        Seed that chooses the validation pictures.

    Raises
    ------
    InputError
        If the folder, ``train`` or ``test`` is not there; if there are both ``test`` and ``val``;
        if a class is unknown, named twice, without pictures, or missing in one of the two; if a
        picture cannot be read, or is in both train and test; or if the square exceeds the short
        side.
    """
    if size_px > short_side_px:
        raise InputError(
            "image set of source 'folder'",
            f"'size_px' is {size_px} with 'short_side_px' {short_side_px}",
            expected="a square that fits in the resized picture",
            fix="lower size_px or raise short_side_px",
        )
    train, test = _find_parts(source)
    chosen = _choose_classes(source, train, test, classes)
    pictures = [
        _Picture(file, label, is_train=part == train)
        for part in (train, test)
        for label, name in enumerate(chosen)
        for file in _list_pictures(part / name)
    ]
    label = np.array([picture.label for picture in pictures], dtype=np.int64)
    is_train = np.array([picture.is_train for picture in pictures])
    split = np.full(len(pictures), TEST, dtype=f"U{len(VALIDATION)}")
    validates = hold_out(
        label[is_train], chosen, fraction=validation_fraction, seed=seed, place=source
    )
    split[is_train] = np.where(validates, VALIDATION, TRAIN)
    paths = [picture.file.relative_to(source).as_posix() for picture in pictures]
    return make_image_set(
        pixels=_read_pixels(pictures, short_side_px, size_px),
        image_id=np.array([number_of(path) for path in paths], dtype=np.int64),
        label=label,
        split=split.tolist(),
        class_names=chosen,
        identifier=f"{source.absolute().name}-{len(chosen)}",
        source=f"the folder {source.as_posix()}",
        licence="see the source of the pictures",
        task=TASK,
    )


def number_of(path: str) -> int:
    """Return the number of a picture: 63 bits of the SHA-256 of its path, such as test/cat/1.png.

    They are the first eight bytes, as a little-endian integer without its lowest bit.
    """
    return int.from_bytes(hashlib.sha256(path.encode()).digest()[:8], "little") >> 1


def _find_parts(source: Path) -> tuple[Path, Path]:
    """Return the folders of training and of test classes."""
    tests = [source / name for name in _TEST_FOLDERS if (source / name).is_dir()]
    if not source.is_dir():
        problem = "is no folder" if source.exists() else "is not there"
    elif not (source / "train").is_dir():
        problem = "has no folder 'train'"
    elif not tests:
        problem = "has no folder 'test'"
    elif len(tests) == 2:
        problem = "has both 'test' and 'val': which of them holds the test pictures is unclear"
    else:
        return source / "train", tests[0]
    raise InputError(
        source,
        problem,
        expected=f"a folder that holds {_LAYOUT}",
        fix="put the pictures there, or change the image set's path; see docs/real-data.md",
    )


def _choose_classes(
    source: Path, train: Path, test: Path, classes: Sequence[str] | int | None
) -> list[str]:
    found = {part: set(_list_classes(part)) for part in (train, test)}
    listed = sorted(found[train] | found[test])
    if classes is None:
        chosen = listed
    elif isinstance(classes, int):
        chosen = listed[: max(classes, 0)]
    else:
        chosen = list(classes)
    strange = [name for name in chosen if name not in listed]
    too_many = isinstance(classes, int) and classes != len(chosen)
    if strange or too_many or not chosen or len(set(chosen)) != len(chosen):
        problem = f"there is no folder {strange[0]!r}" if strange else f"it is {classes!r}"
        raise InputError(
            source,
            f"'classes': {problem}",
            expected=f"different folders of train, or a number from 1 to {len(listed)}",
            fix="change the classes asked for, or add the pictures",
        )
    for name in chosen:
        for part, other in ((train, test), (test, train)):
            if name not in found[part]:
                problem = f"class {name!r} is in {other.name!r} but not in {part.name!r}"
            elif not _list_pictures(part / name):
                problem = f"class {name!r} has no picture in {part.name!r}"
            else:
                continue
            raise InputError(
                source,
                problem,
                expected=f"{_LAYOUT}, every class in both; JPEG or PNG",
                fix="add its pictures, or list the other classes under 'classes'",
            )
    return chosen


def _list_classes(part: Path) -> list[str]:
    return [path.name for path in part.iterdir() if path.is_dir() and not path.name.startswith(".")]


def _list_pictures(folder: Path) -> list[Path]:
    """List the pictures of a class by name, the order of torchvision's ImageFolder."""
    return sorted(
        path
        for path in folder.iterdir()
        if path.suffix.lower() in SUFFIXES and not path.name.startswith(".")
    )


def _read_pixels(
    pictures: Sequence[_Picture], short_side_px: int, size_px: int
) -> UInt8[np.ndarray, "image row column 3"]:
    pixels = np.empty((len(pictures), size_px, size_px, len(CHANNELS)), dtype=np.uint8)
    trained: dict[bytes, Path] = {}
    for position, (file, _, is_train) in enumerate(pictures):
        encoded = _read(file)
        digest = hashlib.sha256(encoded).digest()
        if is_train:
            trained.setdefault(digest, file)
        elif digest in trained:
            raise InputError(
                file,
                f"the same picture is in train, as {trained[digest]}",
                expected="test pictures that no network was trained on",
                fix="remove one of the two",
            )
        pixels[position] = _crop(decode_rgb(encoded, file), short_side_px, size_px)
    return pixels


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise InputError(
            file,
            f"cannot be read ({error})",
            expected="a JPEG or PNG file",
            fix="put the picture there again, or remove it",
        ) from error


def _crop(
    picture: Image.Image, short_side_px: int, size_px: int
) -> UInt8[np.ndarray, "row column 3"]:
    """Resize the shorter side and cut out the central square."""
    # ASSUME: the crop with which published ImageNet networks are evaluated: bilinear, antialiased
    # by Pillow; the longer side is truncated to a whole pixel, half of the margin rounds to an even
    # one.
    short = min(picture.size)
    width, height = (int(short_side_px * side / short) for side in picture.size)
    resized = picture.resize((width, height), Image.Resampling.BILINEAR)
    left, top = (round((side - size_px) / 2) for side in resized.size)
    return np.asarray(resized.crop((left, top, left + size_px, top + size_px)))
