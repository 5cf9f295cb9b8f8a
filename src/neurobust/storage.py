"""Files appear whole or not at all: written beside their place, then renamed."""

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pandas as pd
import xarray as xr

from neurobust import provenance
from neurobust.errors import InputError

_NO_PLACE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM}
_FULL_BYTES = 1 << 20  # libraries that hide the reason of a failure: less is left than one block


@contextmanager
def whole(path: str | Path) -> Iterator[Path]:
    """Give a temporary path in the folder of ``path``, renamed to it if the block succeeds.

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
        yield part
        part.replace(path)
    except Exception as error:
        if (reason := _reason(error, path.parent)) is None:
            raise
        raise InputError(
            path,
            f"cannot be written ({reason})",
            expected="room on the disk, and a folder that may be written to",
            mend="make room or choose another folder (pathvars), then run the same command again",
        ) from error
    finally:
        with suppress(OSError):
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


def write_dataset(data: xr.Dataset | xr.DataTree, path: str | Path) -> None:
    """Write a dataset or a tree of them as netCDF4, integers and floats compressed.

    Its attributes say, too, where it comes from (:mod:`neurobust.provenance`).
    """
    data = data.copy(deep=False)
    data.attrs = {**data.attrs, **provenance.stamp()}
    with whole(path) as part:
        if isinstance(data, xr.DataTree):
            full = [node for node in data.subtree if node.data_vars]
            by_group = {node.path: _compression(node.to_dataset()) for node in full}
            data.to_netcdf(part, engine="netcdf4", encoding=by_group)
        else:
            data.to_netcdf(part, engine="netcdf4", encoding=_compression(data))


def _compression(data: xr.Dataset) -> dict[str, dict[str, object]]:
    return {
        str(name): {"zlib": True, "complevel": 1, "shuffle": True}
        for name, variable in data.data_vars.items()
        if variable.dtype.kind in "biuf" and variable.size
    }


def read_dataset(path: str | Path) -> xr.Dataset:
    """Read a netCDF file into memory and close it.

    Raises
    ------
    InputError
        If the file is absent, truncated, damaged or not netCDF.
    """
    return _read(path, xr.load_dataset)


def read_tree(path: str | Path) -> xr.DataTree:
    """Read a netCDF file with groups into memory and close it; errors as in read_dataset."""

    def load(name: str | Path, engine: str) -> xr.DataTree:
        with xr.open_datatree(name, engine=engine) as tree:
            return tree.load()

    return _read(path, load)


def _read(path, load):  # noqa: ANN001, ANN202 - the type follows from `load`
    try:
        data = load(path, engine="netcdf4")
    except (OSError, ValueError, RuntimeError) as error:  # RuntimeError: damaged values
        raise InputError(
            path,
            f"cannot be read ({error})",
            expected="a complete netCDF4 file",
            mend="if it is a result, delete it and run again; if it is an input, fetch it again",
        ) from error
    provenance.note(data.attrs)
    return data


def write_table(table: pd.DataFrame, path: str | Path) -> None:
    """Write a table as CSV, without its index."""
    with whole(path) as part:
        table.to_csv(part, index=False)


def read_table(path: str | Path) -> pd.DataFrame:
    """Read a CSV table; empty fields are NaN.

    Raises
    ------
    InputError
        If the file is absent or no table.
    """
    try:
        table = pd.read_csv(path, keep_default_na=False, na_values=[""])
    except (OSError, ValueError) as error:
        raise InputError(
            path,
            f"cannot be read as a table ({error})",
            expected="a CSV file with a header",
            mend="delete it and run again",
        ) from error
    provenance.note_sidecar(path)
    return table
