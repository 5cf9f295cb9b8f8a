"""Network `baseline` of the default experiment (config.yaml), its schedule and its photographs."""

import xarray as xr

from neurobust.config.recipes import Recipe
from neurobust.config.settings import SPLIT_SEED, Schedule
from neurobust.images.sources.photographs import build_photographs

SPLIT = {"test_fraction": 0.2, "validation_fraction": 0.1, "seed": SPLIT_SEED}
CLASSIFICATION = {"names": {"kind": "classification"}}
RECIPE = Recipe(trunk="vgg11", width=1 / 8, objectives=CLASSIFICATION)


def schedule(epochs: int) -> Schedule:
    """Return its schedule, for so many epochs."""
    return Schedule(optimiser="adam", lr=0.003, max_epochs=epochs, batch_size=32)


def photographs() -> xr.Dataset:
    """Return patches of its eight photographs."""
    return build_photographs(range(0, 16, 2), **SPLIT)
