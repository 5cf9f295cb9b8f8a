"""Correlations between columns of a table, with bootstrap intervals and corrected tests."""

import warnings
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from jaxtyping import Float64
from scipy import stats
from statsmodels.stats.multitest import multipletests

from neurobust.errors import InputError
from neurobust.randomness import generator
from neurobust.statistics.coefficients import (
    KENDALL,
    METHODS,
    PEARSON,
    SPEARMAN,
    kendall,
    pearson,
    spearman,
)

BCA, PERCENTILE = "BCa", "percentile"
RESAMPLES = 9999  # in a bootstrap
ORDERS = 99_999  # random ones, in a permutation test
LEVEL = 0.95
FEWEST_ROWS = 4
# ASSUME: below ten rows the acceleration of a BCa interval, which comes from as many values as
# there are rows, is mostly noise, and the t-distribution of a rank correlation is far off: at five
# rows in perfect order it gives p = 0, where one order in sixty is as extreme.
FEW_ROWS = 10
_ALL_ORDERS = 362_880  # 9!: with fewer than ten rows, every order is tried
_COEFFICIENTS = {PEARSON: pearson, SPEARMAN: spearman, KENDALL: kendall}
_TESTS = {PEARSON: stats.pearsonr, SPEARMAN: stats.spearmanr, KENDALL: stats.kendalltau}


class Correlation(NamedTuple):
    """A coefficient, its two-sided p, and its 95 % interval with how that was found."""

    r: float
    low: float
    high: float
    p: float
    interval: str
    resamples: int


class Interval(NamedTuple):
    """A value, its 95 % bootstrap interval, its kind, and the resamples that gave it."""

    value: float
    low: float
    high: float
    kind: str
    resamples: int


def correlate(
    table: pd.DataFrame, pairs: Sequence[tuple[str, str]], *, seed: int, place: object
) -> pd.DataFrame:
    """Correlate pairs of columns, and correct the tests for their number.

    Parameters
    ----------
    table
        One row per observation, such as a network.
    pairs
        Pairs (x, y) of columns; their tests are corrected together.
    seed
        Seed of the bootstrap.
    place
        The file or table, for messages.

    Returns
    -------
    pd.DataFrame
        One row per method (Pearson, Spearman) and pair: ``x``, ``y``, ``method``, ``n`` (rows),
        ``r`` with its 95 % interval ``low`` and ``high``, the two-sided ``p``, ``p_holm`` and
        ``p_fdr`` (`correct_tests`), and ``interval`` and ``resamples`` (`correlate_pair`).

    Raises
    ------
    InputError
        If a column is missing, constant or not all finite numbers, or there are fewer than 4 rows.
    """
    rows = [
        {"x": x, "y": y, "method": method, "n": len(table)}
        | correlate_pair(table, x, y, method, seed=seed, place=place)._asdict()
        for method in METHODS
        for x, y in pairs
    ]
    found = correct_tests(pd.DataFrame(rows))
    described = ["x", "y", "method", "n", "r", "low", "high", "p", "p_holm", "p_fdr"]
    return found[[*described, "interval", "resamples"]]


def correct_tests(table: pd.DataFrame) -> pd.DataFrame:
    """Correct p for the number of tests with each method.

    Parameters
    ----------
    table
        One test a row, with ``method`` and ``p``. A row without a p (NaN) is no test and stays so.

    Returns
    -------
    pd.DataFrame
        The table with ``p_holm`` (Holm) and ``p_fdr`` (Benjamini and Hochberg).
    """
    tests = table.groupby("method")["p"]
    return table.assign(
        **{
            name: tests.transform(_correct, method=method)
            for name, method in (("p_holm", "holm"), ("p_fdr", "fdr_bh"))
        }
    )


def _correct(p: pd.Series, method: str) -> pd.Series:
    known = p.notna()
    if not known.any():
        return p
    corrected = pd.Series(multipletests(p[known], method=method)[1], p.index[known])
    return corrected.reindex(p.index)


def correlate_pair(
    table: pd.DataFrame, x: str, y: str, method: str, *, seed: int, place: object
) -> Correlation:
    """Correlate two columns.

    The two-sided p of Pearson's r is that of Student's t-test, which assumes normal errors. For
    ranks it is exact below ten rows (all orders are tried); from there on it comes from Student's
    t-test for Spearman's and from scipy for Kendall's. The interval is that of
    `bootstrap_interval`; it has no width where all resamples agree, as with rows in perfect order,
    however few: then p alone shows how much they prove.

    Parameters
    ----------
    table, x, y
        The rows and the two columns.
    method
        ``pearson``, ``spearman`` or ``kendall`` (tau-b).
    seed
        Seed of the bootstrap; each pair of columns and method has a random stream of its own, which
        the columns' names and the method's set.
    place
        The file or table, for messages.

    Raises
    ------
    InputError
        As in `correlate`.
    """
    one, other = (read_column(table, name, place) for name in (x, y))
    stream = generator(seed, "bootstrap", "correlation", method, x, y)
    found = bootstrap_interval([one, other], _COEFFICIENTS[method], stream)
    if method != PEARSON and len(table) < FEW_ROWS:
        p = _permute(one, other, method, _ALL_ORDERS, None)
    else:
        p = float(_TESTS[method](one, other).pvalue)
    return Correlation(found.value, found.low, found.high, p, found.kind, found.resamples)


def compare_correlations(
    table: pd.DataFrame, x: str, y: str, other: str, *, seed: int, place: object
) -> Interval:
    """Subtract Pearson's r of x and ``other`` from that of x and y, over the same rows.

    Parameters and errors are as in `correlate_pair`.
    """
    columns = [read_column(table, name, place) for name in (x, y, other)]

    def difference(
        x: np.ndarray, y: np.ndarray, other: np.ndarray, axis: int = -1
    ) -> Float64[np.ndarray, "..."]:
        return pearson(x, y, axis) - pearson(x, other, axis)

    return bootstrap_interval(
        columns, difference, generator(seed, "bootstrap", "difference", x, y, other)
    )


def permutation_p(
    table: pd.DataFrame, x: str, y: str, method: str, *, seed: int, place: object
) -> float:
    """Return the two-sided p of a correlation among 99999 random orders of x, at least 2e-5.

    With fewer than nine rows every order is tried once. Parameters and errors are as in
    `correlate_pair`.
    """
    one, other = (read_column(table, name, place) for name in (x, y))
    stream = generator(seed, "permutation", "correlation", method, x, y)
    return _permute(one, other, method, ORDERS, stream)


def bootstrap_interval(
    columns: Sequence[Float64[np.ndarray, " row"]],
    statistic: Callable[..., Float64[np.ndarray, "..."]],
    stream: np.random.Generator,
) -> Interval:
    """Find the 95 % interval of a statistic of paired columns over resampled rows.

    The interval is bias-corrected and accelerated (BCa) from ten rows on, where that is defined,
    and the percentile interval otherwise. Resamples in which the statistic is undefined (NaN: a
    column happens to be constant) are left out; ``resamples`` counts those that remain. For one
    such resample, `scipy.stats.bootstrap` alone would give no interval at all.

    Parameters
    ----------
    columns
        Columns of equal length; row i of one belongs to row i of the others.
    statistic
        Function of the columns, shape (..., row), and ``axis`` that returns shape (...).
    stream
        Generator that draws the resamples.
    """

    def bootstrap(kind: str, resamples: int, drawn: object = None) -> Any:  # noqa: ANN401 - scipy's
        return stats.bootstrap(
            tuple(columns),
            statistic,
            n_resamples=resamples,
            bootstrap_result=drawn,
            paired=True,
            vectorized=True,
            confidence_level=LEVEL,
            method=kind,
            rng=stream,
        )

    kind = BCA if len(columns[0]) >= FEW_ROWS else PERCENTILE
    with warnings.catch_warnings(), np.errstate(divide="ignore", invalid="ignore"):
        # Where scipy finds no interval, it warns; another takes its place below.
        warnings.simplefilter("ignore", stats.DegenerateDataWarning)
        replicates = bootstrap(PERCENTILE, RESAMPLES).bootstrap_distribution
        defined = SimpleNamespace(bootstrap_distribution=replicates[np.isfinite(replicates)])
        limits = bootstrap(kind, 0, defined).confidence_interval
        if not np.isfinite(limits).all():  # BCa needs a statistic that varies between rows
            kind = PERCENTILE
            limits = bootstrap(kind, 0, defined).confidence_interval
    return Interval(
        float(statistic(*columns)),
        float(limits.low),
        float(limits.high),
        kind,
        len(defined.bootstrap_distribution),
    )


def read_column(table: pd.DataFrame, name: str, place: object) -> Float64[np.ndarray, " row"]:
    """Return a column that can be correlated.

    Raises
    ------
    InputError
        As in `correlate`.
    """
    if name not in table:
        raise _unusable(place, f"column {name!r} is missing", f"a column {name!r}")
    if len(table) < FEWEST_ROWS:
        raise _unusable(
            place,
            f"{len(table)} rows in {name!r} are too few for a correlation",
            f"at least {FEWEST_ROWS} rows",
        )
    values = pd.to_numeric(table[name], errors="coerce").to_numpy(np.float64)
    if not np.isfinite(values).all():
        raise _unusable(place, f"{name!r} has values that are not finite", "a number in every row")
    if np.ptp(values) <= 1e-12 * np.abs(values).max():
        raise _unusable(place, f"{name!r} is constant", "a column that varies between rows")
    return values


def _permute(
    x: np.ndarray, y: np.ndarray, method: str, orders: int, stream: np.random.Generator | None
) -> float:
    """Return the two-sided p among orders of x: all of them, or as many random ones as given."""
    if method == SPEARMAN:  # ranks are the same in every order
        x, y, method = stats.rankdata(x), stats.rankdata(y), PEARSON
    coefficient = _COEFFICIENTS[method]

    def statistic(shuffled: np.ndarray, axis: int) -> np.ndarray:
        return coefficient(shuffled, y, axis)

    test = stats.permutation_test(
        (x,),
        statistic,
        permutation_type="pairings",
        vectorized=True,
        n_resamples=orders,
        batch=10_000,
        rng=stream,
    )
    return float(test.pvalue)


def _unusable(place: object, problem: str, expected: str) -> InputError:
    return InputError(
        place, problem, expected=expected, fix="correct the table, or leave the column out"
    )
