"""The metric i2n on observers whose answer is known, and against a loop over its definition."""

import numpy as np
import pytest
import xarray as xr
from scipy.stats import beta, binom, kstest, norm, pearsonr

from neurobust.errors import InputError
from neurobust.evaluation.behaviour.i2n import (
    choice_probabilities,
    distractor_probabilities,
    i2n_matrix,
    score_consistency,
)

OBJECTS = np.array(["bear", "car", "dog", "ewe"])


def label(values, objects=OBJECTS):
    """Label a matrix of stimuli by objects; the truths are the objects in turn."""
    names = [f"image{number:03d}" for number in range(len(values))]
    return xr.DataArray(
        values,
        dims=("stimulus", "choice"),
        coords={
            "stimulus_id": ("stimulus", names),
            "truth": ("stimulus", objects[np.arange(len(values)) % len(objects)]),
            "choice": objects,
        },
    )


def make_observer(per_object=12, objects=OBJECTS, seed=0, spread=0.4):
    """Return an observer's p of each distractor: Z(p) around -.5, independent in each cell."""
    random = np.random.default_rng(seed)
    shape = (per_object * len(objects), len(objects))
    return label(norm.cdf(random.normal(-0.5, spread, shape)), objects)


def as_probabilities(p):
    """Return probabilities of all objects that give the distractors these when offered."""
    own = p["truth"].to_numpy()[:, None] == p["choice"].to_numpy()
    with np.errstate(divide="ignore"):
        odds = np.where(own, 1, p / (1 - p))
    # An observer who is always wrong leaves the truth nothing.
    odds = np.where(np.isinf(odds).any(1, keepdims=True), ~own, odds)
    return p.copy(data=odds / odds.sum(1, keepdims=True)).drop_vars("truth")


def run_trials(p, n, seed=0):
    """Let an observer choose n times in every cell, in random order."""
    random = np.random.default_rng(seed)
    objects, names = p["choice"].to_numpy(), p["stimulus_id"].to_numpy()
    truth = np.arange(p.shape[0]) % len(objects)
    row, column = np.nonzero(truth[:, None] != np.arange(len(objects)))
    order = random.permutation(np.repeat(np.arange(len(row)), n))
    row, column = row[order], column[order]
    wrong = random.random(len(order)) < p.to_numpy()[row, column]
    return xr.Dataset(
        {"choice": ("presentation", objects[np.where(wrong, column, truth[row])])},
        coords={
            "stimulus_id": ("presentation", names[row]),
            "truth": ("presentation", objects[truth[row]]),
            "distractor": ("presentation", objects[column]),
        },
        attrs={"identifier": "lab.Choices"},
    )


def naive_i2n(p):
    """Follow the definition cell by cell."""
    values = {
        (name, choice): float(p.values[s, c])
        for s, name in enumerate(p["stimulus_id"].values.tolist())
        for c, choice in enumerate(p["choice"].values.tolist())
    }
    truth = dict(zip(p["stimulus_id"].values.tolist(), p["truth"].values.tolist(), strict=True))
    sensitivity = {}
    for (name, choice), error in values.items():
        if truth[name] == choice or np.isnan(error):
            continue
        inverse = [
            values[other, truth[name]]
            for other in truth
            if truth[other] == choice and not np.isnan(values[other, truth[name]])
        ]
        if inverse:
            d = norm.ppf(1 - error) - norm.ppf(sum(inverse) / len(inverse))
            if not np.isnan(d):
                sensitivity[name, choice] = min(max(d, -5), 5)
    result = np.full(p.shape, np.nan)
    for s, name in enumerate(truth):
        for c, choice in enumerate(p["choice"].values.tolist()):
            if (name, choice) in sensitivity:
                group = [
                    d
                    for (other, taken), d in sensitivity.items()
                    if truth[other] == truth[name] and taken == choice
                ]
                result[s, c] = sensitivity[name, choice] - sum(group) / len(group)
    return result


def naive_probabilities(trials):
    """Count choices and offers in dictionaries."""
    chosen, offered, truths = {}, {}, {}
    labels = (trials[name].values.tolist() for name in ("stimulus_id", "truth", "distractor"))
    for name, truth, distractor, choice in zip(*labels, trials["choice"].values, strict=True):
        truths[name] = truth
        for item in (truth, distractor):
            offered[name, item] = offered.get((name, item), 0) + 1
        chosen[name, choice] = chosen.get((name, choice), 0) + 1
    objects = sorted({item for _, item in offered})
    p = [
        [
            chosen.get((name, item), 0) / offered[name, item] if (name, item) in offered else np.nan
            for item in objects
        ]
        for name in sorted(truths)
    ]
    return label(np.array(p), np.array(objects))


def test_probabilities_are_times_chosen_by_times_offered():
    trials = run_trials(make_observer(per_object=3), n=5).isel(presentation=slice(0, 70))
    found, expected = choice_probabilities(trials), naive_probabilities(trials)
    assert np.isnan(expected).any()  # some cells were never offered in the first 70 of 180
    xr.testing.assert_allclose(found, expected, rtol=1e-15)


def test_offered_together_two_objects_share_their_probability():
    p = label(np.array([[0.5, 0.3, 0.2, 0.0], [0.9, 0.1, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0]]))
    nan = np.nan
    expected = [[nan, 3 / 8, 2 / 7, 0], [0.9, nan, 0, 0], [1, nan, nan, nan]]
    np.testing.assert_allclose(distractor_probabilities(p), expected, rtol=1e-15)
    # 100 random observers' worth of odds come back.
    observer = make_observer(per_object=100)
    own = observer["truth"] == observer["choice"]
    full = as_probabilities(observer).assign_coords(truth=observer["truth"])
    xr.testing.assert_allclose(distractor_probabilities(full), observer.where(~own), rtol=1e-12)


def test_the_matrix_is_the_definition():
    random = np.random.default_rng(1)
    values = random.beta(0.5, 1, (23, 4))  # near 0 and 1 as well, where d' is clipped
    values[random.random(values.shape) < 0.2] = np.nan
    values[random.random(values.shape) < 0.1] = 0
    values[0::4, 3], values[3, :3] = np.nan, 1  # a pair without inverse, a stimulus always wrong
    p = label(values)
    found, expected = i2n_matrix(p), naive_i2n(p)
    # Z(1 - p) loses what 1 - p rounds off where p is small: 1e-16 / 1e-6 here.
    np.testing.assert_allclose(found, expected, atol=1e-9)
    assert np.isnan(found.values[1::4, 1]).all()  # its truth
    assert np.isnan(found.values[3::4, 0]).all()  # unknown how often bears are mistaken for ewes
    assert found.coords.equals(p.coords)
    assert i2n_matrix(p.transpose()).identical(found)


def test_the_input_is_left_as_it_was():
    p = make_observer()
    before = p.copy(deep=True)
    i2n_matrix(p)
    distractor_probabilities(p)
    assert p.identical(before)


def test_sensitivity_is_clipped_before_the_mean_is_taken():
    # Bears in rows 0, 2, 4; cars, in the others, are taken for bears half of the time: Z = 0.
    p = label(np.full((6, 2), 0.5), OBJECTS[:2])
    for errors, clipped in (
        ([0, 0.5, 1], [5, 0, -5]),
        ([0, 0.5, 0.5], [5, 0, 0]),
        (norm.cdf([-5.5, -4.5, 5.5]), [5, 4.5, -5]),
    ):
        p[0::2, 1] = errors
        found = i2n_matrix(p).values
        np.testing.assert_allclose(found[0::2, 1], clipped - np.mean(clipped), rtol=1e-12)


def test_rates_that_are_both_0_or_both_1_define_no_sensitivity():
    p = np.full((4, 2), 0.5)
    p[0::2, 1] = [0.3, 1]  # of two bears one is always taken for a car,
    p[1::2, 0] = 0  # and no car for a bear: Z(0) - Z(0) and Z(.7) - Z(0)
    found = i2n_matrix(label(p, OBJECTS[:2])).values
    assert np.isnan(found[2, 1])
    assert found[0, 1] == 0  # alone in its group


def test_a_model_that_errs_as_observers_do_reaches_the_ceiling():
    observer = make_observer(per_object=25)
    score = score_consistency(as_probabilities(observer), run_trials(observer, 80), seed=0)
    # Over other trials of this size the ceiled score varied by .012 (standard deviation).
    assert score["ceiled"].item() == pytest.approx(1, abs=0.05)
    assert score["ceiling"].item() < score["consistency"].item() < 0.95


def test_without_noise_a_model_that_errs_as_observers_do_scores_exactly_one():
    wrong = np.random.default_rng(3).random(40) < 0.3  # always, whatever the distractor, or never
    assert all(0 < wrong[start::4].mean() < 1 for start in range(4))
    observer = label(np.repeat(wrong[:, None], 4, axis=1).astype(float))
    # With 40 trials no cell is missed by a half, but for one chance in 2^32.
    score = score_consistency(as_probabilities(observer), run_trials(observer, 40), seed=0)
    for name in ("half_consistency", "half_ceiling", "consistency", "ceiling", "ceiled"):
        np.testing.assert_allclose(score[name], 1, rtol=1e-12)
    assert score["ceiled_error"].item() == pytest.approx(0, abs=1e-12)


def test_ceiling_and_consistency_are_those_of_known_signal_and_noise():
    per_object, n = 100, 200
    observer = make_observer(per_object, spread=0.25)
    score = score_consistency(as_probabilities(observer), run_trials(observer, n), seed=0, halves=4)
    # False alarms are the same for all stimuli of a group and leave with its mean, so that a half
    # shows -Z(k / h), k binomial: never 0 or h, which would be clipped, at this h and p.
    h = n // 2
    own = observer["truth"].values[:, None] == observer["choice"].values
    count = np.arange(1, h)
    weight = binom.pmf(count, h, observer.values[..., None])
    mean = -(weight * norm.ppf(count / h)).sum(-1)
    noise = (weight * (norm.ppf(count / h) + mean[..., None]) ** 2).sum(-1)
    signal, true = (
        np.where(own, 0, values - values.reshape(per_object, 4, 4).mean(0)[np.arange(400) % 4])
        for values in (mean, -norm.ppf(observer.values))
    )
    power = (signal**2).sum()
    total = power + noise[~own].sum() * (1 - 1 / per_object)
    # Standard error (1 - r^2) / sqrt(1188): .010 at the ceiling of .8, .006 at .9.
    assert 0.7 < power / total < 0.85
    assert score["ceiling"].item() == pytest.approx(power / total, abs=0.03)
    expected = (signal * true).sum() / np.sqrt(total * (true**2).sum())
    assert score["consistency"].item() == pytest.approx(expected, abs=0.02)


def test_independent_models_score_as_chance_has_it():
    trials = run_trials(make_observer(), 40)
    scores = [
        score_consistency(as_probabilities(make_observer(seed=seed)), trials, seed=0, halves=2)
        for seed in range(1, 101)
    ]
    r = np.array([score["half_consistency"].values[0] for score in scores])
    # 144 Gaussian cells less the means of 12 groups: r of a random direction in 132 dimensions.
    freedom = 144 - 12
    assert kstest((r + 1) / 2, beta((freedom - 1) / 2, (freedom - 1) / 2).cdf).pvalue > 0.01
    assert abs(r.mean()) < 4 / np.sqrt(freedom * len(r))
    ceiled = np.array([score["ceiled"].item() for score in scores])
    assert abs(ceiled).max() < 4 / np.sqrt(freedom * scores[0]["ceiling"].item())


def test_a_bias_of_an_object_against_another_does_not_count():
    observer = make_observer()
    bias = np.random.default_rng(5).uniform(-1, 1, (4, 4))[np.arange(48) % 4]
    shifted = observer.copy(data=norm.cdf(norm.ppf(observer) + bias))
    # No d' is clipped: Z reaches 3, false alarms 1.5. The rest is rounding.
    np.testing.assert_allclose(i2n_matrix(shifted), i2n_matrix(observer), atol=1e-12)
    trials = run_trials(make_observer(spread=0.5), 40)
    scores = [score_consistency(as_probabilities(p), trials, seed=0) for p in (observer, shifted)]
    xr.testing.assert_allclose(*scores, rtol=1e-9)
    assert abs(shifted - observer).max() > 0.2


def test_the_score_is_pearson_s_correlation_of_halves():
    observer, model = make_observer(per_object=5), make_observer(per_object=5, seed=1)
    model = model.copy(data=(model + observer) / 2)
    trials = run_trials(observer, 60)
    score = score_consistency(as_probabilities(model), trials, seed=0, halves=40)
    random, pairs = np.random.default_rng(6), []
    source = naive_i2n(model)
    for _ in range(40):
        order = random.permutation(trials.sizes["presentation"])
        first, second = (
            naive_i2n(naive_probabilities(trials.isel(presentation=part)))
            for part in (order[::2], order[1::2])
        )
        known = ~np.isnan(first) & ~np.isnan(second)
        pairs.append(
            (
                pearsonr(source[known], first[known]).statistic,
                pearsonr(first[known], second[known]).statistic,
            )
        )
    expected, spread = np.mean(pairs, axis=0), np.std(pairs, axis=0)
    # Means of 40 halves on either side: four standard errors of their difference. A correction for
    # halving, which the definition does not have, would raise the ceiling of .6 by .15.
    tolerance = 4 * spread * np.sqrt(2 / 40)
    assert (tolerance < 0.07).all()
    assert abs(score["consistency"].item() - expected[0]) < tolerance[0]
    assert abs(score["ceiling"].item() - expected[1]) < tolerance[1]
    assert len(np.unique(score["half_consistency"])) == 40


def test_the_error_is_propagated_from_consistency_and_ceiling():
    observer, model = make_observer(), make_observer(seed=1)
    model = model.copy(data=(model + observer) / 2)
    score = score_consistency(as_probabilities(model), run_trials(observer, 40), seed=0)
    consistency, ceiling = score["consistency"].item(), score["ceiling"].item()
    assert consistency == pytest.approx(score["half_consistency"].values.mean(), rel=1e-12)
    assert ceiling == pytest.approx(score["half_ceiling"].values.mean(), rel=1e-12)
    assert score["ceiled"].item() == pytest.approx(consistency / np.sqrt(ceiling), rel=1e-12)
    step = 1e-5  # central differences: an error of its square
    gradient = np.array(
        [
            1 / np.sqrt(ceiling),
            consistency * (1 / np.sqrt(ceiling + step) - 1 / np.sqrt(ceiling - step)) / (2 * step),
        ]
    )
    covariance = np.cov(score["half_consistency"], score["half_ceiling"])
    expected = np.sqrt(gradient @ covariance @ gradient)
    assert score["ceiled_error"].item() == pytest.approx(expected, rel=1e-6)
    # It is what the score varies by over repetitions of the experiment, in order of magnitude.
    repeated = [
        score_consistency(as_probabilities(model), run_trials(observer, 40, seed=s), seed=0)
        for s in range(20)
    ]
    actual = np.std([other["ceiled"].item() for other in repeated], ddof=1)
    assert 0.5 * actual < np.mean([other["ceiled_error"].item() for other in repeated]) < 3 * actual


def test_the_order_of_stimuli_and_objects_and_what_no_trial_shows_do_not_matter():
    observer = make_observer()
    trials, model = run_trials(observer, 20), as_probabilities(make_observer(seed=1))
    score = score_consistency(model, trials, seed=0)
    assert not score.equals(score_consistency(model, trials, seed=1))
    # A stimulus that none shows, an object that none offers, everything backwards.
    other = model[:1].assign_coords(stimulus_id=("stimulus", ["other"]))
    more = xr.concat([model / 2, other], "stimulus").pad(choice=(0, 1), constant_values=0.5)
    more = more.assign_coords(choice=[*OBJECTS, "yak"])[::-1, ::-1].transpose()
    xr.testing.assert_allclose(score_consistency(more, trials, seed=0), score, rtol=1e-12)


def test_what_cannot_be_scored_is_named():
    observer = make_observer()
    trials, model = run_trials(observer, 20), as_probabilities(observer)
    strangers = model.assign_coords(stimulus_id=("stimulus", [f"x{s}" for s in range(48)]))
    with pytest.raises(InputError, match=r"0 cells .* both the model and half") as error:
        score_consistency(strangers, trials, seed=0)
    assert error.value.place == "lab.Choices"
    # 144 trials of 144 cells: no cell is in both halves.
    once = run_trials(observer, 1)
    with pytest.raises(InputError, match=r"0 cells .* both two halves"):
        score_consistency(model, once, seed=0)
    with pytest.raises(InputError, match="halved 1 times"):
        score_consistency(model, trials, seed=0, halves=1)


def test_observers_who_do_not_agree_with_themselves_have_no_ceiling():
    observer = make_observer(spread=0)  # all stimuli are alike: halves differ by noise alone
    found = []
    for seed in range(8):
        trials = run_trials(observer, 4, seed=seed)
        try:
            score_consistency(as_probabilities(make_observer()), trials, seed=0, halves=2)
        except InputError as error:
            found.append(error)
    assert found  # about half of them
    for error in found:
        assert error.place == "lab.Choices"
        assert "ceiling" in error.problem
        assert "-" in error.problem
