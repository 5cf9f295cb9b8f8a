"""Settings that an overlay changes, and the errors of settings that cannot be."""

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


def test_an_overlay_removes_pairs_and_networks_with_null():
    mine = {"baseline": "baseline", "regularised": "other"}
    over = {
        "pairs": {"monkey": None, "mine": mine},
        "comparison": {"networks": {"mtl-1to4": None, "other": "other"}},
    }
    experiment, study = load(over, {"other": {"like": "baseline"}})
    assert [*study.pairs] == ["mine"]
    assert study.networks(experiment) == ["baseline", "other"]


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
