"""Assemblies of BrainIO recordings, in their older and newer forms, as one labelled array."""

from pathlib import Path

import numpy as np
import xarray as xr

from neurobust.dims import NEUROID, PRESENTATION
from neurobust.errors import InputError
from neurobust.recordings.brainio.stimulus_sets import STIMULUS_ID
from neurobust.recordings.form import CONTINUOUS, COUNTS, text

TIME_BIN = "time_bin"
# Values that are read at once: with bins of a millisecond, assemblies have gigabytes.
_BLOCK_VALUES = 2**25


def load_assembly(
    path: Path, *, region: str | None, window_ms: tuple[float, float], response_kind: str
) -> xr.Dataset:
    """Read an assembly, one value for each presentation and neuroid.

    Parameters
    ----------
    path
        The netCDF file.
    region
        Region whose neuroids are kept; None for all.
    window_ms
        Start and stop of the window. The time bins within it are summed (counts) or averaged
        (continuous).
    response_kind
        ``"counts"`` or ``"continuous"``.

    Returns
    -------
    xr.Dataset
        ``response(presentation, neuroid)``, float32, NaN where nothing was recorded; coordinates
        stimulus_id, neuroid_id, region, animal and, if given, repetition and session; attributes
        identifier, units, simulated.

    Raises
    ------
    InputError
        If the file cannot be read, or has no such array, no stimulus_id, no neuroid in the region
        or no time bin in the window.
    """
    try:
        # Otherwise xarray would decode units such as "ms" as durations.
        with xr.open_dataset(path, engine="netcdf4", decode_times=False) as file:
            data = _find_responses(file, path)
            coordinates = _read_coordinates(file, data, region, path)
            chosen = _choose_region(coordinates, region, path)
            values = _read_values(data, chosen, window_ms, response_kind, path)
            attributes = {**data.attrs, **file.attrs}
    except (OSError, RuntimeError, ValueError) as error:
        raise InputError(
            path,
            f"cannot be read ({error})",
            expected="a complete netCDF4 file in the BrainIO form",
            fix="fetch the file again",
        ) from error
    units = str(attributes.get("units", "spikes" if response_kind == COUNTS else "1"))
    return xr.Dataset(
        {"response": ((PRESENTATION, NEUROID), values, {"units": units})},
        coords={
            name: (dim, labels[chosen] if dim == NEUROID else labels)
            for name, (dim, labels) in coordinates.items()
        },
        attrs={
            "identifier": str(attributes.get("identifier", path.stem)),
            "units": units,
            "simulated": int(attributes.get("simulated", 0)),
        },
    )


def _find_responses(file: xr.Dataset, path: Path) -> xr.DataArray:
    fitting = [
        name
        for name, variable in file.data_vars.items()
        if {PRESENTATION, NEUROID} <= set(variable.dims) <= {PRESENTATION, NEUROID, TIME_BIN}
    ]
    name = "data" if "data" in fitting else fitting[0] if len(fitting) == 1 else None
    if name is None:
        raise InputError(
            path,
            f"there are {len(fitting)} variables with the dims presentation and neuroid",
            expected="one array of responses with these dims, and time_bin if there are bins",
            fix="check that this file is the assembly; export it again, with plain coordinates",
        )
    return file[name]


def _read_coordinates(
    file: xr.Dataset, data: xr.DataArray, region: str | None, path: Path
) -> dict[str, tuple[str, np.ndarray]]:
    stimulus = [name for name in STIMULUS_ID if name in file.variables]
    if not stimulus:
        raise InputError(
            path,
            "coordinate 'stimulus_id' is missing",
            expected=f"{' or '.join(STIMULUS_ID)} of each presentation",
            fix="export the assembly with the stimulus of each presentation",
        )
    size = data.sizes[NEUROID]
    defaults = {
        "neuroid_id": np.array([f"neuroid_{index:04d}" for index in range(size)]),
        "region": np.full(size, region or "unknown"),
        "animal": np.full(size, "unknown"),
    }
    coordinates = {
        "stimulus_id": (PRESENTATION, text(file[stimulus[0]].to_numpy())),
        **{name: (NEUROID, labels) for name, labels in defaults.items()},
    }
    for name in (*defaults, "session", "repetition"):
        if name in file.variables and file[name].dims in ((NEUROID,), (PRESENTATION,)):
            labels = file[name].to_numpy()
            dim = str(file[name].dims[0])
            coordinates[name] = dim, labels if name == "repetition" else text(labels)
    return coordinates


def _choose_region(
    coordinates: dict[str, tuple[str, np.ndarray]], region: str | None, path: Path
) -> np.ndarray:
    regions = coordinates["region"][1]
    if region is None:
        return np.arange(len(regions))
    chosen = np.flatnonzero(regions == region)
    if not len(chosen):
        raise InputError(
            path,
            f"no neuroid is in region {region!r}",
            expected=f"one of {', '.join(np.unique(regions))}",
            fix="set the recording's region to one of these",
        )
    return chosen


def _read_values(
    data: xr.DataArray,
    neuroids: np.ndarray,
    window_ms: tuple[float, float],
    response_kind: str,
    path: Path,
) -> np.ndarray:
    values = np.empty((data.sizes[PRESENTATION], len(neuroids)), np.float32)
    bins = _bins_within(data, window_ms, path) if TIME_BIN in data.dims else None
    step = max(1, _BLOCK_VALUES // max(1, data.size // data.sizes[NEUROID]))
    for start in range(0, len(neuroids), step):
        part = data.isel({NEUROID: neuroids[start : start + step]})
        if bins is not None:
            part = part.isel({TIME_BIN: bins}).astype(np.float64)
            join = part.mean if response_kind == CONTINUOUS else part.sum
            part = join(TIME_BIN, skipna=False)
        values[:, start : start + step] = part.transpose(PRESENTATION, NEUROID).to_numpy()
    return values


def _bins_within(data: xr.DataArray, window_ms: tuple[float, float], path: Path) -> np.ndarray:
    missing = {"time_bin_start", "time_bin_end"} - set(data.coords)
    if missing:
        raise InputError(
            path,
            f"coordinate {min(missing)!r} is missing",
            expected="the start and end of each time bin, in ms after stimulus onset",
            fix="export the assembly with them, or with the bins already summed",
        )
    starts, ends = data["time_bin_start"].to_numpy(), data["time_bin_end"].to_numpy()
    bins = np.flatnonzero((starts >= window_ms[0]) & (ends <= window_ms[1]))
    if not len(bins):
        raise InputError(
            path,
            f"no time bin lies within {window_ms[0]:g} to {window_ms[1]:g} ms",
            expected=f"a window that holds bins of {starts.min():g} to {ends.max():g} ms",
            fix="change window_start_ms and window_stop_ms",
        )
    return bins
