"""Robustness and neural prediction side by side: one point per seed of each network of a sweep."""

from collections.abc import Mapping

import pandas as pd
import xarray as xr

from neurobust.dims import NEUROID, SEED, require
from neurobust.errors import InputError

NEURAL = "neural_performance"
CLEAN = "clean_accuracy_percent"
ROBUSTNESS = "robustness_percent"
# ASSUME: the paper does not say whether it left out unreliable neuroids. The fraction of
# explainable variance explained diverges for them, and the lab's related analyses keep those
# whose explainable variance is above 0.15.
LEAST_EXPLAINABLE_VARIANCE = 0.15


def neural_performance(
    prediction: xr.Dataset,
    *,
    place: object,
    least_explainable_variance: float = LEAST_EXPLAINABLE_VARIANCE,
) -> xr.DataArray:
    """Mean over reliable neuroids of the fraction of explainable variance explained, per seed.

    Parameters
    ----------
    prediction
        Neural prediction of one network, with ``fev(seed, neuroid)``.
    place
        The file it came from, for the message.
    least_explainable_variance
        Neuroids with no more than this are left out.

    Raises
    ------
    InputError
        If a variable is missing, or no neuroid is reliable.
    """
    require(
        prediction,
        place,
        variables={"fev": (SEED, NEUROID), "explainable_variance": (NEUROID,)},
    )
    reliable = prediction["explainable_variance"] > least_explainable_variance
    if not reliable.any():
        raise InputError(
            place,
            f"no neuroid's 'explainable_variance' is above {least_explainable_variance}",
            expected="at least one reliable neuroid",
            fix="lower the threshold or use a recording with more repeats",
        )
    return prediction["fev"].sel({NEUROID: reliable}).mean(NEUROID, skipna=False)


def sweep_points(
    scores: pd.DataFrame,
    predictions: Mapping[str, xr.Dataset],
    *,
    least_explainable_variance: float = LEAST_EXPLAINABLE_VARIANCE,
) -> pd.DataFrame:
    """Join robustness and neural performance of every seed of every network in a sweep.

    Parameters
    ----------
    scores
        From `studies.safarani2021.scores.seed_scores`.
    predictions
        Neural prediction of each network of the sweeps.
    least_explainable_variance
        As in `neural_performance`.

    Returns
    -------
    pd.DataFrame
        The rows of ``scores`` that belong to a sweep, with ``neural_performance`` (a fraction).

    Raises
    ------
    InputError
        If a network of a sweep, or one of its seeds, has no neural prediction.
    """
    points = scores[scores["sweep"] != ""].reset_index(drop=True)
    performance = {}
    for network in points["network"].unique():
        rows = points[points["network"] == network]
        if network not in predictions:
            raise _missing(network, "no neural prediction")
        values = neural_performance(
            predictions[network],
            place=predictions[network].encoding.get("source", network),
            least_explainable_variance=least_explainable_variance,
        ).to_series()
        for index, seed in rows["seed"].items():
            if seed not in values.index:
                raise _missing(network, f"no neural prediction for seed {seed}")
            performance[index] = values[seed]
    return points.assign(**{NEURAL: pd.Series(performance, dtype=float)})


def _missing(network: object, problem: str) -> InputError:
    return InputError(
        f"network {network}",
        problem,
        expected="a neural prediction for every seed of every network in the sweep",
        fix="run the neural prediction of this network",
    )
