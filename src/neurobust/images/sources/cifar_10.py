"""CIFAR-10 (Krizhevsky 2009) in its "python version", from the tar or the folder in it.

Its files are pickles, which can run code when they are read. Each is opened only after its checksum
has shown that it is the official file, and even then only arrays and plain values are loaded.
"""

import hashlib
import io
import pickle
import tarfile
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import xarray as xr
from jaxtyping import UInt8

from neurobust.config.images.cifar_10 import CIFAR10
from neurobust.config.splits import SPLIT_SEED
from neurobust.dims import TEST, TRAIN, VALIDATION
from neurobust.errors import InputError
from neurobust.images.form import CHANNELS, make_image_set
from neurobust.images.splits import hold_out

ADDRESS = "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz"
TASK = "which of the CIFAR-10 classes does the object belong to"
SIDE_PX = 32
FIRST_TEST_ID = 1_000_000

_FOLDER = "cifar-10-batches-py"
_NAMES = "batches.meta"
_TRAIN_BATCHES = tuple(f"data_batch_{number}" for number in range(1, 6))
_TEST_BATCH = "test_batch"

MD5 = {
    "data_batch_1": "c99cafc152244af753f735de768cd75f",
    "data_batch_2": "d4bba439e000b95fd0a9bffe97cbabec",
    "data_batch_3": "54ebc095f3ab1f0389bbae665268c751",
    "data_batch_4": "634d18415352ddfa80567beed471001a",
    "data_batch_5": "482c414d41f54cd18b22e5b47cb7c3cb",
    "test_batch": "40351d587109b95175f43aff81a1287e",
    "batches.meta": "5ff9c542aee3614f3951f8cda6e48888",
}
"""The checksum of each official file."""


def build(settings: CIFAR10) -> xr.Dataset:
    """Build the image set of these settings; see `read_cifar10`."""
    return read_cifar10(
        settings.path,
        classes=settings.classes,
        validation_fraction=settings.validation,
        seed=SPLIT_SEED,
    )


def read_cifar10(
    source: Path,
    *,
    classes: Sequence[str] | None = None,
    validation_fraction: float = 0.1,
    seed: int = 1000,
    md5: Mapping[str, str] = MD5,
) -> xr.Dataset:
    """Read CIFAR-10, or some of its classes, as an image set.

    A picture's number is its position among the official training images, from 0, or
    ``FIRST_TEST_ID`` plus its position among the official test images.

    Parameters
    ----------
    source
        ``cifar-10-python.tar.gz``, the folder ``cifar-10-batches-py`` from it, or the folder that
        holds that.
    classes
        Names of classes, whose order gives the labels; None for all ten in the official order.
    validation_fraction
        Share of the training images of each class (see `neurobust.images.splits.hold_out`);
        0.1 in Li et al. (2023).
    seed
        Seed that chooses the validation images.
    md5
        Checksum that each file must have before it is opened.

    Raises
    ------
    InputError
        If the source is not there or cannot be read, a file in it is missing or is not the official
        one, a class is unknown or repeated, or a split would be empty.
    """
    files = _read_files(source)
    for name, expected in md5.items():
        _check(source, name, files.get(name), expected)
    batches = {name: _unpickle(source, name, files.pop(name)) for name in md5}
    listed = list(batches[_NAMES]["label_names"])
    chosen = _choose_classes(source, listed, classes)

    n_train = sum(len(batches[name]["labels"]) for name in _TRAIN_BATCHES)
    in_order = [batches[name] for name in (*_TRAIN_BATCHES, _TEST_BATCH)]
    official = np.concatenate([batch["labels"] for batch in in_order])
    new_label = {listed.index(name): label for label, name in enumerate(chosen)}
    label = np.array([new_label.get(code, -1) for code in official.tolist()], dtype=np.int64)
    position = np.flatnonzero(label >= 0)
    label = label[position]
    is_train = position < n_train

    split = np.full(len(position), TEST, dtype=f"U{len(VALIDATION)}")
    validates = hold_out(
        label[is_train],
        chosen,
        fraction=validation_fraction,
        seed=seed,
        place="image set 'cifar-10'",
    )
    split[is_train] = np.where(validates, VALIDATION, TRAIN)
    return make_image_set(
        pixels=_channels_last(np.concatenate([batch["data"] for batch in in_order])[position]),
        image_id=np.where(is_train, position, position - n_train + FIRST_TEST_ID).astype(np.int64),
        label=label,
        split=split.tolist(),
        class_names=chosen,
        identifier="cifar-10" if classes is None else f"cifar-10-{len(chosen)}-classes",
        source=ADDRESS,
        licence="none is stated; cite Krizhevsky (2009), Learning multiple layers of features from "
        "tiny images",
        task=TASK,
    )


def _read_files(source: Path) -> dict[str, bytes]:
    """Return the contents of the official files that are there, by name."""
    if not source.exists():
        raise InputError(
            source,
            "is not there",
            expected=f"CIFAR-10's python version: its tar, or the folder {_FOLDER} unpacked from "
            "it",
            fix=f"fetch {ADDRESS} and put it there (see docs/real-data.md)",
        )
    try:
        return _read_folder(source) if source.is_dir() else _read_tar(source)
    except (OSError, EOFError, tarfile.TarError, zlib.error) as error:
        raise InputError(
            source,
            f"cannot be read ({error})",
            expected=f"the whole cifar-10-python.tar.gz, or the folder {_FOLDER} unpacked from it",
            fix=f"fetch {ADDRESS} again, or unpack it again",
        ) from error


def _read_folder(source: Path) -> dict[str, bytes]:
    inside = source / _FOLDER
    folder = inside if inside.is_dir() else source
    return {name: (folder / name).read_bytes() for name in MD5 if (folder / name).is_file()}


def _read_tar(source: Path) -> dict[str, bytes]:
    files = {}
    with tarfile.open(source) as packed:
        # In the order of the tar: going back would decompress it anew.
        for member in packed:
            name = PurePosixPath(member.name).name
            if name in MD5 and (content := packed.extractfile(member)) is not None:
                files[name] = content.read()
    return files


def _check(source: Path, name: str, content: bytes | None, expected: str) -> None:
    if content is None:
        problem = "the file is missing"
    else:
        found = hashlib.md5(content, usedforsecurity=False).hexdigest()
        if found == expected:
            return
        problem = f"the file's md5 is {found}"
    raise InputError(
        f"{source}, {name}",
        problem,
        expected=f"CIFAR-10's {name}, md5 {expected}",
        fix=f"fetch {ADDRESS} again, or unpack it again",
    )


class _PlainUnpickler(pickle.Unpickler):
    """Makes arrays, lists, dictionaries, text and numbers, and calls nothing else."""

    _ALLOWED: Mapping[tuple[str, str], Any] = {
        ("numpy.core.multiarray", "_reconstruct"): np.empty(0).__reduce__()[0],
        ("numpy", "ndarray"): np.ndarray,
        ("numpy", "dtype"): np.dtype,
    }

    def find_class(self, module: str, name: str) -> Any:  # noqa: ANN401 - whatever is allowed
        """Return a function or class that rebuilds an array; refuse every other name."""
        if (module, name) not in self._ALLOWED:
            problem = f"it asks for {module}.{name}"
            raise pickle.UnpicklingError(problem)
        return self._ALLOWED[module, name]


def _unpickle(source: Path, name: str, content: bytes) -> dict[str, Any]:
    try:
        # Python 2 wrote the files; latin1 decodes its byte strings to text and keeps every byte.
        return _PlainUnpickler(io.BytesIO(content), encoding="latin1").load()
    except pickle.UnpicklingError as error:
        raise InputError(
            f"{source}, {name}",
            f"holds more than arrays and plain values ({error})",
            expected="CIFAR-10's python version",
            fix=f"do not use this file; fetch {ADDRESS}",
        ) from error


def _choose_classes(
    source: Path, listed: Sequence[str], classes: Sequence[str] | None
) -> list[str]:
    if classes is None:
        return list(listed)
    strange = [name for name in classes if name not in listed]
    if strange or len(set(classes)) != len(classes) or not classes:
        problem = f"{strange[0]!r} is none of its classes" if strange else f"it is {list(classes)}"
        raise InputError(
            source,
            f"'classes': {problem}",
            expected=f"different names out of {', '.join(listed)}",
            fix="change the classes asked for",
        )
    return list(classes)


def _channels_last(rows: UInt8[np.ndarray, "image value"]) -> UInt8[np.ndarray, "image 32 32 3"]:
    """Return pictures with channels last, from values stored channel by channel, row by row."""
    return np.ascontiguousarray(
        rows.reshape(-1, len(CHANNELS), SIDE_PX, SIDE_PX).transpose(0, 2, 3, 1)
    )
