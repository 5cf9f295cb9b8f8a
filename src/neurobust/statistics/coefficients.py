"""Correlation coefficients, their names in tables and figures, and how a p is written."""

import numpy as np
from jaxtyping import Float, Float64

METHODS = (PEARSON, SPEARMAN) = ("pearson", "spearman")
KENDALL = "kendall"
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


# These coefficients broadcast over resamples and orders. Those of scipy 1.17 take 6 (Pearson), 3
# (Spearman) and 26 times (Kendall) as long for 9999 resamples of 21 rows and warn of constant ones.
# They also round differently, which would change the last digit of results. Tests compare both.


def pearson(
    x: Float[np.ndarray, "*#batch row"], y: Float[np.ndarray, "*#batch row"], axis: int = -1
) -> Float64[np.ndarray, "*batch"]:
    """Return Pearson's r along an axis; NaN where a column is constant."""
    constant = (np.ptp(x, axis=axis) == 0) | (np.ptp(y, axis=axis) == 0)
    dx, dy = (values - values.mean(axis=axis, keepdims=True) for values in (x, y))
    norm = np.sqrt((dx**2).sum(axis=axis) * (dy**2).sum(axis=axis))
    # Where a column is constant, its deviations are rounding errors of the mean: divide by one.
    r = (dx * dy).sum(axis=axis) / np.where(constant, 1.0, norm)
    return np.where(constant, np.nan, r.clip(-1, 1))


def spearman(
    x: Float[np.ndarray, "*#batch row"], y: Float[np.ndarray, "*#batch row"], axis: int = -1
) -> Float64[np.ndarray, "*batch"]:
    """Return Spearman's rho along an axis: Pearson's r of the ranks."""
    # Imported here, since figures use the names above and scipy.stats takes long to load.
    from scipy.stats import rankdata

    return pearson(rankdata(x, axis=axis), rankdata(y, axis=axis), axis)


def kendall(
    x: Float[np.ndarray, "*#batch row"], y: Float[np.ndarray, "*#batch row"], axis: int = -1
) -> Float64[np.ndarray, "*batch"]:
    """Return Kendall's tau-b along an axis.

    It is the uncentred correlation of the signs of all differences between two rows.
    """
    one, other = np.triu_indices(x.shape[axis], 1)
    dx, dy = (
        np.sign(values.take(other, axis) - values.take(one, axis)).astype(np.float32)
        for values in (x, y)
    )
    ties = np.sqrt((dx**2).sum(axis=axis, dtype=float) * (dy**2).sum(axis=axis, dtype=float))
    concordance = (dx * dy).sum(axis=axis, dtype=float)
    return np.where(ties == 0, np.nan, concordance / np.where(ties == 0, 1.0, ties))


def write_p(p: float) -> str:
    """Write a p-value with two digits, such as ``0.049`` or ``1.4 × 10⁻⁵``."""
    if p >= 0.001 or p == 0:
        return f"{p:#.2g}"
    digits, exponent = f"{p:.1e}".split("e")
    return f"{digits} × 10{str(int(exponent)).translate(_SUPERSCRIPTS)}"
