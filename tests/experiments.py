"""A small experiment that tests of the configuration and of studies' settings start from."""

import copy

from neurobust.config.checks import load_experiment

CLASSIFY = {"classification": {"kind": "classification"}}


def responses(source, **fields):
    """Return the objective to predict responses of a source."""
    return {"v1": {"kind": "responses", "source": source, **fields}}


BASE = {
    "scale": "a test",
    "images": {"patches": {"source": "photographs", "photographs": [0, 1]}},
    "recordings": {
        "simulated-v1": {"source": "simulated", "stimuli": "patches"},
        "tvsd": {
            "source": "tvsd",
            "normalised_mua": "a.mat",
            "image_list": "b.mat",
            "photographs": "c",
            "monkey": "F",
        },
    },
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
    "predictivity": {"v1": {"recording": "simulated-v1"}},
}


def merge(base, over):
    """Lay a mapping over another one, as Snakemake does with configurations."""
    merged = dict(base)
    for key, value in over.items():
        deeper = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = merge(merged[key], value) if deeper else value
    return merged


def load_study(name, settings, *overlays):
    """Return the small experiment with one study, and overlays in their order."""
    given = {**copy.deepcopy(BASE), "studies": [name]}
    for overlay in overlays:
        given = merge(given, overlay)
    return load_experiment(given, {name: settings})
