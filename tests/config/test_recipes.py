"""Ratios, inheritance and sweeps, what a training depends on, and errors of wrong recipes."""

import math
from pathlib import Path

import pytest

from neurobust.config.model import nearest, validate
from neurobust.config.networks import Entry, expand
from neurobust.config.objectives.classification import Classification
from neurobust.config.objectives.matching import Matching
from neurobust.config.objectives.responses import Responses
from neurobust.config.recipes import Recipe
from neurobust.errors import InputError
from neurobust.parts import load_part

CLASSIFY = {"classification": {"kind": "classification"}}
CLASSIFIER = {"objectives": CLASSIFY}
LINF = {"norm": "linf", "size": "8/255"}


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
    ("written", "message"),
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
def test_wrong_ratios_are_refused(written, message):
    with pytest.raises(InputError, match=message) as caught:
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


def test_every_fault_is_named_at_once():
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
    assert recipe.source("responses") == "tvsd"
    assert recipe.sources("responses") == ["tvsd"]
    assert recipe.source("similarity") is None
    assert [type(each) for each in recipe.all_objectives()] == [
        Classification,
        Matching,
        Responses,
    ]
    assert not make({"stages": stages[1:]}).classifies()
    assert make({"objectives": CLASSIFY}).source("responses") is None


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
                "display": {"label": "Base", "colour": "#0072B2", "marker": "s"},
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
            "grandchild": {"like": "child", "display": {"label": "Grand"}, "width": 0.5},
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


def test_how_a_network_is_shown_is_not_inherited():
    shown = {"label": "Base", "colour": "#0072B2", "marker": "s", "line": "--"}
    recipes, _ = expand_all(
        {
            "base": {"display": shown, "objectives": CLASSIFY},
            "child": {"like": "base"},
            "other": {"like": "base", "display": {"marker": "o"}},
        }
    )
    assert recipes["base"].display.model_dump() == shown
    plain = {"colour": None, "marker": None, "line": None}
    assert recipes["child"].display.model_dump() == {"label": "child", **plain}
    assert recipes["other"].display.model_dump() == {"label": "other", **plain, "marker": "o"}


def test_a_network_without_a_label_has_its_name():
    recipes, _ = expand_all({"plain": {"objectives": CLASSIFY}})
    assert recipes["plain"].display.label == "plain"


@pytest.mark.parametrize(
    ("likes", "message"),
    [
        ({"a": "b", "b": "a"}, "in a circle: a -> b -> a"),
        ({"a": "a"}, "in a circle: a -> a"),
        ({"baseline": None, "b": "basline"}, "names no network: 'basline'"),
    ],
)
def test_inheritance_that_does_not_end_is_refused(likes, message):
    with pytest.raises(InputError, match=message) as caught:
        expand_all({name: {"like": like, "objectives": CLASSIFY} for name, like in likes.items()})
    assert caught.value.place.endswith(".like")


def test_the_nearest_name_is_proposed_for_a_wrong_one():
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
    entries = swept("width", [1, 2]) | {"other": {"like": "mtl", "display": {"label": "Other"}}}
    recipes, _ = expand_all(entries)
    assert list(recipes) == ["mtl-1", "mtl-2", "other"]
    assert recipes["other"].width == 1


@pytest.mark.parametrize(
    ("field", "values", "message"),
    [
        ("objectives.v1.rato", [1], "did you mean 'ratio'"),
        ("objectives.v2.ratio", [1], "v2"),
        ("wdth", [1], "did you mean 'width'"),
        ("width.more", [1], "width"),
        ("width", [1, "wide"], "width"),
        ("objectives.v1.ratio", [75], "unquoted"),
    ],
)
def test_a_wrong_sweep_is_refused(field, values, message):
    with pytest.raises(InputError, match=message) as caught:
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
    ("fields", "message"),
    [
        ({"trunk": "robustbench"}, "'architecture' belongs to"),
        ({"architecture": "Standard", **CLASSIFIER}, "'architecture' belongs to"),
        ({"trunk": "robustbench", "architecture": "Standard"}, "needs 'weights'"),
        (
            {"trunk": "robustbench", "architecture": "A", "weights": "a.pt", **CLASSIFIER},
            "cannot be trained",
        ),
    ],
)
def test_a_checkpoint_of_robustbench_is_named_with_its_file_and_not_trained(fields, message):
    with pytest.raises(InputError, match=message):
        make(fields)


def key(**fields):
    return make({**CLASSIFIER, **fields}).training_key()


def test_a_training_key_has_neither_what_figures_show_nor_the_seeds():
    shown = {"label": "A", "colour": "#000000", "marker": "o", "line": "-"}
    assert key(display=shown, seeds=[1, 2]) == key(display={"label": "B"}, seeds=[3]) == key()
    assert not {"display", "seeds"} & key(display=shown, seeds=[1]).keys()


@pytest.mark.parametrize(
    "fields",
    [
        {"width": 0.5},
        {"trunk": "vgg11"},
        {"images": "others"},
        {"colour": "rgb"},
        {"frontend": {"kind": "blur", "sigma_px": 1.0}},
        {"schedule": "cotraining"},
        {"weighting": "uncertainty"},
        {"start_from": "another"},
        {"weights": "a.pth"},
        {"freeze_to": "conv-3-1"},
        {"readout_layer": "conv-2-1"},
        {"objectives": {"classification": {"kind": "classification", "corrupted": 0.5}}},
        {"objectives": {**CLASSIFY, "v1": {"kind": "responses", "source": "p"}}},
    ],
)
def test_a_training_key_has_every_number_that_a_training_uses(fields):
    assert key(**fields) != key()


def test_fields_that_are_off_are_not_in_a_training_key():
    assert key() == {
        "objectives": {
            "classification": {
                "kind": "classification",
                "ratio": 1.0,
                "augmentation": {"padding_px": 4, "flip": True, "rotation_deg": 15.0},
            }
        },
        "schedule": "classification",
        "weighting": "fixed",
        "colour": "gray",
        "trunk": "vgg19",
        "width": 1.0,
        "readout_layer": "conv-3-1",
    }
    off = {"weights": None, "frontend": None, "reset": False, "stages": []}
    assert key(**off) == key()


CLASSIFICATION = "training.objectives.classification"


@pytest.mark.parametrize(
    ("fields", "parts"),
    [
        (CLASSIFIER, ["networks.trunks.vgg19", CLASSIFICATION]),
        (
            {
                "trunk": "cornet-s",
                "frontend": {"kind": "pca"},
                "weights": "a.pth",
                "objectives": {**CLASSIFY, "v1": {"kind": "responses", "source": "p"}},
            },
            [
                "networks.trunks.cornet_s",
                "networks.frontends.pca",
                "networks.weights",
                CLASSIFICATION,
                "training.objectives.responses",
            ],
        ),
        (
            {
                "stages": [
                    {
                        "objectives": {
                            "classification": {"kind": "classification", "corrupted": 0.5},
                            "m": {"kind": "matching"},
                        }
                    },
                    CLASSIFIER,
                ]
            },
            [
                "networks.trunks.vgg19",
                CLASSIFICATION,
                "training.corrupted",
                "training.objectives.matching",
            ],
        ),
        (
            {"objectives": {"s": {"kind": "similarity", "source": "p"}}, "trunk": "resnet18"},
            ["networks.trunks.resnet18", "training.objectives.similarity"],
        ),
        (
            {"objectives": {"c": {"kind": "classification", "augmix": {}}}},
            ["networks.trunks.vgg19", CLASSIFICATION, "training.losses.augmix"],
        ),
        (
            {"objectives": {"c": {**CLASSIFY["classification"], "adversarial": LINF}}},
            ["networks.trunks.vgg19", CLASSIFICATION, "training.losses.adversarial"],
        ),
        (
            {"trunk": "robustbench", "architecture": "Standard", "weights": "a.pt"},
            ["networks.trunks.robustbench", "networks.weights"],
        ),
    ],
)
def test_a_recipe_names_the_parts_that_it_uses_and_no_others(fields, parts):
    recipe = make(fields)
    assert recipe.training_parts() == parts
    assert set(recipe.network_parts()) <= set(parts)
    assert all(load_part(part).__name__ == f"neurobust.{part}" for part in parts)
