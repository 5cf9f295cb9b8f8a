"""Components and fields against representations that are known, numpy and the torch spectra."""

import numpy as np
import pytest
import torch
import xarray as xr
from sklearn.linear_model import Ridge

from neurobust.errors import InputError
from neurobust.files.storage import read_dataset, write_dataset
from neurobust.images.form import luma
from neurobust.images.frequencies import half_power_frequency
from neurobust.images.spectra import power_spectrum, radial_power
from studies.li2023.components import (
    LEAST_R2,
    decompose_similarity,
    fit_fields,
    spread_power,
)

SIDE, N = 16, 500
ATTRIBUTES = {"network": "mouse", "recording": "simulated", "simulated": 1}
# Cycles per picture along rows and columns, and variance, of the components of a representation.
KNOWN = [((1, 0), 4.0), ((0, 2), 2.0), ((3, 1), 1.0), ((0, 6), 0.5)]


def make_similarity(matrix, pixels):
    return xr.Dataset(
        {
            "similarity": (("stimulus", "other_stimulus"), matrix.astype(np.float32)),
            "pixels": (("stimulus", "row", "column", "channel")[: pixels.ndim], pixels),
        },
        attrs=ATTRIBUTES,
    )


def make_waves():
    row, column = np.mgrid[:SIDE, :SIDE] / SIDE
    return np.stack([np.cos(2 * np.pi * (a * row + b * column)) for (a, b), _ in KNOWN])


@pytest.fixture(scope="module")
def pixels():
    return np.random.default_rng(0).integers(0, 256, (N, SIDE, SIDE), dtype=np.uint8)


@pytest.fixture(scope="module")
def linear(pixels):
    """Return the similarity of a representation whose components are linear in the pictures."""
    centred = pixels.reshape(N, -1) - pixels.reshape(N, -1).mean(axis=0)
    # Orthogonal scores, as eigenvectors are; the pictures are noise, so that they nearly were.
    scores, _ = np.linalg.qr(centred @ make_waves().reshape(len(KNOWN), -1).T)
    variances = np.array([variance for _, variance in KNOWN])
    return make_similarity(scores * variances @ scores.T, pixels)


def test_known_eigenvalues_and_fields_are_found(linear):
    found = decompose_similarity(linear, components=4, seed=1)
    variances = np.array([variance for _, variance in KNOWN])
    # Similarities are float32, of which there are N to a row.
    np.testing.assert_allclose(found["eigenvalue"][:4], variances, rtol=1e-5)
    np.testing.assert_allclose(found["eigenvalue"][4:], 0, atol=1e-5)
    np.testing.assert_allclose(found["cumulative_share"][:4], np.cumsum(variances) / 7.5, rtol=1e-5)
    # (4 + 2 + 1 + .5)^2 / (16 + 4 + 1 + .25)
    assert found["effective_dimensionality"].item() == pytest.approx(7.5**2 / 21.25, rel=1e-4)
    for wave, field in zip(make_waves(), found["receptive_field"].to_numpy(), strict=True):
        # Making N scores orthogonal mixes the waves by about N**-.5 = .045 of each other.
        assert abs(np.corrcoef(wave.ravel(), field.ravel())[0, 1]) > 0.98
    assert (found["r2"] > 0.99).all(), "the pictures explain the scores without noise"
    assert found["is_linear"].all()
    assert found.attrs == ATTRIBUTES


def test_frequencies_of_known_fields_are_found_in_both_units(linear):
    found = decompose_similarity(linear, components=4, seed=1)
    cycles = np.array([np.hypot(a, b) for (a, b), _ in KNOWN])
    # All power at one radius: the share passes one half between the radius below and it.
    below = found["half_power_per_image"].to_numpy()
    assert (below <= cycles + 1e-9).all()
    assert (below > cycles - 1).all()
    np.testing.assert_allclose(found["half_power_frequency"] * SIDE, below)
    assert found["half_power_frequency"].attrs["units"] == "cycles/pixel"
    assert found["half_power_per_image"].attrs["units"] == "cycles/image"


def test_eigenvalues_are_squared_singular_values_of_the_unit_responses(pixels):
    responses = np.random.default_rng(1).gamma(1.0, size=(40, 12))
    responses -= responses.mean(axis=0)
    units = responses / np.linalg.norm(responses, axis=1, keepdims=True)
    found = decompose_similarity(
        make_similarity(units @ units.T, pixels[:40]), components=3, seed=1
    )
    # Float32 similarities of 40 stimuli.
    expected = np.linalg.svd(units, compute_uv=False) ** 2
    np.testing.assert_allclose(found["eigenvalue"][:12], expected, rtol=1e-5)
    assert found["share"].sum().item() == pytest.approx(1)
    np.testing.assert_allclose(found["component_all"], np.arange(1, 41))


def test_responses_that_do_not_depend_on_the_pictures_are_not_called_linear(pixels):
    responses = np.random.default_rng(2).normal(size=(N, 5))
    units = responses / np.linalg.norm(responses, axis=1, keepdims=True)
    found = decompose_similarity(make_similarity(units @ units.T, pixels), components=3, seed=1)
    assert (found["r2"] < LEAST_R2).all()
    assert not found["is_linear"].any()


def test_fields_are_those_of_a_ridge_regression_on_standardised_pictures(pixels):
    random = np.random.default_rng(3)
    images = pixels[:, :8, :8].astype(float)
    scores = images.reshape(N, -1) @ random.normal(size=(64, 2)) / 600
    scores += random.normal(size=scores.shape)
    fields, r2 = fit_fields(images, scores, seed=1)
    design = images - images.mean(axis=0)
    design = design.reshape(N, -1) / design.std()
    errors = {}
    for penalty in design.size * np.logspace(-8, 0, 17):
        # Errors of leaving one out, in closed form: residual over one less the leverage.
        gram = np.linalg.inv(design.T @ design + penalty * np.eye(64))
        leverage = np.einsum("ij,jk,ik->i", design, gram, design) + 1 / N
        fit = Ridge(alpha=penalty).fit(design, scores)
        residual = scores - fit.predict(design)
        errors[penalty] = np.mean((residual / (1 - leverage)[:, None]) ** 2, axis=0)
    for component in range(2):
        best = min(errors, key=lambda penalty: errors[penalty][component])
        expected = Ridge(alpha=best).fit(design, scores[:, component]).coef_.reshape(8, 8)
        # Two solvers of one well-posed problem.
        np.testing.assert_allclose(fields[component], expected, rtol=1e-6, atol=1e-9)
        # What is held out is predicted about as well as when one is left out, from fewer images.
        one_left_out = 1 - errors[best][component] / scores[:, component].var()
        assert r2[component] == pytest.approx(one_left_out, abs=0.05)


@pytest.mark.parametrize("shape", [(16, 16), (9, 14)])
def test_spectra_are_those_of_perturbations(shape):
    fields = np.random.default_rng(4).normal(3, 1, (3, *shape))
    radii, power = spread_power(fields)
    expected = radial_power(power_spectrum(torch.from_numpy(fields)[:, None]))
    # The same sums in double precision, in another order.
    np.testing.assert_allclose(radii, expected[0], rtol=1e-12)
    np.testing.assert_allclose(power, expected[1], rtol=1e-9, atol=1e-9)


def test_a_sinusoid_has_its_power_at_its_frequency():
    column = np.mgrid[:32, :32][1]
    radii, power = spread_power(5 + np.cos(2 * np.pi * 3 * column / 32)[None])
    assert radii[power[0].argmax()] == pytest.approx(3 / 32)
    # Parseval: 1024 pixels of a mean square of one half; the mean, 5, has no part.
    assert power[0].max() == pytest.approx(512)
    assert power.sum() == pytest.approx(512)
    lower = radii[power[0].argmax() - 1]
    assert half_power_frequency(radii, power)[0] == pytest.approx((lower + 3 / 32) / 2)


def test_colour_pictures_count_as_gray(linear, pixels):
    colour = np.stack([pixels, np.roll(pixels, 1, axis=1), 255 - pixels], axis=-1)
    coloured = make_similarity(linear["similarity"].to_numpy(), colour)
    gray = make_similarity(linear["similarity"].to_numpy(), luma(colour))
    xr.testing.assert_identical(
        decompose_similarity(coloured, components=2, seed=1),
        decompose_similarity(gray, components=2, seed=1),
    )


def test_the_seed_decides_the_folds_alone_and_files_hold_all(linear, tmp_path):
    one, same, other = (decompose_similarity(linear, components=2, seed=s) for s in (1, 1, 2))
    xr.testing.assert_identical(one, same)
    xr.testing.assert_equal(one.drop_vars("r2"), other.drop_vars("r2"))
    assert (one["r2"] != other["r2"]).any()
    write_dataset(one, tmp_path / "components.nc")
    xr.testing.assert_identical(read_dataset(tmp_path / "components.nc"), one)


def spoil(values, index, value):
    spoilt = values.copy(deep=True)
    spoilt["similarity"].values[index] = value
    return spoilt


@pytest.mark.parametrize(
    ("change", "components", "message"),
    [
        (lambda data: data.drop_vars("pixels"), 2, "'pixels' is missing"),
        (lambda data: data.drop_attrs(), 2, "'network' is missing"),
        (lambda data: spoil(data, (0, 1), 0.5), 2, "not symmetric"),
        (lambda data: spoil(data, (0, 0), np.nan), 2, "not finite"),
        (lambda data: data, 5, "5 components were asked for, but 'similarity' has 4"),
        (lambda data: data.assign(similarity=0 * data["similarity"]), 1, "'similarity' has 0"),
        (lambda data: data.isel(stimulus=slice(9), other_stimulus=slice(9)), 1, "9 pictures"),
        (lambda data: data.assign(pixels=0 * data["pixels"]), 1, "all the same"),
    ],
)
def test_what_cannot_be_decomposed_is_refused(linear, change, components, message):
    with pytest.raises(InputError, match=message) as refused:
        decompose_similarity(change(linear), components=components, seed=1)
    assert "similarity" in str(refused.value)
