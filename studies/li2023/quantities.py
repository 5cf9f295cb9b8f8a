"""The study's numbers that claims may be about, by the roles of the networks.

Networks are named by their roles (`studies.li2023.differences.name_roles`), such as ``mouse`` and
``mouse-baseline``, and comparisons by their keys, so that the paper's claims fit any configuration
that has such pairs and comparisons.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import permutations
from typing import Any

import pandas as pd
import xarray as xr

from neurobust.dims import NETWORK
from neurobust.statistics.draws import limits
from studies.li2023.blur_series import BASELINE, Optimum
from studies.li2023.differences import (
    DIFFERENCES,
    extreme_difference,
    name_roles,
    shift,
)
from studies.li2023.measures import (
    CLEAN_ACCURACY,
    CORRUPTION_ACCURACY,
    HALF_POWER_FREQUENCY,
    NORM,
    PERTURBATION,
    REVERSAL_FREQUENCY,
    name_with_norm,
)

_OF_NETWORKS = (
    CLEAN_ACCURACY,
    CORRUPTION_ACCURACY,
    PERTURBATION,
    "perturbation_half",
    HALF_POWER_FREQUENCY,
    REVERSAL_FREQUENCY,
)
_SHIFTED = (HALF_POWER_FREQUENCY, REVERSAL_FREQUENCY)
_EXTREMES = (
    (PERTURBATION, "smallest"),
    (HALF_POWER_FREQUENCY, "largest"),
    (REVERSAL_FREQUENCY, "largest"),
    (CORRUPTION_ACCURACY, "smallest"),
)
_Limits = tuple[float, float, float]
_Quantities = Iterator[tuple[str, _Limits]]


def collect_quantities(
    draws: xr.Dataset,
    differences: pd.DataFrame,
    correlations: pd.DataFrame,
    optima: Sequence[Optimum],
    *,
    pairs: Mapping[str, Mapping[str, Any]],
    comparisons: Mapping[str, Mapping[str, str]],
    norm: str,
) -> pd.DataFrame:
    """Return every computed number under a name such as ``reversal_frequency[mouse-baseline]``.

    Parameters
    ----------
    draws
        Measures of all networks, from `studies.li2023.networks.draw_measures`.
    differences
        Differences within pairs, from `studies.li2023.differences.pair_differences`.
    correlations
        Correlations of all comparisons, from `studies.li2023.correlations.correlate_measures`.
    optima
        Best blur of each comparison with a blur series, from
        `studies.li2023.blur_series.find_optimum`.
    pairs
        The ``baseline``, ``regularised`` and ``controls`` of each pair, names of networks.
    comparisons
        The group of each network by comparison, the baseline's first.
    norm
        Norm of the perturbations in comparisons.

    Returns
    -------
    pd.DataFrame
        ``quantity``, ``value``, ``low``, ``high``. Accuracies are in %, their differences in
        % points, sizes of perturbations in 1/255, half-power frequencies in cycles/pixel, reversal
        frequencies in units of Nyquist.
    """
    found: dict[str, _Limits] = {}
    for quantities in (
        _from_roles(draws, pairs),
        _from_differences(differences),
        _from_shifts(draws, pairs),
        _from_comparisons(draws, comparisons, norm),
        _from_correlations(correlations),
        _from_optima(optima),
    ):
        found.update(quantities)
    rows = [(quantity, *numbers) for quantity, numbers in found.items()]
    return pd.DataFrame(rows, columns=["quantity", "value", "low", "high"])


def _quantity(name: str, *about: str) -> str:
    return f"{name}[{','.join(each for each in about if each)}]"


def _of_norm(measure: str, norm: str, *about: str, suffix: str = "") -> str:
    """Name a quantity with its norm, if any: in the name if it is a size, else in the brackets."""
    if not norm:
        return _quantity(measure + suffix, *about)
    name = name_with_norm(measure, norm)
    return _quantity(name + suffix, *about, "" if name != measure else norm)


def _by_norm(values: xr.DataArray) -> Iterator[tuple[str, xr.DataArray]]:
    if NORM not in values.dims:
        yield "", values
        return
    for norm in values[NORM].to_numpy().tolist():
        yield norm, values.sel({NORM: norm})


def _from_roles(draws: xr.Dataset, pairs: Mapping[str, Mapping[str, Any]]) -> _Quantities:
    for pair, networks in pairs.items():
        for network, role in name_roles(pair, networks).items():
            for measure in _OF_NETWORKS:
                for norm, values in _by_norm(draws[measure].sel({NETWORK: network})):
                    yield _of_norm(measure, norm, role), limits(values)


def _from_differences(differences: pd.DataFrame) -> _Quantities:
    for row in differences.to_dict("records"):
        measure = str(row["measure"])
        quantity = _of_norm(
            measure,
            row["norm"],
            row["role"],
            row["reference_role"],
            row["category"],
            suffix="_difference" if measure in DIFFERENCES else "",
        )
        yield quantity, (row["value"], row["low"], row["high"])


def _from_shifts(draws: xr.Dataset, pairs: Mapping[str, Mapping[str, Any]]) -> _Quantities:
    """Yield how much more the frequency of one pair is shifted than that of another."""
    for one, other in permutations(pairs, 2):
        for measure in _SHIFTED:
            differs = shift(draws, measure, pairs[one]) - shift(draws, measure, pairs[other])
            for norm, values in _by_norm(differs):
                yield _of_norm(measure, norm, one, other, suffix="_shift"), limits(values)


def _from_comparisons(
    draws: xr.Dataset, comparisons: Mapping[str, Mapping[str, str]], norm: str
) -> _Quantities:
    """Yield what holds of all networks of a comparison, and of those of a group."""
    chosen = draws.sel({NORM: norm})
    for comparison, groups in comparisons.items():
        baseline, *others = groups
        if not others:
            continue
        for measure, which in _EXTREMES:
            found = extreme_difference(
                chosen[measure], baseline, others, largest=which == "largest"
            )
            name = name_with_norm(measure, norm)
            yield _quantity(f"comparison.{which}_difference", comparison, name), limits(found)
        yield from _contrast_groups(chosen[CORRUPTION_ACCURACY], comparison, groups)


def _contrast_groups(
    accuracy: xr.DataArray, comparison: str, groups: Mapping[str, str]
) -> _Quantities:
    """Compare each group's mean accuracy with the baseline's and with that of other groups."""
    baseline = next(iter(groups))
    for group in dict.fromkeys(list(groups.values())[1:]):
        members = [name for name, other in groups.items() if other == group]
        others = [name for name, other in groups.items() if other not in (group, BASELINE)]
        mean = accuracy.sel({NETWORK: members}).mean(NETWORK)
        gain = mean - accuracy.sel({NETWORK: baseline})
        yield _quantity("comparison.group_gain", comparison, group), limits(gain)
        if others:
            contrast = mean - accuracy.sel({NETWORK: others}).mean(NETWORK)
            yield _quantity("comparison.group_contrast", comparison, group), limits(contrast)


def _from_correlations(correlations: pd.DataFrame) -> _Quantities:
    for row in correlations.to_dict("records"):
        about = (row["comparison"], row["y"], row["x"])
        name = f"frequency_correlation.{row['method']}"
        yield _quantity(name, *about), (row["r"], row["low"], row["high"])
        for p in ("p", "p_holm"):
            yield _quantity(f"{name}_{p}", *about), (row[p], row[p], row[p])


def _from_optima(optima: Sequence[Optimum]) -> _Quantities:
    for found in optima:
        low, high = found.reversal_frequency_low, found.reversal_frequency_high
        best = (found.reversal_frequency, low, high)
        yield _quantity("goldilocks.reversal_frequency", found.comparison), best
        margin = (found.margin, found.margin_low, found.margin_high)
        yield _quantity("goldilocks.margin", found.comparison), margin
