"""Reduced features against raw ones, and PLS regression against scikit-learn and closed forms."""

import numpy as np
import pytest
import torch
from sklearn.cross_decomposition import PLSRegression

from neurobust.evaluation.predictivity.mapping import predict_by_pls, reduce_features

SHAPES = [(30, 12), (30, 30), (30, 31), (20, 9000)]  # the last in three blocks


def make_features(stimuli, size, *, seed=0):
    """Return rectified features of a few shared dimensions, far from centred, as a layer's are."""
    random = np.random.default_rng(seed)
    shared = random.normal(size=(stimuli, 8)) @ random.normal(size=(8, size))
    features = np.maximum(shared + random.normal(size=(stimuli, size)) + 3, 0)
    return torch.from_numpy(features.astype(np.float32))


def make_responses(features, neuroids, *, seed=1):
    """Return noisy linear functions of the features' first eight."""
    random = np.random.default_rng(seed)
    drive = features[:, :8].double().numpy() @ random.normal(size=(8, neuroids))
    return drive + random.normal(size=drive.shape)


@pytest.mark.parametrize(("stimuli", "size"), SHAPES)
def test_reduced_features_keep_all_inner_products(stimuli, size):
    features = make_features(stimuli, size)
    before = features.clone()
    reduced = reduce_features(features)
    centred = features.double().numpy() - features.double().numpy().mean(0)
    expected = centred @ centred.T
    # What is left out weighs less than `size` roundings of the greatest eigenvalue.
    least = np.linalg.eigvalsh(expected)[-1] * 9000 * np.finfo(np.float64).eps
    np.testing.assert_allclose(reduced @ reduced.T, expected, rtol=0, atol=2 * least)
    assert reduced.shape == (stimuli, min(stimuli - 1, size))
    assert torch.equal(features, before)


@pytest.mark.parametrize(("stimuli", "size"), SHAPES)
def test_dimensions_are_uncorrelated_and_fall_in_variance(stimuli, size):
    reduced = reduce_features(make_features(stimuli, size))
    products = reduced.T @ reduced
    variance = np.diag(products)
    assert (np.diff(variance) < 0).all()
    np.testing.assert_allclose(products, np.diag(variance), rtol=0, atol=1e-11 * variance[0])
    np.testing.assert_allclose(reduced.mean(0), 0, atol=1e-10 * np.sqrt(variance[0]))


@pytest.mark.parametrize("copies", [4, 40])
def test_dimensions_without_variance_are_left_out(copies):
    # Three directions of whole numbers, repeated over more or fewer features than stimuli.
    random = np.random.default_rng(0)
    basis = random.integers(-5, 6, (25, 3))
    assert np.linalg.matrix_rank(basis - basis.mean(0)) == 3
    features = torch.from_numpy(np.tile(basis, copies).astype(np.float32))
    assert reduce_features(features).shape == (25, 3)
    with_still = torch.cat([features, torch.full((25, 5), 0.1)], dim=1)
    assert reduce_features(with_still).shape == (25, 3)


@pytest.mark.parametrize("size", [7, 5000])
@pytest.mark.parametrize("value", [0.0, 0.1, -1e6])
def test_features_that_do_not_vary_have_no_dimension(size, value):
    assert reduce_features(torch.full((13, size), value)).shape == (13, 0)


@pytest.mark.parametrize(("stimuli", "size"), [(80, 60), (80, 1500), (80, 5000)])
def test_pls_on_reduced_features_is_scikit_learn_s_on_raw_ones(stimuli, size):
    features = make_features(stimuli, size)
    responses = make_responses(features, 12)
    fit, new = slice(0, 60), slice(60, None)
    raw = features.double().numpy()
    oracle = PLSRegression(25, scale=False, max_iter=2000).fit(raw[fit], responses[fit])
    expected = oracle.predict(raw[new])
    reduced = reduce_features(features)
    found = predict_by_pls(reduced[fit], responses[fit], reduced[new], components=25)
    # The power method converges to 1e-3 in the weights alone (its tolerance, 1e-6, is of their
    # squared change), but a rotation changes none of its steps, so that both stop at the same.
    # What remains is rounding through 25 deflations, 1e-14 of the range when measured; stopping
    # one step apart makes 1e-7 to 1e-4.
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-9 * np.ptp(responses))
    assert np.ptp(expected) > 1


@pytest.mark.parametrize("components", [6, 25])
def test_with_all_components_pls_is_ordinary_least_squares(components):
    random = np.random.default_rng(2)
    features, new = random.normal(2, 1, (40, 6)), random.normal(2, 1, (9, 6))
    responses = random.normal(size=(40, 3))
    design = np.column_stack([features, np.ones(40)])
    coefficients, *_ = np.linalg.lstsq(design, responses, rcond=None)
    expected = np.column_stack([new, np.ones(9)]) @ coefficients
    found = predict_by_pls(features, responses, new, components=components)
    # Weights of six components span all of space, however far the power method converged.
    np.testing.assert_allclose(found, expected, atol=1e-10)


def test_one_component_of_one_neuroid_points_along_the_covariance():
    random = np.random.default_rng(3)
    features, new = random.normal(2, 1, (40, 6)), random.normal(2, 1, (9, 6))
    responses = random.normal(5, 1, (40, 1))
    x, y = features - features.mean(0), responses[:, 0] - responses.mean()
    weight = x.T @ y / np.linalg.norm(x.T @ y)
    score = x @ weight
    slope = score @ y / (score @ score)
    expected = responses.mean() + (new - features.mean(0)) @ weight * slope
    found = predict_by_pls(features, responses, new, components=1)
    np.testing.assert_allclose(found[:, 0], expected, rtol=1e-12)


@pytest.mark.parametrize("dimensions", [0, 2])
def test_features_that_do_not_vary_predict_the_mean(dimensions):
    random = np.random.default_rng(4)
    responses = random.normal(size=(20, 3))
    still = np.full((20, dimensions), 0.1)
    new = random.normal(size=(4, dimensions))  # though they vary over the new stimuli
    found = predict_by_pls(still, responses, new, components=5)
    np.testing.assert_allclose(found, np.tile(responses.mean(0), (4, 1)), rtol=1e-12)


def test_a_few_distinct_stimuli_predict_their_own_means():
    # All stimuli span seven dimensions, but those to fit, five copies of three, only two. The
    # best linear map through three points gives each the mean of its copies, and no more.
    random = np.random.default_rng(5)
    features = torch.from_numpy(random.normal(size=(8, 4000)).astype(np.float32))
    reduced = reduce_features(features)
    assert reduced.shape == (8, 7)
    copies = np.tile([0, 1, 2], 5)
    responses = random.normal(size=(15, 4))
    found = predict_by_pls(reduced[copies], responses, reduced[:3], components=6)
    expected = np.stack([responses[copies == stimulus].mean(0) for stimulus in range(3)])
    np.testing.assert_allclose(found, expected, atol=1e-10)
