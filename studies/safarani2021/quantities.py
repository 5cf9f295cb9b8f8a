"""Every number of the main study that a claim may speak about, under one flat set of keys."""

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
from studies.safarani2021.sweeps import CLEAN, NEURAL

_NORMAL_QUANTILE = 1.96  # half the width of a 95 % interval, in standard errors


class Quantity(NamedTuple):
    """A number and its interval; without one, both limits are the number itself."""

    value: float
    low: float
    high: float


def collect_quantities(scores: xr.Dataset, regressions: pd.DataFrame) -> pd.DataFrame:
    """Name every computed number, such as ``robustness.group[mtl-monkey,Noise]``.

    Parameters
    ----------
    scores
        From `studies.safarani2021.scores.robustness_scores`.
    regressions
        From `studies.safarani2021.regressions.regress_robustness`; empty if no sweep was run.

    Returns
    -------
    pd.DataFrame
        ``quantity``, ``value``, ``low``, ``high``. A quantity is a family, in brackets the
        network, or the sweep of a regression, and what else tells the number apart: accuracies and
        scores in %, differences in points of %, regression coefficients in points of % per unit (of
        FEV, or per % of clean accuracy).
    """
    found = (
        _from_scores(scores, "clean.accuracy", "clean_accuracy")
        | _from_scores(scores, "robustness.total", "total_score")
        | _from_scores(scores, "robustness.improved", "improved_corruptions")
        | _from_scores(scores, "robustness.difference", "total_difference", OTHER_NETWORK)
        | _from_scores(scores, "robustness.group", "group_score", CORRUPTION_GROUP)
        | _from_scores(scores, "robustness.corruption", "corruption_score", CORRUPTION)
        | _from_regressions(regressions)
    )
    return pd.DataFrame([{"quantity": key, **number._asdict()} for key, number in found.items()])


def _from_scores(scores: xr.Dataset, family: str, name: str, *dims: str) -> dict[str, Quantity]:
    names = (NETWORK, *dims)
    values = scores[name].transpose(*names)
    bounds = scores[f"{name}_interval"].transpose(*names, BOUND).to_numpy()
    return {
        _key(family, *(scores[dim].to_numpy()[i] for dim, i in zip(names, place, strict=True))): (
            Quantity(float(value), *map(float, bounds[place]))
        )
        for place, value in np.ndenumerate(values.to_numpy())
    }


def _from_regressions(regressions: pd.DataFrame) -> dict[str, Quantity]:
    quantities = {}
    for name, term in (("neural", NEURAL), ("clean", CLEAN)):
        rows = {row["sweep"]: row for row in _rows(regressions, term)}
        for sweep, row in rows.items():
            quantities[_key(f"regression.{name}", sweep)] = Quantity(
                row["coefficient"], row["low"], row["high"]
            )
            quantities[_key(f"regression.{name}_p", sweep)] = Quantity(*3 * (row["p"],))
            quantities[_key("regression.r_squared", sweep)] = Quantity(*3 * (row["r_squared"],))
        if name == "neural":
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
        key = _key("regression.neural_difference", one, other)
        quantities[key] = Quantity(difference, difference - width, difference + width)
    return quantities


def _rows(regressions: pd.DataFrame, term: str) -> list[dict[Hashable, Any]]:
    return regressions[regressions["term"] == term].to_dict("records")


def _key(family: str, *names: object) -> str:
    return f"{family}[{','.join(map(str, names))}]"
