"""What must be true of predictivity and robustness of any run, whatever its scale."""

import numpy as np
import pytest

from neurobust.files.storage import read_dataset, read_table


@pytest.fixture
def errors(results):
    return read_dataset(results / "analysis/brain_likeness/corruption_errors.nc")


@pytest.fixture
def points(results):
    return read_table(results / "tables/brain_likeness/points.csv")


@pytest.fixture
def predictivity(evaluations):
    return evaluations("predictivity/*")


def test_correlations_and_ceilings_are_possible(predictivity):
    for name, data in predictivity.items():
        assert np.abs(data["correlation"]).max() <= 1 + 1e-9, name
        assert 0 < data["ceiling"] <= 1, name
        assert (data["ceiled"] >= 0).all(), name
        # Brain-Score today is raw^2 / ceiling; in 2020 it was divided by the ceiling once more.
        np.testing.assert_allclose(
            data["explained"], data["ceiled"] * data["ceiling"], err_msg=name
        )


def test_no_layer_predicts_validation_stimuli_better_than_the_chosen_one(predictivity):
    for name, data in predictivity.items():
        scores = data["layer_correlation"]
        assert scores.sel(layer=data.attrs["chosen_layer"]) == scores.max(), name


def test_perturbations_are_of_possible_sizes(evaluations):
    for name, data in evaluations("attacks").items():
        distance, found = data["distance"], data["found"] == 1
        assert ((distance >= 0) & (np.isfinite(distance) == found)).all(), name
        assert float(distance.sel(norm="linf").where(found.sel(norm="linf"), 0).max()) <= 1, name
        # The L∞ norm of a perturbation, its largest pixel, is no larger than its L2 norm.
        smallest = {norm: distance.sel(norm=norm).min() for norm in ("linf", "l2")}
        assert smallest["linf"] <= smallest["l2"], name


def test_answers_to_hybrids_are_fractions_and_reversals_lie_below_nyquist(evaluations):
    for name, data in evaluations("hybrids").items():
        for p in ("p_low", "p_high"):
            assert ((data[p] >= 0) & (data[p] <= 1)).all(), name
        known = data["reversal_frequency"].to_numpy()
        known = known[np.isfinite(known)]
        assert ((known >= 0) & (known <= 1)).all(), name


def test_the_reference_has_all_of_its_own_errors(errors):
    if errors.attrs["reference"] not in errors["network"]:
        pytest.skip("the reference is not one of the networks")
    reference = errors.sel(network=errors.attrs["reference"])
    np.testing.assert_allclose(reference["corruption_error"], 100, rtol=1e-9)
    np.testing.assert_allclose(reference["mean_error"], 100, rtol=1e-9)


def test_points_are_those_of_the_evaluations(points, errors):
    means = points.groupby("network")["mce_percent"].mean()
    for name in errors["network"].to_numpy():
        # As many images for each seed: the mean of ratios is the ratio of means.
        np.testing.assert_allclose(means[name], errors["mean_error"].sel(network=name), rtol=1e-9)
