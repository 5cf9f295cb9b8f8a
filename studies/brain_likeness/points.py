"""Neural predictivity and robustness side by side: one point per seed of each network."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import xarray as xr

from neurobust.dims import NETWORK, SEED
from neurobust.errors import InputError
from neurobust.statistics.corruption_errors import seed_errors

PREDICTIVITY = "predictivity"
MEASURES = {
    "mce_percent": "Mean corruption error (%)",
    "epsilon_linf": "Smallest perturbation, L∞ (1/255)",
    "epsilon_l2": "Smallest perturbation, L2",
    "f_rev_nyquist": "Reversal frequency (Nyquist)",
}
"""What predictivity is compared with, and how axes name it."""
_LEVELS = 255


def likeness_points(
    corruptions: Mapping[str, xr.Dataset],
    predictivity: Mapping[str, xr.Dataset],
    attacks: Mapping[str, xr.Dataset],
    hybrids: Mapping[str, xr.Dataset],
    *,
    reference: str | None,
) -> pd.DataFrame:
    """Join predictivity and robustness of every seed of every network.

    Parameters
    ----------
    corruptions, predictivity, attacks, hybrids
        The evaluations of each network (`neurobust.evaluation`).
    reference
        See `neurobust.statistics.corruption_errors.corruption_errors`.

    Returns
    -------
    pd.DataFrame
        One row per network and seed: ``network``, ``label``, ``sweep`` (the network's own name if
        it is in none), ``seed``, ``layer``, ``predictivity`` (ceiled, (r / ceiling)^2) with
        ``predictivity_error`` (over splits), ``raw_predictivity`` (r), ``mce_percent``,
        ``clean_accuracy_percent``, ``epsilon_linf`` (in 1/255) and ``epsilon_l2`` (pixel range 0
        to 1), the medians of the smallest perturbations (inf if fewer than half were fooled), and
        ``f_rev_nyquist`` (NaN if no pairing reverses).

    Raises
    ------
    InputError
        As `corruption_errors`, or if a seed was evaluated in one way only.
    """
    points = seed_errors(corruptions, reference=reference)
    rows = [
        _measure(
            str(network),
            int(seed),
            predictivity[str(network)],
            attacks[str(network)],
            hybrids[str(network)],
        )
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
    """Return one row's measures, of the evaluations of one network."""
    for what, data in (
        ("predictivity", predictivity),
        ("attacks", attack),
        ("hybrids", hybrid),
    ):
        if seed not in data[SEED].to_numpy():
            raise InputError(
                data.encoding.get("source", f"{what} of network {network}"),
                f"has no seed {seed}, with which corruptions were evaluated",
                expected="all evaluations of the same networks",
                fix="delete the file and run again",
            )
    score, attacked = predictivity.sel({SEED: seed}), attack.sel({SEED: seed})
    distance = attacked["median_distance"]
    return {
        "sweep": predictivity.attrs.get("sweep", network),
        "layer": predictivity.attrs["chosen_layer"],
        PREDICTIVITY: float(score["ceiled"]),
        "predictivity_error": float(score["ceiled_error"]),
        "raw_predictivity": float(score["raw"]),
        "epsilon_linf": _LEVELS * float(distance.sel(norm="linf")),
        "epsilon_l2": float(distance.sel(norm="l2")),
        "f_rev_nyquist": float(hybrid["reversal_frequency"].sel({SEED: seed}).mean()),
    }
