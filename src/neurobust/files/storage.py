"""Reading and writing of datasets and tables; each file records how it was made."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import netCDF4
import pandas as pd
import xarray as xr

from neurobust.errors import InputError
from neurobust.files import provenance
from neurobust.files.whole import whole

_CHUNK_BYTES = 1 << 20
# netCDF4 raises RuntimeError for damaged values.
_UNREADABLE = (OSError, ValueError, RuntimeError)

_Data = TypeVar("_Data", xr.Dataset, xr.DataTree)


def write_dataset(data: xr.Dataset | xr.DataTree, path: str | Path) -> None:
    """Write a dataset or a tree of datasets as netCDF4, with integers and floats compressed.

    A variable is stored in chunks of whole rows along its first dimension (images, stimuli), so
    that some rows can be read without the others. The attributes include the record of the job
    (`neurobust.files.provenance`).
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
        str(name): {
            "zlib": True,
            "complevel": 1,
            "shuffle": True,
            **({"chunksizes": _chunks(variable)} if variable.ndim else {}),
        }
        for name, variable in data.data_vars.items()
        if variable.dtype.kind in "biuf" and variable.size
    }


def _chunks(variable: xr.DataArray) -> tuple[int, ...]:
    rows = max(1, _CHUNK_BYTES * len(variable) // variable.nbytes)
    return min(rows, len(variable)), *variable.shape[1:]


@contextmanager
def open_dataset(path: str | Path) -> Iterator[xr.Dataset]:
    """Open a netCDF file, of which `load` can read parts while it is open.

    Raises
    ------
    InputError
        If the file is absent or not netCDF.
    """
    with _open(path, xr.open_dataset) as data:
        yield data


def load(data: _Data) -> _Data:
    """Load an open dataset or tree, or a part of one, into memory.

    Raises
    ------
    InputError
        If its file is truncated or damaged.
    """
    try:
        return data.load()
    except _UNREADABLE as error:
        raise _unreadable(data.encoding["source"], error) from error


def read_dataset(path: str | Path) -> xr.Dataset:
    """Return the dataset in a netCDF file; errors as in `open_dataset` and `load`."""
    with open_dataset(path) as data:
        return load(data)


def read_tree(path: str | Path) -> xr.DataTree:
    """Return the datasets in a netCDF file with groups; errors as in `read_dataset`."""
    with _open(path, xr.open_datatree) as tree:
        return load(tree)


def _open(path: str | Path, opener: Callable[..., _Data]) -> _Data:
    try:
        data = opener(path, engine="netcdf4")
    except _UNREADABLE as error:
        raise _unreadable(path, error) from error
    provenance.note(data.attrs)
    return data


def _unreadable(path: str | Path, error: Exception) -> InputError:
    return InputError(
        path,
        f"cannot be read ({error})",
        expected="a complete netCDF4 file",
        fix="if it is a result, delete it and run again; if it is an input, fetch it again",
    )


def write_table(table: pd.DataFrame, path: str | Path) -> None:
    """Write a table as CSV, without its index."""
    with whole(path) as part:
        table.to_csv(part, index=False)


def read_table(path: str | Path) -> pd.DataFrame:
    """Read a CSV table; empty fields are NaN.

    Raises
    ------
    InputError
        If the file is absent or not a table.
    """
    try:
        table = pd.read_csv(path, keep_default_na=False, na_values=[""])
    except (OSError, ValueError) as error:
        raise InputError(
            path,
            f"cannot be read as a table ({error})",
            expected="a CSV file with a header",
            fix="delete it and run again",
        ) from error
    provenance.note_sidecar(path)
    return table


def read_result(path: str | Path) -> xr.Dataset | xr.DataTree | pd.DataFrame:
    """Return the content of a file that a job wrote: a table, a dataset or, with groups, a tree.

    Errors are as in `read_dataset` and `read_table`.
    """
    if Path(path).suffix == ".csv":
        return read_table(path)
    return read_tree(path) if _has_groups(path) else read_dataset(path)


@contextmanager
def open_result(path: str | Path) -> Iterator[xr.Dataset | xr.DataTree]:
    """Open a netCDF file to read parts of it, as in `open_dataset`; a tree is loaded at once."""
    if _has_groups(path):
        yield read_tree(path)
    else:
        with open_dataset(path) as data:
            yield data


def _has_groups(path: str | Path) -> bool:
    try:
        with netCDF4.Dataset(path) as file:
            return bool(file.groups)
    except _UNREADABLE as error:
        raise _unreadable(path, error) from error


def write_result(result: xr.Dataset | xr.DataTree | pd.DataFrame | str, path: str | Path) -> None:
    """Write the result of a job as netCDF, as a table or as text, according to its type."""
    if isinstance(result, xr.Dataset | xr.DataTree):
        write_dataset(result, path)
    elif isinstance(result, pd.DataFrame):
        write_table(result, path)
    else:
        with whole(path) as part:
            part.write_text(result)
