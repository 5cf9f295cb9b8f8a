"""Robustness against preferred frequency, over the networks of a comparison."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
import xarray as xr

from neurobust.dims import NETWORK
from neurobust.statistics.bootstrap import BOUND, BOUNDS
from neurobust.statistics.coefficients import KENDALL, METHODS
from neurobust.statistics.correlation import FEWEST_ROWS, correct_tests, correlate_pair
from studies.li2023.measures import (
    CLEAN_ACCURACY,
    CORRUPTION_ACCURACY,
    HALF_POWER_FREQUENCY,
    MEASURES,
    NORM,
    PERTURBATION,
    REVERSAL_FREQUENCY,
    name_with_norm,
)

PAIRS = [
    (HALF_POWER_FREQUENCY, PERTURBATION),  # Fig. 4c
    (REVERSAL_FREQUENCY, CORRUPTION_ACCURACY),  # Fig. 5b
    (REVERSAL_FREQUENCY, PERTURBATION),
    (HALF_POWER_FREQUENCY, CORRUPTION_ACCURACY),
]
"""Abscissa and ordinate."""
# The bootstrap of a correlation has a stream of its own, named by the columns. This name is the
# paper's symbol; another would draw other resamples, and change the intervals of earlier results.
_STREAM_NAMES = {PERTURBATION: "epsilon"}


class Row(NamedTuple):
    """One correlation, as `neurobust.statistics.correlation.correlate` describes it."""

    comparison: str
    x: str
    y: str
    method: str
    n: int
    r: float = np.nan
    low: float = np.nan
    high: float = np.nan
    p: float = np.nan
    interval: str = ""
    resamples: int = 0


def network_points(
    networks: xr.Dataset, groups: Mapping[str, str], *, norm: str, series: Sequence[str] = ()
) -> pd.DataFrame:
    """Return the measures of the networks of a comparison, one row each.

    Parameters
    ----------
    networks
        Measures of all networks, from `studies.li2023.networks.tabulate_networks`.
    groups
        What makes each network robust, the baseline's first.
    norm
        Norm of the perturbations.
    series
        The networks that differ only in their blur.

    Returns
    -------
    pd.DataFrame
        ``network``, ``group``, ``in_series``, ``sigma_px`` (0 without a blur), ``clean_accuracy``
        and each of `studies.li2023.measures.MEASURES` as NAME, ``NAME_low`` and ``NAME_high``,
        where NAME is that of `studies.li2023.measures.name_with_norm`.
    """
    chosen = networks.sel({NETWORK: list(groups), NORM: norm})
    table = pd.DataFrame(
        {
            "network": list(groups),
            "group": list(groups.values()),
            "in_series": [name in series for name in groups],
            "sigma_px": np.nan_to_num(chosen["sigma_px"].to_numpy()),
        }
    )
    for measure in (CLEAN_ACCURACY, *MEASURES):
        name = name_with_norm(measure, norm)
        table[name] = chosen[measure].to_numpy()
        for bound in BOUNDS:
            table[f"{name}_{bound}"] = chosen[f"{measure}_interval"].sel({BOUND: bound}).to_numpy()
    return table


def correlate_measures(
    points: pd.DataFrame, comparison: str, *, norm: str, seed: int
) -> pd.DataFrame:
    """Correlate robustness with preferred frequency over networks, the blur series among them.

    A network without a finite value of a measure is left out of its correlations; ``n`` counts the
    others.

    Parameters
    ----------
    points
        Measures of the comparison's networks, from `network_points`.
    comparison
        Name of the comparison. Its tests are corrected together, for each method.
    norm
        Norm of the perturbations.
    seed
        Seed of the bootstrap over networks.

    Returns
    -------
    pd.DataFrame
        ``comparison`` and the columns of `neurobust.statistics.correlation.correlate`, with rows
        for Kendall's tau as well. A pair that fewer than four networks have, or that does not vary,
        has NaN throughout.
    """
    # ASSUME: each member of the blur series counts as a network of its own; the paper reports no
    # coefficient, and so does not define over which networks.
    rows = []
    for pair in PAIRS:
        columns = {name_with_norm(name, norm): _STREAM_NAMES.get(name, name) for name in pair}
        x, y = columns
        known = points.loc[np.isfinite(points[x]) & np.isfinite(points[y])]
        varies = min(known[x].nunique(), known[y].nunique()) > 1
        defined = len(known) >= FEWEST_ROWS and varies
        for method in (*METHODS, KENDALL):
            row = Row(comparison, x, y, method, len(known))
            if defined:
                found = correlate_pair(
                    known.rename(columns=columns),
                    columns[x],
                    columns[y],
                    method,
                    seed=seed,
                    place=f"networks of li2023.{comparison}",
                )
                row = row._replace(**found._asdict())
            rows.append(row)
    return correct_tests(pd.DataFrame(rows, columns=Row._fields))
