"""Drawn tuning against the published tables."""

from typing import get_args

import numpy as np
import pytest
from scipy.stats import spearmanr, truncnorm

from neurobust.config.recordings.simulated import Simulated
from neurobust.errors import InputError
from neurobust.recordings.simulated.tuning import (
    MACAQUE,
    MOUSE,
    SPECIES,
    draw_frequency_and_size,
    draw_orientation,
    representable_frequencies,
)

N = 20_000
ERROR = 4 * np.sqrt(0.25 / N)  # four standard errors of a share, at most


def test_orientations_have_the_measured_shares():
    edges = [-22.5, 22.5, 67.5, 112.5, 157.5]
    counts, _ = np.histogram(draw_orientation(MACAQUE, N, np.random.default_rng(0)), edges)
    np.testing.assert_allclose(counts / N, np.array([66, 49, 77, 54]) / 246, atol=ERROR)
    counts, _ = np.histogram(draw_orientation(MOUSE, N, np.random.default_rng(0)), edges)
    np.testing.assert_allclose(counts / N, 0.25, atol=ERROR)


def test_frequencies_and_sizes_have_the_measured_shares():
    frequency, width, length = draw_frequency_and_size(MACAQUE, N, 16.0, np.random.default_rng(0))
    edges = [0.5, 0.7, 1, 1.4, 2, 2.8, 4, 5.6, 8]
    counts, _ = np.histogram(frequency, edges)
    cells = np.array([4, 4, 8, 25, 32, 26, 28, 12])
    np.testing.assert_allclose(counts / N, cells / cells.sum(), atol=ERROR)
    edges = 10 ** np.linspace(-1, 0.2, 6)
    joint, *_ = np.histogram2d(width, length, [edges, edges])
    cells = np.array(
        [[2, 0, 1, 0, 0], [8, 9, 4, 1, 0], [1, 2, 19, 17, 3], [0, 0, 1, 7, 4], [0, 0, 0, 0, 0]]
    )
    np.testing.assert_allclose(joint / N, cells / cells.sum(), atol=ERROR)
    # Four standard errors of a rank correlation of .75 in 20,000 cells.
    assert spearmanr(frequency, width).statistic == pytest.approx(0.75, abs=0.015)


def test_frequencies_stop_at_the_limit():
    frequency, *_ = draw_frequency_and_size(MACAQUE, N, 3.0, np.random.default_rng(0))
    assert frequency.max() < 3
    edges, shares = representable_frequencies(MACAQUE, 3.0)
    assert edges[-1] == pytest.approx(3)
    assert edges[-2] == pytest.approx(2.8)
    # The bin of 2.8 to 4 keeps what lies below 3, in octaves.
    kept = 26 * np.log2(3 / 2.8) / np.log2(4 / 2.8)
    assert shares[-1] == pytest.approx(kept / (4 + 4 + 8 + 25 + 32 + kept))


@pytest.mark.parametrize(
    ("species", "highest", "lowest"), [(MACAQUE, 0.4, "0.5"), (MOUSE, 0.008, "0.01")]
)
def test_pictures_too_coarse_for_any_cell_are_refused(species, highest, lowest):
    with pytest.raises(InputError, match=f"at most {highest} cycles per degree") as refused:
        representable_frequencies(species, highest)
    assert f"{lowest}, the lowest that {species.name} V1 cells prefer" in str(refused.value)


def test_mouse_frequencies_are_log_normal_about_the_measured_one():
    frequency, *_ = draw_frequency_and_size(MOUSE, N, 0.474 / 2, np.random.default_rng(0))
    assert ((frequency >= 0.01) & (frequency <= 0.16)).all()
    octaves = np.log2(frequency / 0.04)
    # The normal distribution cut off at two SDs, computed by scipy; uniform within bins of half an
    # octave, which changes the SD by less than .01. Four standard errors of the median and SD.
    expected = truncnorm(-2, 2)
    assert np.median(octaves) == pytest.approx(0, abs=4 * 1.25 / np.sqrt(N))
    assert octaves.std() == pytest.approx(expected.std(), abs=0.01 + 4 * 0.7 / np.sqrt(N))
    within = (np.abs(octaves) < 1).mean()
    assert within == pytest.approx(expected.cdf(1) - expected.cdf(-1), abs=ERROR)


def test_the_typical_frequency_is_the_median_of_what_is_drawn():
    for species, highest in ((MACAQUE, 16.0), (MOUSE, 1.0)):
        frequency, *_ = draw_frequency_and_size(species, N, highest, np.random.default_rng(1))
        # Four standard errors of a rank, .014, are .04 in the logarithm at these densities.
        assert np.log(species.median_frequency_cpd()) == pytest.approx(
            np.log(np.median(frequency)), abs=0.04
        )
    assert MOUSE.median_frequency_cpd() == pytest.approx(0.04, rel=1e-12)  # symmetric bins


def test_every_species_of_the_configuration_can_be_simulated():
    assert set(get_args(Simulated.model_fields["species"].annotation)) == set(SPECIES)
