"""Robustness beside neural prediction: one point per seed of each network of a sweep."""

from collections.abc import Mapping

import pandas as pd
import xarray as xr

from neurobust.dims import NEUROID, SEED, require
from neurobust.errors import InputError

FEV = "fev"
CLEAN = "clean_accuracy_percent"
ROBUSTNESS = "robustness_score_percent"
# ASSUME: the paper does not say whether it left out unreliable neuroids. The fraction of
# explainable variance explained diverges for them, and the lab's related analyses keep those
# whose explainable variance is above 0.15.
LEAST_EXPLAINABLE_VARIANCE = 0.15


def mean_fev(
    readout: xr.Dataset,
    *,
    place: object,
    least_explainable_variance: float = LEAST_EXPLAINABLE_VARIANCE,
) -> xr.DataArray:
    """Return the mean FEV of a network over reliable neuroids, ``fev(seed)``.

    FEV is the fraction of explainable variance that a prediction explains.

    Parameters
    ----------
    readout
        The evaluation of a network's readout: ``fev(seed, neuroid)`` and
        ``explainable_variance(neuroid)``.
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
        readout,
        place,
        variables={FEV: (SEED, NEUROID), "explainable_variance": (NEUROID,)},
    )
    reliable = readout["explainable_variance"] > least_explainable_variance
    if not reliable.any():
        raise InputError(
            place,
            f"no neuroid's 'explainable_variance' is above {least_explainable_variance}",
            expected="at least one reliable neuroid",
            fix="lower the threshold or use a recording with more repeats",
        )
    return readout[FEV].sel({NEUROID: reliable}).mean(NEUROID, skipna=False)


def sweep_points(
    scores: pd.DataFrame,
    readouts: Mapping[str, xr.Dataset],
    *,
    least_explainable_variance: float = LEAST_EXPLAINABLE_VARIANCE,
) -> pd.DataFrame:
    """Return robustness and mean FEV of every seed of every network in a sweep.

    Parameters
    ----------
    scores
        From `studies.safarani2021.scores.seed_scores`.
    readouts
        The evaluation of the readout of each network of the sweeps.
    least_explainable_variance
        As in `mean_fev`.

    Returns
    -------
    pd.DataFrame
        The rows of ``scores`` that belong to a sweep, with ``fev`` (a fraction).

    Raises
    ------
    InputError
        If a network of a sweep, or one of its seeds, has no evaluation of its readout.
    """
    points = scores[scores["sweep"] != ""].reset_index(drop=True)
    explained = {}
    for network in points["network"].unique():
        rows = points[points["network"] == network]
        if network not in readouts:
            raise _missing(network, "its readout was not evaluated")
        values = mean_fev(
            readouts[network],
            place=readouts[network].encoding.get("source", network),
            least_explainable_variance=least_explainable_variance,
        ).to_series()
        for index, seed in rows["seed"].items():
            if seed not in values.index:
                raise _missing(network, f"its readout was not evaluated for seed {seed}")
            explained[index] = values[seed]
    return points.assign(**{FEV: pd.Series(explained, dtype=float)})


def _missing(network: object, problem: str) -> InputError:
    return InputError(
        f"network {network}",
        problem,
        expected="evaluated readouts of every seed of every network in the sweep",
        fix="run evaluate_readout for this network",
    )
