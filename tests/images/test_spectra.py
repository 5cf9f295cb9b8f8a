"""Spectra have all power at the right frequencies, and summaries of them are right."""

import cmath
import math

import numpy as np
import pytest
import torch

from neurobust.images.frequencies import cumulative_share
from neurobust.images.spectra import (
    half_power_frequency,
    power_spectrum,
    radial_power,
    spatial_frequencies,
)

SHAPES = [(6, 6), (5, 8), (7, 3), (1, 4), (32, 24)]
# Sums of at most a thousand float64 numbers: a rounding error of 1e-16 each.
EXACT = 1e-12


def draw(shape, channels=3, images=4, dtype=torch.float64):
    random = np.random.default_rng(0)
    return torch.from_numpy(random.normal(0.3, 1, (images, channels, *shape))).to(dtype)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_power_sums_to_the_squares_about_the_mean(shape, dtype):
    differences = draw(shape, dtype=dtype)
    power = power_spectrum(differences)
    assert power.dtype == torch.float64
    assert power.shape == (4, *shape)
    # Parseval, with numpy's variance as the oracle, of what float32 leaves of the numbers.
    squares = (differences.double().numpy().var((2, 3)) * math.prod(shape)).mean(1)
    np.testing.assert_allclose(power.sum((1, 2)), squares, rtol=EXACT)
    radii, radial = radial_power(power)
    assert radial.dtype == np.float64
    assert radial.shape == (4, len(radii))
    np.testing.assert_allclose(radial.sum(1), squares, rtol=EXACT)


@pytest.mark.parametrize("shape", [(4, 6), (5, 3)])
def test_power_is_that_of_a_transform_written_out(shape):
    differences = draw(shape, channels=2, images=1)
    rows, columns = shape
    frequencies = spatial_frequencies(*shape)
    found = power_spectrum(differences)[0]
    for u, along_rows in enumerate(frequencies[0]):
        for v, along_columns in enumerate(frequencies[1]):
            power = 0.0
            for channel in differences[0].tolist():
                mean = sum(map(sum, channel)) / (rows * columns)
                waves = [
                    (channel[row][column] - mean)
                    * cmath.exp(-2j * cmath.pi * (along_rows * row + along_columns * column))
                    for row in range(rows)
                    for column in range(columns)
                ]
                power += abs(sum(waves)) ** 2 / (rows * columns) / 2
            assert found[u, v].item() == pytest.approx(power, abs=EXACT)


def test_frequencies_rise_from_minus_nyquist():
    rows, columns = spatial_frequencies(4, 5)
    assert rows.tolist() == [-0.5, -0.25, 0, 0.25]
    np.testing.assert_allclose(columns, [-0.4, -0.2, 0, 0.2, 0.4], rtol=EXACT)
    assert all(axis.dtype == np.float64 for axis in (rows, columns))


@pytest.mark.parametrize(("along_rows", "along_columns"), [(3, 0), (0, 5), (3, -4), (8, 12)])
def test_a_sinusoid_has_all_its_power_at_its_radius(along_rows, along_columns):
    rows, columns = 16, 24
    row, column = np.mgrid[:rows, :columns]
    phase = 2 * np.pi * (along_rows * row / rows + along_columns * column / columns)
    wave = 2 + 0.5 * np.cos(phase)
    radii, radial = radial_power(power_spectrum(torch.from_numpy(wave)[None, None]))
    radius = math.hypot(along_rows / rows, along_columns / columns)
    nearest = np.argmin(np.abs(radii - radius))
    assert radii[nearest] == pytest.approx(radius, rel=EXACT)
    # The mean square of a cosine is a half, of one at Nyquist along both axes one.
    mean_square = 0.25 if (along_rows, along_columns) == (8, 12) else 0.125
    assert radial[0, nearest] == pytest.approx(rows * columns * mean_square, rel=EXACT)
    np.testing.assert_allclose(np.delete(radial[0], nearest), 0, atol=EXACT)
    # All of the power lies in one step: half of it is reached halfway up the step.
    half = half_power_frequency(radii, radial)
    np.testing.assert_allclose(half, (radii[nearest - 1] + radii[nearest]) / 2, rtol=1e-9)


@pytest.mark.parametrize(
    ("shape", "highest"), [((8, 8), 0.5**0.5), ((6, 10), 0.5**0.5), ((5, 3), 0)]
)
def test_radii_are_those_of_the_components_each_once(shape, highest):
    frequencies = spatial_frequencies(*shape)
    radius = np.hypot(frequencies[0][:, None], frequencies[1])
    radii, counts = radial_power(torch.ones(1, *shape, dtype=torch.float64))
    # Rounded, radii that are equal but for the last bits fall together, as exact ones do.
    distinct, members = np.unique(radius.round(9), return_counts=True)
    np.testing.assert_allclose(radii, distinct, atol=1e-9)
    assert counts[0].tolist() == members.tolist()
    assert radii[0] == 0
    assert radii[-1] == pytest.approx(highest or math.hypot(2 / 5, 1 / 3), rel=EXACT)


def test_white_noise_shares_its_power_as_the_components_are_shared():
    side, images = 16, 4000
    power = power_spectrum(draw((side, side), channels=1, images=images))
    radii, radial = radial_power(power)
    share = cumulative_share(radial.mean(0))
    frequencies = spatial_frequencies(side, side)
    radius = np.hypot(frequencies[0][:, None], frequencies[1])
    within = [((radius <= limit + 1e-9).sum() - 1) / (side**2 - 1) for limit in radii]
    # The standard deviation of a share of 255 x 4000 squared normals, two of a kind alike
    # (a component and its mirror image), is at most 0.5 * sqrt(4 / (255 * 4000)) = 0.001.
    np.testing.assert_allclose(share, within, atol=0.004)
    expected = np.interp(0.5, within, radii)
    assert half_power_frequency(radii, radial.mean(0)) == pytest.approx(expected, abs=0.003)


def test_half_of_a_known_spectrum_lies_below_its_analytic_radius():
    radii = np.linspace(0, 0.5, 5001)
    # Power that grows as r**(k - 1) has a share of (2 r)**k within r, half of it at 2**(-1/k) / 2.
    spectra = np.array([radii ** (k - 1) for k in (2, 3, 5)])
    found = half_power_frequency(radii, spectra[None])
    assert found.shape == (1, 3)
    # A sum over steps of 1e-4 is off by about half a step.
    np.testing.assert_allclose(found[0], [2 ** (-1 / k) / 2 for k in (2, 3, 5)], atol=1e-4)
    # By hand: shares 0, 0.2, 0.7, 1; one half is three fifths of the way from 0.1 to 0.3.
    by_hand = half_power_frequency(np.array([0, 0.1, 0.3, 0.4]), np.array([0, 2.0, 5.0, 3.0]))
    assert by_hand == pytest.approx(0.22, rel=EXACT)
    # The first radius may hold more than half.
    assert half_power_frequency(np.array([0.1, 0.3]), np.array([3.0, 1.0])) == 0.1


def test_the_unit_of_the_power_does_not_matter():
    radii, radial = radial_power(power_spectrum(draw((9, 12))))
    np.testing.assert_allclose(
        half_power_frequency(radii, 1e-30 * radial),
        half_power_frequency(radii, radial),
        rtol=EXACT,
    )


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_constant_difference_has_no_power_and_no_half(dtype):
    # Of thirds, a mean is rounded: taking it off would leave noise.
    power = power_spectrum(torch.full((2, 3, 7, 11), 1 / 3, dtype=dtype))
    assert (power == 0).all()
    radii, radial = radial_power(power)
    assert np.isnan(half_power_frequency(radii, radial)).all()
    assert np.isnan(cumulative_share(radial)).all()


def test_power_that_is_missing_has_no_half_and_spoils_no_other():
    radii = np.array([0, 0.1, 0.2])
    found = half_power_frequency(radii, np.array([[0, np.nan, 1], [0, 1, 1], [0, 0, 0]]))
    np.testing.assert_allclose(found, [np.nan, 0.1, np.nan], rtol=EXACT)


def test_the_differences_are_left_as_they_were():
    differences = draw((8, 8))
    before = differences.clone()
    radial_power(power_spectrum(differences))
    assert torch.equal(differences, before)
