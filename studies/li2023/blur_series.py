"""How much blur is best against corruptions: the optimum of a series of blurred networks.

Less blur leaves in the high frequencies that corruptions alter; more blur removes what
distinguishes the classes. Li et al. 2023 therefore fit a curve to accuracy on corrupted images
against reversal frequency.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
import xarray as xr
from jaxtyping import Float64

from neurobust.dims import NETWORK
from neurobust.statistics.bootstrap import REPETITION
from neurobust.statistics.draws import limits
from studies.li2023.measures import CORRUPTION_ACCURACY, REVERSAL_FREQUENCY

BASELINE = "baseline"
FEWEST_STRENGTHS = 4  # one more than the coefficients of a parabola
INTERIOR = "interior optimum"
TOO_FEW = "fewer than 4 strengths of blur with a reversal frequency"
UPWARD = "no maximum: the parabola opens upwards"
OUTSIDE = "the maximum lies outside the series"


class Optimum(NamedTuple):
    """What `find_optimum` returns; accuracies in %, frequencies in units of Nyquist."""

    comparison: str
    strengths: int
    verdict: str
    constant: float
    linear: float
    square: float
    reversal_frequency: float
    reversal_frequency_low: float
    reversal_frequency_high: float
    interior_share: float
    best_sigma_px: float
    best_sigma_share: float
    margin: float
    margin_low: float
    margin_high: float


def order_series(points: pd.DataFrame) -> pd.DataFrame:
    """Return the points of the baseline (sigma 0) and the blur series, ordered by sigma.

    Parameters
    ----------
    points
        Networks of one comparison, from `studies.li2023.correlations.network_points`.
    """
    # ASSUME: the baseline is the member without blur; the released code, too, has a sigma of 0.
    chosen = points[points["in_series"] | (points["group"] == BASELINE)]
    return chosen.sort_values("sigma_px", kind="stable", ignore_index=True)


def add_best_shares(series: pd.DataFrame, draws: xr.Dataset) -> pd.DataFrame:
    """Add ``best_share``: the share of resamples in which a sigma has the best accuracy."""
    accuracy, _ = _draws_of(series["network"].tolist(), draws)
    best = accuracy[1:].argmax(1)
    return series.assign(best_share=[(best == index).mean() for index in range(len(series))])


def find_optimum(series: pd.DataFrame, draws: xr.Dataset, comparison: str) -> Optimum:
    """Find the strength of blur that is best against corruptions, with the evidence for it.

    A parabola is fitted by least squares to accuracy on corrupted images against reversal
    frequency, anew in each resample of seeds, images and permutations.

    Parameters
    ----------
    series
        The blur series, from `order_series`.
    draws
        Measures of all networks, from `studies.li2023.networks.draw_measures`.
    comparison
        The comparison's name.

    Returns
    -------
    The parabola's coefficients; its maximum, the interval over the resamples with a maximum within
    the series, and the share of these resamples; the sigma with the best accuracy and the share of
    resamples in which it is best; and the margin (% points) by which the best of the inner sigmas
    exceeds the better of no blur and the strongest: above zero, there is an optimum in between.
    Where the maximum is NaN, ``verdict`` gives the reason.
    """
    sigmas = series["sigma_px"].to_numpy()
    accuracy, frequency = _draws_of(series["network"].tolist(), draws)
    known = np.isfinite(frequency[0])
    coefficients, maximum = fit_maxima(frequency[:, known], accuracy[:, known])
    repeated = np.isfinite(maximum[1:])
    if not np.isfinite(maximum[0]):
        maximum = np.full_like(maximum, np.nan)
    constant, linear, square = coefficients[0].tolist()
    frequency_value, frequency_low, frequency_high = _limits(maximum)
    margin, margin_low, margin_high = _limits(_margin(accuracy))
    best = accuracy.argmax(1)
    return Optimum(
        comparison=comparison,
        strengths=int(known.sum()),
        verdict=_verdict(int(known.sum()), coefficients[0], frequency_value),
        constant=constant,
        linear=linear,
        square=square,
        reversal_frequency=frequency_value,
        reversal_frequency_low=frequency_low,
        reversal_frequency_high=frequency_high,
        interior_share=float(repeated.mean()) if known.sum() >= FEWEST_STRENGTHS else np.nan,
        best_sigma_px=float(sigmas[best[0]]),
        best_sigma_share=float((best[1:] == best[0]).mean()),
        margin=margin,
        margin_low=margin_low,
        margin_high=margin_high,
    )


def fit_maxima(
    x: Float64[np.ndarray, "repetition point"], y: Float64[np.ndarray, "repetition point"]
) -> tuple[Float64[np.ndarray, "repetition 3"], Float64[np.ndarray, " repetition"]]:
    """Fit a parabola in each repetition and return its coefficients and the x of its maximum.

    Returns
    -------
    The coefficients of 1, x and x², NaN with fewer than `FEWEST_STRENGTHS` distinct x; and the
    maximum, NaN where there is none or it lies outside the range of x.
    """
    coefficients = np.full((len(x), 3), np.nan)
    for repetition, (one, other) in enumerate(zip(x, y, strict=True)):
        if np.isfinite(one).all() and len(np.unique(one)) >= FEWEST_STRENGTHS:
            fitted = np.polynomial.Polynomial.fit(one, other, 2).convert().coef
            coefficients[repetition] = np.pad(fitted, (0, 3 - len(fitted)))
    downward = np.where(coefficients[:, 2] < 0, coefficients[:, 2], np.nan)
    maximum = -coefficients[:, 1] / (2 * downward)
    if not x.size:
        return coefficients, maximum
    inside = (x.min(1) <= maximum) & (maximum <= x.max(1))
    return coefficients, np.where(inside, maximum, np.nan)


def _verdict(strengths: int, coefficients: Float64[np.ndarray, " 3"], maximum: float) -> str:
    if strengths < FEWEST_STRENGTHS or np.isnan(coefficients).any():
        return TOO_FEW
    if np.isfinite(maximum):
        return INTERIOR
    return OUTSIDE if coefficients[2] < 0 else UPWARD


def _margin(
    accuracy: Float64[np.ndarray, "repetition member"],
) -> Float64[np.ndarray, " repetition"]:
    if accuracy.shape[1] < 3:
        return np.full(len(accuracy), np.nan)
    return accuracy[:, 1:-1].max(1) - np.maximum(accuracy[:, 0], accuracy[:, -1])


def _draws_of(
    members: Sequence[str], draws: xr.Dataset
) -> tuple[
    Float64[np.ndarray, "repetition member"],
    Float64[np.ndarray, "repetition member"],
]:
    chosen = draws.sel({NETWORK: list(members)})
    return (
        chosen[CORRUPTION_ACCURACY].transpose(REPETITION, NETWORK).to_numpy(),
        chosen[REVERSAL_FREQUENCY].transpose(REPETITION, NETWORK).to_numpy(),
    )


def _limits(values: Float64[np.ndarray, " repetition"]) -> tuple[float, float, float]:
    return limits(xr.DataArray(values, dims=REPETITION))
