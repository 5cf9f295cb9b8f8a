"""Reliability against naive loops and known signal-to-noise ratios."""

import numpy as np
import pytest
import xarray as xr
from scipy.stats import pearsonr

from neurobust.errors import InputError
from neurobust.recordings.reliability import (
    correct_halving,
    correlate_halves,
    explain_variance,
    halve_repeats,
    measure_reliability,
    repeated_trials,
)


def make_trials(signal_sd, noise_sd, n_stimuli, repeats, n_neuroids, seed=0):
    random = np.random.default_rng(seed)
    stimulus = np.repeat(np.arange(n_stimuli), repeats)
    signal = random.normal(scale=signal_sd, size=(n_stimuli, n_neuroids))
    noise = random.normal(scale=noise_sd, size=(len(stimulus), n_neuroids))
    order = random.permutation(len(stimulus))
    return (signal[stimulus] + noise)[order], stimulus[order]


def test_explained_variance_equals_a_naive_loop():
    trials, stimulus = make_trials(1, 2, 7, [2, 3, 4, 5, 6, 7, 8], 3)
    for neuroid, found in enumerate(explain_variance(trials, stimulus)):
        noise = [np.var(trials[stimulus == s, neuroid], ddof=1) for s in range(7)]
        expected = 1 - np.mean(noise) / np.var(trials[:, neuroid], ddof=1)
        assert found == pytest.approx(expected, rel=1e-12)  # the same sums in another order


def test_measures_meet_the_known_signal_to_noise_ratio():
    signal, noise, repeats = 1.0, 2.0, 10
    trials, stimulus = make_trials(signal, noise, 300, repeats, 40)
    variance = signal**2 / (signal**2 + noise**2)
    # The correlation of means over all repeats, which Spearman-Brown extrapolates to.
    reliability = signal**2 / (signal**2 + noise**2 / repeats)
    # Means over 40 neuroids of 300 stimuli: the standard errors are below .004.
    assert explain_variance(trials, stimulus).mean() == pytest.approx(variance, abs=0.015)
    halves = correlate_halves(trials, stimulus, np.random.default_rng(1), 20)
    assert halves.mean() == pytest.approx(reliability, abs=0.015)


def test_split_half_of_two_repeats_is_their_correlation():
    # With two repeats a half is one of them; which one goes first changes r a little.
    trials, stimulus = make_trials(1, 1, 400, 2, 1)
    order = np.argsort(stimulus, kind="stable")
    r = pearsonr(trials[order][::2, 0], trials[order][1::2, 0]).statistic
    found = correlate_halves(trials, stimulus, np.random.default_rng(0), 50)[0]
    assert found == pytest.approx(2 * r / (1 + r), abs=0.01)


def test_odd_repeats_leave_one_out():
    # One stimulus's third repeat would pull a half's mean away if halves were unequal or shared.
    trials, stimulus = make_trials(1, 0, 20, 3, 2)
    np.testing.assert_allclose(
        correlate_halves(trials, stimulus, np.random.default_rng(0), 3), 1, rtol=1e-12
    )


@pytest.mark.parametrize("shape", [(40,), (8, 5)])
def test_halving_is_corrected_for_twice_as_many_repeats(shape):
    # With a signal of variance 1 and noise of variance v in the mean over half of the repeats, v/2
    # in that over all, halves correlate by 1 / (1 + v) and all repeats by 1 / (1 + v / 2).
    noise = np.random.default_rng(0).exponential(3, shape)
    found = correct_halving(1 / (1 + noise))
    assert found.shape == shape
    np.testing.assert_allclose(found, 1 / (1 + noise / 2), rtol=1e-12)
    assert correct_halving(np.array([1.0])) == 1


def test_a_negative_correlation_of_halves_stays_as_it_is():
    negative = np.array([-1.0, -0.5, -1e-9, 0.0])  # 2 r / (1 + r) diverges at -1
    np.testing.assert_array_equal(correct_halving(negative), negative)


def test_halves_are_of_each_stimulus_and_share_no_trial():
    repeats = [2, 3, 5, 8]
    random = np.random.default_rng(0)
    stimulus = random.permutation(np.repeat(np.arange(4), repeats))
    drawn = set()
    for _ in range(20):
        first, second = halve_repeats(stimulus, random)
        assert not set(first.tolist()) & set(second.tolist())
        for half in (first, second):
            assert np.bincount(stimulus[half]).tolist() == [n // 2 for n in repeats]
            assert (np.diff(stimulus[half]) >= 0).all()
        drawn |= set(first.tolist())
    # Each trial is in the first half at times: one of three never, with p = (2 / 3)**20 = 3e-4.
    assert drawn == set(range(len(stimulus)))


def test_repeated_trials_are_those_of_the_tested_stimuli_shown_twice():
    shown = ["a", "b", "c", "a", "d", "c", "c", "b", "e", "e"]
    response = np.arange(10, dtype=np.float32)[:, None]
    session = xr.Dataset(
        {"response": (("presentation", "neuroid"), response)},
        coords={"stimulus_id": ("presentation", shown)},
    )
    trials, stimulus = repeated_trials(session, np.array(["a", "c", "d"]), "left")
    assert trials[:, 0].tolist() == [0, 2, 3, 5, 6]  # d was shown once; b and e are not tested
    assert stimulus.tolist() == [0, 1, 0, 1, 1]
    assert trials.dtype == np.float64
    with pytest.raises(InputError, match="session left: 1 test stimuli were shown more than once"):
        repeated_trials(session, np.array(["a", "d"]), "left")


def test_noise_alone_has_no_reliability():
    trials, stimulus = make_trials(0, 1, 200, 10, 30)
    assert abs(explain_variance(trials, stimulus).mean()) < 0.01
    assert abs(correlate_halves(trials, stimulus, np.random.default_rng(0), 20).mean()) < 0.05


def test_a_silent_neuroid_has_none():
    trials, stimulus = np.zeros((12, 1)), np.repeat(np.arange(4), 3)
    assert explain_variance(trials, stimulus) == [0]
    assert correlate_halves(trials, stimulus, np.random.default_rng(0), 2) == [0]


def test_measures_all_sessions_of_a_recording(brainio):
    tree = brainio.write().read()
    measured = measure_reliability(tree, seed=1, n_halves=5)
    assert measured["neuroid_id"].to_numpy().tolist() == [f"n{index}" for index in range(6)]
    assert measured["session"].to_numpy().tolist() == ["left_1"] * 3 + ["right_2"] * 3
    np.testing.assert_allclose(measured["mean_response"], brainio.counts.mean(axis=0))
    assert (measured["n_repeats"] == 4).all()
    tested = tree["stimuli"]["stimulus_id"].to_numpy()[
        tree["stimuli"]["split"].to_numpy() == "test"
    ]
    shown = brainio.dataset["stimulus_id"].to_numpy()
    kept = np.isin(shown, tested)
    _, stimulus = np.unique(shown[kept], return_inverse=True)
    expected = explain_variance(brainio.counts[kept].astype(float), stimulus)
    np.testing.assert_allclose(measured["explainable_variance"], expected)
    xr.testing.assert_identical(measured, measure_reliability(tree, seed=1, n_halves=5))


def test_without_repeats_there_is_no_reliability(brainio):
    brainio.dataset = brainio.dataset.isel(presentation=slice(0, None, 4))
    tree = brainio.write().read()
    with pytest.raises(InputError, match="session left_1: 0 test stimuli were shown more than"):
        measure_reliability(tree, seed=1)
