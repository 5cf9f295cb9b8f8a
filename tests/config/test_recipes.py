"""Ratios, inheritance and sweeps, and what a wrong recipe is told."""

import math
from pathlib import Path

import pytest

from neurobust.config.model import nearest, validate
from neurobust.config.recipes import (
    Classification,
    Entry,
    Matching,
    Recipe,
    Responses,
    expand,
)
from neurobust.errors import InputError

CLASSIFY = {"classification": {"kind": "classification"}}
CLASSIFIER = {"objectives": CLASSIFY}


def make(fields):
    return validate(Recipe, fields, "networks.a")


def expand_all(entries, **defaults):
    parsed = {name: validate(Entry, fields, name) for name, fields in entries.items()}
    return expand(parsed, Recipe.model_validate(defaults))


def ratio(value):
    return make({"objectives": {"v1": {"kind": "responses", "source": "p", "ratio": value}}})


@pytest.mark.parametrize(
    ("written", "meant"),
    [("1:15", 1 / 15), ("5:1", 5.0), ("2:4", 0.5), (0.5, 0.5), (3, 3.0), (20, 20.0)],
)
def test_ratios_are_read(written, meant):
    assert ratio(written).objectives["v1"].ratio == pytest.approx(meant, abs=0)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (75, r'unquoted 1:15 as the number 75, so write it as "1:15"'),
        (20.5, r"20.5 is not in \(0, 20\]"),
        (0, r"0 is not in \(0, 20\]"),
        (-1, r"-1 is not in"),
        (math.nan, r"nan is not in"),
        ("1:0", r'"a:b" in quotes'),
        ("one", r'"a:b" in quotes'),
        ("0:1", r"0 is not in"),
        (None, r"valid number"),
    ],
)
def test_wrong_ratios_are_refused(written, said):
    with pytest.raises(InputError, match=said) as caught:
        ratio(written)
    assert "objectives.v1.responses.ratio" in caught.value.problem


def test_yaml_reads_an_unquoted_ratio_as_75():
    import yaml

    with pytest.raises(InputError, match="1:15"):
        ratio(yaml.safe_load("ratio: 1:15")["ratio"])


def test_an_unknown_key_is_named_with_its_place_and_neighbour():
    fields = {"objectives": {"v1": {"kind": "responses", "source": "p", "shufled": True}}}
    with pytest.raises(
        InputError, match="unknown key 'shufled'; did you mean 'shuffled'"
    ) as caught:
        make(fields)
    assert caught.value.place == "networks.a"
    assert caught.value.problem.startswith("objectives.v1.responses: ")
    assert "sessions_per_step" in caught.value.problem


def test_every_fault_is_told_at_once():
    with pytest.raises(InputError) as caught:
        make({"width": -1, "trunk": "vgg12", "colour": "grey"})
    for field in ("width", "trunk", "colour"):
        assert f"{field}: " in caught.value.problem


def test_an_unknown_kind_of_objective_is_refused():
    with pytest.raises(InputError, match="classification"):
        make({"objectives": {"x": {"kind": "dreaming"}}})


def test_nearest_names():
    assert nearest("basline", ["oracle", "baseline"]).startswith("did you mean 'baseline'? ")
    assert nearest("zzz", ["oracle", "baseline"]) == "valid: baseline, oracle"
    assert nearest("zzz", []) == "valid: none"


def test_training_is_the_own_stage_or_the_stages():
    own = make({"objectives": CLASSIFY, "schedule": "cotraining", "freeze_to": "conv-1-1"})
    (stage,) = own.training()
    assert (stage.schedule, stage.freeze_to) == ("cotraining", "conv-1-1")
    assert isinstance(stage.objectives["classification"], Classification)
    staged = make({"stages": [{"objectives": CLASSIFY}, {"objectives": CLASSIFY, "reset": True}]})
    assert [stage.reset for stage in staged.training()] == [False, True]
    with pytest.raises(InputError, match="either 'objectives' or 'stages'"):
        make({"objectives": CLASSIFY, "stages": [{"objectives": CLASSIFY}]})


def test_a_network_of_trained_weights_needs_no_training():
    recipe = make({"weights": "resources/vgg19_bn.pth"})
    assert recipe.weights == Path("resources/vgg19_bn.pth")
    assert recipe.training() == []
    assert not recipe.classifies()
    (stage,) = make({"weights": "a.pth", "objectives": CLASSIFY}).training()
    assert list(stage.objectives) == ["classification"]
    assert make({"objectives": CLASSIFY}).weights is None


def test_a_network_starts_from_weights_or_from_another():
    with pytest.raises(InputError, match="either 'weights' or 'start_from'") as caught:
        make({"weights": "a.pth", "start_from": "b", "objectives": CLASSIFY})
    assert caught.value.place == "networks.a"


def test_a_network_may_not_inherit_weights_beside_another_start():
    entries = {
        "base": {"weights": "a.pth", "objectives": CLASSIFY},
        "child": {"like": "base", "start_from": "other"},
    }
    with pytest.raises(InputError, match="either 'weights' or 'start_from'") as caught:
        expand_all(entries)
    assert caught.value.place == "networks.child"


def test_a_recipe_knows_what_it_is_for():
    stages = [
        {"objectives": {**CLASSIFY, "match": {"kind": "matching"}}},
        {"objectives": {"v1": {"kind": "responses", "source": "tvsd"}}},
    ]
    recipe = make({"stages": stages})
    assert recipe.classifies()
    assert recipe.response_source() == "tvsd"
    assert [type(o) for o in recipe.objectives_of_kind(object)] == [
        Classification,
        Matching,
        Responses,
    ]
    assert not make({"stages": stages[1:]}).classifies()
    assert make({"objectives": CLASSIFY}).response_source() is None


def test_a_recipe_survives_its_file():
    fields = {
        "trunk": "cornet-s",
        "weights": "resources/cornet_s.pth",
        "stages": [{"objectives": {"v1": {"kind": "responses", "source": "p", "ratio": "1:3"}}}],
    }
    recipe = make(fields)
    assert Recipe.model_validate(recipe.model_dump(mode="json")) == recipe


def test_inheritance_merges_what_is_set():
    recipes, members = expand_all(
        {
            "base": {
                "label": "Base",
                "schedule": "cotraining",
                "objectives": {
                    "classification": {"kind": "classification", "corrupted": 0.5},
                    "v1": {"kind": "responses", "source": "p", "ratio": "1:2"},
                },
            },
            "child": {
                "like": "base",
                "width": 2,
                "objectives": {"v1": {"kind": "responses", "source": "p", "shuffled": True}},
            },
            "grandchild": {"like": "child", "label": "Grand", "width": 0.5},
        },
        trunk="vgg11",
        width=0.125,
    )
    assert members == {}
    assert [recipe.width for recipe in recipes.values()] == [0.125, 2, 0.5]
    assert {recipe.trunk for recipe in recipes.values()} == {"vgg11"}
    grand = recipes["grandchild"]
    assert grand.schedule == "cotraining"
    assert grand.objectives["classification"].corrupted == 0.5
    assert grand.objectives["v1"].shuffled
    assert grand.objectives["v1"].ratio == 0.5
    assert not recipes["base"].objectives["v1"].shuffled
    assert grand.label == "Grand"


def test_a_network_without_a_label_has_its_name():
    recipes, _ = expand_all({"plain": {"objectives": CLASSIFY}})
    assert recipes["plain"].label == "plain"


@pytest.mark.parametrize(
    ("likes", "said"),
    [
        ({"a": "b", "b": "a"}, "in a circle: a -> b -> a"),
        ({"a": "a"}, "in a circle: a -> a"),
        ({"baseline": None, "b": "basline"}, "names no network: 'basline'"),
    ],
)
def test_inheritance_that_does_not_end_is_refused(likes, said):
    with pytest.raises(InputError, match=said) as caught:
        expand_all({name: {"like": like, "objectives": CLASSIFY} for name, like in likes.items()})
    assert caught.value.place.endswith(".like")


def test_a_wrong_name_is_told_the_nearest():
    with pytest.raises(InputError) as caught:
        expand_all({"baseline": {"objectives": CLASSIFY}, "b": {"like": "basline"}})
    assert "did you mean 'baseline'?" in caught.value.expected


def swept(field, values):
    return {
        "mtl": {
            "objectives": {**CLASSIFY, "v1": {"kind": "responses", "source": "p"}},
            "sweep": {"field": field, "values": values},
        }
    }


def test_a_sweep_is_one_network_for_each_value():
    recipes, members = expand_all(swept("objectives.v1.ratio", ["1:4", "1:1", 3, 0.5]))
    assert list(recipes) == ["mtl-1to4", "mtl-1to1", "mtl-3", "mtl-0.5"]
    assert [r.objectives["v1"].ratio for r in recipes.values()] == [0.25, 1, 3, 0.5]
    assert {member.sweep for member in members.values()} == {"mtl"}
    assert [member.value for member in members.values()] == ["1:4", "1:1", 3, 0.5]


def test_sweeps_over_other_fields():
    recipes, _ = expand_all(swept("width", [0.25, 1]))
    assert {name: recipe.width for name, recipe in recipes.items()} == {
        "mtl-0.25": 0.25,
        "mtl-1": 1,
    }
    recipes, members = expand_all(swept("objectives.v1.shuffled", [True, False]))
    assert list(recipes) == ["mtl-True", "mtl-False"]
    assert [member.value for member in members.values()] == [True, False]


def test_a_sweep_is_not_inherited():
    entries = swept("width", [1, 2]) | {"other": {"like": "mtl", "label": "Other"}}
    recipes, _ = expand_all(entries)
    assert list(recipes) == ["mtl-1", "mtl-2", "other"]
    assert recipes["other"].width == 1


@pytest.mark.parametrize(
    ("field", "values", "said"),
    [
        ("objectives.v1.rato", [1], "did you mean 'ratio'"),
        ("objectives.v2.ratio", [1], "v2"),
        ("wdth", [1], "did you mean 'width'"),
        ("width.more", [1], "width"),
        ("width", [1, "wide"], "width"),
        ("objectives.v1.ratio", [75], "unquoted"),
    ],
)
def test_a_wrong_sweep_is_refused(field, values, said):
    with pytest.raises(InputError, match=said) as caught:
        expand_all(swept(field, values))
    assert caught.value.place == "networks.mtl.sweep"


@pytest.mark.parametrize("values", [[], [None], [[1000]], [{"a": 1}]])
def test_a_sweep_runs_over_single_values(values):
    with pytest.raises(InputError, match=r"sweep\.values"):
        expand_all(swept("width", values))


def test_two_networks_may_not_share_a_name():
    with pytest.raises(InputError, match="mtl-1"):
        expand_all(swept("width", [1, 1]))
    with pytest.raises(InputError, match="mtl-1"):
        expand_all({"mtl-1": {"objectives": CLASSIFY}} | swept("width", [1, 2]))


def adversarial(size):
    settings = {"kind": "classification", "adversarial": {"norm": "linf", "size": size}}
    return make({"objectives": {"classification": settings}})


@pytest.mark.parametrize(("written", "meant"), [("8/255", 8 / 255), ("0.5/255", 0.5 / 255), (2, 2)])
def test_sizes_of_perturbations_are_read(written, meant):
    assert adversarial(written).objectives["classification"].adversarial.size == meant


@pytest.mark.parametrize("written", ["8/256", "eight", 0, "0/255"])
def test_wrong_sizes_of_perturbations_are_refused(written):
    with pytest.raises(InputError, match="size"):
        adversarial(written)


def test_a_batch_is_defended_in_one_way():
    both = {"adversarial": {"norm": "l2", "size": 1}, "augmix": {}}
    with pytest.raises(InputError, match="either 'adversarial' or 'augmix'"):
        make({"objectives": {"classification": {"kind": "classification", **both}}})


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"trunk": "robustbench"}, "'architecture' belongs to"),
        ({"architecture": "Standard", **CLASSIFIER}, "'architecture' belongs to"),
        ({"trunk": "robustbench", "architecture": "Standard"}, "needs 'weights'"),
        (
            {"trunk": "robustbench", "architecture": "A", "weights": "a.pt", **CLASSIFIER},
            "is not trained here",
        ),
    ],
)
def test_a_checkpoint_of_robustbench_is_named_with_its_file_and_not_trained(fields, said):
    with pytest.raises(InputError, match=said):
        make(fields)
