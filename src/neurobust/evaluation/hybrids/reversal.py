"""Where a network changes from a hybrid image's high component to its low one; without torch."""

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
    """Return where a curve first rises from below zero to above it, and how often it crosses.

    Parameters
    ----------
    frequencies
        Increasing.
    difference
        p_low - p_high at each frequency.

    Returns
    -------
    The frequency, between its neighbours by linear interpolation, and the number of crossings in
    either direction. Touching zero is none. A curve that never crosses has the end of the range at
    which it would: the first frequency if it lies above zero, the last if below. NaN if it is zero
    throughout, or falls and does not rise again.
    """
    mixing = np.asarray(frequencies, np.float64)
    signed = np.flatnonzero(difference)
    crossed = [a for a, b in pairwise(signed) if difference[a] * difference[b] < 0]
    # ASSUME: of several crossings the first upward one is the reversal; the paper speaks of one.
    rises = [a for a in crossed if difference[a] < 0]
    if not rises:
        # ASSUME: a network that goes by the mean alone, which no high image has, reverses at 0.
        if crossed or not len(signed):
            return np.nan, len(crossed)
        return float(mixing[0 if difference[signed[0]] > 0 else -1]), 0
    around = [rises[0], rises[0] + 1]
    reversal = np.interp(0.0, difference[around], mixing[around])
    return float(reversal), len(crossed)
