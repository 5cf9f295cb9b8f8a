"""Complete files: each is written under a temporary name and then renamed."""

import errno
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from neurobust.errors import InputError

_NOT_WRITABLE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM}
# Some libraries hide the reason of a failure. With less free space than this, about one block, the
# disk counts as full.
_FULL_BYTES = 1 << 20


@contextmanager
def whole(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path in the folder of ``path``, renamed to it if the block succeeds.

    Only one process may write a path at a time, which Snakemake's lock ensures: other temporary
    files of this path are from processes that were killed, and are removed.

    Raises
    ------
    InputError
        If the file cannot be written because the disk is full or not writable. An earlier file at
        ``path`` is then still there.
    """
    path = Path(path)
    part = path.with_name(f".{path.stem}.{os.getpid()}.part{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        discard_parts(path)
        yield part
        part.replace(path)
    except Exception as error:
        if (reason := _reason(error, path.parent)) is None:
            raise
        raise InputError(
            path,
            f"cannot be written ({reason})",
            expected="room on the disk, and a folder that may be written to",
            fix="make room or choose another folder (pathvars), then run the same command again",
        ) from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def discard_parts(path: Path) -> None:
    """Remove the temporary files of ``path`` that killed processes have left."""
    of_path = re.compile(rf"\.{re.escape(path.stem)}\.\d+\.part{re.escape(path.suffix)}")
    with suppress(OSError):
        for part in [each for each in path.parent.iterdir() if of_path.fullmatch(each.name)]:
            part.unlink(missing_ok=True)


def _reason(error: BaseException | None, folder: Path) -> str | None:
    """Return why files cannot be written, or None if the error has another cause."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in _NOT_WRITABLE:
            return error.strerror
        hides = isinstance(error, RuntimeError | OSError) and folder.exists()
        if hides and shutil.disk_usage(folder).free < _FULL_BYTES:
            return os.strerror(errno.ENOSPC)
        error = error.__cause__ or error.__context__
    return None
