"""Settings of the main study: which networks play its parts, and what is refused."""

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
