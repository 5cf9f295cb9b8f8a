"""Coefficients along an axis against scipy's, column by column; how a p is written."""

import numpy as np
import pytest
from scipy import stats

from neurobust.statistics.coefficients import kendall, pearson, spearman, write_p

ORACLES = {pearson: stats.pearsonr, spearman: stats.spearmanr, kendall: stats.kendalltau}


@pytest.mark.parametrize("coefficient", ORACLES)
def test_many_columns_have_the_coefficients_of_scipy(coefficient):
    rng = np.random.default_rng(0)
    x, y = rng.integers(6, size=(2, 50, 12)).astype(float)  # with many ties
    found = coefficient(x, y, -1)
    expected = [ORACLES[coefficient](*pair).statistic for pair in zip(x, y, strict=True)]
    # The same sums in another order, of numbers near 1.
    np.testing.assert_allclose(found, expected, atol=1e-14)
    np.testing.assert_array_equal(coefficient(x[0], y[0]), found[0])


@pytest.mark.parametrize("coefficient", ORACLES)
def test_a_constant_column_has_no_coefficient(coefficient):
    varies = np.array([0.1, 0.2, 0.4, 0.3])
    constant = np.full(4, 0.1)  # whose mean is not exactly 0.1
    assert np.isnan(coefficient(constant, varies))
    assert np.isnan(coefficient(varies, constant))
    found = coefficient(np.stack([varies, constant]), varies, -1)
    assert found[0] == pytest.approx(1)
    assert np.isnan(found[1])


@pytest.mark.parametrize(
    ("p", "written"),
    [
        (0.9904, "0.99"),
        (0.0997, "0.10"),
        (0.0489, "0.049"),
        (0.00199, "0.0020"),
        (1.438e-5, "1.4 × 10⁻⁵"),
        (3e-12, "3.0 × 10⁻¹²"),
        (0.0, "0.0"),
    ],
)
def test_p_is_written_with_two_digits(p, written):
    assert write_p(p) == written
