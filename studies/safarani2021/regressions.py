"""Does neural prediction explain robustness? The regressions of Fig. 3C."""

import numpy as np
import pandas as pd
from statsmodels.regression.linear_model import OLS

from neurobust.errors import InputError
from studies.safarani2021.sweeps import CLEAN, NEURAL, ROBUSTNESS


def regress_robustness(points: pd.DataFrame) -> pd.DataFrame:
    """Fit robustness = a + b * clean accuracy + c * neural performance to each sweep (Fig. 3C).

    Ordinary least squares with a two-sided t-test for each term, as in the paper (footnote 2);
    robustness and clean accuracy in %, neural performance a fraction.

    Parameters
    ----------
    points
        From `studies.safarani2021.sweeps.sweep_points`.

    Returns
    -------
    pd.DataFrame
        One row per sweep and term (``intercept``, ``clean_accuracy_percent``,
        ``neural_performance``): ``coefficient`` with ``standard_error`` and 95 % confidence
        limits ``low`` and ``high``, ``t``, ``p``, and ``r_squared`` and ``observations`` of the
        whole fit.

    Raises
    ------
    InputError
        If a sweep has too few points, a factor is constant or follows from the other.
    """
    fits = [_regress(str(sweep), rows) for sweep, rows in points.groupby("sweep", sort=False)]
    return pd.concat(fits, ignore_index=True) if fits else pd.DataFrame(columns=_COLUMNS)


_COLUMNS = [
    "sweep", "term", "coefficient", "standard_error", "low", "high", "t", "p", "r_squared",
    "observations",
]  # fmt: skip


def _regress(sweep: str, points: pd.DataFrame) -> pd.DataFrame:
    _check_design(sweep, points)
    design = points[[CLEAN, NEURAL]].assign(intercept=1.0)
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
    """Fit each sweep's line from neural performance to robustness (Fig. 3C, grey line).

    Returns
    -------
    pd.DataFrame
        Two rows per sweep, the ends of the line: ``sweep``, ``neural_performance``,
        ``robustness_percent``.

    Raises
    ------
    InputError
        As in `regress_robustness`.
    """
    lines = [_line(str(sweep), rows) for sweep, rows in points.groupby("sweep", sort=False)]
    columns = ["sweep", NEURAL, ROBUSTNESS]
    return pd.concat(lines, ignore_index=True) if lines else pd.DataFrame(columns=columns)


def _line(sweep: str, points: pd.DataFrame) -> pd.DataFrame:
    _check_design(sweep, points)
    slope, intercept = np.polyfit(points[NEURAL], points[ROBUSTNESS], 1)
    ends = np.array([points[NEURAL].min(), points[NEURAL].max()])
    return pd.DataFrame({"sweep": sweep, NEURAL: ends, ROBUSTNESS: intercept + slope * ends})


def _check_design(sweep: str, points: pd.DataFrame) -> None:
    place = f"sweep {sweep}"
    if len(points) < 4:
        raise InputError(
            place,
            f"{len(points)} networks are too few for a regression with two factors",
            expected="at least 4, counting each seed of each ratio",
            fix="add ratios or seeds to the sweep",
        )
    centred = points[[CLEAN, NEURAL]] - points[[CLEAN, NEURAL]].mean()
    for factor in (CLEAN, NEURAL):
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
            f"{CLEAN!r} and {NEURAL!r} are collinear",
            expected="two factors of which neither follows from the other",
            fix="add ratios or seeds to the sweep",
        )
