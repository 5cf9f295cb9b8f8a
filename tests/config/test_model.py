"""What makes a part of the configuration what it is: its identity, which fields off leave alone."""

from pathlib import Path

import pytest
import yaml

from neurobust.config.checks import load_experiment
from neurobust.config.model import Model, require_known, validate
from neurobust.config.recipes import Recipe
from neurobust.config.schedules import Schedule
from neurobust.config.studies import find_studies
from neurobust.errors import InputError
from tests.experiments import merge

ROOT = Path(__file__).parents[2]
STUDIES = find_studies(ROOT / "studies")
PRESETS = sorted((ROOT / "presets").glob("*.yaml"))


class Part(Model):
    """A part of another."""

    rate: float = 0.1


class Before(Model):
    """A part of the configuration as it was."""

    name: str
    size: int = 3
    part: Part = Part()


class After(Before):
    """The same with new fields, all off by default."""

    extra: int | None = None
    flag: bool = False
    weight: float = 0.0
    more: list[Part] = []
    others: dict[str, Part] = {}
    word: str = ""


class Changed(Before):
    """The same with another default."""

    size: int = 4


class Switched(Before):
    """A new field that is on by default."""

    flag: bool = True


def test_a_field_that_is_off_changes_no_identity():
    expected = {"name": "a", "size": 3, "part": {"rate": 0.1}}
    assert Before(name="a").identity() == After(name="a").identity() == expected
    off = After(name="a", extra=None, flag=False, weight=0, more=[], others={}, word="")
    assert off.identity() == expected


def test_a_field_that_is_on_changes_the_identity():
    for over in (
        {"extra": 1},
        {"extra": 0},  # off would be None
        {"flag": True},
        {"weight": 0.5},
        {"more": [{}]},
        {"others": {"b": {}}},
        {"word": "x"},
    ):
        (field,) = over
        identity = After(name="a", **over).identity()
        assert identity.keys() - Before(name="a").identity().keys() == {field}


def test_a_changed_default_changes_the_identity():
    assert Changed(name="a").identity() != Before(name="a").identity()
    assert Changed(name="a").identity()["size"] == 4


def test_a_field_that_is_on_by_default_is_part_of_the_identity_on_or_off():
    on, off = (Switched(name="a", flag=flag).identity() for flag in (True, False))
    assert (on["flag"], off["flag"]) == (True, False)


def test_parts_within_mappings_and_lists_have_identities_too():
    found = After(name="a", more=[Part()], others={"b": Part(rate=0.5)}).identity()
    assert found["more"] == [{"rate": 0.1}]
    assert found["others"] == {"b": {"rate": 0.5}}


@pytest.mark.parametrize(
    "given",
    [
        After(name="a"),
        After(name="", size=0, part=Part(rate=0), extra=0),
        After(name="a", more=[Part()], others={"b": Part(rate=0)}),
        Switched(name="a", flag=False),
    ],
)
def test_a_model_is_validated_from_its_identity(given):
    assert type(given).model_validate(given.identity()) == given


@pytest.mark.parametrize("overlay", [None, *PRESETS], ids=lambda path: path and path.stem)
def test_every_recipe_and_schedule_is_validated_from_its_identity(overlay):
    given = yaml.safe_load((ROOT / "config.yaml").read_text())
    if overlay is not None:
        given = merge(given, yaml.safe_load(overlay.read_text()))
    experiment = load_experiment(given, STUDIES)
    assert experiment.networks
    for name, recipe in experiment.networks.items():
        assert Recipe.model_validate(recipe.identity()) == recipe, name
        trained = Recipe.model_validate(recipe.training_key())
        assert trained == recipe.model_copy(update={"display": trained.display, "seeds": None})
        assert trained.training_key() == recipe.training_key(), name
        for schedule, identity in experiment.schedules_of(name).items():
            assert Schedule.model_validate(identity) == experiment.config.schedules[schedule]
    for schedule in experiment.config.schedules.values():
        assert Schedule.model_validate(schedule.identity()) == schedule


def test_an_unknown_key_is_named_where_it_stands():
    with pytest.raises(InputError, match="unknown key 'rat'; did you mean 'rate'") as caught:
        validate(After, {"name": "a", "others": {"b": {"rat": 1}}}, "here")
    assert caught.value.place == "here"
    assert caught.value.problem.startswith("others.b: ")


def test_a_name_that_refers_to_nothing_is_refused_with_its_neighbour():
    require_known("place", "oracle", ["oracle"], "network")
    with pytest.raises(InputError, match="names no network: 'orakel'") as caught:
        require_known("place", "orakel", iter(["oracle", "base"]), "network")
    assert caught.value.expected == "did you mean 'oracle'? valid: base, oracle"
    assert caught.value.fix == "correct the name, or define the network"
