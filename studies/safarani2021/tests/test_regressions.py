"""The regressions of Fig. 3C against the normal equations and scipy."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy import stats

from neurobust.errors import InputError
from studies.safarani2021.regressions import regress_robustness, regress_sweeps, regression_line
from studies.safarani2021.sweeps import CLEAN, FEV, ROBUSTNESS, mean_fev, sweep_points


def make_points(sweep="mtl-monkey", *, count=60, stream=0, slope=54.72):
    rng = np.random.default_rng(stream)
    clean, neural = rng.normal(46, 1, count), rng.uniform(0.2, 0.5, count)
    robustness = 10 + 1.5 * clean + slope * neural + rng.normal(0, 2, count)
    return pd.DataFrame({"sweep": sweep, CLEAN: clean, FEV: neural, ROBUSTNESS: robustness})


def make_readout(fev, explainable_variance, seeds=(1000, 2000)):
    fev = np.broadcast_to(fev, (len(seeds), len(explainable_variance)))
    return xr.Dataset(
        {"fev": (("seed", "neuroid"), fev)},
        {"seed": list(seeds), "explainable_variance": ("neuroid", explainable_variance)},
    )


def test_regression_solves_the_normal_equations_with_the_t_test_of_each_term():
    points = make_points()
    table = regress_robustness(points).set_index("term")

    design = np.column_stack([points[CLEAN], points[FEV], np.ones(60)])
    gram = np.linalg.inv(design.T @ design)
    coefficients = gram @ design.T @ points[ROBUSTNESS]
    residual = points[ROBUSTNESS] - design @ coefficients
    errors = np.sqrt(np.diag(gram) * (residual**2).sum() / 57)
    width = stats.t.ppf(0.975, 57) * errors
    # Clean accuracy, of mean 46 and deviation 1, makes the squares nearly collinear with the
    # intercept: the normal equations lose about 7 of 16 digits.
    same = {"rtol": 1e-6}
    np.testing.assert_allclose(table["coefficient"], coefficients, **same)
    np.testing.assert_allclose(table["standard_error"], errors, **same)
    np.testing.assert_allclose(table["t"], coefficients / errors, **same)
    np.testing.assert_allclose(table["p"], 2 * stats.t.sf(abs(coefficients / errors), 57), **same)
    np.testing.assert_allclose(table["low"], coefficients - width, **same)
    np.testing.assert_allclose(table["high"], coefficients + width, **same)
    explained = (
        1 - (residual**2).sum() / ((points[ROBUSTNESS] - points[ROBUSTNESS].mean()) ** 2).sum()
    )
    np.testing.assert_allclose(table["r_squared"], explained, **same)
    assert list(table.index) == [CLEAN, FEV, "intercept"]
    assert set(table["observations"]) == {60}


def test_true_coefficients_lie_in_the_interval_and_shuffled_ones_differ():
    both = pd.concat([make_points(), make_points("mtl-shuffled", stream=1, slope=0)])
    table = regress_robustness(both).set_index(["sweep", "term"])
    monkey, shuffled = (table.loc[(name, FEV)] for name in ("mtl-monkey", "mtl-shuffled"))
    assert monkey["low"] < 54.72 < monkey["high"]
    assert monkey["p"] < 1e-4
    assert shuffled["low"] < 0 < shuffled["high"]
    assert shuffled["p"] > 0.05


def test_line_is_the_fit_with_fev_alone():
    points = make_points()
    line = regression_line(points)
    fit = stats.linregress(points[FEV], points[ROBUSTNESS])
    np.testing.assert_allclose(line[FEV], [points[FEV].min(), points[FEV].max()])
    np.testing.assert_allclose(line[ROBUSTNESS], fit.intercept + fit.slope * line[FEV])


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        (lambda points: points.head(3), "3 networks are too few"),
        (lambda points: points.assign(**{FEV: 0.3}), f"'{FEV}' is constant"),
        (lambda points: points.assign(**{CLEAN: 46.0}), f"'{CLEAN}' is constant"),
        (lambda points: points.assign(**{FEV: np.nan}), f"'{FEV}' is constant or not finite"),
        (lambda points: points.assign(**{FEV: 0.01 * points[CLEAN]}), "collinear"),
    ],
)
def test_points_that_determine_no_fit_are_refused(spoil, problem):
    with pytest.raises(InputError, match=problem):
        regress_robustness(spoil(make_points()))


def test_no_sweep_gives_empty_tables():
    empty = make_points().head(0)
    assert regress_robustness(empty).empty
    assert regression_line(empty).empty


def test_mean_fev_is_that_of_reliable_neuroids():
    readout = make_readout([[0.2, -90.0, 0.4], [0.1, -80.0, 0.7]], [0.5, 0.01, 0.16])
    np.testing.assert_allclose(mean_fev(readout, place="mtl"), [0.3, 0.4])
    with pytest.raises(InputError, match=r"above 0\.9"):
        mean_fev(readout, place="mtl", least_explainable_variance=0.9)


def test_points_join_each_seed_with_its_own_readout():
    scores = pd.DataFrame(
        {
            "network": ["baseline", "r1", "r1", "r2"],
            "sweep": ["", "mtl-monkey", "mtl-monkey", "mtl-monkey"],
            "seed": [1000, 1000, 2000, 2000],
            ROBUSTNESS: [100.0, 110, 111, 112],
        }
    )
    readouts = {
        "r1": make_readout([[0.1], [0.2]], [0.5]),
        "r2": make_readout([[0.3], [0.4]], [0.5]),
    }
    points = sweep_points(scores, readouts)
    assert list(points["network"]) == ["r1", "r1", "r2"]
    np.testing.assert_allclose(points[FEV], [0.1, 0.2, 0.4])
    with pytest.raises(InputError, match="network r2"):
        sweep_points(scores, {"r1": readouts["r1"]})
    with pytest.raises(InputError, match="seed 2000"):
        sweep_points(scores, readouts | {"r2": make_readout([[0.3]], [0.5], seeds=(1000,))})


def test_sweeps_are_regressed_on_the_scores_of_their_seeds(random_networks):
    names = ["r1", "r2"]
    corruptions = [random_networks["baseline"], random_networks["better"], random_networks["worse"]]
    readouts = [
        make_readout([[0.1], [0.2], [0.4]], [0.5], seeds=(1000, 2000, 3000)),
        make_readout([[0.3], [0.5], [0.2]], [0.5], seeds=(1000, 2000, 3000)),
    ]
    sweeps = dict.fromkeys(names, "mtl-monkey")
    found = regress_sweeps(corruptions, readouts, "baseline", sweeps)
    points = found["points"]
    assert list(points["network"]) == ["r1"] * 3 + ["r2"] * 3
    np.testing.assert_allclose(points[FEV], [0.1, 0.2, 0.4, 0.3, 0.5, 0.2])
    pd.testing.assert_frame_equal(found["lines"], regression_line(points))
    pd.testing.assert_frame_equal(found["regressions"], regress_robustness(points))
    none = regress_sweeps(corruptions[:1], [], "baseline", {})
    assert all(table.empty for table in none.values())
