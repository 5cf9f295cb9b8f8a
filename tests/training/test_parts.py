"""A training imports no part of the library that its recipe does not name.

What a recipe names is what its fingerprint covers: a part that were imported besides could be
edited, and its networks would not be trained again.
"""

import importlib
from importlib import import_module

import pytest
import torch

from neurobust.config.recipes import Recipe
from neurobust.config.schedules import Schedule
from neurobust.training.objective import TrainingData
from neurobust.training.train import train_network

CPU = torch.device("cpu")
CLASSIFY = {"kind": "classification"}
RECIPES = {
    "classifier": {"objectives": {"c": CLASSIFY}},
    "behind a blur": {"objectives": {"c": CLASSIFY}, "frontend": {"kind": "blur", "sigma_px": 1}},
    "behind components": {
        "objectives": {"c": CLASSIFY},
        "frontend": {"kind": "pca", "components": 4},
    },
    "corrupted": {"objectives": {"c": {**CLASSIFY, "corrupted": 0.5}}},
    "adversarial": {
        "objectives": {"c": {**CLASSIFY, "adversarial": {"norm": "l2", "size": 1, "steps": 1}}}
    },
    "augmix": {"objectives": {"c": {**CLASSIFY, "augmix": {}}}},
    "matching": {"objectives": {"c": CLASSIFY, "m": {"kind": "matching", "layer": "conv-1-1"}}},
    "recorded": {
        "objectives": {"v1": {"kind": "responses", "source": "recorded", "loss": "likelihood"}}
    },
    "predicted": {"objectives": {"c": CLASSIFY, "v1": {"kind": "responses", "source": "p"}}},
    "similarity": {"objectives": {"c": CLASSIFY, "s": {"kind": "similarity", "source": "p"}}},
    "recurrent": {"objectives": {"c": CLASSIFY}, "trunk": "cornet-s"},
}


@pytest.mark.parametrize("fields", RECIPES.values(), ids=[*RECIPES])
def test_a_training_imports_the_parts_that_its_recipe_names(
    fields, image_set, recording, predicted_responses, similarities, monkeypatch
):
    recipe = Recipe(**{"trunk": "vgg11", "width": 1 / 32, "readout_layer": "conv-1-1"} | fields)
    used = []

    def watch(name, package=None):
        used.append(name)
        return import_module(name, package)

    monkeypatch.setattr(importlib, "import_module", watch)
    data = TrainingData(
        images=image_set,
        recordings={"recorded": recording},
        responses={"p": predicted_responses},
        similarities={"p": similarities},
    )
    schedule = Schedule(lr=0.01, batch_size=36, max_epochs=1)
    train_network(recipe, {"classification": schedule}, data, seed=1, device=CPU)
    named = {f"neurobust.{part}" for part in recipe.training_parts()}
    assert {name for name in used if name.startswith("neurobust.")} == named
