"""Made-up data of the forms that the figures take."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from studies.brain_likeness.correlations import correlate_likeness
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
LABELS = {
    "baseline": "Baseline",
    "mtl-monkey": "MTL-Monkey",
    "mtl-shuffled": "MTL-Shuffled",
    "mtl-oracle": "MTL-Oracle",
    "oracle": "Oracle",
}


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
            "label": LABELS[network],
            "n_classes": 20,
            "simulated": int("mtl" in network),
        },
    )


@pytest.fixture(scope="session")
def scores():
    gains = dict(zip(LABELS, (1, 1.14, 0.96, 1.2, 1.24), strict=True))
    evaluations = {network: make_evaluation(network, gain) for network, gain in gains.items()}
    return robustness_scores(evaluations, baseline="baseline", seed=1, repetitions=60)


@pytest.fixture(scope="session")
def sweep():
    rng = np.random.default_rng(2)
    neural = rng.uniform(0.2, 0.5, 60)
    clean = rng.normal(46, 1, 60)
    points = pd.DataFrame(
        {
            "sweep": "mtl-monkey",
            "neural_performance": neural,
            "clean_accuracy_percent": clean,
            "robustness_percent": 30 + 1.4 * clean + 55 * neural + rng.normal(0, 2, 60),
        }
    )
    return points, regression_line(points)


def make_history(label, monitor, epochs=(40, 55, 48), response=True):
    rng = np.random.default_rng(len(label))
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
        {"label": label, "monitor": monitor, "simulated": int(response)},
    )


@pytest.fixture(scope="session")
def histories():
    return {
        "baseline": make_history("Baseline", "validation accuracy", response=False),
        "monkey-predictor": make_history("Monkey Predictor", "validation correlation"),
        "mtl-monkey": make_history("MTL-Monkey", "validation accuracy", epochs=(40,)),
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
def predictions(reliability):
    rng = np.random.default_rng(6)
    explainable = reliability["explainable_variance"].to_numpy()
    made = {}
    for network, fev in {"monkey-predictor": 0.5, "mtl-monkey": 0.4, "mtl-shuffled": 0.02}.items():
        values = fev + rng.normal(0, 0.03, (2, 120)) / (explainable + 0.01)
        label = LABELS.get(network, "Monkey Predictor")
        made[network] = xr.Dataset(
            {
                "fev": (("seed", "neuroid"), values),
                "correlation": (("seed", "neuroid"), np.clip(values, 0, 1) ** 0.5),
            },
            {"explainable_variance": ("neuroid", explainable), "seed": [1000, 2000]},
            {"label": label, "recording": "v1-model", "simulated": 1},
        )
    return made


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


@pytest.fixture(scope="session")
def likeness():
    """Points of eight networks, one without a value for one seed, with their correlations."""
    rng = np.random.default_rng(8)
    names = [*LABELS, "mtl-monkey-1to2", "mtl-monkey-2to1", "cornet-s"]
    rows = []
    for number, network in enumerate(names):
        sweep = "mtl-monkey" if network.startswith("mtl-monkey") else network
        for seed in (1000, 2000, 3000):
            value = 0.1 + 0.05 * number + rng.normal(0, 0.01)
            rows.append(
                {
                    "network": network,
                    "label": LABELS.get(sweep, "CORnet-S"),
                    "sweep": sweep,
                    "seed": seed,
                    "predictivity": value,
                    "mce_percent": 100 - 30 * value + rng.normal(0, 2),
                    "epsilon_linf": np.inf if (network, seed) == ("oracle", 2000) else 1 + value,
                    "epsilon_l2": 0.3 + value,
                    "f_rev_nyquist": 0.5 - 0.2 * value,
                }
            )
    points = pd.DataFrame(rows)
    return points, correlate_likeness(points, seed=1)
