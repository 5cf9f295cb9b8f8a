"""Datasets and tables as files, whole or absent, each with the record of what made it."""

from pathlib import Path

import pandas as pd
import xarray as xr

from neurobust import provenance
from neurobust.errors import InputError
from neurobust.writing import whole


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
