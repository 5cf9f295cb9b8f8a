"""Recordings in the BrainIO form of Brain-Score: an assembly (netCDF4) and a stimulus set.

An assembly has the dims presentation, neuroid and sometimes time_bin, without index variables;
plain one-dimensional coordinates label them.
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

_LONG_AGO = (1980, 1, 1, 0, 0, 0)  # a fixed date, so that the same pictures give the same bytes


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
    """Read a recording in the BrainIO form into the form of `neurobust.recordings.form`.

    Parameters
    ----------
    assembly, stimulus_set, stimuli
        The netCDF file of responses, the CSV of the stimulus set and the zip of its pictures.
    size_px, crop_px
        Side of the pictures for the network, and pixels to remove at each side before resizing.
    px_per_deg
        Resolution of the pictures at ``size_px``, in pixels per degree.
    split
        Rule that divides the stimuli into train, validation and test.
    window_start_ms, window_stop_ms
        Window after stimulus onset. Time bins within it are summed (counts) or averaged
        (continuous); in a file without bins it describes the single values.
    response_kind
        ``"counts"`` or ``"continuous"``.
    region
        Region whose neuroids are kept; None for all. It labels the neuroids of a file without
        regions.
    exclude_neuroids
        Identifiers of neuroids to leave out.
    missing_repeats
        Treatment of sessions in which some neuroids lack some repeats: ``"refuse"`` or
        ``"close_up"`` (`neurobust.recordings.brainio.sessions.close_up_repeats`).
    species, source, licence
        Species, source and licence of the data, kept as attributes.

    Returns
    -------
    xr.DataTree
        The recording, checked; stimuli that were never shown are left out.

    Raises
    ------
    InputError
        If a file cannot be read, files do not fit together, a name is unknown, or the result does
        not pass `neurobust.recordings.form.check_recording`.
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
            fix="use the stimulus set that the assembly's stimulus_set_identifier names",
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
    """Write responses and their stimuli in the BrainIO form; the same data give the same bytes.

    Parameters
    ----------
    responses
        Responses with the dims presentation and neuroid and the coordinate stimulus_id.
    pixels
        Gray pictures, saved as PNG.
    stimulus_set
        Table with a row for each picture: stimulus_id and further columns, such as split and
        group. The column filename is added.
    assembly, stimulus_table, stimuli
        Paths of the netCDF, CSV and zip files to write.
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
