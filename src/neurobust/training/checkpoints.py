"""The state of a training on disk, from which an interrupted one continues.

A file begins with a line that names its form and a line with the SHA-256 of the rest, which holds
the key of the training and its state as torch writes them. The previous file is kept too, so that a
damaged file costs one interval of training, not all of it.
"""

import hashlib
import io
import json
import logging
import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from neurobust.errors import InputError
from neurobust.files.whole import discard_parts, whole
from neurobust.jobs.signals import Interrupted, deferred
from neurobust.networks.files import UNREADABLE

log = logging.getLogger(__name__)

State = dict[str, Any]
"""Plain values and tensors, by name."""
Boundary = Callable[[Callable[[], State]], None]
"""Function that is called between two steps, with a function that returns the state."""

_FORM = b"neurobust checkpoint 1\n"
_DIGEST_LENGTH = hashlib.sha256().digest_size * 2


def checkpoint_path(network: str | Path) -> Path:
    """Return the checkpoint of a network's training.

    For FOLDER/networks/NAME/seedN.pt it is FOLDER/checkpoints/NAME/seedN.ckpt.
    """
    network = Path(network)
    return network.parents[2] / "checkpoints" / network.parent.name / f"{network.stem}.ckpt"


def training_key(files: Iterable[str | Path], **about: object) -> str:
    """Return the key of a training, which continues only from a checkpoint with the same key.

    Parameters
    ----------
    files
        Files that are read; each counts by name, size and time of change.
    about
        Everything else that the training depends on, as values of JSON; the version of torch is
        added.
    """
    known = [(str(file), os.stat(file).st_size, os.stat(file).st_mtime_ns) for file in files]
    described = {"about": about, "files": known, "torch": str(torch.__version__)}
    return hashlib.sha256(json.dumps(described, sort_keys=True).encode()).hexdigest()


class Checkpoint:
    """The file with the state of one training.

    Parameters
    ----------
    path
        The file; the previous one is ``seed1.previous.ckpt`` beside ``seed1.ckpt``.
    key
        Key of the training (`training_key`).
    minutes
        Shortest time between two saves; 0 saves after every step.
    """

    def __init__(self, path: str | Path, key: str, *, minutes: float) -> None:
        self.path = Path(path)
        self.previous = self.path.with_name(f"{self.path.stem}.previous{self.path.suffix}")
        self._key = key
        self._seconds = 60 * minutes
        self._last = time.monotonic()

    def load(self) -> State | None:
        """Return the newest sound state of this training, None if there is none.

        The log names a damaged file, which is renamed to ``.damaged``, and a file with another key,
        which will be overwritten.

        Raises
        ------
        InputError
            If a file cannot be read, or is damaged and cannot be renamed.
        """
        discard_parts(self.path)
        found = False
        for path in (self.path, self.previous):
            try:
                key, state = _read(path)
            except FileNotFoundError:
                continue
            except OSError as error:
                raise _unusable(path, "read", error) from error
            except UNREADABLE as error:
                _set_aside(path, error)
            else:
                if key == self._key:
                    log.info("%s: the state of an interrupted training", path)
                    return state
                log.warning("%s: belongs to another recipe, code or data, and is not used", path)
            found = True
        if found:
            log.warning("%s: no state of this training to continue from, starting anew", self.path)
        return None

    def save(self, state: State) -> None:
        """Write a state and keep the previous file, which is unharmed if this fails.

        Raises
        ------
        InputError
            If the file cannot be written.
        """
        self._last = time.monotonic()
        content = io.BytesIO()
        torch.save({"key": self._key, "state": state}, content)
        digest = hashlib.sha256(content.getbuffer()).hexdigest().encode()
        try:
            with whole(self.path) as part:
                with part.open("wb") as file:
                    file.writelines((_FORM, digest, b"\n", content.getbuffer()))
                    file.flush()
                    os.fsync(file.fileno())  # on disk before it replaces a good one
                if self.path.exists():
                    self.path.replace(self.previous)
        except OSError as error:
            raise _unusable(self.path, "written", error) from error
        log.info("%s: the state was saved", self.path)

    def remove(self) -> None:
        """Remove the files of a finished training."""
        for path in (self.path, self.previous):
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                log.warning("%s: cannot be removed (%s)", path, error.strerror)

    @contextmanager
    def boundaries(self) -> Iterator[Boundary]:
        """Defer signals to the next boundary, and yield the function to call at each boundary.

        The function saves the state when that is due. If the state cannot be saved, the log warns
        and the next interval tries again, since that is no reason to end a long training.

        Raises
        ------
        Interrupted
            At the boundary after a signal, once the state is saved.
        InputError
            If the state cannot be saved after a signal.
        """
        with deferred() as interrupted:

            def pass_boundary(describe: Callable[[], State]) -> None:
                if (signal := interrupted()) is not None:
                    self.save(describe())
                    message = f"the state is in {self.path}; the same command continues from there"
                    raise Interrupted(signal, message)
                if time.monotonic() - self._last >= self._seconds:
                    try:
                        self.save(describe())
                    except InputError as error:
                        log.warning("training goes on without its state being saved: %s", error)

            yield pass_boundary


def _read(path: Path) -> tuple[str, State]:
    """Return key and state of a file; a damaged one raises one of UNREADABLE."""
    raw = memoryview(path.read_bytes())
    start = len(_FORM) + _DIGEST_LENGTH + 1
    head, content = bytes(raw[:start]), raw[start:]
    digest = hashlib.sha256(content).hexdigest().encode()
    if head != _FORM + digest + b"\n":
        raise ValueError("its bytes have changed since they were written")
    read = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    return read["key"], read["state"]


def _set_aside(path: Path, damage: Exception) -> None:
    aside = path.with_name(f"{path.name}.damaged")
    try:
        path.replace(aside)
    except OSError as error:
        raise _unusable(path, "replaced", error) from error
    log.warning("%s: damaged (%s), kept as %s", path, damage, aside.name)


def _unusable(path: Path, what: str, error: OSError) -> InputError:
    return InputError(
        path,
        f"the state of the training cannot be {what} ({error.strerror})",
        expected="permission to read and write the file, and space on the disk",
        fix="grant it or free space; the same command then continues from the last saved state",
    )
