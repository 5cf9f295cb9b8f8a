"""The study's correlations of Brain-Score with robustness, and what they depend on."""

from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float64
from scipy import stats
from statsmodels.regression.linear_model import OLS
from statsmodels.robust.norms import HuberT
from statsmodels.robust.robust_linear_model import RLM

from neurobust.statistics.coefficients import KENDALL, METHODS, PEARSON
from neurobust.statistics.correlation import (
    LEVEL,
    correlate,
    correlate_pair,
    permutation_p,
    read_column,
)
from studies.brainscore2020.table1 import AREAS, AVERAGE, FAMILIES, MCE, MODEL
from studies.brainscore2020.treatments import (
    FIG1,
    FIG2,
    FIG3,
    HUBER,
    LINE,
    OLS_SLOPE,
    TABLE,
    THEIL_SEN,
    TREATMENTS,
)


def correlate_published(models: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Correlate as Fig. 1 (average score), Fig. 2 (areas) and Fig. 3 (corruption families) do.

    Parameters
    ----------
    models
        From `studies.brainscore2020.table1.complete`.
    seed
        Seed of the bootstrap.

    Returns
    -------
    pd.DataFrame
        As `neurobust.statistics.correlation.correlate`, tests corrected within each ``figure``
        (``fig1``, ``fig2``, ``fig3``), with the ends of the least-squares line of y on x
        (``x_start``, ``y_start``, ``x_end``, ``y_end``).

    Raises
    ------
    InputError
        If a column cannot be correlated.
    """
    # ASSUME: the paper corrects no p; here, those that one figure shows are corrected together.
    # ASSUME: it does not state to how many digits it took the averages; here, they are recomputed
    # from the areas, as the second digit of the headline's p depends on their rounding.
    pairs = {
        FIG1: [(AVERAGE, MCE)],
        FIG2: [(area, MCE) for area in AREAS],
        FIG3: [(AVERAGE, family) for family in FAMILIES],
    }
    by_figure = {
        figure: correlate(models, shown, seed=seed, place=TABLE) for figure, shown in pairs.items()
    }
    found = pd.concat(by_figure, names=["figure"]).reset_index("figure").reset_index(drop=True)
    lines = [
        _ends(models[x], np.polyfit(models[x], models[y], 1))
        for x, y in zip(found["x"], found["y"], strict=True)
    ]
    return found.assign(**pd.DataFrame(lines))


def alternatives(models: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Compute the headline in other defensible ways, those of `TREATMENTS`.

    Parameters and errors are as in `correlate_published`.

    Returns
    -------
    pd.DataFrame
        One row per treatment, pair of columns and method: ``treatment``, ``label``, ``x``, ``y``,
        ``n``, ``method``, ``value`` with its 95 % interval ``low`` and ``high``, ``p`` and
        ``p_permutation``. Methods are correlations (``pearson``, ``spearman``, and for some
        treatments ``kendall``; bootstrap intervals) and for some treatments slopes, in % of mCE
        per unit of score (``ols`` and ``huber`` with the intervals of their fits, ``theil_sen``
        with that of the ranks), which have the ends of their line as well. ``p_permutation`` is
        Pearson's alone; the line of Theil and Sen has no p of its own but Kendall's.
    """
    rows: list[dict[str, Any]] = []
    for name, treatment in TREATMENTS.items():
        kept = models[~models[MODEL].isin(treatment.without)]
        for x, method in product((treatment.x, *treatment.areas), METHODS):
            rows.append(_describe(name, x, kept) | _correlation(kept, x, treatment.y, method, seed))
        if treatment.robust:
            described = _describe(name, treatment.x, kept)
            x, y = treatment.x, treatment.y
            rows.append(described | _correlation(kept, x, y, KENDALL, seed))
            rows += [described | slope for slope in _slopes(kept, x, y)]
    columns = ["treatment", "label", "x", "y", "n", "method", "value", "low", "high"]
    return pd.DataFrame(rows)[[*columns, "p", "p_permutation", *LINE]]


def influence(models: pd.DataFrame) -> pd.DataFrame:
    """Measure how far each model carries the headline, by least squares of mCE on the score.

    Returns
    -------
    pd.DataFrame
        One row per model: ``model``, ``average``, ``mce``, ``leverage`` (diagonal of the hat
        matrix), ``cooks_distance``, ``studentised_residual`` (from a fit without the model),
        ``r_without`` and ``p_without`` (Pearson's, without the model).

    Raises
    ------
    InputError
        As in `correlate_published`.
    """
    x, y = (read_column(models, name, TABLE) for name in (AVERAGE, MCE))
    found = OLS(y, _design(x)).fit().get_influence()
    others = [stats.pearsonr(np.delete(x, row), np.delete(y, row)) for row in range(len(x))]
    return pd.DataFrame(
        {
            MODEL: models[MODEL].to_numpy(),
            AVERAGE: x,
            MCE: y,
            "leverage": found.hat_matrix_diag,
            "cooks_distance": found.cooks_distance[0],
            "studentised_residual": found.resid_studentized_external,
            "r_without": [float(other.statistic) for other in others],
            "p_without": [float(other.pvalue) for other in others],
        }
    )


def _describe(name: str, x: str, kept: pd.DataFrame) -> dict[str, Any]:
    treatment = TREATMENTS[name]
    return {
        "treatment": name,
        "label": treatment.label,
        "x": x,
        "y": treatment.y,
        "n": len(kept),
        "p_permutation": np.nan,
        **dict.fromkeys(LINE, np.nan),
    }


def _correlation(
    kept: pd.DataFrame, x: str, y: str, method: str, seed: int
) -> dict[str, str | float]:
    found = correlate_pair(kept, x, y, method, seed=seed, place=TABLE)
    row: dict[str, str | float] = {
        "method": method,
        "value": found.r,
        "low": found.low,
        "high": found.high,
        "p": found.p,
    }
    if method == PEARSON:
        row["p_permutation"] = permutation_p(kept, x, y, method, seed=seed, place=TABLE)
    return row


def _slopes(kept: pd.DataFrame, x: str, y: str) -> Iterator[dict[str, str | float]]:
    scores, errors = (read_column(kept, name, TABLE) for name in (x, y))
    for method, fit in (
        (OLS_SLOPE, OLS(errors, _design(scores)).fit()),
        (HUBER, RLM(errors, _design(scores), M=HuberT()).fit()),
    ):
        intercept, slope = fit.params
        low, high = fit.conf_int(1 - LEVEL)[1]
        yield {
            "method": method,
            "value": float(slope),
            "low": float(low),
            "high": float(high),
            "p": float(fit.pvalues[1]),
            **_ends(scores, np.array([slope, intercept])),
        }
    ranked = stats.theilslopes(errors, scores, LEVEL)
    yield {
        "method": THEIL_SEN,
        "value": float(ranked.slope),
        "low": float(ranked.low_slope),
        "high": float(ranked.high_slope),
        "p": np.nan,
        **_ends(scores, np.array([ranked.slope, ranked.intercept])),
    }


def _design(scores: Float64[np.ndarray, " model"]) -> Float64[np.ndarray, "model 2"]:
    return np.column_stack([np.ones_like(scores), scores])


def _ends(
    scores: pd.Series | np.ndarray, slope_and_intercept: Float64[np.ndarray, " 2"]
) -> dict[str, float]:
    ends = np.array([np.min(scores), np.max(scores)])
    heights = np.polyval(slope_and_intercept, ends)
    return dict(zip(LINE, map(float, (ends[0], heights[0], ends[1], heights[1])), strict=True))
