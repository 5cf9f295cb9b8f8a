"""Settings of the main study: which networks play its roles, and what is refused."""

import pytest

from neurobust.errors import InputError
from studies.safarani2021.settings import Settings
from tests.experiments import load_study

STUDY = {
    "roles": {"baseline": "baseline", "mtl-monkey": "mtl-1to1"},
    "predictor": "predictor",
    "ratios": {"mtl-monkey": "mtl"},
}


def load(over, study=STUDY, **changes):
    overlays = ({"safarani2021": study}, {"safarani2021": over}, changes)
    return load_study("safarani2021", Settings, *overlays)


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
    roles = {name: network for name, network in STUDY["roles"].items() if name != role}
    with pytest.raises(InputError, match=f"names no {role}"):
        load({}, {**STUDY, "roles": roles})


def test_roles_are_shown_as_their_networks_and_by_name_without_a_label():
    shown = {"display": {"label": "MTL-Monkey", "colour": "#0072B2"}}
    experiment = load({}, networks={"mtl": shown})
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
    networks = {
        "predictor": {"display": {"label": "Monkey Predictor"}},
        "mtl": {"objectives": {"v1": {"shuffled": True}}},
        "baseline": {"objectives": {"classification": {"corrupted": 0.5}}},
    }
    experiment = load({}, networks=networks)
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
