"""All numbers of the study, from the two published tables."""

import pandas as pd

from studies.brainscore2020.correlations import alternatives, correlate_published, influence
from studies.brainscore2020.quantities import name_quantities
from studies.brainscore2020.table1 import join_published


def analyse(scores: pd.DataFrame, errors: pd.DataFrame, *, seed: int) -> dict[str, pd.DataFrame]:
    """Compute every table of the study.

    Parameters
    ----------
    scores, errors
        The published tables, see `studies.brainscore2020.table1.join_published`.
    seed
        Seed of the bootstrap and the permutations.

    Returns
    -------
    ``models`` (Table 1), ``correlations``, ``alternatives``, ``influence`` and ``quantities``.

    Raises
    ------
    InputError
        If a published table cannot be used.
    """
    models = join_published(scores, errors)
    correlations = correlate_published(models, seed)
    others = alternatives(models, seed)
    return {
        "models": models,
        "correlations": correlations,
        "alternatives": others,
        "influence": influence(models),
        "quantities": name_quantities(models, correlations, others, seed),
    }
