"""Small made-up evaluations whose scores are known."""

import numpy as np
import pytest
import xarray as xr

GROUPS = {
    "gaussian_noise": "Noise",
    "shot_noise": "Noise",
    "defocus_blur": "Blur",
    "snow": "Weather",
    "fog": "Weather",
    "pixelate": "Digital",
}


def evaluation(network, correct, clean, **attributes):
    """Wrap answers (seed, corruption, severity, image) and (seed, image) as the workflow does."""
    seeds, corruptions, severities, images = correct.shape
    names = list(GROUPS)[:corruptions]
    return xr.Dataset(
        {
            "correct": (("seed", "corruption", "severity", "image"), correct.astype(np.int8)),
            "clean_correct": (("seed", "image"), clean.astype(np.int8)),
        },
        {
            "seed": 1000 * np.arange(1, seeds + 1),
            "corruption": names,
            "severity": np.arange(1, severities + 1),
            "group": ("corruption", [GROUPS[name] for name in names]),
            "image_id": ("image", [f"val_{i}" for i in range(images)]),
            "label": ("image", np.arange(images) % 4),
        },
        {"network": network, "label": network.title(), "images": "photographs", "n_classes": 4}
        | {"simulated": 0}
        | attributes,
    )


def first_images_right(network, hits, *, images=100, **attributes):
    """Evaluate a network that is right on the first ``hits(seed, corruption, severity)`` images."""
    hits = np.asarray(hits)
    correct = np.arange(images) < hits[..., None]
    return evaluation(network, correct, correct[:, 0, 0], **attributes)


def random_answers(network, rate, *, seeds=3, images=40, stream=0, **attributes):
    rng = np.random.default_rng(stream)
    correct = rng.random((seeds, 6, 5, images)) < rate
    return evaluation(network, correct, rng.random((seeds, images)) < rate + 0.1, **attributes)


@pytest.fixture
def known():
    """Give Baseline with 50 right of 100 everywhere, and networks 1.2 and 0.8 times as good."""
    baseline = np.full((2, 6, 5), 50)
    return {
        "baseline": first_images_right("baseline", baseline),
        "better": first_images_right("better", baseline * 6 // 5, simulated=1),
        "worse": first_images_right("worse", baseline * 4 // 5),
    }


@pytest.fixture
def random_networks():
    rates = {"baseline": 0.4, "better": 0.5, "worse": 0.3}
    return {
        name: random_answers(name, rate, stream=number)
        for number, (name, rate) in enumerate(rates.items())
    }
