"""Every number of the main study that a claim may be about, under one flat set of keys."""

from collections.abc import Hashable, Mapping
from itertools import permutations
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import xarray as xr

from neurobust.dims import CORRUPTION, NETWORK
from neurobust.statistics.accuracy import CORRUPTION_GROUP
from neurobust.statistics.bootstrap import BOUND
from studies.safarani2021.scores import OTHER_NETWORK
from studies.safarani2021.sweeps import CLEAN, FEV

_NORMAL_QUANTILE = 1.96  # half the width of a 95 % interval, in standard errors


class Quantity(NamedTuple):
    """A number and its interval; without one, both limits are the number itself."""

    value: float
    low: float
    high: float


def collect_quantities(scores: xr.Dataset, regressions: pd.DataFrame) -> pd.DataFrame:
    """Return every computed number by name, such as ``robustness.group[mtl-monkey,Noise]``.

    Parameters
    ----------
    scores
        From `studies.safarani2021.scores.robustness_scores`.
    regressions
        From `studies.safarani2021.regressions.regress_robustness`; empty if no sweep was run.

    Returns
    -------
    pd.DataFrame
        ``quantity``, ``value``, ``low``, ``high``. In the brackets of a quantity stands the
        network, or the sweep of a regression, and the corruption, group or other network where
        there are several numbers. Accuracies and scores are in %, differences in points of %,
        regression coefficients in points of % per unit of FEV or per % of clean accuracy.
    """
    found = (
        _from_scores(scores, "clean_accuracy", "clean_accuracy")
        | _from_scores(scores, "robustness.total", "total_score")
        | _from_scores(scores, "robustness.improved", "improved_corruptions")
        | _from_scores(scores, "robustness.difference", "total_difference", OTHER_NETWORK)
        | _from_scores(scores, "robustness.group", "group_score", CORRUPTION_GROUP)
        | _from_scores(scores, "robustness.corruption", "corruption_score", CORRUPTION)
        | _from_regressions(regressions)
    )
    return pd.DataFrame([{"quantity": key, **number._asdict()} for key, number in found.items()])


def _from_scores(scores: xr.Dataset, quantity: str, name: str, *dims: str) -> dict[str, Quantity]:
    dims = (NETWORK, *dims)
    values = scores[name].transpose(*dims).to_numpy()
    bounds = scores[f"{name}_interval"].transpose(*dims, BOUND).to_numpy()
    labels = [scores[dim].to_numpy() for dim in dims]
    return {
        _key(quantity, *(each[i] for each, i in zip(labels, index, strict=True))): (
            Quantity(float(value), *map(float, bounds[index]))
        )
        for index, value in np.ndenumerate(values)
    }


def _from_regressions(regressions: pd.DataFrame) -> dict[str, Quantity]:
    quantities = {}
    for name, term in (("fev", FEV), ("clean_accuracy", CLEAN)):
        rows = {row["sweep"]: row for row in _rows(regressions, term)}
        for sweep, row in rows.items():
            quantities[_key(f"regression.{name}", sweep)] = Quantity(
                row["coefficient"], row["low"], row["high"]
            )
            quantities[_key(f"regression.{name}_p", sweep)] = Quantity(*3 * (row["p"],))
            quantities[_key("regression.r_squared", sweep)] = Quantity(*3 * (row["r_squared"],))
        if name == "fev":
            quantities |= _differences(rows)
    return quantities


def _differences(rows: Mapping[Any, Mapping[Hashable, Any]]) -> dict[str, Quantity]:
    quantities = {}
    for one, other in permutations(rows, 2):
        difference = rows[one]["coefficient"] - rows[other]["coefficient"]
        # ASSUME: the paper compares the two coefficients by eye; here, by a normal interval, as
        # the two regressions are of different networks.
        error = np.hypot(rows[one]["standard_error"], rows[other]["standard_error"])
        width = _NORMAL_QUANTILE * float(error)
        key = _key("regression.fev_difference", one, other)
        quantities[key] = Quantity(difference, difference - width, difference + width)
    return quantities


def _rows(regressions: pd.DataFrame, term: str) -> list[dict[Hashable, Any]]:
    return regressions[regressions["term"] == term].to_dict("records")


def _key(quantity: str, *names: object) -> str:
    return f"{quantity}[{','.join(map(str, names))}]"
