"""Tuning of simulated V1 cells, drawn from distributions measured in macaque V1.

Orientation: De Valois et al. 1982b. Spatial frequency: De Valois et al. 1982a. Width and length of
the receptive field in periods of the cell's grating: Ringach 2002. All as tabulated for VOneNet
(Dapello et al. 2020), cells in each bin.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Real
from scipy.stats import norm

from neurobust.errors import InputError

Cells = Float[np.ndarray, " neuroid"]

ORIENTATION_EDGES_DEG = np.arange(-22.5, 158, 45)
ORIENTATION_CELLS = np.array([66, 49, 77, 54])
FREQUENCY_EDGES_CPD = np.array([0.5, 0.7, 1, 1.4, 2, 2.8, 4, 5.6, 8])
FREQUENCY_CELLS = np.array([4, 4, 8, 25, 32, 26, 28, 12])
PERIODS_EDGES = np.logspace(-1, 0.2, 6)
PERIODS_CELLS = np.array(  # across (rows) x along (columns) the bars
    [[2, 0, 1, 0, 0], [8, 9, 4, 1, 0], [1, 2, 19, 17, 3], [0, 0, 1, 7, 4], [0, 0, 0, 0, 0]]
)
WIDTH_FREQUENCY_RANK_CORRELATION = 0.75


@dataclass(frozen=True)
class Tuning:
    """What each cell of a population prefers, and where.

    Parameters
    ----------
    orientation_deg
        Direction in which the preferred grating's luminance varies, anticlockwise from the right;
        its bars are perpendicular to it.
    frequency_cpd
        Preferred spatial frequency.
    width_periods, length_periods
        Standard deviation of the Gaussian envelope across and along the bars, in periods of the
        preferred grating (Ringach's nx and ny).
    phase
        Of the carrier at the centre, radians.
    x_deg, y_deg
        Centre of the receptive field from the picture's centre, to the right and up.
    is_complex
        Complex cell rather than simple.
    """

    orientation_deg: Cells
    frequency_cpd: Cells
    width_periods: Cells
    length_periods: Cells
    phase: Cells
    x_deg: Cells
    y_deg: Cells
    is_complex: np.ndarray


def representable_frequencies(
    highest_cpd: float,
) -> tuple[Float[np.ndarray, " edge"], Float[np.ndarray, " bin"]]:
    """Cut the distribution of preferred spatial frequencies off above a limit.

    A bin that holds the limit keeps the part of its cells below it, in octaves.

    Returns
    -------
    tuple
        Edges of the bins left, cycles per degree, and the share of cells in each (sum 1).

    Raises
    ------
    InputError
        If no cell prefers a frequency below the limit.
    """
    if highest_cpd <= FREQUENCY_EDGES_CPD[0]:
        raise InputError(
            "px_per_deg",
            f"pictures show at most {highest_cpd:g} cycles per degree",
            expected=f"more than {FREQUENCY_EDGES_CPD[0]:g}, the lowest that V1 cells prefer",
            mend=f"use more than {2 * FREQUENCY_EDGES_CPD[0]:g} px_per_deg",
        )
    edges = np.log2(np.minimum(FREQUENCY_EDGES_CPD, highest_cpd))
    cells = FREQUENCY_CELLS * np.diff(edges) / np.diff(np.log2(FREQUENCY_EDGES_CPD))
    kept = cells > 0
    return 2 ** edges[: kept.sum() + 1], cells[kept] / cells.sum()


def draw_frequency_and_size(
    n_neuroids: int, highest_cpd: float, random: np.random.Generator
) -> tuple[Cells, Cells, Cells]:
    """Draw preferred frequency (cycles per degree), and width and length (periods).

    Frequency and width are joined by a Gaussian copula of rank correlation .75 (De Valois 1982a,
    as in Dapello 2020); length follows from the width's bin (Ringach 2002).

    Raises
    ------
    InputError
        As :func:`representable_frequencies`.
    """
    edges, shares = representable_frequencies(highest_cpd)
    # Spearman's rank correlation r of two normal variables needs Pearson's 2 sin(pi r / 6).
    pearson = 2 * np.sin(np.pi * WIDTH_FREQUENCY_RANK_CORRELATION / 6)
    normal = random.multivariate_normal([0, 0], [[1, pearson], [pearson, 1]], size=n_neuroids)
    ranks = norm.cdf(normal)
    frequency, _ = _quantile(ranks[:, 0], edges, shares)
    width, rows = _quantile(ranks[:, 1], PERIODS_EDGES, PERIODS_CELLS.sum(axis=1))
    uniform = random.random(n_neuroids)
    length = np.array(
        [
            _quantile(uniform[[cell]], PERIODS_EDGES, PERIODS_CELLS[row])[0][0]
            for cell, row in enumerate(rows)
        ]
    )
    return frequency, width, length


def draw_orientation(n_neuroids: int, random: np.random.Generator) -> Cells:
    """Draw preferred orientations, degrees in [-22.5, 157.5)."""
    shares = ORIENTATION_CELLS / ORIENTATION_CELLS.sum()
    low = random.choice(ORIENTATION_EDGES_DEG[:-1], size=n_neuroids, p=shares)
    return low + random.uniform(0, np.diff(ORIENTATION_EDGES_DEG)[0], size=n_neuroids)


def _quantile(
    ranks: Cells, edges: Float[np.ndarray, " edge"], weights: Real[np.ndarray, " bin"]
) -> tuple[Cells, np.ndarray]:
    """Map ranks in (0, 1) to values of a histogram and their bins; log-uniform within a bin."""
    # ASSUME: log-uniform, as the bins are (nearly) equal in the logarithm.
    cumulative = np.concatenate([[0], np.cumsum(weights)]) / np.sum(weights)
    bins = np.searchsorted(cumulative, ranks, side="right") - 1
    within = (ranks - cumulative[bins]) / np.diff(cumulative)[bins]
    logarithm = np.log(edges)
    return np.exp(logarithm[bins] + within * np.diff(logarithm)[bins]), bins
