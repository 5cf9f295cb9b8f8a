"""Observers' choices between two objects and the pictures that they saw, in the BrainIO form.

A behavioural assembly has the dim presentation, without an index. Each presentation is a trial: an
image of one object (the truth) was shown, then this object and another one (the distractor) were
offered.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from neurobust.dims import COLUMN, PRESENTATION, ROW, STIMULUS
from neurobust.errors import InputError
from neurobust.recordings.brainio.stimulus_sets import STIMULUS_ID, read_pictures, read_table
from neurobust.recordings.form import some, text

CHOICE = "choice"
# Names of each field: first the one used here, then those in other files.
_FIELDS = {
    "stimulus_id": STIMULUS_ID,
    "truth": ("truth", "sample_obj"),
    "distractor": ("distractor", "dist_obj"),
}
_FILES = ("assembly", "stimulus_set", "stimuli")


def read_behaviour(settings: Mapping[str, Any], place: str) -> tuple[xr.Dataset, xr.Dataset]:
    """Read the trials of a behavioural benchmark and the pictures of its stimulus set.

    Parameters
    ----------
    settings
        One entry of the configuration's ``behaviour``: the paths assembly, stimulus_set and
        stimuli, the column ``truth`` that names each picture's object, size_px and crop_px.
    place
        The entry's key in the configuration, for messages.

    Returns
    -------
    The trials (`read_trials`), and all stimuli, shown or not: ``pixels(stimulus, row, column)``,
    uint8 gray, with stimulus_id and truth.

    Raises
    ------
    InputError
        If a file is not there or cannot be read, or if the stimulus set lacks the column or a
        stimulus that was shown, or names another object than the trials.
    """
    for name in _FILES:
        _require_file(Path(settings[name]), f"{place}.{name}")
    trials = read_trials(Path(settings["assembly"]))
    table = _read_objects(Path(settings["stimulus_set"]), settings["truth"], f"{place}.truth")
    _check_objects(table, trials, settings, place)
    pixels = read_pictures(
        Path(settings["stimuli"]),
        table["filename"].tolist(),
        size_px=settings["size_px"],
        crop_px=settings["crop_px"],
    )
    stimuli = xr.Dataset(
        {"pixels": ((STIMULUS, ROW, COLUMN), pixels)},
        coords={
            "stimulus_id": (STIMULUS, text(table["stimulus_id"].to_numpy(dtype=object))),
            "truth": (STIMULUS, text(table[settings["truth"]].to_numpy(dtype=object))),
        },
    )
    return trials, stimuli


def read_trials(path: Path) -> xr.Dataset:
    """Read a behavioural assembly.

    The choice is the coordinate of this name or, without one, the file's data variable. Other
    coordinates, such as the subject, are left out, since observers are pooled.

    Parameters
    ----------
    path
        The netCDF file.

    Returns
    -------
    xr.Dataset
        ``choice(presentation)`` with the coordinates stimulus_id, truth and distractor, all str;
        attribute identifier.

    Raises
    ------
    InputError
        If the file cannot be read or lacks a field, if a trial offers one object twice, if a
        choice is neither of the objects offered, if a stimulus has two truths, or if there are too
        few trials or objects for the metric (`neurobust.evaluation.behaviour`).
    """
    try:
        # Otherwise xarray would decode reaction times in "ms" as durations.
        with xr.open_dataset(path, engine="netcdf4", decode_times=False) as file:
            found = {name: _find_field(file, names, path) for name, names in _FIELDS.items()}
            found[CHOICE] = _find_choices(file, path)
            labels = {name: text(variable.to_numpy()) for name, variable in found.items()}
            identifier = str(file.attrs.get("identifier", path.stem))
    except (OSError, RuntimeError, ValueError) as error:
        raise InputError(
            path,
            f"cannot be read ({error})",
            expected="a complete netCDF4 file, a behavioural assembly in the BrainIO form",
            fix="fetch the file again",
        ) from error
    _check_trials(pd.DataFrame(labels), path)
    _check_extent(pd.DataFrame(labels), path)
    return xr.Dataset(
        {CHOICE: (PRESENTATION, labels.pop(CHOICE))},
        coords={name: (PRESENTATION, values) for name, values in labels.items()},
        attrs={"identifier": identifier},
    )


def _require_file(path: Path, key: str) -> None:
    if not path.exists():
        raise InputError(
            path,
            f"is not there ({key})",
            expected="a file of a behavioural benchmark in the BrainIO form: assembly (netCDF), "
            "stimulus set (CSV) and pictures (zip)",
            fix=f"fetch it and put it there, or set {key} to its path (docs/real-data.md)",
        )


def _find_field(file: xr.Dataset, names: tuple[str, ...], path: Path) -> xr.DataArray:
    present = [name for name in names if name in file.variables]
    fitting = [name for name in present if file[name].dims == (PRESENTATION,)]
    if not fitting:
        found = f"has the dims {file[present[0]].dims}" if present else "is missing"
        raise InputError(
            path,
            f"coordinate {names[0]!r} {found}",
            expected=f"{' or '.join(names)} of each presentation",
            fix="export the assembly with this field as a plain coordinate of presentation",
        )
    return file[fitting[0]]


def _find_choices(file: xr.Dataset, path: Path) -> xr.DataArray:
    if CHOICE in file.variables:
        return _find_field(file, (CHOICE,), path)
    # Without a list of coordinates in the file, all its variables are data.
    fields = {name for names in _FIELDS.values() for name in names}
    fitting = [
        name
        for name, variable in file.data_vars.items()
        if variable.dims == (PRESENTATION,) and name not in fields
    ]
    name = "data" if "data" in fitting else fitting[0] if len(fitting) == 1 else None
    if name is None:
        raise InputError(
            path,
            f"'choice' is missing, and {len(fitting)} data variables might hold it",
            expected="a coordinate 'choice', or one data variable with the dim presentation",
            fix="export the assembly with the object chosen in each presentation",
        )
    return file[name]


def _check_trials(trials: pd.DataFrame, path: Path) -> None:
    same = trials["truth"] == trials["distractor"]
    chosen = trials["choice"]
    unoffered = (chosen != trials["truth"]) & (chosen != trials["distractor"])
    truths = trials[["stimulus_id", "truth"]].drop_duplicates()
    twice = truths["stimulus_id"].duplicated()
    for fault, problem, expected in (
        (
            trials["stimulus_id"][same],
            "'distractor' is the same object as 'truth'",
            "two different objects offered in every trial",
        ),
        (
            trials["stimulus_id"][unoffered],
            f"'choice' is neither 'truth' nor 'distractor' ({some(chosen[unoffered].unique())})",
            "one of the two objects offered; if the data are not choices, a coordinate 'choice'",
        ),
        (
            truths["stimulus_id"][twice],
            "'truth' differs between trials",
            "one object for each stimulus",
        ),
    ):
        if len(fault):
            raise InputError(
                path,
                f"{problem}, in trials of stimulus {some(fault.unique())}",
                expected=expected,
                fix="correct or leave out these trials and export the assembly again",
            )


def _check_extent(trials: pd.DataFrame, path: Path) -> None:
    stimuli = trials.drop_duplicates("stimulus_id")
    objects = (stimuli["truth"].value_counts() > 1).sum()
    if objects < 2:
        raise InputError(
            path,
            f"objects ('truth') shown in more than one stimulus: {objects}",
            expected="at least two, since stimuli are compared with others of the same object",
            fix="use an assembly with more stimuli",
        )
    if len(trials) < 2 * len(stimuli):
        raise InputError(
            path,
            f"{len(trials)} trials of {len(stimuli)} stimuli ('stimulus_id') are too few",
            expected="at least two trials of each stimulus, since trials are halved",
            fix="use an assembly with more trials, or leave out the stimuli with the fewest",
        )


def _read_objects(path: Path, column: str, key: str) -> pd.DataFrame:
    table = read_table(path)
    if column not in table.columns:
        raise InputError(
            path,
            f"there is no column {column!r} ({key})",
            expected=f"a column that names each picture's object; there are "
            f"{', '.join(table.columns)}",
            fix=f"set {key} to its name",
        )
    nameless = table["stimulus_id"][table[column] == ""]
    if len(nameless):
        raise InputError(
            path,
            f"column {column!r} is empty for {some(nameless.tolist())} ({key})",
            expected="the object of each picture",
            fix=f"fill it in, or set {key} to another column",
        )
    return table


def _check_objects(
    table: pd.DataFrame, trials: xr.Dataset, settings: Mapping[str, Any], place: str
) -> None:
    shown = pd.Series(trials["truth"].to_numpy(), trials["stimulus_id"].to_numpy())
    shown = shown[~shown.index.duplicated()]
    named = table.set_index("stimulus_id")[settings["truth"]].reindex(shown.index)
    missing = shown.index[named.isna()]
    if len(missing):
        raise InputError(
            settings["stimulus_set"],
            f"lacks the stimulus_id {some(missing.tolist())}, which trials show",
            expected="a row for each stimulus of the assembly",
            fix=f"set {place}.stimulus_set to a table that has them, too",
        )
    other = np.flatnonzero(named != shown)
    if len(other):
        first = other[0]
        raise InputError(
            settings["stimulus_set"],
            f"column {settings['truth']!r} names other objects than the assembly's 'truth' for "
            f"{some(shown.index[other].tolist())}: {named.iloc[first]!r} for {shown.iloc[first]!r}",
            expected="the same names in both files",
            fix=f"set {place}.truth to the column that has them",
        )
