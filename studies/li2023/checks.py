"""Checks of the study's results that must hold for any run, whatever its scale."""

import numpy as np
import pytest

HIGHEST = 0.5**0.5  # at the corner of a spectrum, in cycles per pixel


@pytest.fixture(scope="module")
def networks(read):
    return read("analysis/li2023/networks.nc")


@pytest.fixture(scope="module")
def attacks(evaluations, networks):
    found = evaluations("attacks")
    return {name: found[name] for name in networks["network"].to_numpy().tolist()}


@pytest.fixture(scope="module")
def correlations(read):
    return read("tables/li2023/correlations.csv")


def within(low, values, high):
    known = values.to_numpy()[np.isfinite(values.to_numpy())]
    return ((known >= low) & (known <= high)).all()


def test_accuracies_are_percentages(networks):
    for name in ("clean_accuracy", "severity_accuracy", "category_accuracy"):
        assert within(0, networks[name], 100), name
    np.testing.assert_allclose(
        networks["severity_accuracy"].sel(severity=0), networks["clean_accuracy"]
    )


def test_success_grows_with_the_size_up_to_the_share_of_perturbations_found(networks):
    success = networks["success"].transpose("network", "norm", "step").to_numpy()
    assert (np.diff(success) >= -1e-12).all()
    missed = networks["not_found"] / networks["attacked"]
    np.testing.assert_allclose(success[..., -1], 1 - missed.transpose("network", "norm"))


def test_distances_and_spectra_are_those_of_perturbations_that_were_found(attacks):
    for name, data in attacks.items():
        found = data["found"] == 1
        assert (np.isfinite(data["distance"]) == found).all(), name
        power = data["radial_power"]
        known = power.notnull().all("radial_frequency")
        assert (known == (found & (data["distance"] > 0))).all(), name


def test_power_is_the_squared_size_of_a_perturbation(attacks):
    # Parseval's theorem. Power lacks that of the mean, and is a mean over channels (one if gray).
    for name, data in attacks.items():
        power = data["radial_power"].sum("radial_frequency", skipna=False).sel(norm="l2")
        squared = data["distance"].sel(norm="l2") ** 2
        assert bool((power.isnull() | (power <= squared * (1 + 1e-4))).all()), name


def test_preferred_frequencies_are_possible(networks):
    assert within(0, networks["half_power_frequency"], HIGHEST)
    assert within(0, networks["reversal_frequency"], 1)
    cumulative = networks["cumulative_power"].transpose(..., "radial_frequency").to_numpy()
    known = np.isfinite(cumulative).all(-1)
    assert (np.diff(cumulative[known]) >= -1e-12).all()
    np.testing.assert_allclose(cumulative[known][:, -1], 1)


def test_intervals_are_ordered(networks):
    for name in [name for name in networks.data_vars if str(name).endswith("_interval")]:
        low, high = (networks[name].sel(bound=bound) for bound in ("low", "high"))
        assert bool((low.isnull() | (low <= high)).all()), name


def test_correlations_are_possible(correlations):
    known = correlations.dropna(subset=["r"])
    assert (known["r"].abs() <= 1).all()
    assert ((known["low"] <= known["r"] + 1e-9) & (known["r"] <= known["high"] + 1e-9)).mean() > 0.9
    assert known["p"].between(0, 1).all()
