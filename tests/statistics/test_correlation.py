"""Correlations against scipy, closed forms and naive loops; corrections against hand-made ones."""

from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from neurobust.errors import InputError
from neurobust.randomness import generator
from neurobust.statistics.coefficients import METHODS
from neurobust.statistics.correlation import (
    RESAMPLES,
    compare_correlations,
    correlate,
    correlate_pair,
    permutation_p,
)

ROUNDING = {"rtol": 1e-12}  # the same sums in another order


def make_table(rows=21, stream=0):
    """Draw columns a, b and c of which b and c go with a, one of the values of a twice."""
    rng = np.random.default_rng(stream)
    a = rng.normal(size=rows)
    a[1] = a[0]
    b, c = (slope * a + rng.normal(size=rows) for slope in (1, -2))
    return pd.DataFrame({"a": a, "b": b, "c": c})


def naive_interval(table, statistic, *purpose):
    """Resample rows one repetition at a time; return percentiles and the number defined."""
    columns = table.to_numpy().T
    replicates = []
    for rows in generator(1, *purpose).integers(len(table), size=(RESAMPLES, len(table))):
        resampled = columns[:, rows]
        if all(len(set(column)) > 1 for column in resampled):
            replicates.append(statistic(resampled))
    return [*np.quantile(replicates, [0.025, 0.975]), len(replicates)]


@pytest.mark.parametrize("method", [*METHODS, "kendall"])
def test_coefficient_and_p_are_those_of_scipy(method):
    table = make_table()
    found = correlate_pair(table, "a", "b", method, seed=1, place="table")
    test = {"pearson": stats.pearsonr, "spearman": stats.spearmanr, "kendall": stats.kendalltau}
    expected = test[method](table["a"], table["b"])
    np.testing.assert_allclose(found.r, expected.statistic, rtol=1e-6)  # float32 signs in tau
    np.testing.assert_allclose(found.p, expected.pvalue, **ROUNDING)
    assert found.low < found.r < found.high


def test_pearson_is_its_closed_form_with_the_t_test():
    table = make_table()
    centred = table - table.mean()
    r = (centred["a"] * centred["c"]).sum() / np.sqrt(
        (centred["a"] ** 2).sum() * (centred["c"] ** 2).sum()
    )
    found = correlate_pair(table, "a", "c", "pearson", seed=1, place="table")
    np.testing.assert_allclose(found.r, r, **ROUNDING)
    t = r * np.sqrt(19 / (1 - r**2))
    np.testing.assert_allclose(found.p, 2 * stats.t.sf(abs(t), 19), rtol=1e-9)


def test_rank_correlations_of_few_rows_have_the_exact_p_of_all_orders():
    table = make_table(rows=6)
    found = correlate_pair(table, "a", "b", "spearman", seed=1, place="table")
    a, b = (stats.rankdata(table[name]) for name in "ab")
    all_orders = np.array(
        [np.corrcoef(a[list(order)], b)[0, 1] for order in permutations(range(6))]
    )
    beyond = min((all_orders >= found.r - 1e-9).mean(), (all_orders <= found.r + 1e-9).mean())
    np.testing.assert_allclose(found.p, 2 * beyond, **ROUNDING)

    ordered = pd.DataFrame({"a": np.arange(5.0), "b": np.arange(5.0) ** 3})
    for method in ("spearman", "kendall"):
        perfect = correlate_pair(ordered, "a", "b", method, seed=1, place="table")
        np.testing.assert_allclose(perfect[:4], [1, 1, 1, 2 / 120], **ROUNDING)


@pytest.mark.parametrize("method", METHODS)
def test_interval_of_few_rows_is_the_percentile_one_over_the_defined_resamples(method):
    table = pd.DataFrame({"a": [0.0, 0, 0, 1, 3], "b": [2.0, 1, 4, 4, 9]})
    found = correlate_pair(table, "a", "b", method, seed=1, place="table")

    def statistic(columns):
        x, y = columns if method == "pearson" else map(stats.rankdata, columns)
        return np.corrcoef(x, y)[0, 1]

    expected = naive_interval(table, statistic, "bootstrap", "correlation", method, "a", "b")
    np.testing.assert_allclose([found.low, found.high, found.resamples], expected, rtol=1e-9)
    assert found.interval == "percentile"
    # At random, no row of the last two is drawn in (3/5)**5 = 8 % of the resamples.
    assert 0.85 * RESAMPLES < found.resamples < 0.95 * RESAMPLES


@pytest.mark.parametrize("method", METHODS)
def test_interval_of_many_rows_is_the_accelerated_one_of_scipy(method):
    table = make_table()
    found = correlate_pair(table, "a", "b", method, seed=1, place="table")

    def statistic(x, y, axis):
        if method == "spearman":
            x, y = (stats.rankdata(values, axis=axis) for values in (x, y))
        return stats.pearsonr(x, y, axis=axis).statistic

    expected = stats.bootstrap(
        (table["a"], table["b"]),
        statistic,
        paired=True,
        n_resamples=RESAMPLES,
        rng=generator(1, "bootstrap", "correlation", method, "a", "b"),
    ).confidence_interval
    assert (found.interval, found.resamples) == ("BCa", RESAMPLES)
    # The same resamples; coefficients differ by rounding.
    np.testing.assert_allclose([found.low, found.high], [*expected], rtol=1e-9)


def test_rows_in_perfect_order_have_an_interval_of_no_width():
    table = pd.DataFrame({"a": np.arange(12.0), "b": np.exp(np.arange(12.0))})
    found = correlate_pair(table, "a", "b", "spearman", seed=1, place="table")
    np.testing.assert_allclose(found[:3], 1, **ROUNDING)
    assert found.interval == "percentile"


def test_tests_with_one_method_are_corrected_together():
    rng = np.random.default_rng(3)
    x = rng.normal(size=30)
    table = pd.DataFrame({"x": x} | {f"y{k}": k * x + 3 * rng.normal(size=30) for k in range(4)})
    pairs = [("x", f"y{k}") for k in range(4)]
    found = correlate(table, pairs, seed=1, place="table")
    assert list(found.groupby("method").size()) == [4, 4]
    for _, rows in found.groupby("method"):
        p = rows["p"].to_numpy()
        order, count = np.argsort(p), len(p)
        holm, fdr = np.empty(count), np.empty(count)
        highest, lowest = 0.0, 1.0
        for rank, row in enumerate(order):
            highest = max(highest, (count - rank) * p[row])
            holm[row] = min(1.0, highest)
        for rank in reversed(range(count)):
            lowest = min(lowest, p[order[rank]] * count / (rank + 1))
            fdr[order[rank]] = lowest
        np.testing.assert_allclose(rows["p_holm"], holm, **ROUNDING)
        np.testing.assert_allclose(rows["p_fdr"], fdr, **ROUNDING)
        np.testing.assert_allclose(stats.false_discovery_control(p), fdr, **ROUNDING)
    single = correlate(table, pairs[:1], seed=1, place="table")
    np.testing.assert_array_equal(single["p_holm"], single["p"])
    assert set(found["n"]) == {30}


def test_a_pair_has_the_same_interval_in_every_company_and_another_with_another_seed():
    table = make_table()
    alone = correlate(table, [("a", "b")], seed=1, place="table").set_index("method")
    both = correlate(table, [("a", "c"), ("a", "b")], seed=1, place="table")
    among = both[both["y"] == "b"].set_index("method")
    assert alone.loc["pearson", "low"] == among.loc["pearson", "low"]
    other = correlate_pair(table, "a", "b", "pearson", seed=2, place="table")
    assert other.low != alone.loc["pearson", "low"]


def test_difference_is_that_of_correlations_over_the_same_resamples():
    table = make_table(rows=8)
    found = compare_correlations(table, "a", "b", "c", seed=1, place="table")

    def statistic(columns):
        x, y, other = columns
        return np.corrcoef(x, y)[0, 1] - np.corrcoef(x, other)[0, 1]

    np.testing.assert_allclose(found.value, statistic(table.to_numpy().T), **ROUNDING)
    expected = naive_interval(table, statistic, "bootstrap", "difference", "a", "b", "c")
    np.testing.assert_allclose([found.low, found.high, found.resamples], expected, rtol=1e-9)
    scaled = table.assign(c=3 * table["b"] + 1)
    same = compare_correlations(scaled, "a", "b", "c", seed=1, place="table")
    # The true difference is 0; r is known to some units in the 16th digit.
    np.testing.assert_allclose([same.low, same.high], 0, atol=1e-14)


def test_permutations_give_every_order_once_if_few_and_near_the_t_test_if_errors_are_normal():
    table = make_table(rows=6)
    r = np.corrcoef(table["a"], table["b"])[0, 1]
    orders = (table["a"].to_numpy()[list(order)] for order in permutations(range(6)))
    every = np.array([np.corrcoef(a, table["b"])[0, 1] for a in orders])
    beyond = min((every >= r - 1e-9).mean(), (every <= r + 1e-9).mean())
    p = permutation_p(table, "a", "b", "pearson", seed=1, place="table")
    np.testing.assert_allclose(p, 2 * beyond, **ROUNDING)

    rng = np.random.default_rng(0)
    normal = pd.DataFrame({"a": rng.normal(size=40), "b": rng.normal(size=40)})
    p = permutation_p(normal, "a", "b", "pearson", seed=1, place="table")
    # Of 99999 orders the share is known to 0.003; both tests differ by terms of order 1/n.
    assert p == pytest.approx(stats.pearsonr(normal["a"], normal["b"]).pvalue, abs=0.02)


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        (lambda t: t.drop(columns="b"), "column 'b' is missing"),
        (lambda t: t.head(3), "3 rows in 'a' are too few"),
        (lambda t: t.assign(b=2.5), "'b' is constant"),
        (lambda t: t.assign(b=t["b"].where(t["b"] < 0)), "'b' has values that are not finite"),
        (lambda t: t.assign(b=t["b"].where(t["b"] < 0, np.inf)), "'b' has values that are not"),
        (lambda t: t.assign(b="many"), "'b' has values that are not finite"),
    ],
)
def test_columns_that_cannot_be_correlated_are_refused(spoil, problem):
    with pytest.raises(InputError, match=problem) as caught:
        correlate(spoil(make_table()), [("a", "b")], seed=1, place="own.csv")
    assert caught.value.place == "own.csv"
