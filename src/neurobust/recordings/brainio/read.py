"""Recordings in the BrainIO form of Brain-Score: an assembly (netCDF4) and a stimulus set.

An assembly has the dims presentation, neuroid and at times time_bin, without index variables; what
labels them are plain one-dimensional coordinates.
"""

import io
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr
from jaxtyping import UInt8
from PIL import Image

from neurobust.dims import COLUMN, NEUROID, PRESENTATION, ROW, STIMULUS
from neurobust.errors import InputError
from neurobust.files.storage import write_dataset
from neurobust.files.whole import whole
from neurobust.recordings.brainio.assemblies import load_assembly
from neurobust.recordings.brainio.sessions import (
    MissingRepeats,
    close_up_repeats,
    divide_sessions,
    exclude,
    number_repetitions,
)
from neurobust.recordings.brainio.stimulus_sets import read_pictures, read_table
from neurobust.recordings.form import build_recording, check_recording, some, text
from neurobust.recordings.splits import SplitRule, assign_splits

_LONG_AGO = (1980, 1, 1, 0, 0, 0)  # a zip's first date: the same pictures, the same bytes


def read_brainio(
    assembly: Path,
    stimulus_set: Path,
    stimuli: Path,
    *,
    size_px: int,
    px_per_deg: float,
    split: SplitRule,
    species: str,
    window_start_ms: float,
    window_stop_ms: float,
    response_kind: str = "counts",
    region: str | None = None,
    crop_px: int = 0,
    exclude_neuroids: Sequence[str] = (),
    missing_repeats: MissingRepeats = "refuse",
    source: str = "",
    licence: str = "",
) -> xr.DataTree:
    """Read a recording in the BrainIO form into the labelled form of `recordings.form`.

    Parameters
    ----------
    assembly, stimulus_set, stimuli
        The netCDF file of responses, the CSV of the stimulus set and the zip of its pictures.
    size_px, crop_px
        Side of the pictures for the network, and what to take away at each side before.
    px_per_deg
        Of the pictures at ``size_px``.
    split
        Which stimuli train, validate and test.
    window_start_ms, window_stop_ms
        After stimulus onset. Time bins within are summed (counts) or averaged (continuous); where
        there are none, this says what the file's single value stands for.
    response_kind
        ``"counts"`` or ``"continuous"``.
    region
        Keep only its neuroids; without it, all. Where the file names no regions, its label.
    exclude_neuroids
        Identifiers of neuroids to leave out.
    missing_repeats
        What to do where some neuroids of a session lack some repeats: ``"refuse"``, or
        ``"close_up"`` (`sessions.close_up_repeats`).
    species, source, licence
        Kept as attributes.

    Returns
    -------
    xr.DataTree
        The recording, checked; stimuli that were never shown are left out.

    Raises
    ------
    InputError
        If a file cannot be read or they do not fit each other, a name is unknown, or the result
        fails `form.check_recording`.
    """
    responses = load_assembly(
        assembly,
        region=region,
        window_ms=(window_start_ms, window_stop_ms),
        response_kind=response_kind,
    )
    sessions = {
        name: _complete(session, missing_repeats, f"{assembly}, session {name}")
        for name, session in divide_sessions(exclude(responses, exclude_neuroids, assembly)).items()
        if session["response"].size
    }
    tree = build_recording(
        _read_stimuli(stimulus_set, stimuli, _shown(sessions), split, size_px, crop_px),
        sessions,
        {
            **responses.attrs,
            "species": species,
            "region": ", ".join(np.unique(text(responses["region"].to_numpy()))),
            "response_kind": response_kind,
            "window_start_ms": window_start_ms,
            "window_stop_ms": window_stop_ms,
            "px_per_deg": px_per_deg,
            "source": source,
            "licence": licence,
        },
    )
    check_recording(tree, assembly)
    return tree


def _complete(session: xr.Dataset, missing_repeats: MissingRepeats, place: str) -> xr.Dataset:
    if "repetition" not in session.coords:
        numbers = number_repetitions(text(session["stimulus_id"].to_numpy()))
        session = session.assign_coords(repetition=(PRESENTATION, numbers))
    if missing_repeats == "close_up" and np.isnan(session["response"].to_numpy()).any():
        return close_up_repeats(session, place)
    return session


def _shown(sessions: Mapping[str, xr.Dataset]) -> set[str]:
    return {name for data in sessions.values() for name in text(data["stimulus_id"].to_numpy())}


def _read_stimuli(
    stimulus_set: Path, stimuli: Path, shown: set[str], split: SplitRule, size_px: int, crop_px: int
) -> xr.Dataset:
    table = read_table(stimulus_set)
    missing = sorted(shown - set(table["stimulus_id"]))
    if missing:
        raise InputError(
            stimulus_set,
            f"lacks the stimulus_id {some(missing)}, to which responses were recorded",
            expected="a row for each stimulus of the assembly",
            fix="take the stimulus set that the assembly's stimulus_set_identifier names",
        )
    table = table[table["stimulus_id"].isin(shown)]
    splits, groups = assign_splits(table, split, stimulus_set)
    pixels = read_pictures(stimuli, table["filename"].tolist(), size_px=size_px, crop_px=crop_px)
    return xr.Dataset(
        {"pixels": ((STIMULUS, ROW, COLUMN), pixels)},
        coords={
            "stimulus_id": (STIMULUS, text(table["stimulus_id"].to_numpy(dtype=object))),
            "split": (STIMULUS, splits),
            "group": (STIMULUS, groups),
        },
    )


def write_brainio(
    responses: xr.DataArray,
    pixels: UInt8[np.ndarray, "stimulus row column"],
    stimulus_set: pd.DataFrame,
    *,
    assembly: Path,
    stimulus_table: Path,
    stimuli: Path,
) -> None:
    """Write responses and their stimuli in the BrainIO form; the same data, the same bytes.

    Parameters
    ----------
    responses
        dims presentation and neuroid, coordinate stimulus_id.
    pixels
        Gray pictures, saved as PNG.
    stimulus_set
        A row for each picture: stimulus_id and further columns, such as split and group. The
        column filename is added.
    assembly, stimulus_table, stimuli
        The netCDF, CSV and zip to write.
    """
    table = stimulus_set.assign(filename=[f"{name}.png" for name in stimulus_set["stimulus_id"]])
    with whole(stimulus_table) as part:
        table.to_csv(part, index=False)
    with whole(stimuli) as part, zipfile.ZipFile(part, "w", zipfile.ZIP_STORED) as archive:
        for filename, picture in zip(table["filename"], pixels, strict=True):
            encoded = io.BytesIO()
            Image.fromarray(picture).save(encoded, format="PNG")
            archive.writestr(zipfile.ZipInfo(filename, _LONG_AGO), encoded.getvalue())
    data = responses.transpose(PRESENTATION, NEUROID)
    write_dataset(data.to_dataset(name="data").assign_attrs(responses.attrs), assembly)
