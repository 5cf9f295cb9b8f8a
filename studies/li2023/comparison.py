"""The study's numbers, from evaluations of its networks to tables and quantities of claims."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd
import xarray as xr

from studies.li2023.blur_series import Optimum, add_best_shares, find_optimum, order_series
from studies.li2023.correlations import correlate_measures, network_points
from studies.li2023.differences import pair_differences
from studies.li2023.networks import draw_measures, mean_spectra, tabulate_networks
from studies.li2023.quantities import collect_quantities


def compare(
    corruptions: Sequence[xr.Dataset],
    attacks: Sequence[xr.Dataset],
    hybrids: Sequence[xr.Dataset],
    *,
    networks: Sequence[str],
    pairs: Mapping[str, Mapping[str, Any]],
    comparisons: Mapping[str, Mapping[str, Any]],
    norm: str,
    bootstrap: int,
    bootstrap_seed: int,
) -> dict[str, xr.Dataset | xr.DataTree | pd.DataFrame]:
    """Measure robustness and preferred frequency of every network, and compare networks.

    Parameters
    ----------
    corruptions, attacks, hybrids
        Evaluations of each network, in the order of ``networks`` (`neurobust.evaluation`).
    networks
        Names of the networks.
    pairs
        The ``baseline``, ``regularised`` and ``controls`` of each pair, names of networks.
    comparisons
        The ``groups`` and ``series`` of each comparison, see `compare_networks`.
    norm
        Norm of the perturbations in comparisons.
    bootstrap
        Repetitions of the bootstrap over seeds and images.
    bootstrap_seed
        Seed of all bootstraps.

    Returns
    -------
    dict
        ``networks`` (`studies.li2023.networks.tabulate_networks`), ``spectra``
        (`studies.li2023.networks.mean_spectra`), ``differences``
        (`studies.li2023.differences.pair_differences`), ``points``, ``correlations``,
        ``blur_series`` and ``optima`` (`Comparisons`), and ``quantities``
        (`studies.li2023.quantities.collect_quantities`).
    """
    evaluations = {
        kind: dict(zip(networks, data, strict=True))
        for kind, data in (("corruptions", corruptions), ("attacks", attacks), ("hybrids", hybrids))
    }
    draws = draw_measures(**evaluations, repetitions=bootstrap, seed=bootstrap_seed)
    measured = tabulate_networks(draws, **evaluations)
    compared = compare_networks(draws, measured, comparisons, norm=norm, seed=bootstrap_seed)
    differences = pair_differences(draws, pairs)
    quantities = collect_quantities(
        draws,
        differences,
        compared.correlations,
        compared.optima,
        pairs=pairs,
        comparisons={name: parts["groups"] for name, parts in comparisons.items()},
        norm=norm,
    )
    return {
        "networks": measured,
        "spectra": mean_spectra(evaluations["attacks"]),
        "differences": differences,
        "points": compared.points,
        "correlations": compared.correlations,
        "blur_series": compared.blur_series,
        "optima": pd.DataFrame(compared.optima, columns=Optimum._fields),
        "quantities": quantities,
    }


class Comparisons(NamedTuple):
    """Rows of all comparisons; those without a blur series have none in the last two.

    ``points`` are the networks' measures, ``correlations`` those of these measures, ``blur_series``
    the points of the blur series with their ``best_share``, and ``optima`` the best blurs.
    """

    points: pd.DataFrame
    correlations: pd.DataFrame
    blur_series: pd.DataFrame
    optima: list[Optimum]


def compare_networks(
    draws: xr.Dataset,
    networks: xr.Dataset,
    comparisons: Mapping[str, Mapping[str, Any]],
    *,
    norm: str,
    seed: int,
) -> Comparisons:
    """Compare robustness and preferred frequency over the networks of each comparison.

    Parameters
    ----------
    draws, networks
        Measures from `studies.li2023.networks`: `draw_measures` and `tabulate_networks`.
    comparisons
        For each comparison ``groups``, what makes each network robust, the baseline's first; and
        ``series``, the networks that differ only in their blur.
    norm
        Norm of the perturbations.
    seed
        Seed of the bootstrap over networks.
    """
    points, correlations, series, optima = [], [], [], []
    for name, parts in comparisons.items():
        found = network_points(networks, parts["groups"], norm=norm, series=parts["series"])
        found.insert(0, "comparison", name)
        points.append(found)
        correlations.append(correlate_measures(found, name, norm=norm, seed=seed))
        if parts["series"]:
            blurred = order_series(found)
            series.append(add_best_shares(blurred, draws))
            optima.append(find_optimum(blurred, draws, name))
    columns = [*points[0].columns, "best_share"]
    return Comparisons(
        pd.concat(points, ignore_index=True),
        pd.concat(correlations, ignore_index=True),
        pd.concat(series, ignore_index=True) if series else pd.DataFrame(columns=columns),
        optima,
    )
