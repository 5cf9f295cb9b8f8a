"""Download of published files, with a check that each is the right one."""

import hashlib
import http.client
import shutil
import urllib.error
import urllib.request
from pathlib import Path

from neurobust.errors import InputError
from neurobust.files.whole import whole

_TIMEOUT_S = 60
_CHUNK_BYTES = 1 << 20


def retrieve(url: str, path: Path, *, sha256: str, n_bytes: int | None = None) -> None:
    """Download a file unless it is already there; in either case its checksum must be right.

    Parameters
    ----------
    url
        Address of the file.
    path
        Path that the file is to have. A file that is already there is never replaced.
    sha256
        SHA-256 of the file, in hexadecimal digits.
    n_bytes
        Size of the file, if known: a wrong size is then found without reading the file.

    Raises
    ------
    InputError
        If the file cannot be downloaded, or the file that is there or arrived is another one. A
        failed download leaves nothing at ``path``.
    """
    if path.exists():
        _check(path, path, sha256, n_bytes, fix=f"move it away, or put the file of {url} there")
        return
    with whole(path) as part:
        _download(url, part, path)
        _check(part, url, sha256, n_bytes, fix=f"try again, or put the right file at {path}")


def _download(url: str, part: Path, path: Path) -> None:
    try:
        with urllib.request.urlopen(url, timeout=_TIMEOUT_S) as response, part.open("wb") as file:
            shutil.copyfileobj(response, file, _CHUNK_BYTES)
    except (OSError, http.client.HTTPException, ValueError) as error:
        if isinstance(error, urllib.error.HTTPError):
            error.close()  # otherwise the connection stays open
        raise InputError(
            path,
            f"the file is absent and cannot be downloaded ({error})",
            expected=f"the file published at {url}",
            fix=f"download {url} on a machine with internet access and put it at {path}",
        ) from error


def _check(file: Path, place: object, sha256: str, n_bytes: int | None, *, fix: str) -> None:
    if not file.is_file():
        raise InputError(place, "it is not a file", expected="a file", fix=fix)
    size = file.stat().st_size
    if n_bytes is not None and size != n_bytes:
        raise InputError(place, f"the file has {size} bytes", expected=f"{n_bytes} bytes", fix=fix)
    with file.open("rb") as opened:
        found = hashlib.file_digest(opened, "sha256").hexdigest()
    if found != sha256.lower():
        raise InputError(
            place, f"the file's sha256 is {found}", expected=f"sha256 {sha256}", fix=fix
        )
