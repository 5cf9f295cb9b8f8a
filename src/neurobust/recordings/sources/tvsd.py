"""TVSD, the THINGS Ventral stream Spiking Dataset (Papale et al. 2025): macaque V1, V4 and IT.

The data are multi-unit activity of two monkeys, normalised per day and electrode: z-scores, which
may be negative, not counts. 22,248 photographs, shown once, are for training; 100, shown 30 times,
for the test.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path, PureWindowsPath
from typing import Literal

import h5py
import numpy as np
import pandas as pd
import xarray as xr
from tqdm import tqdm

from neurobust.config.recordings.tvsd import TVSD
from neurobust.dims import COLUMN, NEUROID, PRESENTATION, ROW, STIMULUS, TEST, TRAIN
from neurobust.errors import InputError
from neurobust.recordings.brainio.sessions import exclude, number_repetitions
from neurobust.recordings.form import CONTINUOUS, build_recording, check_recording
from neurobust.recordings.pictures import read_picture
from neurobust.recordings.splits import SplitRule, assign_splits

# First electrode and the one after the last, counted from 0.
ELECTRODES = {
    "F": {"V1": (0, 512), "IT": (512, 832), "V4": (832, 1024)},
    "N": {"V1": (0, 512), "V4": (512, 768), "IT": (768, 1024)},
}
WINDOW_MS = {"V1": (25, 125), "V4": (50, 150), "IT": (75, 175)}
PICTURE_DEG = 8.0  # ASSUME: the width of the photographs on the screen

Monkey = Literal["F", "N"]
Region = Literal["V1", "V4", "IT"]


def read(settings: TVSD, _: Mapping[str, str]) -> xr.DataTree:
    """Read the recording of these settings; see `read_tvsd`."""
    return read_tvsd(
        settings.normalised_mua,
        settings.image_list,
        settings.photographs,
        monkey=settings.monkey,
        region=settings.region,
        min_reliability=settings.min_reliability,
        size_px=settings.size_px,
    )


def read_tvsd(
    normalised_mua: Path,
    image_list: Path,
    photographs: Path,
    *,
    monkey: Monkey,
    region: Region,
    size_px: int,
    min_reliability: float = 0.3,
    validation: float = 0.2,
    split_seed: int = 1000,
    crop_px: int = 0,
    exclude_neuroids: Sequence[str] = (),
    licence: str = "",
) -> xr.DataTree:
    """Read one monkey's responses in one area into the form of `neurobust.recordings.form`.

    Parameters
    ----------
    normalised_mua
        ``THINGS_normMUA.mat`` of the monkey, MATLAB 7.3.
    image_list
        ``things_imgs.mat`` of the monkey, MATLAB 7.3.
    photographs
        Folder ``object_images`` of the THINGS initiative, a folder for each concept.
    monkey, region
        Monkey and cortical area of the electrodes.
    size_px, crop_px
        Side of the pictures for the network, and pixels to remove at each side before resizing.
    min_reliability
        Smallest reliability of an electrode: the correlation between repeats, averaged over pairs
        of repeats, must be higher.
    validation, split_seed
        Share of the training photographs that are for validation, and the seed that chooses them.
    exclude_neuroids
        Electrodes to leave out, by names such as ``F0012`` (counted from 0).
    licence
        Licence of the data, kept as an attribute.

    Returns
    -------
    xr.DataTree
        The recording, checked, with one session and continuous responses.

    Raises
    ------
    InputError
        If a file cannot be read or lacks a field, fields do not match in size, a photograph is
        missing, or no electrode is reliable enough.
    """
    names = _read(image_list, _read_names)
    session = _read(
        normalised_mua,
        lambda file: _read_session(file, names, monkey, region, min_reliability, normalised_mua),
    )
    session = exclude(session, exclude_neuroids, normalised_mua)
    start_ms, stop_ms = WINDOW_MS[region]
    rule = SplitRule(column="split", validation=validation, seed=split_seed)
    tree = build_recording(
        _read_stimuli(names, photographs, rule, size_px, crop_px),
        {f"monkey{monkey}": session},
        {
            "identifier": f"TVSD.monkey{monkey}.{region}",
            "species": "Macaca mulatta",
            "region": region,
            "units": session["response"].attrs["units"],
            "response_kind": CONTINUOUS,
            "window_start_ms": start_ms,
            "window_stop_ms": stop_ms,
            "px_per_deg": size_px / PICTURE_DEG,
            "simulated": 0,
            "source": "TVSD, Papale et al. 2025, Neuron",
            "licence": licence,
        },
    )
    check_recording(tree, normalised_mua)
    return tree


def _read(path, read):  # noqa: ANN001, ANN202 - the type follows from `read`
    try:
        with h5py.File(path, "r") as file:
            return read(file)
    except (OSError, KeyError, ValueError, TypeError, AttributeError) as error:
        raise InputError(
            path,
            f"cannot be read ({error})",
            expected="a complete MATLAB 7.3 file of TVSD, with the fields of its documentation",
            fix="fetch the file again",
        ) from error


def _read_names(file: h5py.File) -> dict[str, list[str]]:
    """Return the paths, concept/file, of the photographs for training and for the test."""
    return {
        TRAIN: _read_strings(file, file["train_imgs"]["things_path"]),
        TEST: _read_strings(file, file["test_imgs"]["things_path"]),
    }


def _read_strings(file: h5py.File, references: h5py.Dataset) -> list[str]:
    strings = (
        file[reference][()].astype("<u2").tobytes().decode("utf-16-le")
        for reference in references[()].ravel()
    )
    return [PureWindowsPath(string).as_posix() for string in strings]


def _read_session(
    file: h5py.File,
    names: dict[str, list[str]],
    monkey: Monkey,
    region: Region,
    min_reliability: float,
    path: Path,
) -> xr.Dataset:
    # A slice, so that only this area's electrodes are read.
    area = slice(*ELECTRODES[monkey][region])
    reliability = file["reliab"][:, area].mean(axis=0)
    kept = np.flatnonzero(reliability > min_reliability)
    if not len(kept):
        raise InputError(
            path,
            f"no electrode of {region} has a mean 'reliab' above {min_reliability:g}; "
            f"the highest is {np.nanmax(reliability, initial=-1):.2f}",
            expected="at least one reliable electrode",
            fix="lower min_reliability",
        )
    train, test = file["train_MUA"][:, area][:, kept], file["test_MUA_reps"][:, :, area][..., kept]
    if train.shape[0] != len(names[TRAIN]) or test.shape[1] != len(names[TEST]):
        raise InputError(
            path,
            f"has {train.shape[0]} training and {test.shape[1]} test photographs",
            expected=f"{len(names[TRAIN])} and {len(names[TEST])}, as in the list of images",
            fix="take both files of the same monkey",
        )
    shown = np.array(names[TRAIN] + names[TEST] * len(test))
    electrodes = area.start + kept
    return xr.Dataset(
        {
            "response": (
                (PRESENTATION, NEUROID),
                np.concatenate([train, test.reshape(-1, len(kept))]).astype(np.float32),
                {"units": "standard deviations"},
            )
        },
        coords={
            "stimulus_id": (PRESENTATION, shown),
            "repetition": (PRESENTATION, number_repetitions(shown)),
            "neuroid_id": (NEUROID, np.array([f"{monkey}{index:04d}" for index in electrodes])),
            "region": (NEUROID, np.full(len(kept), region)),
            "animal": (NEUROID, np.full(len(kept), monkey)),
        },
    )


def _read_stimuli(
    names: dict[str, list[str]], photographs: Path, rule: SplitRule, size_px: int, crop_px: int
) -> xr.Dataset:
    table = pd.DataFrame(
        [(name, split) for split in (TRAIN, TEST) for name in names[split]],
        columns=["stimulus_id", "split"],
    )
    splits, groups = assign_splits(table, rule, photographs)
    pixels = np.empty((len(table), size_px, size_px), np.uint8)
    for index, name in enumerate(
        tqdm(table["stimulus_id"], desc="photographs", leave=False, disable=None)
    ):
        path = photographs / name
        pixels[index] = read_picture(path, path, size_px=size_px, crop_px=crop_px)
    return xr.Dataset(
        {"pixels": ((STIMULUS, ROW, COLUMN), pixels)},
        coords={
            "stimulus_id": (STIMULUS, table["stimulus_id"].to_numpy(dtype=str)),
            "split": (STIMULUS, splits),
            "group": (STIMULUS, groups),
        },
    )
