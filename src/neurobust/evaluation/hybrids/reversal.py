"""The reversal frequency of a curve of answers to hybrid images; it needs no torch."""

from itertools import pairwise

import numpy as np
from jaxtyping import Real
from numpy.typing import ArrayLike

PERMUTATION = "permutation"
MIXING_FREQUENCY = "mixing_frequency"
UNITS = "Nyquist"


def find_reversal(
    frequencies: ArrayLike, difference: Real[np.ndarray, " frequency"]
) -> tuple[float, int]:
    """Return where a curve first rises through zero, and how often it crosses zero.

    Parameters
    ----------
    frequencies
        Mixing frequencies, increasing.
    difference
        p_low - p_high at each frequency, where p are the fractions of answers.

    Returns
    -------
    The frequency, linearly interpolated, and the number of crossings in either direction; a curve
    that only touches zero does not cross it. A curve that never crosses has its reversal at an end
    of the range: at the first frequency if it lies above zero, at the last if below. NaN if the
    curve is zero throughout, or falls through zero and does not rise again.
    """
    mixing = np.asarray(frequencies, np.float64)
    signed = np.flatnonzero(difference)
    crossed = [a for a, b in pairwise(signed) if difference[a] * difference[b] < 0]
    # ASSUME: the first of several upward crossings is the reversal; the paper mentions only one.
    rises = [a for a in crossed if difference[a] < 0]
    if not rises:
        # ASSUME: a network that uses the mean alone, which always comes from the low image,
        # reverses at 0.
        if crossed or not len(signed):
            return np.nan, len(crossed)
        return float(mixing[0 if difference[signed[0]] > 0 else -1]), 0
    around = [rises[0], rises[0] + 1]
    reversal = np.interp(0.0, difference[around], mixing[around])
    return float(reversal), len(crossed)
