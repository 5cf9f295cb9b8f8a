"""Correlations between columns of a table, with bootstrap intervals and corrected tests."""

from collections.abc import Callable, Mapping, Sequence
from types import SimpleNamespace
from typing import NamedTuple

import numpy as np
import pandas as pd
from jaxtyping import Float, Float64
from scipy import stats
from statsmodels.stats.multitest import multipletests

from neurobust.errors import InputError
from neurobust.randomness import generator
from neurobust.statistics.coefficients import KENDALL, METHODS, PEARSON, SPEARMAN

BCA, PERCENTILE = "BCa", "percentile"
RESAMPLES = 9999  # of a bootstrap
ORDERS = 99_999  # of a permutation test
LEVEL = 0.95
FEWEST_ROWS = 4
# ASSUME: below ten rows the acceleration of a BCa interval, which comes from as many values as
# there are rows, is mostly noise, and the t-distribution of a rank correlation is far off: at five
# rows in perfect order it gives p = 0, where one order in sixty is as extreme.
FEW_ROWS = 10
_ALL_ORDERS = 362_880  # 9!: with fewer than ten rows, every order is tried


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
    table: pd.DataFrame,
    families: Mapping[str, Sequence[tuple[str, str]]],
    *,
    seed: int,
    place: object,
) -> pd.DataFrame:
    """Correlate pairs of columns, and correct the tests of each family for their number.

    Parameters
    ----------
    table
        One row per observation, such as a network.
    families
        Pairs (x, y) of columns by the family of tests that they belong to.
    seed
        Of the bootstrap.
    place
        The file or table, for messages.

    Returns
    -------
    pd.DataFrame
        One row per pair and method (Pearson, Spearman): ``family``, ``x``, ``y``, ``method``,
        ``n`` (rows), ``r`` with its 95 % interval ``low`` and ``high``, the two-sided ``p``,
        ``p_holm`` (Holm) and ``p_fdr`` (Benjamini and Hochberg), both over the pairs of a family
        and a method, and as in `correlate_pair` ``interval`` and ``resamples``.

    Raises
    ------
    InputError
        If a column is missing, constant or not all finite numbers, or there are fewer than 4 rows.
    """
    rows = [
        {"family": family, "x": x, "y": y, "method": method, "n": len(table)}
        | correlate_pair(table, x, y, method, seed=seed, place=place)._asdict()
        for family, pairs in families.items()
        for method in METHODS
        for x, y in pairs
    ]
    found = correct_tests(pd.DataFrame(rows))
    described = ["family", "x", "y", "method", "n", "r", "low", "high", "p", "p_holm", "p_fdr"]
    return found[[*described, "interval", "resamples"]]


def correct_tests(table: pd.DataFrame) -> pd.DataFrame:
    """Correct p for the number of tests of each family and method: ``p_holm`` and ``p_fdr``.

    Rows without a p (NaN) are no tests and stay without.
    """
    tests = table.groupby(["family", "method"])["p"]
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

    The two-sided p is Student's for Pearson, as for normal errors. For ranks it is exact below ten
    rows (all orders are tried); from there on it is Student's for Spearman and scipy's for Kendall.
    The interval is as in `bootstrap_interval`. One of no width means that every resample agreed,
    as with rows in perfect order; the p tells then how little a few such rows say.

    Parameters
    ----------
    table, x, y
        The rows and the two columns.
    method
        ``pearson``, ``spearman`` or ``kendall`` (tau-b).
    seed
        Of the bootstrap; each pair of columns and method has a stream of its own.
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
        return _pearson(x, y, axis) - _pearson(x, other, axis)

    return bootstrap_interval(
        columns, difference, generator(seed, "bootstrap", "difference", x, y, other)
    )


def permutation_p(
    table: pd.DataFrame, x: str, y: str, method: str, *, seed: int, place: object
) -> float:
    """Two-sided p of a correlation among 99999 random orders of x; it cannot fall below 2e-5.

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

    Resamples in which the statistic is undefined (NaN: a column happens to be constant) are left
    out; ``resamples`` counts those that remain. The interval is bias-corrected and accelerated
    (BCa) from ten rows on, if the statistic is defined and varies when each row is left out in
    turn, and the percentile interval otherwise.

    Parameters
    ----------
    columns
        Of one length; row i of one belongs to row i of the others.
    statistic
        Takes the columns, shape (..., row), and ``axis``; returns shape (...).
    stream
        Draws the resamples.
    """
    rows = len(columns[0])
    value = float(statistic(*columns))
    drawn = stream.integers(rows, size=(RESAMPLES, rows))
    replicates = statistic(*(column[drawn] for column in columns))
    replicates = replicates[np.isfinite(replicates)]
    kept = np.arange(rows) != np.arange(rows)[:, None]
    left_out = statistic(*(np.broadcast_to(c, kept.shape)[kept].reshape(rows, -1) for c in columns))
    below = np.mean(replicates < value) + np.mean(replicates <= value)
    smooth = bool(np.isfinite(left_out).all()) and np.ptp(left_out) > 0 and 0 < below < 2
    kind = BCA if rows >= FEW_ROWS and smooth else PERCENTILE
    limits = stats.bootstrap(
        tuple(columns),
        statistic,
        n_resamples=0,  # scipy would warn of undefined resamples and give no interval
        bootstrap_result=SimpleNamespace(bootstrap_distribution=replicates),
        paired=True,
        vectorized=True,
        confidence_level=LEVEL,
        method=kind,
    ).confidence_interval
    return Interval(value, float(limits.low), float(limits.high), kind, len(replicates))


def read_column(table: pd.DataFrame, name: str, place: object) -> Float64[np.ndarray, " row"]:
    """Return a column that can be correlated; errors as in `correlate`."""
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


def _pearson(
    x: Float[np.ndarray, "*#batch row"], y: Float[np.ndarray, "*#batch row"], axis: int = -1
) -> Float64[np.ndarray, "*batch"]:
    constant = (np.ptp(x, axis=axis) == 0) | (np.ptp(y, axis=axis) == 0)
    dx, dy = (values - values.mean(axis=axis, keepdims=True) for values in (x, y))
    norm = np.sqrt((dx**2).sum(axis=axis) * (dy**2).sum(axis=axis))
    # Division by one where a column is constant: the rest of a mean's rounding is no deviation.
    r = (dx * dy).sum(axis=axis) / np.where(constant, 1.0, norm)
    return np.where(constant, np.nan, r.clip(-1, 1))


def _spearman(
    x: Float[np.ndarray, "*#batch row"], y: Float[np.ndarray, "*#batch row"], axis: int = -1
) -> Float64[np.ndarray, "*batch"]:
    return _pearson(stats.rankdata(x, axis=axis), stats.rankdata(y, axis=axis), axis)


def _kendall(
    x: Float[np.ndarray, "*#batch row"], y: Float[np.ndarray, "*#batch row"], axis: int = -1
) -> Float64[np.ndarray, "*batch"]:
    """Tau-b: the uncentred correlation of the signs of all differences between two rows."""
    one, other = np.triu_indices(x.shape[axis], 1)
    dx, dy = (
        np.sign(values.take(other, axis) - values.take(one, axis)).astype(np.float32)
        for values in (x, y)
    )
    ties = np.sqrt((dx**2).sum(axis=axis, dtype=float) * (dy**2).sum(axis=axis, dtype=float))
    concordance = (dx * dy).sum(axis=axis, dtype=float)
    return np.where(ties == 0, np.nan, concordance / np.where(ties == 0, 1.0, ties))


_COEFFICIENTS = {PEARSON: _pearson, SPEARMAN: _spearman, KENDALL: _kendall}
_TESTS = {PEARSON: stats.pearsonr, SPEARMAN: stats.spearmanr, KENDALL: stats.kendalltau}


def _permute(
    x: np.ndarray, y: np.ndarray, method: str, orders: int, stream: np.random.Generator | None
) -> float:
    """Compare with at most so many orders of x: with all of them, if there are no more."""
    if method == SPEARMAN:  # The ranks stay the same in every order.
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
