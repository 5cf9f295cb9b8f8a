"""Settings of the main study: which networks play its roles, and what is refused."""

import copy

import pytest

from neurobust.config.checks import load_experiment
from neurobust.errors import InputError
from studies.safarani2021.settings import Settings

CLASSIFY = {"classification": {"kind": "classification"}}


def responses(source):
    return {"v1": {"kind": "responses", "source": source}}


BASE = {
    "scale": "a test",
    "images": {"patches": {"source": "photographs", "photographs": [0, 1]}},
    "recordings": {"simulated-v1": {"source": "simulated", "stimuli": "patches"}},
    "network_defaults": {"images": "patches"},
    "networks": {
        "baseline": {"objectives": CLASSIFY},
        "predictor": {"objectives": responses("simulated-v1"), "schedule": "prediction"},
        "mtl": {
            "objectives": {**CLASSIFY, **responses("predictor")},
            "schedule": "cotraining",
            "sweep": {"field": "objectives.v1.ratio", "values": ["1:4", "1:1"]},
        },
    },
    "studies": ["safarani2021"],
    "safarani2021": {
        "roles": {"baseline": "baseline", "mtl-monkey": "mtl-1to1"},
        "predictor": "predictor",
        "ratios": {"mtl-monkey": "mtl"},
    },
}


def merge(base, over):
    merged = dict(base)
    for key, value in over.items():
        deeper = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = merge(merged[key], value) if deeper else value
    return merged


def load(over):
    given = merge(copy.deepcopy(BASE), {"safarani2021": over})
    return load_experiment(given, {"safarani2021": Settings})


def test_defaults_are_the_published_ones():
    study = load({}).studies["safarani2021"]
    assert study.bootstrap == 250  # Safarani et al. 2021, section 2
    assert study.example_severity == 2


@pytest.mark.parametrize(
    ("over", "place", "message"),
    [
        ({"roles": {"oracle": "orakel"}}, "safarani2021.oracle", "network: 'orakel'"),
        ({"predictor": "x"}, "safarani2021.predictor", "network: 'x'"),
        ({"ratios": {"mtl-monkey": "baseline"}}, "safarani2021.ratios.mtl-monkey", "sweep"),
        ({"roles": {"baselin": "baseline"}}, "configuration", "baselin"),
    ],
)
def test_a_study_that_refers_to_nothing_is_refused(over, place, message):
    with pytest.raises(InputError) as caught:
        load(over)
    assert caught.value.place == place
    assert message in caught.value.problem


@pytest.mark.parametrize("role", ["baseline", "mtl-monkey"])
def test_a_study_without_the_networks_that_scores_need_is_refused(role):
    given = copy.deepcopy(BASE)
    del given["safarani2021"]["roles"][role]
    with pytest.raises(InputError, match=f"names no {role}"):
        load_experiment(given, {"safarani2021": Settings})


def test_roles_are_shown_as_their_networks_and_by_name_without_a_label():
    given = copy.deepcopy(BASE)
    given["networks"]["mtl"]["display"] = {"label": "MTL-Monkey", "colour": "#0072B2"}
    experiment = load_experiment(given, {"safarani2021": Settings})
    display = experiment.studies["safarani2021"].display(experiment, ["mtl-monkey", "baseline"])
    assert list(display) == ["mtl-monkey", "baseline"]
    assert (display["mtl-monkey"]["label"], display["mtl-monkey"]["colour"]) == (
        "MTL-Monkey",
        "#0072B2",
    )
    assert display["baseline"]["label"] == "baseline"


def test_roles_and_sweeps_follow_from_the_recipes():
    experiment = load({"roles": {"mtl-real": "mtl-1to4"}})
    study = experiment.studies["safarani2021"]
    assert list(study.players()) == ["monkey-predictor", "baseline", "mtl-monkey", "mtl-real"]
    assert study.drawn_roles() == ["baseline", "mtl-monkey"]
    assert study.predicting_roles(experiment) == ["monkey-predictor", "mtl-monkey", "mtl-real"]
    assert study.swept_networks(experiment) == {"mtl-1to4": "mtl-monkey", "mtl-1to1": "mtl-monkey"}
    assert study.images(experiment) == "patches"
    scores = study.validation_scores(experiment)
    assert scores["monkey-predictor"] == "Validation correlation"
    assert scores["baseline"] == "Validation accuracy"


def test_table_1_describes_what_networks_are_trained_for():
    given = copy.deepcopy(BASE)
    given["networks"]["predictor"]["display"] = {"label": "Monkey Predictor"}
    given["networks"]["mtl"]["objectives"]["v1"]["shuffled"] = True
    corrupted = {"classification": {"kind": "classification", "corrupted": 0.5}}
    given["networks"]["baseline"] = {"objectives": corrupted}
    experiment = load_experiment(given, {"safarani2021": Settings})
    assert experiment.studies["safarani2021"].describe_training(experiment) == {
        "baseline": {
            "classification": "corrupted and clean patches",
            "neural_prediction": "",
        },
        "mtl-monkey": {
            "classification": "clean patches",
            "neural_prediction": "Monkey Predictor's responses (shuffled)",
        },
        "monkey-predictor": {"classification": "", "neural_prediction": "simulated responses"},
    }
