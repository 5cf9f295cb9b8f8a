"""Settings of the low-frequency study: which networks it compares, and what is refused."""

import copy

import pytest

from neurobust.config.checks import load_experiment
from neurobust.errors import InputError
from studies.li2023.settings import Settings

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
    "studies": ["li2023"],
    "li2023": {
        "pairs": {"monkey": {"baseline": "baseline", "regularised": "mtl-1to1"}},
        "comparison": {"baseline": "baseline", "networks": {"mtl-1to4": "neural"}},
    },
}


def merge(base, over):
    merged = dict(base)
    for key, value in over.items():
        deeper = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = merge(merged[key], value) if deeper else value
    return merged


def load(over=None, networks=None):
    changes = {"li2023": over or {}, "networks": networks or {}}
    experiment = load_experiment(merge(copy.deepcopy(BASE), changes), {"li2023": Settings})
    return experiment, experiment.studies["li2023"]


BLURRED = {
    "objectives": CLASSIFY,
    "frontend": {"kind": "blur", "sigma_px": 1.0},
    "sweep": {"field": "frontend.sigma_px", "values": [1.0, 2.0]},
}


def robustbench(path):
    return {
        "trunk": "robustbench",
        "architecture": "Carmon2019Unlabeled",
        "weights": str(path),
        "colour": "rgb",
    }


def test_networks_are_listed_once_and_in_order():
    over = {"comparison": {"blur": "blur"}, "representations": []}
    experiment, study = load(over, {"blur": BLURRED})
    assert study.comparison.groups(experiment) == {
        "baseline": "baseline",
        "mtl-1to4": "neural",
        "blur-1.0": "preprocessing",
        "blur-2.0": "preprocessing",
    }
    groups = study.comparison.groups(experiment)
    assert [*groups] == ["baseline", "mtl-1to4", "blur-1.0", "blur-2.0"]
    assert study.networks(experiment) == [
        *("baseline", "mtl-1to1", "mtl-1to4", "blur-1.0", "blur-2.0")
    ]
    assert study.comparison.blur_series(experiment) == ["blur-1.0", "blur-2.0"]


def test_an_overlay_takes_a_network_away_with_null():
    mine = {"baseline": "baseline", "regularised": "other"}
    over = {
        "pairs": {"monkey": None, "mine": mine},
        "comparison": {"networks": {"mtl-1to4": None, "other": "other"}},
    }
    experiment, study = load(over, {"other": {"like": "baseline"}})
    assert [*study.pairs] == ["mine"]
    assert study.networks(experiment) == ["baseline", "other"]


def test_a_network_whose_weights_are_absent_is_named_and_left_out(tmp_path):
    there = tmp_path / "there.pt"
    there.touch()
    experiment, study = load(
        {"comparison": {"networks": {"have": "adversarial", "have-not": "adversarial"}}},
        {"have": robustbench(there), "have-not": robustbench(tmp_path / "absent.pt")},
    )
    assert "have" in study.networks(experiment)
    assert "have-not" not in study.networks(experiment)
    assert study.absent(experiment) == {"have-not": str(tmp_path / "absent.pt")}


@pytest.mark.parametrize(
    ("over", "place", "message"),
    [
        (
            {"pairs": {"monkey": {"regularised": "mtl"}}},
            "li2023.pairs.monkey",
            "names no network: 'mtl'",
        ),
        (
            {"pairs": {"monkey": {"regularised": "predictor"}}},
            "li2023.pairs.monkey",
            "does not classify the images of 'baseline'",
        ),
        ({"pairs": {"monkey": None}}, "configuration", "pairs"),
        ({"comparison": {"networks": {"mtl-1to4": "robust"}}}, "configuration", "neural"),
        ({"comparison": {"blur": "blurs"}}, "li2023.comparison.blur", "names no sweep"),
        ({"comparison": {"blur": "mtl"}}, "li2023.comparison.blur", "has no blur"),
        (
            {"imagenet": {"baseline": "nobody", "networks": {}}},
            "li2023.imagenet",
            "names no network",
        ),
        ({"representations": ["baseline"]}, "li2023.representations", "predicts no recording"),
    ],
)
def test_a_study_that_cannot_be_is_refused(over, place, message):
    with pytest.raises(InputError, match=message) as caught:
        load(over, {"blur": BLURRED})
    assert caught.value.place == place
