"""Tiny data that several tests share: pictures of three classes, a recording, a network."""

import numpy as np
import pytest
import xarray as xr

from neurobust.images.form import make_image_set
from neurobust.recordings.form import build_recording, sessions_of

SIDE_PX = 32  # the smallest side that all corruptions accept
PER_SPLIT = 24
NEUROIDS = {"first": 3, "second": 2}
STIMULI = {"train": 20, "validation": 6, "test": 6}
TEST_REPEATS = 4
FIELDS = np.array([[12, 12], [12, 20], [20, 12]])  # row and column of each neuroid


def draw_grating(angle, phase, random):
    """Return a noisy colour grating; the three classes differ by their angle alone."""
    row, column = np.mgrid[:SIDE_PX, :SIDE_PX]
    wave = np.sin((row * np.sin(angle) + column * np.cos(angle)) * 2 * np.pi / 8 + phase)
    colour = 128 + wave[..., None] * np.array([70, 60, 50])
    noisy = colour + random.normal(0, 10, (SIDE_PX, SIDE_PX, 3))
    return noisy.clip(0, 255).astype(np.uint8)


@pytest.fixture(scope="session")
def image_set():
    """Return 24 pictures of three classes in each split, 32 x 32, in no special order."""
    random = np.random.default_rng(0)
    label = np.tile([0, 1, 2], PER_SPLIT)
    pictures = [
        draw_grating(np.pi / 3 * kind, random.uniform(0, 2 * np.pi), random) for kind in label
    ]
    return make_image_set(
        pixels=np.stack(pictures),
        image_id=1000 + random.permutation(len(label)),
        label=label,
        split=np.repeat(["train", "validation", "test"], PER_SPLIT).tolist(),
        class_names=["level", "rising", "falling"],
        identifier="gratings",
        source="a test",
        licence="CC0",
        task="which way do the stripes run",
    )


@pytest.fixture(scope="session")
def make_recording():
    """Return a function that makes a recording of neuroids, each driven by one patch's luma."""

    def make(response_kind):
        random = np.random.default_rng(1)
        split = np.repeat([*STIMULI], [*STIMULI.values()])
        ids = [f"stimulus{number}" for number in range(len(split))]
        # Patches with one overall level, so that a few stimuli are enough to learn from.
        level = random.integers(40, 216, (len(split), 1, 1))
        patches = level + random.integers(-40, 41, (len(split), 4, 4))
        pixels = patches.repeat(8, axis=1).repeat(8, axis=2)
        sessions = {}
        for name, count in NEUROIDS.items():
            # Each session shows the stimuli in its own order, some training stimuli twice.
            repeats = np.where(split == "test", TEST_REPEATS, 1 + (np.arange(len(split)) % 3 == 0))
            repeats[0] = name == "first"  # the second session does not show this stimulus
            shown = random.permutation(np.repeat(np.arange(len(split)), repeats))
            rows, columns = FIELDS[:count].T
            drive = pixels[shown][:, rows, columns] / 255
            mean = 1 + 15 * drive
            response = random.poisson(mean) if response_kind == "counts" else drive * 4 - 2
            noise = 0 if response_kind == "counts" else random.normal(0, 0.3, mean.shape)
            sessions[name] = xr.Dataset(
                {"response": (("presentation", "neuroid"), (response + noise).astype(np.float32))},
                coords={
                    "stimulus_id": ("presentation", np.array(ids)[shown]),
                    "repetition": ("presentation", np.zeros(len(shown), int)),
                    "neuroid_id": ("neuroid", [f"{name}-{number}" for number in range(count)]),
                    "region": ("neuroid", ["V1"] * count),
                    "animal": ("neuroid", ["a"] * count),
                },
            )
        stimuli = xr.Dataset(
            {"pixels": (("stimulus", "row", "column"), pixels.astype(np.uint8))},
            coords={
                "stimulus_id": ("stimulus", ids),
                "split": ("stimulus", split),
                "group": ("stimulus", ids),
            },
        )
        attributes = {
            "identifier": f"tiny-{response_kind}",
            "species": "macaque",
            "region": "V1",
            "units": "1",
            "response_kind": response_kind,
            "window_start_ms": 40.0,
            "window_stop_ms": 160.0,
            "px_per_deg": 14.0,
            "simulated": 0,
            "source": "a test",
            "licence": "CC0",
        }
        return build_recording(stimuli, sessions, attributes)

    return make


@pytest.fixture(scope="session")
def recording(make_recording):
    return make_recording("counts")


@pytest.fixture(scope="session")
def continuous_recording(make_recording):
    return make_recording("continuous")


@pytest.fixture(scope="session")
def predicted_responses(image_set):
    """Return responses of two sessions to all images, rows in another order than the images."""
    random = np.random.default_rng(2)
    order = random.permutation(image_set.sizes["image"])
    return xr.Dataset(
        {
            "response": (
                ("image", "neuroid"),
                random.gamma(2.0, size=(len(order), 5)).astype(np.float32),
            )
        },
        coords={
            "image_id": ("image", image_set["image_id"].values[order]),
            "neuroid_id": ("neuroid", [f"n{number}" for number in range(5)]),
            "session": ("neuroid", ["first"] * 3 + ["second"] * 2),
        },
        attrs={"response_kind": "counts", "network": "predictor"},
    )


@pytest.fixture
def pictures(image_set):
    """Return the training pictures, gray, on the CPU."""
    import torch  # takes seconds, which other tests save

    from neurobust.images.batches import LabelledPictures

    return LabelledPictures.of_split(image_set, "train", colour="gray", device=torch.device("cpu"))


@pytest.fixture
def network(recording):
    """Return an untrained network that classifies the pictures and predicts the recording."""
    from neurobust.config.recipes import Recipe
    from neurobust.networks.network import Heads, build_network

    sessions = {
        name: session["neuroid_id"].values.tolist()
        for name, session in sessions_of(recording).items()
    }
    recipe = Recipe(trunk="vgg11", width=1 / 32, readout_layer="conv-1-1")
    return build_network(recipe, Heads(3, sessions), seed=0).eval()
