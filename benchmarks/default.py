"""Network `baseline` of the default experiment (config.yaml), its schedule and its photographs."""

from collections.abc import Callable
from functools import partial

import torch
import xarray as xr

from neurobust.config.recipes import Recipe
from neurobust.config.schedules import Schedule
from neurobust.config.splits import SPLIT_SEED
from neurobust.images.batches import LabelledPictures
from neurobust.images.sources.photographs import build_photographs
from neurobust.networks.inference import correctness
from neurobust.networks.network import Heads, Network, build_network
from neurobust.training.loop import train_stage
from neurobust.training.objectives.classification import Classification

SEED = 1000
CPU = torch.device("cpu")
CLASSIFICATION = {"names": {"kind": "classification"}}
RECIPE = Recipe(trunk="vgg11", width=1 / 8, objectives=CLASSIFICATION)
SCHEDULE = Schedule(optimiser="adam", lr=0.003, max_epochs=1, batch_size=32)


def photographs(numbers: range = range(0, 16, 2), short_side_px: int = 768) -> xr.Dataset:
    """Return patches of its eight photographs, or of others."""
    shares = {"test_fraction": 0.2, "validation_fraction": 0.1, "seed": SPLIT_SEED}
    return build_photographs(numbers, short_side_px=short_side_px, **shares)


def build(recipe: Recipe, heads: Heads, device: torch.device = CPU, seed: int = SEED) -> Network:
    """Return a network on a device, laid out as jobs have it, in evaluation mode."""
    network = build_network(recipe, heads, seed=seed).to(device)
    return network.to(memory_format=torch.channels_last).eval()


def epoch_of_training(
    network: Network,
    schedule: Schedule,
    pictures: LabelledPictures,
    validated: LabelledPictures | None,
) -> Callable[[], object]:
    """Return an epoch of training, with augmentation, and with validation unless it is None."""
    (stage,) = network.recipe.training()
    ((name, settings),) = stage.objectives.items()
    stream = {"batch_size": schedule.batch_size, "seed": SEED, "purpose": "benchmark"}

    def validate() -> float:
        if validated is None:
            return 0.0
        return correctness(network, validated).double().mean().item()

    return partial(
        train_stage,
        network,
        {name: Classification(settings, pictures, **stream)},
        stage=stage,
        number=0,
        schedule=schedule,
        validate=validate,
        seed=SEED,
        device=pictures.labels.device,
        history={},
    )
