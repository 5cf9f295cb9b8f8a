"""Stimulus sets in the BrainIO form: a table (CSV) and a zip of the pictures it names."""

import zipfile
import zlib
from collections import defaultdict
from io import BytesIO
from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd
from jaxtyping import UInt8
from tqdm import tqdm

from neurobust.errors import InputError
from neurobust.recordings.form import refuse_duplicates
from neurobust.recordings.pictures import read_picture

# Names of each field: first today's, then those in older files.
STIMULUS_ID = ("stimulus_id", "image_id")
FILENAME = ("filename", "image_file_name")


def read_table(path: Path) -> pd.DataFrame:
    """Read a stimulus set's table, all columns as text, with today's names of its two key columns.

    Raises
    ------
    InputError
        If the file is absent or not a table, lacks the column of stimuli or of files, or names a
        stimulus twice.
    """
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
    except (OSError, ValueError) as error:  # includes pandas' and unicode's errors
        raise InputError(
            path,
            f"cannot be read as a table ({error})",
            expected="a CSV file with a header and a row for each stimulus",
            fix="fetch or export the stimulus set again",
        ) from error
    for names in (STIMULUS_ID, FILENAME):
        present = [name for name in names if name in table.columns]
        if not present:
            raise InputError(
                path,
                f"there is no column {names[0]!r}",
                expected=f"a column {' or '.join(names)}; there are {', '.join(table.columns)}",
                fix="rename the column that holds it",
            )
        table = table.rename(columns={present[0]: names[0]})
    refuse_duplicates(table[STIMULUS_ID[0]].to_numpy(), STIMULUS_ID[0], path)
    return table


def read_pictures(
    path: Path, filenames: list[str], *, size_px: int, crop_px: int
) -> UInt8[np.ndarray, "stimulus row column"]:
    """Read pictures from a zip, gray and square (`neurobust.recordings.pictures.read_picture`).

    A file is found by its path in the zip or, if the zip has folders that the table does not
    mention, by its name alone.

    Raises
    ------
    InputError
        If the zip is absent or damaged, lacks a file, or a file is not a picture.
    """
    pixels = np.empty((len(filenames), size_px, size_px), np.uint8)
    try:
        with zipfile.ZipFile(path) as archive:
            members = _find_members(archive, filenames, path)
            for index, member in enumerate(
                tqdm(members, desc="pictures", leave=False, disable=None)
            ):
                pixels[index] = read_picture(
                    BytesIO(archive.read(member)),
                    f"{path}, {member}",
                    size_px=size_px,
                    crop_px=crop_px,
                )
    except (OSError, zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:
        raise InputError(
            path,
            f"cannot be read as a zip of pictures ({error})",
            expected="a complete zip file without a password",
            fix="fetch the file again",
        ) from error
    return pixels


def _find_members(archive: zipfile.ZipFile, filenames: list[str], path: Path) -> list[str]:
    names = set(archive.namelist())
    by_last = defaultdict(list)
    for name in names:
        by_last[PurePosixPath(name).name].append(name)
    members = []
    for filename in filenames:
        alike = [filename] if filename in names else by_last[PurePosixPath(filename).name]
        if len(alike) != 1:
            raise InputError(
                path,
                f"{filename} is {'there more than once' if alike else 'not in the zip'}",
                expected="each file that the stimulus set's table names",
                fix="use the table and the zip of one stimulus set",
            )
        members.append(alike[0])
    return members
