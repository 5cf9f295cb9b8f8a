"""Points of predictivity and robustness are the evaluations'; correlations are over networks."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy import stats

from neurobust.errors import InputError
from neurobust.statistics.corruption_errors import seed_errors
from studies.brain_likeness.correlations import correlate_points
from studies.brain_likeness.points import MEASURES, join_points

SEEDS = [1000, 2000, 3000]


def make_predictivity(value, **attributes):
    score = ("seed", value + np.array([0.0, 0.01, 0.02]))
    return xr.Dataset(
        {"ceiled": score, "ceiled_error": ("seed", [0.1, 0.2, 0.3]), "raw": score},
        {"seed": SEEDS},
        {"chosen_layer": "conv-1-1", "simulated": 1, **attributes},
    )


def make_attack(value):
    distance = np.array([[1.0, 10.0]]) * value * np.array([[1], [2], [3]])
    return xr.Dataset(
        {"median_distance": (("seed", "norm"), distance)}, {"seed": SEEDS, "norm": ["linf", "l2"]}
    )


def make_hybrid(value):
    frequency = value + np.array([[-0.1, 0.1], [0.0, 0.0], [0.2, 0.2]])
    return xr.Dataset({"reversal_frequency": (("seed", "permutation"), frequency)}, {"seed": SEEDS})


@pytest.fixture
def evaluations(random_networks):
    values = dict(zip(random_networks, (0.1, 0.2, 0.3), strict=True))
    return {
        "corruptions": random_networks,
        "predictivity": {
            name: make_predictivity(value, **({"sweep": "swept"} if name == "worse" else {}))
            for name, value in values.items()
        },
        "attacks": {name: make_attack(value) for name, value in values.items()},
        "hybrids": {name: make_hybrid(value) for name, value in values.items()},
    }


def join(evaluations):
    """Join evaluations that are given by the names of their networks."""
    networks = list(evaluations["corruptions"])
    listed = {kind: [by_name[name] for name in networks] for kind, by_name in evaluations.items()}
    return join_points(**listed, networks=networks, reference="baseline")


def test_each_seed_has_its_own_measures(evaluations):
    points = join(evaluations)
    assert len(points) == 9
    assert not points.isna().to_numpy().any()
    row = points[(points["network"] == "better") & (points["seed"] == 3000)].iloc[0]
    assert row["predictivity"] == pytest.approx(0.22)
    assert row["predictivity_error"] == pytest.approx(0.3)
    assert row["perturbation_linf_median"] == pytest.approx(255 * 0.6)  # in units of 1/255
    assert row["perturbation_l2_median"] == pytest.approx(6.0)
    assert row["f_rev_nyquist"] == pytest.approx(0.4)
    assert row["layer"] == "conv-1-1"
    errors = seed_errors(evaluations["corruptions"], reference="baseline")
    pd.testing.assert_series_equal(points["mce_percent"], errors["mce_percent"])
    assert points.groupby("network")["sweep"].first().to_dict() == {
        "baseline": "baseline",
        "better": "better",
        "worse": "swept",
    }


@pytest.mark.parametrize("kind", ["predictivity", "attacks", "hybrids"])
def test_a_seed_that_was_evaluated_in_part_is_named(evaluations, kind):
    evaluations[kind]["worse"] = evaluations[kind]["worse"].isel(seed=[0, 1])
    with pytest.raises(InputError, match=rf"{kind} of network worse.* no seed 3000"):
        join(evaluations)


def test_correlations_are_of_the_networks_means(make_points):
    points = make_points()
    found = correlate_points(points, seed=1).set_index(["y", "method"])
    means = points.groupby("network").mean(numeric_only=True)
    tests = []
    for measure in MEASURES:
        expected = stats.pearsonr(means["predictivity"], means[measure])
        row = found.loc[[(measure, "pearson")]].iloc[0]
        assert row["n"] == 8
        assert row["r"] == pytest.approx(expected.statistic)
        assert row["p"] == pytest.approx(expected.pvalue)
        assert row["low"] <= row["r"] <= row["high"]
        tests.append(row["p"])
        ranked = stats.spearmanr(means["predictivity"], means[measure]).statistic
        assert found.loc[(measure, "spearman"), "r"] == pytest.approx(ranked)
    holm = found.xs("pearson", level="method")["p_holm"]
    assert holm.min() == pytest.approx(4 * min(tests))  # the smallest of four tests


def test_a_network_without_a_finite_value_is_left_out_of_that_measure(make_points):
    points = make_points()
    one_seed = (points["network"] == "n2") & (points["seed"] == 1)
    points.loc[one_seed, "perturbation_l2_median"] = np.inf
    points.loc[points["network"] == "n3", "f_rev_nyquist"] = np.nan
    found = correlate_points(points, seed=1).set_index(["y", "method"])["n"]
    assert found["mce_percent", "pearson"] == 8
    assert found["perturbation_l2_median", "pearson"] == found["f_rev_nyquist", "pearson"] == 7
    means = points[points["network"] != "n2"].groupby("network").mean(numeric_only=True)
    r = correlate_points(points, seed=1).set_index(["y", "method"])["r"]
    expected = stats.pearsonr(means["predictivity"], means["perturbation_l2_median"]).statistic
    assert r["perturbation_l2_median", "pearson"] == pytest.approx(expected)


def test_what_cannot_be_correlated_has_no_coefficient_and_is_no_test(make_points):
    points = make_points()
    points["f_rev_nyquist"] = 0.5  # all networks alike
    only_three = points["perturbation_linf_median"].where(points["network"] <= "n2", np.inf)
    points["perturbation_linf_median"] = only_three
    found = correlate_points(points, seed=1).set_index(["y", "method"])
    for measure in ("f_rev_nyquist", "perturbation_linf_median"):
        assert np.isnan(found.loc[(measure, "pearson"), ["r", "p", "p_holm"]].astype(float)).all()
    assert found.loc[("perturbation_linf_median", "pearson"), "n"] == 3
    known = found.loc[(["mce_percent", "perturbation_l2_median"], "pearson"), ["p", "p_holm"]]
    assert known["p_holm"].min() == pytest.approx(2 * known["p"].min())  # of two tests
