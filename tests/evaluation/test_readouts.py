"""The fraction of explainable variance explained equals a loop's, and has its known values."""

import numpy as np
import pytest
import torch
from scipy.stats import pearsonr

from neurobust.config.recipes import Recipe
from neurobust.evaluation.readouts import evaluate_readout, explain_fraction
from neurobust.networks.network import Heads, build_network
from neurobust.recordings.form import sessions_of
from neurobust.recordings.reliability import measure_reliability

CPU = torch.device("cpu")
SIGNAL, NOISE = 2.0, 1.0  # standard deviations


def trials(n_stimuli=40, n_repeats=30, n_neuroids=3, seed=0):
    random = np.random.default_rng(seed)
    mean = random.normal(5, SIGNAL, (n_stimuli, n_neuroids))
    stimulus = random.permutation(np.repeat(np.arange(n_stimuli), n_repeats))
    responses = mean[stimulus] + random.normal(0, NOISE, (len(stimulus), n_neuroids))
    return responses, mean[stimulus], stimulus


def naive_fev(responses, predicted, stimulus):
    """Follow the definition value by value, one neuroid at a time."""
    fev = []
    for response, prediction in zip(responses.T.tolist(), predicted.T.tolist(), strict=True):
        mse = sum((r - p) ** 2 for r, p in zip(response, prediction, strict=True)) / len(response)
        centre = sum(response) / len(response)
        total = sum((r - centre) ** 2 for r in response) / (len(response) - 1)
        noises = []
        for shown in sorted(set(stimulus.tolist())):
            own = [r for r, s in zip(response, stimulus.tolist(), strict=True) if s == shown]
            if len(own) > 1:
                middle = sum(own) / len(own)
                noises.append(sum((r - middle) ** 2 for r in own) / (len(own) - 1))
        noise = sum(noises) / len(noises)
        fev.append(1 - (mse - noise) / (total - noise))
    return np.array(fev)


def test_it_is_the_definition():
    responses, mean, stimulus = trials(n_stimuli=8, n_repeats=4)
    # Uneven repeats, and a stimulus that was shown once and gives no noise variance.
    dropped = [np.flatnonzero(stimulus == 0)[0], *np.flatnonzero(stimulus == 1)[1:]]
    kept = ~np.isin(np.arange(len(responses)), dropped)
    responses, mean, stimulus = responses[kept], mean[kept], stimulus[kept]
    predicted = mean + np.random.default_rng(1).normal(0, 1, mean.shape)
    found = explain_fraction(responses, predicted, stimulus)
    np.testing.assert_allclose(found, naive_fev(responses, predicted, stimulus), rtol=1e-9)


def test_predicting_the_mean_of_each_image_explains_all_there_is():
    responses, _, stimulus = trials()
    repeats = 30
    means = np.stack([responses[stimulus == s].mean(0) for s in range(40)])
    found = explain_fraction(responses, means[stimulus], stimulus)
    # The squared distance to the sample mean is the noise variance times (n - 1) / n, so that
    # FEV exceeds 1 by noise / n / explainable: exact for equal repeats.
    noise = np.mean([responses[stimulus == s].var(0, ddof=1) for s in range(40)], axis=0)
    explainable = responses.var(0, ddof=1) - noise
    np.testing.assert_allclose(found, 1 + noise / repeats / explainable, rtol=1e-9)
    np.testing.assert_allclose(found, 1, atol=0.02)  # noise / signal / n = 1 / 4 / 30


def test_predicting_the_true_mean_explains_all_but_chance():
    responses, mean, stimulus = trials()
    # Mean squared noise over 1200 trials has a relative standard error of sqrt(2 / 1200) = .04,
    # and is here compared with four times as much signal.
    np.testing.assert_allclose(explain_fraction(responses, mean, stimulus), 1, atol=0.03)


def test_predicting_the_overall_mean_explains_nothing():
    responses, _, stimulus = trials()
    constant = np.broadcast_to(responses.mean(0), responses.shape)
    found = explain_fraction(responses, constant, stimulus)
    # MSE is the total variance times (n - 1) / n.
    assert (found > 0).all()
    np.testing.assert_allclose(found, 0, atol=2 / len(responses))
    assert (explain_fraction(responses, constant + 3, stimulus) < 0).all()


def test_a_neuroid_without_signal_has_no_fraction():
    responses, mean, stimulus = trials(n_neuroids=2)
    for shown in range(40):  # the same responses to every image
        responses[stimulus == shown, 1] = np.tile([0.0, 1.0], 15)
    found = explain_fraction(responses, mean, stimulus)
    assert np.isfinite(found[0])
    assert np.isnan(found[1])


@pytest.fixture(scope="module")
def evaluated(recording):
    sessions = {n: s["neuroid_id"].values.tolist() for n, s in sessions_of(recording).items()}
    recipe = Recipe(trunk="vgg11", width=1 / 32, readout_layer="conv-1-1")
    networks = {s: build_network(recipe, Heads(0, sessions), seed=s) for s in (1, 2)}
    reliability = measure_reliability(recording, seed=0)
    return networks, reliability, evaluate_readout(networks, recording, reliability, CPU)


def test_networks_are_compared_with_the_test_trials(evaluated, recording):
    networks, _, found = evaluated
    stimuli = recording["stimuli"].to_dataset()
    split = stimuli["split"].values
    values = stimuli["pixels"].values / 255.0
    training = values[split == "train"]
    images = torch.tensor((values - training.mean()) / training.std(), dtype=torch.float32)
    ids = stimuli["stimulus_id"].values
    for seed, network in networks.items():
        with torch.no_grad():
            answers = network.eval().respond(images[:, None]).numpy()
        fev, correlation = [], []
        for name, part in (("first", slice(0, 3)), ("second", slice(3, 5))):
            session = sessions_of(recording)[name]
            position = [ids.tolist().index(s) for s in session["stimulus_id"].values]
            tested = split[position] == "test"
            shown = np.array(position)[tested]
            trial = session["response"].values[tested].astype(np.float64)
            fev.extend(naive_fev(trial, answers[shown, part], shown))
            rows = np.flatnonzero(split == "test")
            means = np.stack([trial[shown == row].mean(0) for row in rows])
            for neuroid in range(means.shape[1]):
                predicted = answers[rows, part][:, neuroid]
                correlation.append(pearsonr(means[:, neuroid], predicted).statistic)
        # Predictions in float32, of other batch sizes.
        np.testing.assert_allclose(found["fev"].sel(seed=seed), fev, rtol=1e-3, atol=1e-4)
        np.testing.assert_allclose(found["correlation"].sel(seed=seed), correlation, atol=1e-3)


def test_the_result_is_labelled(evaluated):
    _, reliability, found = evaluated
    names = [f"first-{n}" for n in range(3)] + [f"second-{n}" for n in range(2)]
    assert found["neuroid_id"].values.tolist() == names
    assert found["session"].values.tolist() == ["first"] * 3 + ["second"] * 2
    np.testing.assert_array_equal(
        found["explainable_variance"], reliability["explainable_variance"]
    )
    assert found["seed"].values.tolist() == [1, 2]
    assert found.attrs["recording"] == "tiny-counts"
