"""Observation of what an objective shows a network."""

import numpy as np
import pytest
import xarray as xr


class Watched:
    """A network that keeps what each of its methods was given."""

    def __init__(self, network):
        self._network = network
        self.calls = []

    def __getattr__(self, name):
        return getattr(self._network, name)

    def classify(self, images):
        return self._keep("classify", images, None)

    def respond(self, images, session=None):
        return self._keep("respond", images, session)

    def features(self, images, layer):
        return self._keep("features", images, layer)

    def _keep(self, method, images, what):
        arguments = (images,) if what is None else (images, what)
        answer = getattr(self._network, method)(*arguments)
        self.calls.append((images, what, answer))
        return answer


@pytest.fixture
def watched(network):
    return Watched(network)


@pytest.fixture
def find():
    """Return a function that finds which known pictures are shown, after standardisation."""

    def find_pictures(images, known_bytes):
        """Return which of the training pictures (image, row, column), uint8, each image is."""
        known = known_bytes.astype(np.float64) / 255
        known = (known - known.mean()) / known.std()
        shown = images.double().numpy()[:, 0]
        distance = np.abs(shown[:, None] - known[None]).max((2, 3))
        nearest = distance.argmin(1)
        # float32 against float64 standardisation of numbers below 5.
        assert distance[np.arange(len(shown)), nearest].max() < 1e-5
        return nearest

    return find_pictures


@pytest.fixture
def similarities(recording):
    """Return cosines of the training stimuli's own pixels, around their mean."""
    stimuli = recording["stimuli"].to_dataset()
    shown = stimuli.isel(stimulus=np.flatnonzero(stimuli["split"].values == "train"))
    flat = shown["pixels"].values.reshape(shown.sizes["stimulus"], -1).astype(np.float64)
    directions = flat - flat.mean(0)
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    cosines = (directions @ directions.T).clip(-1, 1).astype(np.float32)
    return xr.Dataset(
        {"similarity": (("stimulus", "other_stimulus"), cosines), "pixels": shown["pixels"]}
    )
