"""A small recording in the BrainIO form, written here by hand, not by the code under test."""

import zipfile
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from PIL import Image

from neurobust.recordings.brainio.read import read_brainio
from neurobust.recordings.splits import SplitRule

N_STIMULI, N_REPEATS = 10, 4


@dataclass
class BrainIO:
    """Two populations of three neuroids: ten stimuli of five movies, each shown four times."""

    folder: Path
    counts: np.ndarray
    dataset: xr.Dataset
    table: pd.DataFrame
    pictures: dict[str, Image.Image]
    options: dict = field(default_factory=dict)

    def write(self):
        """Write the three files as they are now."""
        self.dataset.to_netcdf(self.folder / "assembly.nc")
        self.table.to_csv(self.folder / "stimuli.csv", index=False)
        with zipfile.ZipFile(self.folder / "stimuli.zip", "w") as archive:
            for name, picture in self.pictures.items():
                encoded = BytesIO()
                picture.save(encoded, format="PNG")
                archive.writestr(name, encoded.getvalue())
        return self

    def read(self, **options):
        """Read them with the code under test."""
        return read_brainio(
            self.folder / "assembly.nc",
            self.folder / "stimuli.csv",
            self.folder / "stimuli.zip",
            **(self.options | options),
        )


@pytest.fixture
def brainio(tmp_path):
    random = np.random.default_rng(0)
    ids = [f"frame{index}" for index in range(N_STIMULI)]
    counts = random.poisson(3, size=(N_STIMULI * N_REPEATS, 6)).astype(np.float32)
    dataset = xr.Dataset(
        {"data": (("presentation", "neuroid"), counts.copy())},
        coords={
            "stimulus_id": ("presentation", np.repeat(ids, N_REPEATS)),
            "repetition": ("presentation", np.tile(np.arange(N_REPEATS), N_STIMULI)),
            "neuroid_id": ("neuroid", [f"n{index}" for index in range(6)]),
            "session": ("neuroid", ["left/1"] * 3 + ["right 2"] * 3),
            "animal": ("neuroid", ["a"] * 3 + ["b"] * 3),
            "region": ("neuroid", ["V1"] * 5 + ["V2"]),
        },
        attrs={"identifier": "lab.Test", "stimulus_set_identifier": "lab.Stimuli"},
    )
    table = pd.DataFrame(
        {
            "stimulus_id": ids,
            "filename": [f"{name}.png" for name in ids],
            "movie": [f"movie{index // 2}" for index in range(N_STIMULI)],
            "part": ["train"] * 6 + ["validation"] * 2 + ["test"] * 2,
        }
    )
    pictures = {
        name: Image.fromarray(random.integers(0, 256, size=(8, 8), dtype=np.uint8))
        for name in table["filename"]
    }
    options = {
        "size_px": 8,
        "px_per_deg": 4.0,
        "split": SplitRule(by="movie"),
        "species": "macaque",
        "window_start_ms": 0.0,
        "window_stop_ms": 100.0,
    }
    return BrainIO(tmp_path, counts, dataset, table, pictures, options)
