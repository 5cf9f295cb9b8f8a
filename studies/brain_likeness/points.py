"""Neural predictivity and robustness side by side: one point per seed of each network."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import xarray as xr

from neurobust.dims import NETWORK, SEED
from neurobust.errors import InputError
from neurobust.statistics.corruption_errors import seed_errors

PREDICTIVITY = "predictivity"
MCE = "mce_percent"
PERTURBATION_LINF = "perturbation_linf_median"
PERTURBATION_L2 = "perturbation_l2_median"
REVERSAL = "f_rev_nyquist"
MEASURES = [MCE, PERTURBATION_LINF, PERTURBATION_L2, REVERSAL]
"""The measures of robustness that predictivity is compared with."""
_LEVELS = 255


def join_points(
    corruptions: Sequence[xr.Dataset],
    predictivity: Sequence[xr.Dataset],
    attacks: Sequence[xr.Dataset],
    hybrids: Sequence[xr.Dataset],
    *,
    networks: Sequence[str],
    reference: str | None,
) -> pd.DataFrame:
    """Join predictivity and robustness of every seed of every network.

    Parameters
    ----------
    corruptions, predictivity, attacks, hybrids
        Evaluations of each network, in the order of ``networks`` (`neurobust.evaluation`).
    networks
        Names of the networks.
    reference
        See `neurobust.statistics.corruption_errors.corruption_errors`.

    Returns
    -------
    pd.DataFrame
        One row per network and seed: ``network``, ``seed``, ``mce_percent``,
        ``clean_accuracy_percent``, ``sweep`` (the network's own name if it is in none), ``layer``,
        ``predictivity`` (ceiled, (r / ceiling)^2) with ``predictivity_error`` (over splits),
        ``raw_predictivity`` (r), the medians over images of the smallest perturbations,
        ``perturbation_linf_median`` in 1/255 and ``perturbation_l2_median`` for pixels from 0 to 1
        (inf if fewer than half of the images were fooled), and ``f_rev_nyquist`` (NaN if no pairing
        reverses).

    Raises
    ------
    InputError
        As `corruption_errors`, or if a seed was evaluated in one way only.
    """
    points = seed_errors(dict(zip(networks, corruptions, strict=True)), reference=reference)
    others = dict(
        zip(networks, zip(predictivity, attacks, hybrids, strict=True), strict=True),
    )
    rows = [
        _measure(str(network), int(seed), *others[str(network)])
        for network, seed in zip(points[NETWORK], points[SEED], strict=True)
    ]
    return points.join(pd.DataFrame(rows))


def network_means(points: pd.DataFrame) -> pd.DataFrame:
    """Average predictivity and measures over the seeds of each network (the index).

    NaN where one of the seeds is not finite: the others alone would be another quantity.
    """
    measures = [PREDICTIVITY, *MEASURES]
    return points.groupby(NETWORK, sort=False)[measures].agg(_mean_if_finite)


def _mean_if_finite(values: pd.Series) -> float:
    return float(values.mean()) if np.isfinite(values).all() else np.nan


def _measure(
    network: str, seed: int, predictivity: xr.Dataset, attack: xr.Dataset, hybrid: xr.Dataset
) -> dict[str, object]:
    """Return the measures of one seed of a network, from the network's evaluations."""
    for kind, data in (
        ("predictivity", predictivity),
        ("attacks", attack),
        ("hybrids", hybrid),
    ):
        if seed not in data[SEED].to_numpy():
            raise InputError(
                data.encoding.get("source", f"{kind} of network {network}"),
                f"has no seed {seed}, with which corruptions were evaluated",
                expected="all evaluations of the same networks",
                fix="delete the file and run again",
            )
    score = predictivity.sel({SEED: seed})
    distance = attack["median_distance"].sel({SEED: seed})
    return {
        "sweep": predictivity.attrs.get("sweep", network),
        "layer": predictivity.attrs["chosen_layer"],
        PREDICTIVITY: float(score["ceiled"]),
        "predictivity_error": float(score["ceiled_error"]),
        "raw_predictivity": float(score["raw"]),
        PERTURBATION_LINF: _LEVELS * float(distance.sel(norm="linf")),
        PERTURBATION_L2: float(distance.sel(norm="l2")),
        REVERSAL: float(hybrid["reversal_frequency"].sel({SEED: seed}).mean()),
    }
