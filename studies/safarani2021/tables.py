"""Tables 1 to 3 of the paper, and the scores by corruption."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import xarray as xr

from neurobust.dims import CORRUPTION, NETWORK
from neurobust.statistics.accuracy import CORRUPTION_GROUP
from neurobust.statistics.bootstrap import BOUND, HIGH, LOW
from neurobust.statistics.comparable import GROUP

TABLE_3 = ("baseline", "mtl-real", "mtl-monkey", "mtl-shuffled")
_Display = Mapping[str, Mapping[str, str | None]]


def tabulate(
    scores: xr.Dataset, training: Mapping[str, Mapping[str, str]], display: _Display
) -> dict[str, pd.DataFrame]:
    """Return Tables 1 to 3, which people read, and the table of scores by corruption.

    Parameters
    ----------
    scores
        From `studies.safarani2021.scores.robustness_scores`.
    training
        From `studies.safarani2021.settings.Settings.describe_training`.
    display
        By role, how tables show its network; of these, the label.

    Returns
    -------
    ``table1``, ``table2``, ``table3`` and ``corruptions``.
    """
    return {
        "table1": training_table(training, display),
        "table2": clean_accuracy_table(scores, display),
        "table3": robustness_table(scores, TABLE_3, display),
        "corruptions": corruption_table(scores),
    }


def training_table(training: Mapping[str, Mapping[str, str]], display: _Display) -> pd.DataFrame:
    """Return what each network is trained for, one a row (Table 1); parameters as `tabulate`."""
    rows = [
        {"network": role, "label": display[role]["label"], **described}
        for role, described in training.items()
    ]
    return pd.DataFrame(rows)


def clean_accuracy_table(scores: xr.Dataset, display: _Display) -> pd.DataFrame:
    """Return the clean test accuracy of each network, mean and deviation over seeds (Table 2)."""
    return pd.DataFrame(
        {
            "network": scores[NETWORK],
            "label": _labels(scores, display),
            "seeds": scores["seeds"],
            "clean_accuracy_percent": scores["clean_accuracy"],
            "clean_accuracy_std_percent": scores["clean_deviation"],
        }
    )


def robustness_table(
    scores: xr.Dataset, networks: Sequence[str], display: _Display
) -> pd.DataFrame:
    """Return the robustness score of these networks, without those not scored (Table 3)."""
    chosen = scores.sel({NETWORK: [name for name in networks if name in scores[NETWORK]]})
    return pd.DataFrame(
        {
            "network": chosen[NETWORK],
            "label": _labels(chosen, display),
            "seeds": chosen["seeds"],
            **_score_columns(chosen, "total_score"),
            "improved_corruptions": chosen["improved_corruptions"].astype(int),
        }
    )


def corruption_table(scores: xr.Dataset) -> pd.DataFrame:
    """Return the robustness score of each network for each corruption and group, one a row."""
    tables = [
        _long_table(scores, "corruption_score", CORRUPTION),
        _long_table(scores, "group_score", CORRUPTION_GROUP),
    ]
    return pd.concat(tables, ignore_index=True)


def _labels(scores: xr.Dataset, display: _Display) -> list[str | None]:
    return [display[str(role)]["label"] for role in scores[NETWORK].to_numpy()]


def _long_table(scores: xr.Dataset, name: str, dim: str) -> pd.DataFrame:
    columns = _score_columns(scores, name)
    rows = xr.Dataset({column: ((NETWORK, dim), values) for column, values in columns.items()})
    rows = rows.assign_coords({key: scores[key] for key in (NETWORK, dim)})
    frame = rows.to_dataframe().reset_index()
    frame["group"] = (
        scores[GROUP].to_series()[frame[dim]].to_numpy() if dim == CORRUPTION else frame[dim]
    )
    frame["corruption"] = frame[dim] if dim == CORRUPTION else "all of the group"
    return frame[["network", "group", "corruption", *columns]]


def _score_columns(scores: xr.Dataset, name: str) -> dict[str, np.ndarray]:
    bounds = scores[f"{name}_interval"]
    return {
        "robustness_score_percent": scores[name].to_numpy(),
        "robustness_score_low_percent": bounds.sel({BOUND: LOW}).to_numpy(),
        "robustness_score_high_percent": bounds.sel({BOUND: HIGH}).to_numpy(),
    }
