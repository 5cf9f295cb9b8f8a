"""Populations, splits and ceilings against naive loops and closed forms."""

from collections import Counter

import numpy as np
import pytest
from scipy.stats import pearsonr

from neurobust.errors import InputError
from neurobust.evaluation.predictivity.populations import (
    Population,
    divide_stimuli,
    find_populations,
    measure_ceiling,
)
from neurobust.randomness import generator
from neurobust.recordings.form import check_recording, sessions_of
from neurobust.recordings.reliability import halve_repeats

SPLIT = np.repeat(["train", "validation", "test"], [6, 2, 4])
STIMULI = np.arange(len(SPLIT))


def present(stimuli, repeats, random):
    """Return the stimuli of a session's presentations, in random order."""
    return random.permutation(np.repeat(stimuli, repeats))


@pytest.fixture(scope="module")
def three_sessions(make_own_recording):
    """Return three sessions, of which the second lacks a stimulus, in orders of their own.

    Responses are small whole numbers and repeats powers of two, so that means are exact.
    """
    random = np.random.default_rng(0)
    sessions = {}
    for name, neuroids in (("first", 2), ("second", 3), ("third", 1)):
        repeats = random.choice([1, 2, 4], len(STIMULI))
        repeats[4] *= name != "second"
        shown = present(STIMULI, repeats, random)
        sessions[name] = shown, random.integers(0, 50, (len(shown), neuroids)).astype(float)
    recording = make_own_recording(SPLIT, sessions, group=[f"g{n // 2}" for n in STIMULI])
    check_recording(recording, "a test")
    return recording, sessions


def test_sessions_with_the_same_stimuli_are_joined_and_others_are_not(three_sessions):
    recording, sessions = three_sessions
    joined, alone = find_populations(recording)
    assert joined.session.tolist() == ["first"] * 2 + ["third"]
    assert joined.neuroid_id.tolist() == ["first-0", "first-1", "third-0"]
    assert alone.neuroid_id.tolist() == ["second-0", "second-1", "second-2"]
    assert joined.rows.tolist() == STIMULI.tolist()
    assert alone.rows.tolist() == [n for n in STIMULI.tolist() if n != 4]
    for population, names in ((joined, ["first", "third"]), (alone, ["second"])):
        for position, row in enumerate(population.rows.tolist()):
            # The mean over just the presentations of this stimulus, in each session.
            means = [
                sessions[name][1][sessions[name][0] == row, neuroid].mean()
                for name in names
                for neuroid in range(sessions[name][1].shape[1])
            ]
            assert population.responses[position].tolist() == means
        assert population.split.tolist() == SPLIT[population.rows].tolist()
        assert population.group.tolist() == [f"g{row // 2}" for row in population.rows.tolist()]
        assert population.responses.dtype == np.float64


def test_the_order_of_presentation_does_not_matter(make_own_recording):
    random = np.random.default_rng(1)
    shown = present(STIMULI, 4, random)
    response = random.integers(0, 50, (len(shown), 2)).astype(float)
    order = random.permutation(len(shown))
    found = [
        find_populations(make_own_recording(SPLIT, {"a": (shown[o], response[o])}))[0]
        for o in (slice(None), order)
    ]
    np.testing.assert_array_equal(found[0].responses, found[1].responses)
    np.testing.assert_array_equal(found[0].rows, found[1].rows)


def test_a_population_knows_the_places_of_a_split(three_sessions):
    _, alone = find_populations(three_sessions[0])
    assert alone.of("train").tolist() == [0, 1, 2, 3, 4]
    assert alone.of("validation").tolist() == [5, 6]
    assert alone.rows[alone.of("test")].tolist() == [8, 9, 10, 11]


@pytest.fixture(scope="module")
def long_recording(make_own_recording):
    split = np.repeat(["train", "validation", "test"], [40, 20, 30])
    random = np.random.default_rng(2)
    sessions = {}
    for name in ("first", "second"):
        shown = present(np.arange(90), 2, random)
        sessions[name] = shown, random.normal(size=(len(shown), 2))
    return make_own_recording(split, sessions)


def test_at_most_so_many_stimuli_are_drawn(long_recording):
    (population,) = find_populations(long_recording, most=25, seed=1)
    # Of 40 training stimuli 25, of 20 validation stimuli all, and all that test.
    assert Counter(population.split.tolist()) == {"train": 25, "validation": 20, "test": 30}
    (fewer,) = find_populations(long_recording, most=5, seed=1)
    assert Counter(fewer.split.tolist()) == {"train": 5, "validation": 5, "test": 30}
    (whole,) = find_populations(long_recording)
    rows = np.searchsorted(whole.rows, population.rows)
    np.testing.assert_array_equal(whole.rows[rows], population.rows)
    np.testing.assert_array_equal(whole.responses[rows], population.responses)
    (same,) = find_populations(long_recording, most=25, seed=1)
    (other,) = find_populations(long_recording, most=25, seed=2)
    assert same.rows.tolist() == population.rows.tolist()
    assert other.rows.tolist() != population.rows.tolist()
    (enough,) = find_populations(long_recording, most=40)
    assert enough.rows.tolist() == whole.rows.tolist()


def test_draws_are_the_same_in_every_session(three_sessions):
    recording, _ = three_sessions
    seen = set()
    for seed in range(8):
        shown = {
            name: set(population.rows.tolist())
            for population in find_populations(recording, most=3, seed=seed)
            for name in population.session.tolist()
        }
        assert shown["second"] == shown["first"] - {4}
        assert shown["third"] == shown["first"]
        seen |= shown["first"]
    # Any stimulus may be drawn; that one of six is in none of 8 halves has p = 6 / 2**8.
    assert seen == set(STIMULI.tolist())


def make_population(group, split=None):
    count = len(group)
    return Population(
        rows=np.arange(count),
        responses=np.zeros((count, 1)),
        split=np.array(["train"] * count if split is None else split),
        group=np.array(group),
        neuroid_id=np.array(["n"]),
        session=np.array(["a"]),
    )


def of_splits(train, validation, test, group=None):
    split = np.repeat(["train", "validation", "test"], [train, validation, test])
    split = np.random.default_rng(0).permutation(split)
    return make_population(range(len(split)) if group is None else group, split)


def divide(population, splits, *, n_splits=10, left_out=0.1, seed=1):
    return divide_stimuli(population, splits, n_splits=n_splits, left_out=left_out, seed=seed)


def test_held_out_fits_training_stimuli_alone_and_scores_test_stimuli_alone():
    population = of_splits(40, 9, 12)
    train = set(np.flatnonzero(population.split == "train").tolist())
    divisions = divide(population, "held-out")
    assert len(divisions) == 10
    for fit, scored in divisions:
        assert scored.tolist() == np.flatnonzero(population.split == "test").tolist()
        assert set(fit.tolist()) < train
        assert len(set(fit.tolist())) == len(fit) == 36  # all but a tenth
    assert len({frozenset(fit.tolist()) for fit, _ in divisions}) == 10


SHARED = {
    "stratified": [*"aaaaaaaabbbbcccc"] * 5,  # 40, 20 and 20 stimuli
    "groups": [f"movie{n % 10}" for n in range(80)],
}


@pytest.mark.parametrize("splits", SHARED)
def test_shuffled_splits_are_of_all_stimuli_but_those_that_validate(splits):
    population = of_splits(50, 10, 20, SHARED[splits])
    pool = set(np.flatnonzero(population.split != "validation").tolist())
    divisions = divide(population, splits, left_out=0.3)
    for fit, scored in divisions:
        assert set(fit.tolist()) | set(scored.tolist()) == pool
        assert len(fit) + len(scored) == len(pool)
    assert len({frozenset(scored.tolist()) for _, scored in divisions}) == 10
    # Training and test stimuli are shuffled together.
    kinds = {population.split[row] for _, scored in divisions for row in scored}
    assert kinds == {"train", "test"}


def test_stratified_splits_keep_the_groups_shares():
    population = make_population(SHARED["stratified"])
    for fit, scored in divide(population, "stratified"):
        assert Counter(population.group[scored].tolist()) == {"a": 4, "b": 2, "c": 2}
        assert Counter(population.group[fit].tolist()) == {"a": 36, "b": 18, "c": 18}


def test_stratified_splits_of_stimuli_that_are_their_own_groups_are_of_any():
    population = make_population(range(80))
    divisions = divide(population, "stratified")
    assert [len(scored) for _, scored in divisions] == [8] * 10
    assert [len(set(fit.tolist()) & set(scored.tolist())) for fit, scored in divisions] == [0] * 10


def test_whole_groups_are_left_out():
    population = make_population(SHARED["groups"])
    for fit, scored in divide(population, "groups", left_out=0.3):
        left = set(population.group[scored].tolist())
        assert len(left) == 3
        assert len(scored) == 24  # all eight stimuli of each
        assert not left & set(population.group[fit].tolist())


@pytest.mark.parametrize("splits", ["held-out", "stratified", "groups"])
def test_the_seed_alone_decides_the_splits(splits):
    population = of_splits(50, 10, 20, SHARED["stratified"])
    first, same = (divide(population, splits, left_out=0.4, seed=3) for _ in range(2))
    for (fit, scored), (fit_again, scored_again) in zip(first, same, strict=True):
        np.testing.assert_array_equal(fit, fit_again)
        np.testing.assert_array_equal(scored, scored_again)
    other = divide(population, splits, left_out=0.4, seed=4)
    assert any(a.fit.tolist() != b.fit.tolist() for a, b in zip(first, other, strict=True))


@pytest.mark.parametrize(
    ("population", "splits", "problem"),
    [
        (make_population(["a"] * 20), "groups", "20 stimuli in 1 groups"),
        (make_population([*"aaaaaaaab"]), "stratified", "9 stimuli in 2 groups"),
        # Each of 20 groups is to keep its share, but a tenth of 40 is four stimuli.
        (make_population([*range(20)] * 2), "stratified", "40 stimuli in 20 groups"),
        (of_splits(1, 4, 9), "held-out", "10 stimuli in 10 groups"),
        # One scored stimulus has no correlation.
        (of_splits(9, 4, 1), "held-out", "at least two scored stimuli"),
        (make_population(range(9)), "stratified", "at least two scored stimuli"),
        (make_population([f"g{n}" for n in range(9)]), "groups", "at least two scored stimuli"),
    ],
)
def test_too_few_stimuli_or_groups_are_refused(population, splits, problem):
    with pytest.raises(InputError, match=problem) as caught:
        divide(population, splits)
    assert caught.value.place == f"predictivity: splits: {splits}"
    assert "left_out" in caught.value.fix


def measure(recording, *, splits="held-out", halves=4, seed=1, **fields):
    populations = find_populations(recording)
    divisions = [divide(population, splits, **fields) for population in populations]
    found = measure_ceiling(recording, populations, divisions, halves=halves, seed=seed)
    return found, populations, divisions


@pytest.mark.parametrize("splits", ["held-out", "stratified"])
def test_the_ceiling_equals_a_naive_loop(splits, make_own_recording):
    random = np.random.default_rng(5)
    split = np.repeat(["train", "validation", "test"], [30, 10, 20])
    sessions = {}
    for name, missing in (("first", 0), ("second", 50), ("third", 0)):
        repeats = random.integers(1, 6, 60)  # some of one alone, and odd ones
        repeats[missing] = 0
        shown = present(np.arange(60), repeats, random)
        drive = random.normal(size=(60, 3))[shown]
        sessions[name] = shown, drive + random.normal(0, 0.7, drive.shape)
    recording = make_own_recording(split, sessions)
    found, populations, divisions = measure(recording, splits=splits, n_splits=2, left_out=0.4)
    assert [population.neuroid_id.size for population in populations] == [6, 3]

    by_half = [[] for _ in range(4)]
    for population, own in zip(populations, divisions, strict=True):
        scored = {int(population.rows[row]) for division in own for row in division.scored}
        for name in dict.fromkeys(population.session.tolist()):
            shown = sessions[name][0]
            response = sessions_of(recording)[name]["response"].to_numpy().astype(np.float64)
            kept = [i for i, s in enumerate(shown) if s in scored and (shown == s).sum() > 1]
            order = list(dict.fromkeys(shown[kept].tolist()))
            stimulus = np.array([order.index(s) for s in shown[kept]])
            stream = generator(1, "predictivity", "ceiling", name)
            for half in range(4):
                first, second = halve_repeats(stimulus, stream)
                for neuroid in range(3):
                    trials = response[kept, neuroid]
                    means = [
                        [trials[part][stimulus[part] == s].mean() for s in range(len(order))]
                        for part in (first, second)
                    ]
                    r = pearsonr(*means).statistic
                    by_half[half].append(2 * r / (1 + r))
    assert min(min(values) for values in by_half) > 0  # where the correction is that formula
    expected = [sorted(values)[len(values) // 2] for values in by_half]  # nine neuroids
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_the_ceiling_is_the_reliability_of_the_mean(make_own_recording):
    # Signal variance 1 and noise variance 2 in each of four repeats: the means of two halves
    # correlate by 1 / (1 + 2 / 2), and means of all repeats by 1 / (1 + 2 / 4).
    random = np.random.default_rng(6)
    tested, neuroids = 2000, 41
    split = np.repeat(["train", "validation", "test"], [20, 5, tested])
    shown = present(np.arange(len(split)), 4, random)
    drive = random.normal(size=(len(split), neuroids))
    drive[:25] = 0  # training stimuli, which no split scores, do not count
    response = drive[shown] + random.normal(0, np.sqrt(2), (len(shown), neuroids))
    found, *_ = measure(make_own_recording(split, {"a": (shown, response)}))
    # A correlation r over n stimuli has a standard error of (1 - r^2) / sqrt(n), the correction a
    # slope of 2 / (1 + r)^2, and a median over independent neuroids 1.25 / sqrt(count) of theirs.
    r = 1 / 2
    error = (1 - r**2) / np.sqrt(tested) * 2 / (1 + r) ** 2 * 1.25 / np.sqrt(neuroids)
    np.testing.assert_allclose(found, 2 / 3, atol=4 * error)
    assert len(set(found.tolist())) == 4  # each half is drawn anew


def test_repeats_without_noise_reach_a_ceiling_of_one(make_own_recording):
    random = np.random.default_rng(7)
    shown = present(STIMULI, 4, random)
    recording = make_own_recording(SPLIT, {"a": (shown, random.normal(size=(12, 3))[shown])})
    np.testing.assert_allclose(measure(recording)[0], 1, rtol=1e-12)


def test_a_ceiling_needs_repeats(make_own_recording):
    random = np.random.default_rng(8)
    response = random.normal(size=(12, 3))
    recording = make_own_recording(SPLIT, {"a": (STIMULI, response)})
    with pytest.raises(InputError, match="session a: 0 test stimuli were shown more than once"):
        measure(recording)
