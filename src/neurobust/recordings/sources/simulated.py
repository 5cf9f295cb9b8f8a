"""A simulated population of V1 cells, written to and read from files in the BrainIO form."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr
from jaxtyping import UInt8

from neurobust.config.recordings.simulated import Simulated
from neurobust.config.splits import Split
from neurobust.dims import TEST, TRAIN
from neurobust.errors import InputError
from neurobust.images.form import luma
from neurobust.recordings.brainio.read import read_brainio
from neurobust.recordings.simulated.responses import (
    WINDOW_START_MS,
    WINDOW_STOP_MS,
    simulate_v1,
)
from neurobust.recordings.simulated.tuning import SPECIES
from neurobust.recordings.splits import split_rule


def read(settings: Simulated, files: Mapping[str, str]) -> xr.DataTree:
    """Read the recording that was simulated with these settings; see `read_brainio`."""
    return read_brainio(
        Path(files["assembly"]),
        Path(files["stimulus_set"]),
        Path(files["stimuli"]),
        size_px=settings.size_px,
        px_per_deg=settings.px_per_deg,
        split=split_rule(Split(column="split")),
        species=f"{settings.species} (simulated)",
        window_start_ms=WINDOW_START_MS,
        window_stop_ms=WINDOW_STOP_MS,
        exclude_neuroids=settings.exclude_neuroids,
        source="simulated by neurobust",
        licence="MIT",
    )


def simulate_recording(
    settings: Simulated, image_set: xr.Dataset, place: str
) -> tuple[xr.DataArray, UInt8[np.ndarray, "stimulus row column"], pd.DataFrame]:
    """Simulate the responses of a population of V1 cells to an image set.

    Test stimuli, which are repeated, are taken from the set's test images; all other images are
    shown once.

    Parameters
    ----------
    settings
        A simulated entry of the configuration's ``recordings``.
    image_set
        Pictures that the cells are shown.
    place
        The entry's key in the configuration, for messages.

    Returns
    -------
    Responses in the BrainIO form, the gray pixels of the stimuli, and the table of the stimulus
    set.

    Raises
    ------
    InputError
        If the image set has too few test images.
    """
    tested = np.flatnonzero(image_set["split"].to_numpy() == TEST)
    if len(tested) < settings.test_stimuli:
        raise InputError(
            f"{place}.test_stimuli",
            f"is {settings.test_stimuli}, but image set {settings.stimuli!r} has {len(tested)} "
            "test images",
            expected=f"at most {len(tested)}",
            fix="lower test_stimuli or raise the image set's test fraction",
        )
    even = np.linspace(0, len(tested) - 1, settings.test_stimuli).round().astype(int)
    once = np.flatnonzero(image_set["split"].to_numpy() != TEST)
    shown = image_set.isel(image=np.concatenate([once, tested[even]]))
    pixels = shown["pixels"].to_numpy()
    split = [TRAIN] * len(once) + [TEST] * len(even)
    ids = [f"{settings.stimuli}_{image}" for image in shown["image_id"].to_numpy()]
    gray = luma(pixels) if pixels.ndim == 4 else pixels
    responses = simulate_v1(
        gray,
        ids,
        split,
        species=SPECIES[settings.species],
        n_neuroids=settings.neuroids,
        n_sessions=settings.sessions,
        test_repeats=settings.test_repeats,
        px_per_deg=settings.px_per_deg,
        seed=settings.seed,
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
