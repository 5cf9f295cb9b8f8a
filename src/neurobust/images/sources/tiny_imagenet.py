"""Tiny ImageNet, from the zip that Stanford's course cs231n publishes or from the folder in it.

The official validation images, whose labels are public, are the test set, and a tenth of the
training images is the validation set, as in Safarani et al. (2021).
"""

import os
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np
import xarray as xr
from jaxtyping import UInt8

from neurobust.config.images.tiny_imagenet import TinyImageNet
from neurobust.config.splits import SPLIT_SEED
from neurobust.dims import TEST, TRAIN, VALIDATION
from neurobust.errors import InputError
from neurobust.images.form import CHANNELS, decode_rgb, make_image_set

ADDRESS = "http://cs231n.stanford.edu/tiny-imagenet-200.zip"
TASK = "which of the Tiny ImageNet classes does the object belong to"
N_TRAIN_PER_CLASS = 500
N_TEST_PER_CLASS = 50
SIDE_PX = 64

_FOLDER = "tiny-imagenet-200/"
_CLASSES, _WORDS, _ANNOTATIONS = "wnids.txt", "words.txt", "val/val_annotations.txt"
_WNID = re.compile(r"n\d{8}")
_TRAIN_FILE = re.compile(r"train/(?P<folder>[^/]+)/images/(?P<wnid>n\d{8})_(?P<number>\d+)\.JPEG")
_TEST_FILE = re.compile(r"val/images/val_(?P<number>\d+)\.JPEG")
# The number of a training picture is its WordNet id followed by five digits; that of a test picture
# is its official number, which is much smaller. Neither depends on the classes chosen.
_IDS_PER_CLASS = 100_000
_FETCH_AGAIN = f"fetch {ADDRESS} again, or unpack it again"


class _Archive(NamedTuple):
    """The files of the zip or folder, with paths relative to ``tiny-imagenet-200``."""

    source: Path
    names: list[str]
    read: Callable[[str], bytes]


class _Picture(NamedTuple):
    name: str
    wnid: str
    image_id: int


def build(settings: TinyImageNet) -> xr.Dataset:
    """Build the image set of these settings; see `read_tiny_imagenet`."""
    return read_tiny_imagenet(
        settings.path,
        classes=settings.classes,
        validation_fraction=settings.validation,
        seed=SPLIT_SEED,
    )


def read_tiny_imagenet(
    source: Path,
    *,
    classes: Sequence[str] | int | None = None,
    validation_fraction: float = 0.1,
    seed: int = 1000,
    n_train: int = N_TRAIN_PER_CLASS,
    n_test: int = N_TEST_PER_CLASS,
) -> xr.Dataset:
    """Read Tiny ImageNet, or some of its classes, as an image set.

    Parameters
    ----------
    source
        The official zip, the folder ``tiny-imagenet-200`` from it, or the folder that holds that.
    classes
        WordNet ids, whose order gives the labels; or their number, the first in ``wnids.txt``; or
        None for all in ``wnids.txt``.
    validation_fraction
        Share of the training images, of all chosen classes together.
    seed
        Seed of the legacy numpy generator that shuffles them (1000 in Safarani et al., 2021).
    n_train, n_test
        Number of images that each class must have in ``train`` and in ``val``.

    Raises
    ------
    InputError
        If the source is missing, damaged or has another layout; if a class is unknown or absent;
        if a class has another number of images; if an image is in the folder of another class,
        does not decode or is not 64 x 64 pixels; or if a split would be empty.
    """
    with _open_archive(source) as archive:
        chosen = _choose_classes(archive, classes)
        names = _read_class_names(archive)
        train = _list_training_pictures(archive, chosen, n_train)
        pictures = train + _list_test_pictures(archive, chosen, n_test)
        for wnid in chosen:
            if wnid not in names:
                raise _unlike(archive, _WORDS, f"class {wnid} has no name", "a line per class")
        pixels = _decode(archive, pictures)
    label = {wnid: position for position, wnid in enumerate(chosen)}
    split = np.full(len(pictures), TEST, dtype=f"U{len(VALIDATION)}")
    split[: len(train)] = _split_training(len(train), validation_fraction, seed)
    return make_image_set(
        pixels=pixels,
        image_id=np.array([picture.image_id for picture in pictures], dtype=np.int64),
        label=np.array([label[picture.wnid] for picture in pictures], dtype=np.int64),
        split=split.tolist(),
        class_names=[names[wnid] for wnid in chosen],
        identifier=f"tiny-imagenet-{len(chosen)}",
        source=ADDRESS,
        licence="ImageNet's terms of access: non-commercial research and education",
        task=TASK,
    )


@contextmanager
def _open_archive(source: Path) -> Iterator[_Archive]:
    if source.is_dir():
        folder = source if (source / _CLASSES).exists() else source / _FOLDER
        files = [Path(at, name) for at, _, names in os.walk(folder) for name in names]
        yield _Archive(
            source,
            [file.relative_to(folder).as_posix() for file in files],
            lambda name: (folder / name).read_bytes(),
        )
        return
    try:
        opened = zipfile.ZipFile(source)
    except (OSError, zipfile.BadZipFile) as error:
        raise InputError(
            source,
            f"the zip cannot be opened ({error})",
            expected="the whole tiny-imagenet-200.zip, or the folder unpacked from it",
            fix=f"fetch {ADDRESS} and put it there",
        ) from error
    with opened:
        inside = (name for name in opened.namelist() if name.startswith(_FOLDER))
        yield _Archive(
            source,
            [name.removeprefix(_FOLDER) for name in inside],
            lambda name: opened.read(_FOLDER + name),
        )


def _unlike(archive: _Archive, name: str, problem: str, expected: str) -> InputError:
    return InputError(f"{archive.source}, {name}", problem, expected=expected, fix=_FETCH_AGAIN)


def _read(archive: _Archive, name: str) -> bytes:
    try:
        return archive.read(name)
    except (KeyError, FileNotFoundError) as error:  # of a zip and of a folder
        raise _unlike(archive, name, "the file is missing", "Tiny ImageNet's layout") from error
    except (OSError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        problem = f"the file cannot be read ({error})"
        raise _unlike(archive, name, problem, "Tiny ImageNet's layout, undamaged") from error


def _read_rows(archive: _Archive, name: str, n_fields: int) -> Iterator[list[str]]:
    """Yield the first fields of each line of a table with tabs."""
    try:
        lines = _read(archive, name).decode().splitlines()
    except UnicodeDecodeError as error:
        raise _unlike(archive, name, f"the file is not text ({error})", "UTF-8 text") from error
    for number, line in enumerate(lines, start=1):
        fields = line.strip().split("\t")
        if len(fields) < n_fields:
            problem = f"line {number} has {len(fields)} fields"
            raise _unlike(archive, name, problem, f"{n_fields} or more, separated by tabs")
        yield fields[:n_fields]


def _read_class_names(archive: _Archive) -> dict[str, str]:
    return {row[0]: row[1] for row in _read_rows(archive, _WORDS, 2)}


def _choose_classes(archive: _Archive, classes: Sequence[str] | int | None) -> list[str]:
    listed = [wnid for (wnid,) in _read_rows(archive, _CLASSES, 1)]
    if not listed or not all(_WNID.fullmatch(wnid) for wnid in listed):
        raise _unlike(
            archive, _CLASSES, "it does not list WordNet ids", "a WordNet id on each line"
        )
    if classes is None:
        return listed
    if isinstance(classes, int):
        chosen, usable = listed[: max(classes, 0)], 1 <= classes <= len(listed)
    else:
        chosen = list(classes)
        usable = bool(chosen) and len(set(chosen)) == len(chosen) and set(chosen) <= set(listed)
    if not usable:
        strange = [wnid for wnid in chosen if wnid not in listed]
        raise InputError(
            archive.source,
            f"'classes': {f'{strange[0]} is not listed' if strange else f'it is {classes!r}'}",
            expected=f"different WordNet ids of {_CLASSES}, or a number from 1 to {len(listed)}",
            fix="change the classes asked for",
        )
    return chosen


def _list_training_pictures(
    archive: _Archive, chosen: Sequence[str], n_train: int
) -> list[_Picture]:
    """List the training files of the classes, in the order of their paths."""
    wanted = set(chosen)
    pictures = []
    # The order decides which images the seed selects; it is that of torchvision's ImageFolder.
    for name in sorted(archive.names):
        match = _TRAIN_FILE.fullmatch(name)
        if match is None or match["folder"] not in wanted:
            continue
        if match["wnid"] != match["folder"]:
            problem = f"an image of class {match['wnid']} is in the folder of {match['folder']}"
            raise _unlike(archive, name, problem, "images in the folder of their class")
        image_id = int(match["wnid"][1:]) * _IDS_PER_CLASS + int(match["number"])
        pictures.append(_Picture(name, match["wnid"], image_id))
    _check_counts(archive, "train", pictures, chosen, n_train)
    return pictures


def _list_test_pictures(archive: _Archive, chosen: Sequence[str], n_test: int) -> list[_Picture]:
    """List the official validation files of the classes, by their numbers."""
    wanted = set(chosen)
    present = set(archive.names)
    pictures = {}
    for file, wnid in _read_rows(archive, _ANNOTATIONS, 2):
        if wnid not in wanted:
            continue
        name = f"val/images/{file}"
        match = _TEST_FILE.fullmatch(name)
        if match is None or name not in present:
            problem = f"it names {file}, which is missing or not an image of val"
            raise _unlike(archive, _ANNOTATIONS, problem, "files val_<number>.JPEG in val/images")
        pictures[name] = _Picture(name, wnid, int(match["number"]))
    found = sorted(pictures.values(), key=lambda picture: picture.image_id)
    _check_counts(archive, "val", found, chosen, n_test)
    return found


def _check_counts(
    archive: _Archive, part: str, pictures: list[_Picture], chosen: Sequence[str], expected: int
) -> None:
    found = Counter(picture.wnid for picture in pictures)
    for wnid in chosen:
        if found[wnid] != expected:
            problem = (
                f"class {wnid} has {found[wnid]} images"
                if found[wnid]
                else (f"class {wnid} is absent")
            )
            raise _unlike(archive, part, problem, f"{expected} images per class")


def _decode(archive: _Archive, pictures: list[_Picture]) -> UInt8[np.ndarray, "image 64 64 3"]:
    pixels = np.empty((len(pictures), SIDE_PX, SIDE_PX, len(CHANNELS)), dtype=np.uint8)
    for position, (name, _, _) in enumerate(pictures):
        picture = decode_rgb(_read(archive, name), f"{archive.source}, {name}")
        if picture.size != (SIDE_PX, SIDE_PX):
            problem = f"the image has {picture.width} x {picture.height} pixels"
            raise _unlike(archive, name, problem, f"{SIDE_PX} x {SIDE_PX} pixels")
        pixels[position] = np.asarray(picture)
    return pixels


def _split_training(n_images: int, validation_fraction: float, seed: int) -> np.ndarray:
    n_validation = round(validation_fraction * n_images)
    if not 0 < n_validation < n_images:
        raise InputError(
            "image set 'tiny-imagenet'",
            f"'validation_fraction' {validation_fraction} of {n_images} training images leaves a "
            "split empty",
            expected="a fraction between 0 and 1 that gives each an image or more",
            fix="change validation_fraction",
        )
    # The released code of Safarani et al. (2021) seeds numpy's legacy generator with 1000.
    order = np.random.RandomState(seed).permutation(n_images)
    split = np.full(n_images, TRAIN, dtype=f"U{len(VALIDATION)}")
    # ASSUME: the images that come first in the shuffled order are the validation set.
    split[order[:n_validation]] = VALIDATION
    return split
