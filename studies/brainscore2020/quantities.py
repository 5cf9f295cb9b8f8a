"""Every number of the study that a claim may speak of, by name."""

from collections.abc import Iterator

import pandas as pd

from neurobust.statistics.coefficients import METHODS
from neurobust.statistics.correlation import compare_correlations
from studies.brainscore2020.table1 import AVERAGE, CORRUPTIONS, FAMILIES, MCE
from studies.brainscore2020.treatments import TABLE

_STUDY = "brainscore2020"


def name_quantities(
    models: pd.DataFrame, correlations: pd.DataFrame, others: pd.DataFrame, seed: int
) -> pd.DataFrame:
    """Name every number that a claim may speak of.

    Parameters
    ----------
    models, correlations, others
        From `studies.brainscore2020.table1.complete`, and from `correlate_published` and
        `alternatives` of `studies.brainscore2020.correlations`.
    seed
        Seed of the bootstrap of differences.

    Returns
    -------
    pd.DataFrame
        ``quantity``, ``value``, ``low``, ``high``; without an interval, the limits are the value.
        ``correlation.METHOD[x,y]``, ``correlation.METHOD_p``, ``..._p_holm`` and ``..._p_fdr``;
        ``correlation.pearson_difference[average,FAMILY,mce]``, how far a family's r lies from
        mCE's; ``alternative.METHOD[treatment,x,y]`` and ``alternative.METHOD_p``;
        ``study.models[brainscore2020]`` and ``study.corruptions[brainscore2020]``.
    """
    rows = [*_counts(models), *_correlation_quantities(correlations)]
    for family in FAMILIES:
        found = compare_correlations(models, AVERAGE, family, MCE, seed=seed, place=TABLE)
        key = f"correlation.pearson_difference[{AVERAGE},{family},{MCE}]"
        rows.append((key, found.value, found.low, found.high))
    for row in others[others["method"].isin(METHODS)].to_dict("records"):
        key = f"[{row['treatment']},{row['x']},{row['y']}]"
        family = f"alternative.{row['method']}"
        rows.append((family + key, row["value"], row["low"], row["high"]))
        rows.append((f"{family}_p{key}", *3 * (row["p"],)))
    return pd.DataFrame(rows, columns=["quantity", "value", "low", "high"])


def _counts(models: pd.DataFrame) -> Iterator[tuple[str, float, float, float]]:
    yield (f"study.models[{_STUDY}]", *3 * (float(len(models)),))
    yield (f"study.corruptions[{_STUDY}]", *3 * (float(len(CORRUPTIONS)),))


def _correlation_quantities(
    correlations: pd.DataFrame,
) -> Iterator[tuple[str, float, float, float]]:
    for row in correlations.to_dict("records"):
        key = f"[{row['x']},{row['y']}]"
        family = f"correlation.{row['method']}"
        yield (family + key, row["r"], row["low"], row["high"])
        for p in ("p", "p_holm", "p_fdr"):
            yield (f"{family}_{p}{key}", *3 * (row[p],))
