"""Accuracy and correlation against scipy and naive loops."""

import numpy as np
import pytest
import torch
from scipy.stats import pearsonr

from neurobust.networks import inference
from neurobust.networks.inference import (
    correctness,
    predict,
    session_predictions,
    trial_correlation,
)
from neurobust.recordings.form import sessions_of
from neurobust.recordings.trials import correlate

CPU = torch.device("cpu")


@pytest.fixture
def in_small_batches(monkeypatch):
    monkeypatch.setitem(inference._BATCH, "cpu", 7)


def test_correlation_is_pearson_s():
    random = np.random.default_rng(0)
    a = random.normal(size=(30, 4))
    b = a * [1, -1, 0.5, 0] + random.normal(size=(30, 4)) + 100
    expected = [pearsonr(a[:, n], b[:, n]).statistic for n in range(4)]
    np.testing.assert_allclose(correlate(a, b), expected, rtol=1e-10)
    single = correlate(a.astype(np.float32), b.astype(np.float32))
    np.testing.assert_allclose(single, expected, atol=1e-5)  # float32 numbers near 100


def test_what_is_constant_correlates_with_nothing():
    a = np.array([[1.0, 2.0], [2.0, 2.0], [3.0, 2.0]])
    np.testing.assert_array_equal(correlate(a, a), [1, 0])


def naive_predictions(network, pixels, standard):
    """Predict picture by picture, standardised by hand."""
    network.eval()
    result = []
    with torch.no_grad():
        for picture in pixels.numpy():
            image = (picture / 255 - standard.mean) / standard.std
            result.append(
                network.respond(torch.tensor(image[None], dtype=torch.float32))[0].numpy()
            )
    return np.stack(result)


@pytest.mark.usefixtures("in_small_batches")
def test_prediction_is_that_of_each_picture_alone(network, pictures):
    network.train()  # predict must set evaluation mode itself
    found = predict(network, pictures.seen(), pictures.standard)
    assert not network.training
    expected = naive_predictions(network, pictures.seen(), pictures.standard)
    # Convolutions of other batch sizes add in another order.
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
    second = predict(network, pictures.seen(), pictures.standard, "second")
    np.testing.assert_allclose(second, expected[:, 3:], rtol=1e-4, atol=1e-5)


@pytest.mark.usefixtures("in_small_batches")
def test_correctness_is_that_of_each_picture_alone(network, pictures):
    network.train()
    found = correctness(network, pictures).tolist()
    images = pictures.standard(pictures.seen())
    with torch.no_grad():
        answers = [network.classify(image[None]).argmax().item() for image in images]
    assert found == [a == b for a, b in zip(answers, pictures.labels.tolist(), strict=True)]
    assert 0 < sum(found) < 24
    other = correctness(network, pictures, pictures.seen().flip(0))
    expected = [a == b for a, b in zip(answers[::-1], pictures.labels.tolist(), strict=True)]
    assert other.tolist() == expected


@pytest.mark.parametrize("split", ["validation", "test"])
def test_trials_are_compared_with_the_prediction_of_their_stimulus(network, recording, split):
    stimuli = recording["stimuli"].to_dataset()
    training = stimuli["pixels"].values[stimuli["split"].values == "train"] / 255.0
    pixels = (stimuli["pixels"].values / 255.0 - training.mean()) / training.std()
    with torch.no_grad():
        answers = network.eval().respond(torch.tensor(pixels[:, None], dtype=torch.float32)).numpy()
    row_of = {name: number for number, name in enumerate(stimuli["stimulus_id"].values.tolist())}
    split_of = dict(zip(row_of, stimuli["split"].values.tolist(), strict=True))
    scores = []
    found = session_predictions(network, recording, split, CPU)
    for name, part in (("first", slice(0, 3)), ("second", slice(3, 5))):
        session = sessions_of(recording)[name]
        shown = [s for s in session["stimulus_id"].values.tolist() if split_of[s] == split]
        rows = [n for n, s in enumerate(session["stimulus_id"].values) if split_of[s] == split]
        expected = np.array([answers[row_of[s], part] for s in shown])
        trials, predicted = found[name]
        np.testing.assert_allclose(predicted, expected, rtol=1e-4, atol=1e-5)
        np.testing.assert_array_equal(trials["response"], session["response"].values[rows])
        for neuroid in range(expected.shape[1]):
            trial = session["response"].values[rows, neuroid]
            scores.append(pearsonr(trial, expected[:, neuroid]).statistic)
    assert trial_correlation(network, recording, split, CPU) == pytest.approx(
        np.mean(scores), abs=1e-4
    )
