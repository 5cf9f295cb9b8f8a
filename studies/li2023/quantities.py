"""Every number of the low-frequency study that a claim may speak about, by the part it plays.

Networks are named by their roles (`studies.li2023.differences.name_roles`), such as
``mouse`` and ``mouse-baseline``, and comparisons by theirs, so that the paper's claims fit any
configuration that has such pairs and comparisons.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import permutations
from typing import Any

import pandas as pd
import xarray as xr

from neurobust.dims import NETWORK
from neurobust.statistics.draws import limits
from studies.li2023.blur_series import Optimum
from studies.li2023.differences import (
    BASELINE,
    extreme_difference,
    name_roles,
    shift,
)
from studies.li2023.measures import NORM

_VALUES = {
    "clean_accuracy": "frequency.clean",
    "corruption_accuracy": "frequency.corruption",
    "epsilon": "attack.epsilon",
    "epsilon_half": "attack.epsilon_half",
    "half_power_frequency": "spectrum.f_half",
    "reversal_frequency": "hybrid.f_rev",
}
_DIFFERENCES = {
    "clean_accuracy": "frequency.clean_difference",
    "corruption_accuracy": "frequency.corruption_difference",
    "category_accuracy": "category.difference",
    "category_advantage": "category.advantage",
    "epsilon": "attack.epsilon_difference",
    "epsilon_ratio": "attack.epsilon_ratio",
    "half_power_frequency": "spectrum.f_half_difference",
    "reversal_frequency": "hybrid.f_rev_difference",
}
_SHIFTS = {
    "half_power_frequency": "spectrum.f_half_shift",
    "reversal_frequency": "hybrid.f_rev_shift",
}
_SHORT = {
    "epsilon": "epsilon",
    "corruption_accuracy": "corruption",
    "half_power_frequency": "f_half",
    "reversal_frequency": "f_rev",
}
_Key = tuple[str, ...]
_Limits = tuple[float, float, float]


def collect_frequency_quantities(
    draws: xr.Dataset,
    differences: pd.DataFrame,
    correlations: pd.DataFrame,
    optima: Sequence[Optimum],
    *,
    pairs: Mapping[str, Mapping[str, Any]],
    comparisons: Mapping[str, Mapping[str, str]],
    norm: str,
) -> pd.DataFrame:
    """Name every computed number, such as ``hybrid.f_rev[mouse-baseline]``.

    Parameters
    ----------
    draws
        From `studies.li2023.networks.draw_measures`.
    differences
        From `studies.li2023.differences.pair_differences`.
    correlations
        From `studies.li2023.correlations.correlate_measures`, of all comparisons.
    optima
        From `studies.li2023.blur_series.find_optimum`, of the comparisons with a blur series.
    pairs
        By name: ``baseline``, ``regularised`` and ``controls``, names of networks.
    comparisons
        By name: the family of each network, the baseline's first.
    norm
        Of the perturbations in comparisons.

    Returns
    -------
    pd.DataFrame
        ``quantity``, ``value``, ``low``, ``high``. Accuracies in %, their differences in points of
        %, sizes of perturbations in 1/255, half-power frequencies in cycles/pixel, reversal
        frequencies in units of Nyquist.
    """
    found: dict[str, _Limits] = {}
    for source in (
        _from_roles(draws, pairs),
        _from_differences(differences),
        _from_shifts(draws, pairs),
        _from_comparisons(draws, comparisons, norm),
        _from_correlations(correlations),
        _from_optima(optima),
    ):
        for family, names, numbers in source:
            found[f"{family}[{','.join(names)}]"] = numbers
    rows = [(key, *numbers) for key, numbers in found.items()]
    return pd.DataFrame(rows, columns=["quantity", "value", "low", "high"])


def _by_norm(values: xr.DataArray) -> Iterator[tuple[_Key, xr.DataArray]]:
    if NORM not in values.dims:
        yield (), values
        return
    for norm in values[NORM].to_numpy().tolist():
        yield (norm,), values.sel({NORM: norm})


def _from_roles(
    draws: xr.Dataset, pairs: Mapping[str, Mapping[str, Any]]
) -> Iterator[tuple[str, _Key, _Limits]]:
    for pair, networks in pairs.items():
        for network, role in name_roles(pair, networks).items():
            for measure, family in _VALUES.items():
                for norm, values in _by_norm(draws[measure].sel({NETWORK: network})):
                    yield family, (role, *norm), limits(values)


def _from_differences(differences: pd.DataFrame) -> Iterator[tuple[str, _Key, _Limits]]:
    for row in differences.to_dict("records"):
        names = [row["role"], row["reference_role"], row["norm"], row["category"]]
        key = tuple(name for name in names if name)
        yield _DIFFERENCES[row["measure"]], key, (row["value"], row["low"], row["high"])


def _from_shifts(
    draws: xr.Dataset, pairs: Mapping[str, Mapping[str, Any]]
) -> Iterator[tuple[str, _Key, _Limits]]:
    """By how much more the frequency of one pair is shifted than that of another."""
    for one, other in permutations(pairs, 2):
        for measure, family in _SHIFTS.items():
            differs = shift(draws, measure, pairs[one]) - shift(draws, measure, pairs[other])
            for norm, values in _by_norm(differs):
                yield family, (one, other, *norm), limits(values)


def _from_comparisons(
    draws: xr.Dataset, comparisons: Mapping[str, Mapping[str, str]], norm: str
) -> Iterator[tuple[str, _Key, _Limits]]:
    """Tell what holds of all networks of a comparison, and of those of a family."""
    chosen = draws.sel({NORM: norm})
    for comparison, families in comparisons.items():
        baseline, *others = families
        if not others:
            continue
        for measure, largest in (
            ("epsilon", False),
            ("half_power_frequency", True),
            ("reversal_frequency", True),
            ("corruption_accuracy", False),
        ):
            found = extreme_difference(chosen[measure], baseline, others, largest=largest)
            which = "largest" if largest else "smallest"
            yield f"comparison.{which}_difference", (comparison, _SHORT[measure]), limits(found)
        yield from _contrast_families(chosen["corruption_accuracy"], comparison, families)


def _contrast_families(
    accuracy: xr.DataArray, comparison: str, families: Mapping[str, str]
) -> Iterator[tuple[str, _Key, _Limits]]:
    """Compare each family's mean accuracy with the baseline's and with that of other families."""
    baseline = next(iter(families))
    for family in dict.fromkeys(list(families.values())[1:]):
        members = [name for name, other in families.items() if other == family]
        others = [name for name, other in families.items() if other not in (family, BASELINE)]
        mean = accuracy.sel({NETWORK: members}).mean(NETWORK)
        against = mean - accuracy.sel({NETWORK: baseline})
        yield "comparison.family_gain", (comparison, family), limits(against)
        if others:
            contrast = mean - accuracy.sel({NETWORK: others}).mean(NETWORK)
            yield "comparison.family_contrast", (comparison, family), limits(contrast)


def _from_correlations(correlations: pd.DataFrame) -> Iterator[tuple[str, _Key, _Limits]]:
    for row in correlations.to_dict("records"):
        key = (row["family"], _SHORT[row["y"]], _SHORT[row["x"]])
        family = f"frequency_correlation.{row['method']}"
        yield family, key, (row["r"], row["low"], row["high"])
        for name in ("p", "p_holm"):
            yield f"{family}_{name}", key, (row[name], row[name], row[name])


def _from_optima(optima: Sequence[Optimum]) -> Iterator[tuple[str, _Key, _Limits]]:
    for found in optima:
        key = (found.comparison,)
        low, high = found.reversal_frequency_low, found.reversal_frequency_high
        yield "goldilocks.f_rev", key, (found.reversal_frequency, low, high)
        yield "goldilocks.margin", key, (found.margin, found.margin_low, found.margin_high)
