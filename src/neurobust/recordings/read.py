"""Reading of a recording by its settings, whatever its source."""

from collections.abc import Mapping
from pathlib import Path

import xarray as xr

from neurobust.config.recording import RecordingSettings
from neurobust.errors import InputError
from neurobust.parts import load_part, module_name


def part_of(source: str) -> str:
    """Return the part of the library that reads recordings of a source (`neurobust.parts`)."""
    return f"recordings.sources.{module_name(source)}"


def read_recording(
    settings: RecordingSettings, files: Mapping[str, str], place: str
) -> xr.DataTree:
    """Read a recording by its settings.

    Parameters
    ----------
    settings
        One entry of the configuration's ``recordings``.
    files
        Files of a simulated recording: assembly, stimulus_set and stimuli.
    place
        The entry's key in the configuration, for messages.

    Raises
    ------
    InputError
        If a file is not there, or in the cases of the source's reader.
    """
    for name in settings.files:
        _require_file(vars(settings)[name], f"{place}.{name}", settings.origin)
    return load_part(part_of(settings.source)).read(settings, files)


def _require_file(path: Path, key: str, origin: str) -> None:
    if not path.exists():
        raise InputError(
            path,
            f"is not there ({key})",
            expected=f"a file or folder of {origin}",
            fix=f"fetch it and put it there, or set {key} to its path (docs/real-data.md)",
        )
