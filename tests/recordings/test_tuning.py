"""Drawn tuning against the published tables."""

import numpy as np
import pytest
from scipy.stats import spearmanr

from neurobust.errors import InputError
from neurobust.recordings.tuning import (
    draw_frequency_and_size,
    draw_orientation,
    representable_frequencies,
)

N = 20_000
ERROR = 4 * np.sqrt(0.25 / N)  # four standard errors of a share, at most


def test_orientations_have_the_measured_shares():
    drawn = draw_orientation(N, np.random.default_rng(0))
    counts, _ = np.histogram(drawn, [-22.5, 22.5, 67.5, 112.5, 157.5])
    np.testing.assert_allclose(counts / N, np.array([66, 49, 77, 54]) / 246, atol=ERROR)


def test_frequencies_and_sizes_have_the_measured_shares():
    frequency, width, length = draw_frequency_and_size(N, 16.0, np.random.default_rng(0))
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
    frequency, *_ = draw_frequency_and_size(N, 3.0, np.random.default_rng(0))
    assert frequency.max() < 3
    edges, shares = representable_frequencies(3.0)
    assert edges[-1] == pytest.approx(3)
    assert edges[-2] == pytest.approx(2.8)
    # The bin of 2.8 to 4 keeps what lies below 3, in octaves.
    kept = 26 * np.log2(3 / 2.8) / np.log2(4 / 2.8)
    assert shares[-1] == pytest.approx(kept / (4 + 4 + 8 + 25 + 32 + kept))


def test_pictures_too_coarse_for_any_cell_are_refused():
    with pytest.raises(InputError, match=r"at most 0.4 cycles per degree"):
        representable_frequencies(0.4)
