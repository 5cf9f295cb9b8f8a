"""Does neural prediction explain robustness? The regressions of Fig. 3C."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import xarray as xr
from statsmodels.regression.linear_model import OLS

from neurobust.errors import InputError
from studies.safarani2021.scores import seed_scores
from studies.safarani2021.sweeps import CLEAN, FEV, ROBUSTNESS, sweep_points


def regress_sweeps(
    corruptions: Sequence[xr.Dataset],
    readouts: Sequence[xr.Dataset],
    baseline: str,
    sweeps: Mapping[str, str],
) -> dict[str, pd.DataFrame]:
    """Return the points of Fig. 3C, the lines through them and the regressions.

    Parameters
    ----------
    corruptions
        The evaluation on corrupted images of Baseline, then of each network of the sweeps.
    readouts
        The evaluation of the readout of each network of the sweeps.
    baseline
        The name of Baseline's network.
    sweeps
        The sweep of each network, in the order of the evaluations; may be empty.

    Returns
    -------
    ``points`` (`sweep_points`), ``lines`` (`regression_line`) and ``regressions``
    (`regress_robustness`).

    Raises
    ------
    InputError
        As these functions.
    """
    evaluations = dict(zip([baseline, *sweeps], corruptions, strict=True))
    scores = seed_scores(evaluations, baseline=baseline, sweeps=sweeps)
    points = sweep_points(scores, dict(zip(sweeps, readouts, strict=True)))
    return {
        "points": points,
        "lines": regression_line(points),
        "regressions": regress_robustness(points),
    }


def regress_robustness(points: pd.DataFrame) -> pd.DataFrame:
    """Return the fit robustness = a + b * clean accuracy + c * FEV to each sweep (Fig. 3C).

    Ordinary least squares with a two-sided t-test for each term, as in the paper (footnote 2);
    robustness and clean accuracy in %, FEV a fraction.

    Parameters
    ----------
    points
        From `studies.safarani2021.sweeps.sweep_points`.

    Returns
    -------
    pd.DataFrame
        One row per sweep and term (``intercept``, ``clean_accuracy_percent``,
        ``fev``): ``coefficient`` with ``standard_error`` and 95 % confidence limits ``low`` and
        ``high``, ``t``, ``p``, and ``r_squared`` and ``observations`` of the whole fit.

    Raises
    ------
    InputError
        If a sweep has too few points, a factor is constant, or one follows from the other.
    """
    fits = [_regress(str(sweep), rows) for sweep, rows in points.groupby("sweep", sort=False)]
    return pd.concat(fits, ignore_index=True) if fits else pd.DataFrame(columns=_COLUMNS)


_COLUMNS = [
    "sweep", "term", "coefficient", "standard_error", "low", "high", "t", "p", "r_squared",
    "observations",
]  # fmt: skip


def _regress(sweep: str, points: pd.DataFrame) -> pd.DataFrame:
    _check_design(sweep, points)
    design = points[[CLEAN, FEV]].assign(intercept=1.0)
    fit = OLS(points[ROBUSTNESS], design).fit()
    limits = fit.conf_int(0.05)
    return pd.DataFrame(
        {
            "sweep": sweep,
            "term": design.columns,
            "coefficient": fit.params.to_numpy(),
            "standard_error": fit.bse.to_numpy(),
            "low": limits[0].to_numpy(),
            "high": limits[1].to_numpy(),
            "t": fit.tvalues.to_numpy(),
            "p": fit.pvalues.to_numpy(),
            "r_squared": fit.rsquared,
            "observations": len(points),
        }
    )


def regression_line(points: pd.DataFrame) -> pd.DataFrame:
    """Return the regression line of robustness on FEV for each sweep (Fig. 3C, grey lines).

    Returns
    -------
    pd.DataFrame
        Two rows per sweep, the ends of the line: ``sweep``, ``fev``,
        ``robustness_score_percent``.

    Raises
    ------
    InputError
        As in `regress_robustness`.
    """
    lines = [_line(str(sweep), rows) for sweep, rows in points.groupby("sweep", sort=False)]
    columns = ["sweep", FEV, ROBUSTNESS]
    return pd.concat(lines, ignore_index=True) if lines else pd.DataFrame(columns=columns)


def _line(sweep: str, points: pd.DataFrame) -> pd.DataFrame:
    _check_design(sweep, points)
    slope, intercept = np.polyfit(points[FEV], points[ROBUSTNESS], 1)
    ends = np.array([points[FEV].min(), points[FEV].max()])
    return pd.DataFrame({"sweep": sweep, FEV: ends, ROBUSTNESS: intercept + slope * ends})


def _check_design(sweep: str, points: pd.DataFrame) -> None:
    place = f"sweep {sweep}"
    if len(points) < 4:
        raise InputError(
            place,
            f"{len(points)} networks are too few for a regression with two factors",
            expected="at least 4, counting each seed of each ratio",
            fix="add ratios or seeds to the sweep",
        )
    centred = points[[CLEAN, FEV]] - points[[CLEAN, FEV]].mean()
    for factor in (CLEAN, FEV):
        if not np.isfinite(points[factor]).all() or np.ptp(points[factor]) <= 1e-12:
            raise InputError(
                place,
                f"{factor!r} is constant or not finite",
                expected="a factor that varies between the networks of the sweep",
                fix="train for longer, evaluate on more images, or widen the sweep",
            )
    if np.linalg.matrix_rank(centred.to_numpy() / centred.std().to_numpy(), tol=1e-6) < 2:
        raise InputError(
            place,
            f"{CLEAN!r} and {FEV!r} are collinear",
            expected="two factors of which neither follows from the other",
            fix="add ratios or seeds to the sweep",
        )
