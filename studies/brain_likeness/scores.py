"""The scores of networks on all benchmarks, as a table."""

from collections.abc import Sequence
from itertools import product

import pandas as pd
import xarray as xr

from neurobust.dims import SEED

COLUMNS = ["benchmark", "network", "seed", "layer", "raw", "ceiling", "ceiled", "ceiled_error"]


def tabulate_scores(
    predictivity: Sequence[xr.Dataset],
    behaviour: Sequence[xr.Dataset],
    *,
    networks: Sequence[str],
    predicted: Sequence[str],
    behaved: Sequence[str],
) -> pd.DataFrame:
    """Tabulate the score of every benchmark, network and seed, one a row.

    Parameters
    ----------
    predictivity, behaviour
        Evaluations (`neurobust.evaluation`) of all networks on each benchmark: those on the first
        benchmark, in the order of ``networks``, then those on the next.
    networks
        Names of the networks.
    predicted, behaved
        Names of the benchmarks of predictivity and of behaviour.

    Returns
    -------
    pd.DataFrame
        ``benchmark``, ``network``, ``seed``, ``layer``, ``raw`` (before the ceiling: for behaviour,
        the consistency), ``ceiling``, ``ceiled`` and ``ceiled_error``.
    """
    rows = []
    for raw, benchmarks, evaluations in (
        ("raw", predicted, predictivity),
        ("consistency", behaved, behaviour),
    ):
        for (benchmark, network), scores in zip(
            product(benchmarks, networks), evaluations, strict=True
        ):
            rows += [
                {
                    "benchmark": benchmark,
                    "network": network,
                    "seed": int(seed),
                    "layer": scores.attrs["chosen_layer"],
                    "raw": float(scores[raw].sel({SEED: seed})),
                    "ceiling": float(scores["ceiling"]),
                    "ceiled": float(scores["ceiled"].sel({SEED: seed})),
                    "ceiled_error": float(scores["ceiled_error"].sel({SEED: seed})),
                }
                for seed in scores[SEED].to_numpy()
            ]
    return pd.DataFrame(rows, columns=COLUMNS)
