"""Differences between networks: what neural data, or another way to robustness, changes."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd
import xarray as xr

from neurobust.dims import NETWORK
from neurobust.images.frequency_categories import CATEGORIES
from neurobust.statistics.draws import limits
from studies.li2023.blur_series import BASELINE
from studies.li2023.measures import (
    CATEGORY,
    CLEAN_ACCURACY,
    CORRUPTION_ACCURACY,
    HALF_POWER_FREQUENCY,
    NORM,
    PERTURBATION,
    REVERSAL_FREQUENCY,
)
from studies.li2023.networks import CYCLES, NYQUIST, SIZE

POINTS = "% points"
DIFFERENCES = {
    CLEAN_ACCURACY: POINTS,
    CORRUPTION_ACCURACY: POINTS,
    "category_accuracy": POINTS,
    PERTURBATION: SIZE,
    HALF_POWER_FREQUENCY: CYCLES,
    REVERSAL_FREQUENCY: NYQUIST,
}
"""Measures that are subtracted, and the unit of the difference."""
ADVANTAGE = "category_advantage"
RATIO = "perturbation_mean_ratio"


class Difference(NamedTuple):
    """One row: a network's measure minus that of its reference, with the 95 % interval.

    ``perturbation_mean_ratio`` is a ratio instead. ``category_advantage`` is the gain in accuracy
    on corruptions of a category minus the largest gain in another category.
    """

    pair: str
    network: str
    role: str
    reference: str
    reference_role: str
    measure: str
    norm: str
    category: str
    value: float
    low: float
    high: float
    unit: str


def name_roles(pair: str, networks: Mapping[str, Any]) -> dict[str, str]:
    """Return the role of each network of a pair: claims name networks by their roles.

    The regularised network's role is ``PAIR``, the others' are ``PAIR-baseline``, ``PAIR-control``,
    ``PAIR-control-2`` and so on.
    """
    controls = {
        name: f"{pair}-control" + (f"-{number}" if number > 1 else "")
        for number, name in enumerate(networks["controls"], 1)
    }
    return {
        networks["regularised"]: pair,
        networks[BASELINE]: f"{pair}-baseline",
        **controls,
    }


def pair_differences(draws: xr.Dataset, pairs: Mapping[str, Mapping[str, Any]]) -> pd.DataFrame:
    """Compare each regularised network with its baseline and controls, and these with the baseline.

    Parameters
    ----------
    draws
        Measures of all networks, from `studies.li2023.networks.draw_measures`.
    pairs
        The ``baseline``, ``regularised`` and ``controls`` of each pair, names of networks.

    Returns
    -------
    pd.DataFrame
        Rows as in `Difference`, paired over the draws of images that both networks share.
    """
    rows: list[Difference] = []
    for pair, networks in pairs.items():
        baseline, regularised = networks[BASELINE], networks["regularised"]
        roles = name_roles(pair, networks)
        compared = [(regularised, baseline)]
        for control in networks["controls"]:
            compared += [(control, baseline), (regularised, control)]
        for network, reference in compared:
            for measure, norm, category, found, unit in _subtract(draws, network, reference):
                value, low, high = limits(found)
                rows.append(
                    Difference(
                        pair=pair,
                        network=network,
                        role=roles[network],
                        reference=reference,
                        reference_role=roles[reference],
                        measure=measure,
                        norm=norm,
                        category=category,
                        value=value,
                        low=low,
                        high=high,
                        unit=unit,
                    )
                )
    return pd.DataFrame(rows, columns=Difference._fields)


def _subtract(
    draws: xr.Dataset, network: str, reference: str
) -> Iterator[tuple[str, str, str, xr.DataArray, str]]:
    """Yield each measure with its norm and category, the difference over draws, and its unit."""
    one, other = (draws.sel({NETWORK: name}) for name in (network, reference))
    for measure, unit in DIFFERENCES.items():
        difference = one[measure] - other[measure]
        if CATEGORY in difference.dims:
            for category in CATEGORIES:
                yield measure, "", category, difference.sel({CATEGORY: category}), unit
                others = [name for name in CATEGORIES if name != category]
                most = difference.sel({CATEGORY: others}).max(CATEGORY, skipna=False)
                advantage = difference.sel({CATEGORY: category}) - most
                yield ADVANTAGE, "", category, advantage, unit
        elif NORM in difference.dims:
            for norm in difference[NORM].to_numpy().tolist():
                yield measure, norm, "", difference.sel({NORM: norm}), unit
        else:
            yield measure, "", "", difference, unit
    for norm in draws[NORM].to_numpy().tolist():
        below = other[PERTURBATION].sel({NORM: norm})
        ratio = one[PERTURBATION].sel({NORM: norm}) / below.where(below > 0)
        yield RATIO, norm, "", ratio, "1"


def shift(draws: xr.Dataset, measure: str, pair: Mapping[str, Any]) -> xr.DataArray:
    """Return a measure of a pair's regularised network minus the baseline's, over draws."""
    values = draws[measure]
    return values.sel({NETWORK: pair["regularised"]}) - values.sel({NETWORK: pair[BASELINE]})


def extreme_difference(
    draws: xr.DataArray, baseline: str, networks: Sequence[str], *, largest: bool
) -> xr.DataArray:
    """Return the largest or smallest difference of any network to the baseline, over draws.

    If the largest is below zero, all are.
    """
    differences = draws.sel({NETWORK: list(networks)}) - draws.sel({NETWORK: baseline})
    if largest:
        return differences.max(NETWORK, skipna=False)
    return differences.min(NETWORK, skipna=False)
