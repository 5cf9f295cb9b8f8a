"""Made-up data of the forms that the figures take."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from studies.safarani2021.regressions import regression_line
from studies.safarani2021.scores import robustness_scores

GROUPS = {
    "gaussian_noise": "Noise",
    "shot_noise": "Noise",
    "impulse_noise": "Noise",
    "defocus_blur": "Blur",
    "motion_blur": "Blur",
    "zoom_blur": "Blur",
    "snow": "Weather",
    "frost": "Weather",
    "fog": "Weather",
    "brightness": "Weather",
    "contrast": "Digital",
    "elastic_transform": "Digital",
    "pixelate": "Digital",
    "jpeg_compression": "Digital",
}
DISPLAY = {
    "baseline": ("Baseline", "#000000", "o", "-"),
    "mtl-monkey": ("MTL-Monkey", "#0072B2", "s", "-"),
    "mtl-shuffled": ("MTL-Shuffled", "#56B4E9", "^", "--"),
    "mtl-oracle": ("MTL-Oracle", "#E69F00", "D", "-"),
    "oracle": ("Oracle", "#D55E00", "v", "-"),
    "monkey-predictor": ("Monkey Predictor", "#009E73", "X", "-"),
}
SCORED = ["baseline", "mtl-monkey", "mtl-shuffled", "mtl-oracle", "oracle"]


def display_of(networks):
    parts = ("label", "colour", "marker", "line")
    return {network: dict(zip(parts, DISPLAY[network], strict=True)) for network in networks}


def make_evaluation(network, gain, images=300, seeds=3):
    """Draw answers whose rate falls with severity, better by ``gain`` and by corruption."""
    rng = np.random.default_rng(list(network.encode()))
    rates = np.linspace(0.45, 0.15, 5) * gain * np.linspace(0.85, 1.15, 14)[:, None]
    rates = rates + rng.normal(0, 0.01, (seeds, 1, 1))
    return xr.Dataset(
        {
            "correct": (
                ("seed", "corruption", "severity", "image"),
                (rng.random((seeds, 14, 5, images)) < rates[..., None]).astype(np.int8),
            ),
            "clean_correct": (
                ("seed", "image"),
                (rng.random((seeds, images)) < 0.49).astype(np.int8),
            ),
        },
        {
            "seed": 1000 * np.arange(1, seeds + 1),
            "corruption": list(GROUPS),
            "severity": np.arange(1, 6),
            "group": ("corruption", list(GROUPS.values())),
            "image_id": ("image", np.arange(images).astype(str)),
        },
        {
            "network": network,
            "n_classes": 20,
            "simulated": int("mtl" in network),
        },
    )


@pytest.fixture(scope="session")
def scores():
    gains = dict(zip(SCORED, (1, 1.14, 0.96, 1.2, 1.24), strict=True))
    evaluations = {network: make_evaluation(network, gain) for network, gain in gains.items()}
    return robustness_scores(evaluations, baseline="baseline", seed=1, repetitions=60)


@pytest.fixture(scope="session")
def display():
    return display_of(SCORED)


@pytest.fixture(scope="session")
def sweep():
    """Return the points of a sweep, and the line through them."""
    rng = np.random.default_rng(2)
    neural = rng.uniform(0.2, 0.5, 60)
    clean = rng.normal(46, 1, 60)
    points = pd.DataFrame(
        {
            "sweep": "mtl-monkey",
            "fev": neural,
            "clean_accuracy_percent": clean,
            "robustness_score_percent": 30 + 1.4 * clean + 55 * neural + rng.normal(0, 2, 60),
        }
    )
    return {"points": points, "lines": regression_line(points)}


@pytest.fixture(scope="session")
def no_sweep(sweep):
    return {name: table.head(0) for name, table in sweep.items()}


def make_history(stream, epochs=(40, 55, 48), response=True):
    rng = np.random.default_rng(stream)
    metrics = ["train_loss", "classification_loss", "response_loss", "validation_score"]
    epoch = np.arange(max(epochs))
    value = np.full((len(epochs), len(metrics), max(epochs)), np.nan)
    for seed, last in enumerate(epochs):
        decay = np.exp(-epoch[:last] / 12)
        noise = rng.normal(0, 0.01, (4, last))
        curves = [6 * decay + 1.5, 5 * decay + 1.2, decay + 0.3, 0.5 - 0.4 * decay]
        value[seed, :, :last] = np.stack(curves) + noise
    if not response:
        value[:, 2] = np.nan
    return xr.Dataset(
        {"value": (("seed", "metric", "epoch"), value)},
        {"seed": [1000, 2000, 3000][: len(epochs)], "metric": metrics, "epoch": epoch},
        {"simulated": int(response)},
    )


@pytest.fixture(scope="session")
def histories():
    """Return the histories of three networks, with their display and what their scores are."""
    made = {
        "baseline": make_history(8, response=False),
        "monkey-predictor": make_history(16),
        "mtl-monkey": make_history(10, epochs=(40,)),
    }
    scores = dict.fromkeys(made, "Validation accuracy")
    return {
        "histories": xr.DataTree.from_dict(made),
        "display": display_of(made),
        "validation_scores": scores | {"monkey-predictor": "Validation correlation"},
    }


@pytest.fixture(scope="session")
def reliability():
    rng = np.random.default_rng(4)
    explainable = np.clip(rng.beta(2, 5, 120), 0, 1)
    sessions = np.repeat([f"session {n}" for n in range(12)], 10)
    return xr.Dataset(
        {
            "explainable_variance": ("neuroid", explainable),
            "split_half": ("neuroid", np.sqrt(explainable) + rng.normal(0, 0.05, 120)),
            "mean_response": ("neuroid", rng.gamma(2, 2, 120)),
        },
        {"session": ("neuroid", sessions)},
        {"recording": "v1-model", "simulated": 1, "units": "spike count"},
    )


@pytest.fixture(scope="session")
def readouts(reliability):
    """Return the evaluations of three readouts, with their display."""
    rng = np.random.default_rng(6)
    explainable = reliability["explainable_variance"].to_numpy()
    made = {}
    for network, fev in {"monkey-predictor": 0.5, "mtl-monkey": 0.4, "mtl-shuffled": 0.02}.items():
        values = fev + rng.normal(0, 0.03, (2, 120)) / (explainable + 0.01)
        made[network] = xr.Dataset(
            {
                "fev": (("seed", "neuroid"), values),
                "correlation": (("seed", "neuroid"), np.clip(values, 0, 1) ** 0.5),
            },
            {"explainable_variance": ("neuroid", explainable), "seed": [1000, 2000]},
            {"recording": "v1-model", "simulated": 1},
        )
    return {"readouts": [*made.values()], "display": display_of(made)}


@pytest.fixture(scope="session")
def examples():
    rows, columns = np.mgrid[:64, :64]
    original = (127 + 120 * np.sin(rows / 6) * np.cos(columns / 9)).astype(np.uint8)
    images = np.stack([np.roll(original, 4 * n, axis=1) // (1 + n % 3) for n in range(14)])
    return xr.Dataset(
        {
            "images": (("corruption", "row", "column"), images),
            "original": (("row", "column"), original),
        },
        {"corruption": list(GROUPS)},
        {"severity": 2},
    )
