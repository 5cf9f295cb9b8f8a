"""Robustness against preferred frequency, over the networks of a comparison."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
import xarray as xr

from neurobust.dims import NETWORK
from neurobust.statistics.coefficients import KENDALL, METHODS
from neurobust.statistics.correlation import FEWEST_ROWS, correct_tests, correlate_pair
from studies.li2023.measures import MEASURES, NORM

PAIRS = [
    ("half_power_frequency", "epsilon"),  # Fig. 4c
    ("reversal_frequency", "corruption_accuracy"),  # Fig. 5b
    ("reversal_frequency", "epsilon"),
    ("half_power_frequency", "corruption_accuracy"),
]
"""Abscissa and ordinate."""


class Row(NamedTuple):
    """One correlation, as `neurobust.statistics.correlation.correlate` describes it."""

    family: str
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
    networks: xr.Dataset, families: dict[str, str], *, norm: str, series: Sequence[str] = ()
) -> pd.DataFrame:
    """Return the measures of the networks of a comparison, one row each.

    Parameters
    ----------
    networks
        From `studies.li2023.networks.tabulate_networks`.
    families
        What makes each network robust, the baseline's first.
    norm
        Of the perturbations.
    series
        The networks that differ in their blur alone.

    Returns
    -------
    pd.DataFrame
        ``network``, ``label``, ``family``, ``in_series``, ``sigma_px`` (0 without a blur) and
        ``clean_accuracy`` and the measures of `MEASURES`, each with ``NAME_low`` and ``NAME_high``.
    """
    chosen = networks.sel({NETWORK: list(families), NORM: norm})
    table = pd.DataFrame(
        {
            "network": list(families),
            "label": chosen["label"].to_numpy(),
            "family": list(families.values()),
            "in_series": [name in series for name in families],
            "sigma_px": np.nan_to_num(chosen["sigma_px"].to_numpy()),
        }
    )
    for name in ("clean_accuracy", *MEASURES):
        table[name] = chosen[name].to_numpy()
        ends = chosen[f"{name}_interval"]
        for bound in ("low", "high"):
            table[f"{name}_{bound}"] = ends.sel(bound=bound).to_numpy()
    return table


def correlate_measures(points: pd.DataFrame, family: str, *, seed: int) -> pd.DataFrame:
    """Correlate robustness with preferred frequency over networks, the blur series among them.

    Networks without a finite value of a measure are left out for this measure: ``n`` tells.

    Parameters
    ----------
    points
        From `network_points`.
    family
        The comparison's name: its tests are corrected together, for each method.
    seed
        Of the bootstrap over networks.

    Returns
    -------
    pd.DataFrame
        As `neurobust.statistics.correlation.correlate`, and by Kendall's tau, too. A pair that fewer
        than four networks have, or that does not vary, has NaN throughout.
    """
    # ASSUME: the members of the blur series count as networks of their own, as they are; the paper
    # reports no coefficient and thus does not say.
    rows = []
    for x, y in PAIRS:
        known = points.loc[np.isfinite(points[x]) & np.isfinite(points[y])]
        varies = min(known[x].nunique(), known[y].nunique()) > 1
        defined = len(known) >= FEWEST_ROWS and varies
        for method in (*METHODS, KENDALL):
            row = Row(family, x, y, method, len(known))
            if defined:
                found = correlate_pair(
                    known, x, y, method, seed=seed, place=f"networks of li2023.{family}"
                )
                row = row._replace(**found._asdict())
            rows.append(row)
    return correct_tests(pd.DataFrame(rows, columns=Row._fields))
