"""Recordings with given stimuli and responses."""

import numpy as np
import pytest
import xarray as xr

from neurobust.recordings.form import build_recording

ATTRIBUTES = {
    "identifier": "made",
    "species": "macaque",
    "region": "V1",
    "units": "1",
    "response_kind": "continuous",
    "window_start_ms": 40.0,
    "window_stop_ms": 160.0,
    "px_per_deg": 14.0,
    "simulated": 0,
    "source": "a test",
    "licence": "CC0",
}


@pytest.fixture(scope="session")
def make_own_recording():
    """Return a function that makes a recording from stimuli and responses of each session."""

    def make(split, sessions, *, group=None, pixels=None):
        """Take the splits of the stimuli; for each session the shown stimuli and responses."""
        ids = np.array([f"stimulus{number}" for number in range(len(split))])
        if pixels is None:
            pixels = np.zeros((len(split), 8, 8), np.uint8)
        datasets = {}
        for name, (shown, response) in sessions.items():
            neuroids = response.shape[1]
            datasets[name] = xr.Dataset(
                {"response": (("presentation", "neuroid"), response.astype(np.float32))},
                coords={
                    "stimulus_id": ("presentation", ids[shown]),
                    "repetition": ("presentation", np.zeros(len(shown), int)),
                    "neuroid_id": ("neuroid", [f"{name}-{n}" for n in range(neuroids)]),
                    "region": ("neuroid", ["V1"] * neuroids),
                    "animal": ("neuroid", ["a"] * neuroids),
                },
            )
        stimuli = xr.Dataset(
            {"pixels": (("stimulus", "row", "column"), pixels)},
            coords={
                "stimulus_id": ("stimulus", ids),
                "split": ("stimulus", np.array(split)),
                "group": ("stimulus", ids if group is None else np.array(group)),
            },
        )
        return build_recording(stimuli, datasets, ATTRIBUTES)

    return make
