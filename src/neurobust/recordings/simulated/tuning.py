"""Tuning of simulated V1 cells, drawn from distributions measured in macaque or mouse V1.

Macaque: preferred orientation from De Valois et al. 1982b, spatial frequency from De Valois et al.
1982a, width and length of the receptive field in periods of the preferred grating from Ringach
2002, all as numbers of cells in bins as tabulated for VOneNet (Dapello et al. 2020). Mouse:
preferred spatial frequency from Van den Bergh et al. 2010, as in Li et al. 2023.
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
    """Parameters in which the simulated V1 of species differ.

    Parameters
    ----------
    name
        Name in the configuration.
    population
        Name in identifiers and in the purposes of the population's random streams.
    orientation_cells
        Weights of the bins between ``ORIENTATION_EDGES_DEG``.
    frequency_edges_cpd, frequency_cells
        Edges, in cycles per degree, and weights of the bins of preferred spatial frequency.
    array_centre, array_reach
        Largest distance of an array's centre from that of the picture, and of a receptive field
        from the array's centre, along each axis, as fractions of the picture's half-width.
    pool_sd_deg
        Standard deviation of the normalisation pool's Gaussian weights, in degrees of the visual
        field.
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
        """Return the median preferred spatial frequency, in cycles per degree."""
        middle, _ = _quantile(np.array([0.5]), self.frequency_edges_cpd, self.frequency_cells)
        return float(middle[0])


@dataclass(frozen=True)
class Tuning:
    """Preferences and receptive fields of the cells of a population.

    Parameters
    ----------
    orientation_deg
        Direction in which the preferred grating's luminance varies, in degrees anticlockwise from
        the right; its bars are perpendicular to it.
    frequency_cpd
        Preferred spatial frequency, in cycles per degree.
    width_periods, length_periods
        Standard deviation of the Gaussian envelope across and along the bars, in periods of the
        preferred grating (Ringach's nx and ny).
    phase
        Phase of the carrier at the centre, in radians.
    x_deg, y_deg
        Centre of the receptive field, in degrees to the right of and above the picture's centre.
    is_complex
        Whether the cell is complex rather than simple.
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
    """Return the distribution of preferred spatial frequencies, cut off above a limit.

    The bin that contains the limit keeps a share of its cells: the part of its octaves below.

    Returns
    -------
    tuple
        Edges of the remaining bins, in cycles per degree, and the share of cells in each (sum 1).

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
    """Draw preferred frequencies (cycles per degree), widths and lengths (periods).

    A Gaussian copula gives frequency and width a rank correlation of .75 (De Valois et al. 1982a,
    as in Dapello et al. 2020); the distribution of length depends on the bin of the width (Ringach
    2002).

    Raises
    ------
    InputError
        In the same cases as `representable_frequencies`.
    """
    edges, shares = representable_frequencies(species, highest_cpd)
    # Two normal variables with Pearson's correlation 2 sin(pi r / 6) have Spearman's r.
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
    """Draw preferred orientations, in degrees in [-22.5, 157.5)."""
    shares = species.orientation_cells / species.orientation_cells.sum()
    low = random.choice(ORIENTATION_EDGES_DEG[:-1], size=n_neuroids, p=shares)
    return low + random.uniform(0, np.diff(ORIENTATION_EDGES_DEG)[0], size=n_neuroids)


def _quantile(
    ranks: Cells, edges: Float[np.ndarray, " edge"], weights: Real[np.ndarray, " bin"]
) -> tuple[Cells, np.ndarray]:
    """Return the values of a histogram at ranks in (0, 1), and their bins."""
    # ASSUME: log-uniform within a bin, since the bins are (nearly) equal in the logarithm.
    cumulative = np.concatenate([[0], np.cumsum(weights)]) / np.sum(weights)
    bins = np.searchsorted(cumulative, ranks, side="right") - 1
    within = (ranks - cumulative[bins]) / np.diff(cumulative)[bins]
    logarithm = np.log(edges)
    return np.exp(logarithm[bins] + within * np.diff(logarithm)[bins]), bins


# ASSUME: the positions of receptive fields and the size of the pool have no single source. The
# fields of a macaque session lie within +-0.3 of the picture's half-width, where the Gaussian
# readout starts, too (Safarani et al. 2021).
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
_MOUSE_OCTAVES = np.arange(-2, 2.5, 0.5)  # .01 to .16 cycles per degree, the usual range
# ASSUME: frequencies are log-normal with an SD of one octave, so that two in three cells prefer
# .02 to .08 cycles per degree (about the range in Niell and Stryker 2008). Orientations are
# uniform. The shape of receptive fields in periods, and its correlation with frequency, are those
# of the macaque, which gives SDs of many degrees. The fields of a session cover most of the
# picture. The pool spans about as many periods of the typical grating (2.43 cycles per degree in
# macaque, same table) as in the macaque: .5 degrees times 2.43 / .04.
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
