"""Tuning of simulated V1 cells, drawn from distributions measured in macaque or mouse V1.

Macaque: orientation of De Valois et al. 1982b, spatial frequency of De Valois et al. 1982a, width
and length of the receptive field in periods of the cell's grating of Ringach 2002, all as tabulated
for VOneNet (Dapello et al. 2020), cells in each bin. Mouse: the preferred spatial frequency of Van
den Bergh et al. 2010, as Li et al. 2023 take it.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Real
from scipy.special import ndtr

from neurobust.errors import InputError

Cells = Float[np.ndarray, " neuroid"]

ORIENTATION_EDGES_DEG = np.arange(-22.5, 158, 45)
PERIODS_EDGES = np.logspace(-1, 0.2, 6)
PERIODS_CELLS = np.array(  # across (rows) x along (columns) the bars
    [[2, 0, 1, 0, 0], [8, 9, 4, 1, 0], [1, 2, 19, 17, 3], [0, 0, 1, 7, 4], [0, 0, 0, 0, 0]]
)
WIDTH_FREQUENCY_RANK_CORRELATION = 0.75


@dataclass(frozen=True)
class Species:
    """What sets the V1 of one species apart in the simulation.

    Parameters
    ----------
    name
        As in the configuration.
    population
        In identifiers, and in the purpose of the population's streams of random numbers.
    orientation_cells
        Weights of the bins between ``ORIENTATION_EDGES_DEG``.
    frequency_edges_cpd, frequency_cells
        Bins of preferred spatial frequency, cycles per degree, and their weights.
    array_centre, array_reach
        How far, at most, the centre of a session's array lies from the picture's, and receptive
        fields from the array's, in each direction; fractions of the picture's half-width.
    pool_sd_deg
        Of the Gaussian weights of the normalisation pool, by distance in the visual field.
    """

    name: str
    population: str
    orientation_cells: Real[np.ndarray, " orientation"]
    frequency_edges_cpd: Float[np.ndarray, " edge"]
    frequency_cells: Real[np.ndarray, " bin"]
    array_centre: float
    array_reach: float
    pool_sd_deg: float

    def median_frequency_cpd(self) -> float:
        """Return the median of the preferred spatial frequencies, cycles per degree."""
        middle, _ = _quantile(np.array([0.5]), self.frequency_edges_cpd, self.frequency_cells)
        return float(middle[0])


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
    species: Species, highest_cpd: float
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
    lowest_cpd = species.frequency_edges_cpd[0]
    if highest_cpd <= lowest_cpd:
        raise InputError(
            "px_per_deg",
            f"pictures show at most {highest_cpd:g} cycles per degree",
            expected=f"more than {lowest_cpd:g}, the lowest that {species.name} V1 cells prefer",
            fix=f"use more than {2 * lowest_cpd:g} px_per_deg",
        )
    edges = np.log2(np.minimum(species.frequency_edges_cpd, highest_cpd))
    octaves = np.diff(np.log2(species.frequency_edges_cpd))
    cells = species.frequency_cells * np.diff(edges) / octaves
    kept = cells > 0
    return 2 ** edges[: kept.sum() + 1], cells[kept] / cells.sum()


def draw_frequency_and_size(
    species: Species, n_neuroids: int, highest_cpd: float, random: np.random.Generator
) -> tuple[Cells, Cells, Cells]:
    """Draw preferred frequency (cycles per degree), and width and length (periods).

    Frequency and width are joined by a Gaussian copula of rank correlation .75 (De Valois 1982a,
    as in Dapello 2020); length follows from the width's bin (Ringach 2002).

    Raises
    ------
    InputError
        As `representable_frequencies`.
    """
    edges, shares = representable_frequencies(species, highest_cpd)
    # Spearman's rank correlation r of two normal variables needs Pearson's 2 sin(pi r / 6).
    pearson = 2 * np.sin(np.pi * WIDTH_FREQUENCY_RANK_CORRELATION / 6)
    normal = random.multivariate_normal([0, 0], [[1, pearson], [pearson, 1]], size=n_neuroids)
    ranks = ndtr(normal)
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


def draw_orientation(species: Species, n_neuroids: int, random: np.random.Generator) -> Cells:
    """Draw preferred orientations, degrees in [-22.5, 157.5)."""
    shares = species.orientation_cells / species.orientation_cells.sum()
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


# ASSUME: where the cells look and the pool's size have no single source. A macaque session's array
# covers a patch of receptive fields within +-0.3 of the picture's half-width, where the Gaussian
# readout starts too (Safarani 2021).
MACAQUE = Species(
    name="macaque",
    population="V1",
    orientation_cells=np.array([66, 49, 77, 54]),
    frequency_edges_cpd=np.array([0.5, 0.7, 1, 1.4, 2, 2.8, 4, 5.6, 8]),
    frequency_cells=np.array([4, 4, 8, 25, 32, 26, 28, 12]),
    array_centre=0.2,
    array_reach=0.1,
    pool_sd_deg=0.5,
)

_MOUSE_FREQUENCY_CPD = 0.04  # Van den Bergh et al. 2010, Table 1 (after Li et al. 2023)
_MOUSE_OCTAVES = np.arange(-2, 2.5, 0.5)  # .01 to .16 cycles per degree, as gratings are shown
# ASSUME: frequencies are log-normal with an SD of one octave, so that two cells in three prefer
# .02 to .08 cycles per degree (about the range in Niell and Stryker 2008); orientations are
# uniform; the shape of the receptive field in periods, and how it goes with frequency, are the
# macaque's, which gives SDs of many degrees; fields of a session cover most of the picture; and
# the pool spans about as many periods of the typical grating (2.43 cycles per degree in macaque,
# same table) as the macaque's: .5 degrees times 2.43 / .04.
MOUSE = Species(
    name="mouse",
    population="mouse V1",
    orientation_cells=np.ones(4),
    frequency_edges_cpd=_MOUSE_FREQUENCY_CPD * 2**_MOUSE_OCTAVES,
    frequency_cells=np.diff(ndtr(_MOUSE_OCTAVES)),
    array_centre=0.2,
    array_reach=0.6,
    pool_sd_deg=30.0,
)

SPECIES = {species.name: species for species in (MACAQUE, MOUSE)}
