"""Files appear whole or not at all: written beside their place, then renamed."""

import errno
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from neurobust.errors import InputError

_NO_PLACE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM}
_FULL_BYTES = 1 << 20  # libraries that hide the reason of a failure: less is left than one block


@contextmanager
def whole(path: str | Path) -> Iterator[Path]:
    """Give a temporary path in the folder of ``path``, renamed to it if the block succeeds.

    Only one process may write a path at a time (Snakemake's lock sees to that): what another one
    had begun is taken for a killed one's and removed.

    Raises
    ------
    InputError
        If the file can't be written because the disk is full or must not be written to; what was
        at ``path`` before is still there.
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
    """Remove what processes that were killed had begun to write in the place of ``path``."""
    of_path = re.compile(rf"\.{re.escape(path.stem)}\.\d+\.part{re.escape(path.suffix)}")
    with suppress(OSError):
        for part in [each for each in path.parent.iterdir() if of_path.fullmatch(each.name)]:
            part.unlink(missing_ok=True)


def _reason(error: BaseException | None, folder: Path) -> str | None:
    """Return why nothing can be written, None if the error is another one."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in _NO_PLACE:
            return error.strerror
        hides = isinstance(error, RuntimeError | OSError) and folder.exists()
        if hides and shutil.disk_usage(folder).free < _FULL_BYTES:
            return os.strerror(errno.ENOSPC)
        error = error.__cause__ or error.__context__
    return None
