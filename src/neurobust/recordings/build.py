"""From the settings of a recording to the labelled form, whatever its source."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from jaxtyping import UInt8
from pydantic import TypeAdapter

from neurobust.config.settings import RAW_FILES, SPLIT_SEED, TVSD, Recording, Simulated, Split
from neurobust.dims import TEST, TRAIN
from neurobust.errors import InputError
from neurobust.images.form import luma
from neurobust.recordings import simulated
from neurobust.recordings.brainio.read import read_brainio
from neurobust.recordings.simulated.tuning import SPECIES
from neurobust.recordings.splits import SplitRule
from neurobust.recordings.tvsd import read_tvsd

ORIGINS = {
    "brainio": "a BrainIO assembly: netCDF, CSV and zip, as Brain-Score distributes them",
    "tvsd": "TVSD (https://gin.g-node.org/paolo_papale/TVSD) or of the THINGS photographs",
}


def read_recording(
    settings: Mapping[str, Any], simulated_files: Mapping[str, str], place: str
) -> xr.DataTree:
    """Read a recording as its settings say.

    Parameters
    ----------
    settings
        One entry of the configuration's ``recordings``.
    simulated_files
        Of a simulated recording: assembly, stimulus_set and stimuli.
    place
        The configuration key, for messages.

    Raises
    ------
    InputError
        If a file is not there, or as the importer of its source does.
    """
    chosen = TypeAdapter(Recording).validate_python(settings)
    if isinstance(chosen, Simulated):
        return _read_simulated(chosen, simulated_files)
    for name in RAW_FILES[chosen.source]:
        _require_file(getattr(chosen, name), f"{place}.{name}", chosen.source)
    if isinstance(chosen, TVSD):
        return read_tvsd(
            chosen.normalised_mua,
            chosen.image_list,
            chosen.photographs,
            monkey=chosen.monkey,
            region=chosen.region,
            min_reliability=chosen.min_reliability,
            size_px=chosen.size_px,
        )
    return read_brainio(
        chosen.assembly,
        chosen.stimulus_set,
        chosen.stimuli,
        size_px=chosen.size_px,
        crop_px=chosen.crop_px,
        px_per_deg=chosen.px_per_deg,
        split=_rule(chosen.split),
        species=chosen.species,
        region=chosen.region,
        window_start_ms=chosen.window_ms[0],
        window_stop_ms=chosen.window_ms[1],
        response_kind=chosen.response_kind,
        missing_repeats=chosen.missing_repeats,
        exclude_neuroids=chosen.exclude_neuroids,
        source=chosen.reference,
        licence=chosen.licence,
    )


def simulate_recording(
    settings: Mapping[str, Any], image_set: xr.Dataset, place: str
) -> tuple[xr.DataArray, UInt8[np.ndarray, "stimulus row column"], pd.DataFrame]:
    """Simulate a population of V1 cells that is shown an image set.

    Test stimuli, which are repeated, are drawn from the set's test images; its other images are
    shown once.

    Parameters
    ----------
    settings
        A simulated entry of the configuration's ``recordings``.
    image_set
        The pictures shown.
    place
        The configuration key, for messages.

    Returns
    -------
    Responses in the BrainIO form, the stimuli's gray pixels, and the stimulus set's table.

    Raises
    ------
    InputError
        If the image set has too few test images.
    """
    chosen = Simulated.model_validate(settings)
    tested = np.flatnonzero(image_set["split"].to_numpy() == TEST)
    if len(tested) < chosen.test_stimuli:
        raise InputError(
            f"{place}.test_stimuli",
            f"asks for {chosen.test_stimuli}, but image set {chosen.stimuli!r} has {len(tested)}",
            expected=f"at most {len(tested)}",
            fix="lower test_stimuli or raise the image set's test fraction",
        )
    even = np.linspace(0, len(tested) - 1, chosen.test_stimuli).round().astype(int)
    once = np.flatnonzero(image_set["split"].to_numpy() != TEST)
    shown = image_set.isel(image=np.concatenate([once, tested[even]]))
    pixels = shown["pixels"].to_numpy()
    split = [TRAIN] * len(once) + [TEST] * len(even)
    ids = [f"{chosen.stimuli}_{image}" for image in shown["image_id"].to_numpy()]
    gray = luma(pixels) if pixels.ndim == 4 else pixels
    responses = simulated.simulate_v1(
        gray,
        ids,
        split,
        species=SPECIES[chosen.species],
        n_neuroids=chosen.neuroids,
        n_sessions=chosen.sessions,
        test_repeats=chosen.test_repeats,
        px_per_deg=chosen.px_per_deg,
        seed=chosen.seed,
    )
    table = pd.DataFrame(
        {
            "stimulus_id": ids,
            "filename": [f"{name}.png" for name in ids],
            "split": split,
            "label": shown["label"].to_numpy(),
        }
    )
    return responses, gray, table


def _require_file(path: Path, key: str, source: str) -> None:
    if not path.exists():
        raise InputError(
            path,
            f"is not there ({key})",
            expected=f"a file or folder of {ORIGINS[source]}",
            fix=f"fetch it and put it there, or let {key} name where it is (docs/real-data.md)",
        )


def _read_simulated(chosen: Simulated, files: Mapping[str, str]) -> xr.DataTree:
    return read_brainio(
        Path(files["assembly"]),
        Path(files["stimulus_set"]),
        Path(files["stimuli"]),
        size_px=chosen.size_px,
        px_per_deg=chosen.px_per_deg,
        split=_rule(Split(column="split")),
        species=f"{chosen.species} (simulated)",
        window_start_ms=simulated.WINDOW_START_MS,
        window_stop_ms=simulated.WINDOW_STOP_MS,
        exclude_neuroids=chosen.exclude_neuroids,
        source="simulated by neurobust",
        licence="MIT",
    )


def _rule(split: Split) -> SplitRule:
    return SplitRule(
        by=split.by,
        column=split.column,
        test=split.test,
        validation=split.validation,
        seed=SPLIT_SEED,
    )
