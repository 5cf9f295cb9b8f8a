"""The vectorised bootstrap against one that draws one by one, and against theory."""

import numpy as np
import xarray as xr

from neurobust.statistics.bootstrap import (
    interval,
    resample_accuracy,
    resample_images,
    resample_seeds,
)


def test_counts_draw_each_test_set_anew():
    counts = resample_images(30, 50, 7)
    assert counts.shape == (50, 30)
    np.testing.assert_array_equal(counts.sum(1), 30)
    assert counts.std() > 0
    np.testing.assert_array_equal(counts, resample_images(30, 50, 7))
    assert (counts != resample_images(30, 50, 8)).any()


def test_networks_have_seed_draws_of_their_own():
    one, other = (resample_seeds(5, 50, 7, name) for name in ("oracle", "baseline"))
    np.testing.assert_array_equal(one.sum(1), 5)
    assert (one != other).any()


def test_each_image_is_drawn_as_often_as_any_other():
    counts = resample_images(10, 20_000, 0)
    # The mean of 20,000 binomials has a standard error of sqrt(0.9 / 20,000) = 0.007.
    np.testing.assert_allclose(counts.mean(0), 1, atol=0.035)
    # The variance of a binomial (10, 0.1) is 0.9.
    np.testing.assert_allclose(counts.var(0), 0.9, atol=0.06)


def test_weighted_product_equals_drawing_one_by_one():
    rng = np.random.default_rng(3)
    seeds, images, repetitions = 3, 11, 6
    correct = rng.integers(0, 2, (seeds, 2, 4, images), dtype=np.int8)
    image_draws = rng.integers(images, size=(repetitions, images))
    seed_draws = rng.integers(seeds, size=(repetitions, seeds))
    naive = np.empty((repetitions, 2, 4))
    for r in range(repetitions):
        for c in range(2):
            for s in range(4):
                answers = [correct[n, c, s, i] for n in seed_draws[r] for i in image_draws[r]]
                naive[r, c, s] = np.mean(answers)

    image_counts = np.stack([np.bincount(row, minlength=images) for row in image_draws])
    seed_counts = np.stack([np.bincount(row, minlength=seeds) for row in seed_draws])
    vectorised = resample_accuracy(correct, image_counts.astype(np.float32), seed_counts)
    # Both sum whole numbers and divide once or twice: only that rounding differs.
    np.testing.assert_allclose(vectorised, naive, rtol=1e-12)


def test_spread_is_that_of_a_mean_of_independent_answers():
    rng = np.random.default_rng(5)
    correct = (rng.random((1, 1, 400)) < 0.3).astype(np.int8)
    counts = resample_images(400, 2000, 1)
    replicates = resample_accuracy(correct, counts, np.ones((2000, 1), int))
    rate = correct.mean()
    # A standard deviation from 2,000 repetitions has a relative error of 1 / sqrt(4,000) = 1.6 %.
    np.testing.assert_allclose(replicates.std(), np.sqrt(rate * (1 - rate) / 400), rtol=0.07)


def test_interval_is_the_middle_95_percent_and_leaves_undefined_repetitions_out():
    values = np.append(np.arange(1001.0), [np.nan] * 9)
    bounds = interval(xr.DataArray(values, dims="repetition"))
    assert list(bounds["bound"].to_numpy()) == ["low", "high"]
    np.testing.assert_allclose(bounds, [25, 975])
