"""Tables of the comparisons of the low-frequency study: points, correlations, and best blur."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import pandas as pd
import xarray as xr

from studies.li2023.blur_series import Optimum, add_best_shares, find_optimum, order_series
from studies.li2023.correlations import correlate_measures, network_points


class Comparisons(NamedTuple):
    """What `compare_networks` returns, rows of all comparisons; ``optima`` has one each at most."""

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
        From `studies.li2023.networks`: `draw_measures` and `tabulate_networks`.
    comparisons
        By name: ``families``, what makes each network robust, the baseline's first; ``series``,
        the networks that differ in their blur alone.
    norm
        Of the perturbations.
    seed
        Of the bootstrap over networks.

    Returns
    -------
    The points of all networks with a column ``comparison``; their correlations, whose ``family`` is
    the comparison; the points of the blur series with their ``best_share``; and its optimum. Those
    are of comparisons with a series alone.
    """
    points, correlations, series, optima = [], [], [], []
    for name, parts in comparisons.items():
        found = network_points(networks, parts["families"], norm=norm, series=parts["series"])
        found.insert(0, "comparison", name)
        points.append(found)
        correlations.append(correlate_measures(found, name, seed=seed))
        blurred = order_series(found)
        if parts["series"]:
            series.append(add_best_shares(blurred, draws))
            optima.append(find_optimum(blurred, draws, name))
    columns = [*points[0].columns, "best_share"]
    return Comparisons(
        pd.concat(points, ignore_index=True),
        pd.concat(correlations, ignore_index=True),
        pd.concat(series, ignore_index=True) if series else pd.DataFrame(columns=columns),
        optima,
    )
