"""The defaults are the paper's, and what does not belong is refused."""

import json
from pathlib import Path

import pytest

from neurobust.config.experiment import Config
from neurobust.config.model import validate
from neurobust.config.objectives.classification import Classification
from neurobust.config.recipes import Recipe
from neurobust.config.schedules import SCHEDULES, Schedule
from neurobust.config.schema import json_schema
from neurobust.config.studies import find_studies
from neurobust.errors import InputError

ROOT = Path(__file__).parents[2]

# Safarani et al. 2021: the paper (section 2) where it gives the value, else the authors' released
# code.
# name: optimiser, lr, momentum, weight decay, lr factor, threshold, most epochs, patience, steps
PUBLISHED = {
    "classification": ("sgd", 0.1, 0.75, 5e-4, 0.4, 1e-4, 400, 5, 5),
    "cotraining": ("sgd", 0.1, 0.75, 5e-4, 0.3, 1e-4, 407, 5, 5),
    "prediction": ("adam", 5e-4, None, 5e-4, 0.5, 1e-6, 150, 5, 5),
    # Not public; the nearest public relative.
    "oracle": ("sgd", 0.1, 0.8, 5e-5, 0.3, 1e-4, 100, 10, 5),
    "readout": ("adam", 5e-4, None, 5e-4, 0.5, 1e-6, 10, 5, 5),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_schedules_are_the_published_ones(name):
    schedule = Schedule(**SCHEDULES[name])
    optimiser, lr, momentum, decay, factor, threshold, epochs, patience, steps = PUBLISHED[name]
    assert (schedule.optimiser, schedule.lr) == (optimiser, lr)
    if momentum is not None:
        assert schedule.momentum == momentum
    assert schedule.weight_decay == decay
    assert (schedule.lr_factor, schedule.min_lr) == (factor, 1e-4)
    assert (schedule.threshold, schedule.max_epochs) == (threshold, epochs)
    assert (schedule.patience, schedule.lr_steps) == (patience, steps)
    assert schedule.batch_size == 128


def test_there_is_no_schedule_without_a_source():
    assert set(SCHEDULES) == set(PUBLISHED)


def test_the_default_network_is_the_published_one():
    recipe = Recipe()
    assert (recipe.trunk, recipe.width, recipe.colour) == ("vgg19", 1.0, "gray")
    assert recipe.readout_layer == "conv-3-1"
    augmentation = Classification().augmentation
    assert (augmentation.padding_px, augmentation.flip, augmentation.rotation_deg) == (4, True, 15)
    assert Classification().corrupted == 0


def test_the_default_experiment_is_the_published_one():
    fields = Config.model_fields
    assert fields["seeds"].default == [1000, 2000, 3000, 4000, 5000]
    assert fields["corruptions"].default.severities == [1, 2, 3, 4, 5]


def test_the_schema_file_is_in_step():
    written = (ROOT / "config.schema.json").read_text()
    assert written == json_schema(), (
        "config.schema.json is out of date; run "
        "`python -m neurobust.config.schema > config.schema.json` and commit it"
    )


def test_the_schema_needs_no_key_of_a_study():
    schema = json.loads(json_schema(find_studies(ROOT / "studies")))
    assert schema["required"] == ["scale", "images"]
    assert {*find_studies(ROOT / "studies")} < schema["properties"].keys()


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"learning_rate": 0.1}, "unknown key 'learning_rate'"),
        ({"momentun": 0.1}, "did you mean 'momentum'"),
        ({"lr": 0}, "lr: "),
        ({"lr_factor": 1.0}, "lr_factor: "),
        ({"batch_size": 1}, "batch_size: "),  # batch normalisation needs two
        ({"max_epochs": 0}, "max_epochs: "),
    ],
)
def test_wrong_schedules_are_refused(fields, message):
    with pytest.raises(InputError, match=message):
        validate(Schedule, fields, "schedules.x")


def test_settings_cannot_be_changed_later():
    with pytest.raises(ValueError, match="frozen"):
        Schedule().lr = 1.0
