"""Settings that an overlay changes, and the errors of settings that cannot be."""

import pytest

from neurobust.errors import InputError
from studies.li2023.settings import Settings
from tests.experiments import CLASSIFY, load_study

STUDY = {
    "pairs": {"monkey": {"baseline": "baseline", "regularised": "mtl-1to1"}},
    "comparison": {"baseline": "baseline", "networks": {"mtl-1to4": "neural"}},
}


def load(over=None, networks=None):
    changes = {"li2023": over or {}, "networks": networks or {}}
    experiment = load_study("li2023", Settings, {"li2023": STUDY}, changes)
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
