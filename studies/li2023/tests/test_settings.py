"""Settings: what is compared, what is left out, and how figures name networks."""

import pytest

from neurobust.config.checks import load_experiment
from neurobust.errors import InputError
from studies.li2023.settings import Settings

CLASSIFICATION = {"classification": {"kind": "classification"}}
CONFIGURATION = {
    "scale": "a test",
    "studies": ["li2023"],
    "images": {"photographs": {"source": "photographs", "photographs": [0, 1, 2]}},
    "recordings": {"v1": {"source": "simulated", "stimuli": "photographs"}},
    "network_defaults": {"images": "photographs", "trunk": "vgg11"},
    "networks": {
        "baseline": {"display": {"label": "Baseline"}, "objectives": CLASSIFICATION},
        "predictor": {
            "schedule": "prediction",
            "objectives": {"v1": {"kind": "responses", "source": "v1", "loss": "likelihood"}},
        },
        "cotrained": {
            "display": {"label": "Co-trained", "colour": "#0072B2"},
            "objectives": {
                **CLASSIFICATION,
                "v1": {"kind": "responses", "source": "predictor", "ratio": "1:1"},
            },
            "sweep": {"field": "objectives.v1.ratio", "values": ["1:4", "1:1"]},
        },
        "blur": {
            "like": "baseline",
            "display": {"label": "Blur"},
            "frontend": {"kind": "blur", "sigma_px": 1.0},
            "sweep": {"field": "frontend.sigma_px", "values": [1.0, 2.0]},
        },
        "carmon2019": {
            "trunk": "robustbench",
            "colour": "rgb",
            "architecture": "Carmon2019Unlabeled",
            "weights": "not/there.pt",
        },
    },
    "li2023": {
        "pairs": {"monkey": {"baseline": "baseline", "regularised": "cotrained-1to1"}},
        "comparison": {
            "baseline": "baseline",
            "networks": {"cotrained-1to1": "neural", "carmon2019": "adversarial"},
            "blur": "blur",
        },
    },
}


def load(**li2023):
    given = {**CONFIGURATION, "li2023": CONFIGURATION["li2023"] | li2023}
    experiment = load_experiment(given, {"li2023": Settings})
    return experiment.studies["li2023"], experiment


def compare(**networks):
    return CONFIGURATION["li2023"]["comparison"] | {"networks": networks}


def test_networks_come_in_order_and_those_without_weights_are_left_out():
    study, experiment = load()
    assert study.compared(experiment) == {
        "comparison": {
            "groups": {
                "baseline": "baseline",
                "cotrained-1to1": "neural",
                "blur-1.0": "preprocessing",
                "blur-2.0": "preprocessing",
            },
            "series": ["blur-1.0", "blur-2.0"],
        }
    }
    everyone = ["baseline", "cotrained-1to1", "blur-1.0", "blur-2.0"]
    assert study.networks(experiment) == everyone
    assert study.absent(experiment) == {"carmon2019": "not/there.pt"}


def test_figures_are_those_that_there_are_data_for():
    study, _ = load()
    assert study.figures() == ["fig2", "fig3", "fig4", "fig5", "figa"]
    study, _ = load(
        representations=["predictor"], imagenet={"baseline": "baseline", "networks": {}}
    )
    assert study.figures() == ["fig2", "fig3", "fig4", "fig5", "fig6", "figa", "figd"]


def labels(study, experiment, *names):
    return [each["label"] for each in study.display(experiment, names).values()]


def test_members_of_a_sweep_get_their_value_where_their_label_is_shared():
    names = ("baseline", "cotrained-1to1", "blur-1.0", "blur-2.0")
    # Figures give the sigma of a blur by other means.
    assert labels(*load(), *names) == ["Baseline", "Co-trained", "Blur", "Blur"]
    both = compare(**{"cotrained-1to4": "neural", "cotrained-1to1": "neural"})
    study, experiment = load(comparison=both)
    assert labels(study, experiment, *names) == ["Baseline", "Co-trained 1:1", "Blur", "Blur"]
    shown = study.display(experiment, ["cotrained-1to4"])["cotrained-1to4"]
    assert (shown["label"], shown["colour"]) == ("Co-trained 1:4", "#0072B2")


@pytest.mark.parametrize(
    ("li2023", "message"),
    [
        ({"comparison": compare(predictor="other")}, "does not classify the images of 'baseline'"),
        ({"comparison": compare() | {"blur": "cotrained"}}, "has no blur as its frontend"),
        ({"comparison": compare(nobody="other")}, "names no network: 'nobody'"),
        ({"representations": ["baseline"]}, "predicts no recording"),
    ],
)
def test_networks_that_do_not_fit_are_refused(li2023, message):
    with pytest.raises(InputError, match=message):
        load(**li2023)


def test_an_overlay_removes_a_pair_with_null():
    pairs = CONFIGURATION["li2023"]["pairs"] | {"mouse": None}
    assert list(load(pairs=pairs)[0].pairs) == ["monkey"]
