"""Tables from scores, corruption errors and recipes."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import xarray as xr

from neurobust.dims import CORRUPTION, NETWORK, SEED
from neurobust.statistics.accuracy import CORRUPTION_GROUP
from neurobust.statistics.bootstrap import BOUND, HIGH, LOW
from neurobust.statistics.comparable import GROUP


def recipe_table(recipes: Mapping[str, Mapping[str, str]]) -> pd.DataFrame:
    """Tell what each network was trained for, one a row (Table 1).

    Parameters
    ----------
    recipes
        By role: label, classification, neural_prediction.
    """
    return pd.DataFrame([{"network": role, **told} for role, told in recipes.items()])


def clean_accuracy_table(scores: xr.Dataset) -> pd.DataFrame:
    """Clean test accuracy of each network, mean and standard deviation over seeds (Table 2)."""
    return pd.DataFrame(
        {
            "network": scores[NETWORK],
            "label": scores["label"],
            "seeds": scores["seeds"],
            "clean_accuracy_percent": scores["clean_accuracy"],
            "clean_accuracy_std_percent": scores["clean_deviation"],
        }
    )


def robustness_table(scores: xr.Dataset, networks: Sequence[str]) -> pd.DataFrame:
    """Robustness score of those of the given networks that were scored, in this order (Table 3)."""
    chosen = scores.sel({NETWORK: [name for name in networks if name in scores[NETWORK]]})
    return pd.DataFrame(
        {
            "network": chosen[NETWORK],
            "label": chosen["label"],
            "seeds": chosen["seeds"],
            **_score_columns(chosen, "total_score"),
            "improved_corruptions": chosen["improved_corruptions"].astype(int),
        }
    )


def detailed_table(scores: xr.Dataset) -> pd.DataFrame:
    """Robustness score of each network for each corruption and each group, one a row."""
    tables = [
        _long_table(scores, "corruption_score", CORRUPTION),
        _long_table(scores, "group_score", CORRUPTION_GROUP),
    ]
    return pd.concat(tables, ignore_index=True)


def corruption_error_table(errors: xr.Dataset) -> pd.DataFrame:
    """Mean corruption error of each network, then its error by group and by corruption, in %.

    Parameters
    ----------
    errors
        From `neurobust.statistics.corruption_errors.corruption_errors`.
    """
    bounds = errors["mean_error_interval"]
    columns = {
        "network": errors[NETWORK].to_numpy(),
        "label": errors["label"].to_numpy(),
        "mce_percent": errors["mean_error"].to_numpy(),
        "mce_low_percent": bounds.sel({BOUND: LOW}).to_numpy(),
        "mce_high_percent": bounds.sel({BOUND: HIGH}).to_numpy(),
    }
    for name, dim in (("group_error", CORRUPTION_GROUP), ("corruption_error", CORRUPTION)):
        values = errors[name].transpose(dim, NETWORK)
        columns |= {
            f"{str(label).lower()}_percent": values.sel({dim: label}).to_numpy()
            for label in errors[dim].to_numpy()
        }
    return pd.DataFrame(columns)


def brain_score_table(evaluations: Mapping[tuple[str, str], xr.Dataset], raw: str) -> pd.DataFrame:
    """Score of every benchmark, network and seed, one a row.

    Parameters
    ----------
    evaluations
        By benchmark and network: of `neurobust.evaluation`, ``predictivity`` or ``behaviour``.
    raw
        The variable that is the score before the ceiling: ``raw`` or ``consistency``.

    Returns
    -------
    ``benchmark``, ``network``, ``label``, ``seed``, ``layer``, ``raw``, ``ceiling``, ``ceiled`` and
    ``ceiled_error``.
    """
    rows = [
        {
            "benchmark": benchmark,
            "network": network,
            "label": scores.attrs["label"],
            "seed": int(seed),
            "layer": scores.attrs["chosen_layer"],
            "raw": float(scores[raw].sel({SEED: seed})),
            "ceiling": float(scores["ceiling"]),
            "ceiled": float(scores["ceiled"].sel({SEED: seed})),
            "ceiled_error": float(scores["ceiled_error"].sel({SEED: seed})),
        }
        for (benchmark, network), scores in evaluations.items()
        for seed in scores[SEED].to_numpy()
    ]
    return pd.DataFrame(rows)


def _long_table(scores: xr.Dataset, name: str, dim: str) -> pd.DataFrame:
    columns = _score_columns(scores, name)
    rows = xr.Dataset({column: ((NETWORK, dim), values) for column, values in columns.items()})
    rows = rows.assign_coords({key: scores[key] for key in (NETWORK, "label", dim)})
    frame = rows.to_dataframe().reset_index()
    frame["group"] = (
        scores[GROUP].to_series()[frame[dim]].to_numpy() if dim == CORRUPTION else frame[dim]
    )
    frame["corruption"] = frame[dim] if dim == CORRUPTION else "all of the group"
    return frame[["network", "label", "group", "corruption", *columns]]


def _score_columns(scores: xr.Dataset, name: str) -> dict[str, np.ndarray]:
    bounds = scores[f"{name}_interval"]
    return {
        "robustness_score_percent": scores[name].to_numpy(),
        "robustness_score_low_percent": bounds.sel({BOUND: LOW}).to_numpy(),
        "robustness_score_high_percent": bounds.sel({BOUND: HIGH}).to_numpy(),
    }
