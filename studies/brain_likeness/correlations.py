"""Correlations of robustness with neural predictivity over networks."""

import pandas as pd

from neurobust.statistics.coefficients import METHODS
from neurobust.statistics.correlation import FEWEST_ROWS, correct_tests, correlate
from studies.brain_likeness.points import (
    MEASURES,
    PERTURBATION_L2,
    PERTURBATION_LINF,
    PREDICTIVITY,
    network_means,
)

# The bootstrap of a correlation has a random stream of its own, which the columns' names set. Under
# these former names it draws the resamples of earlier results, and the intervals stay as they were.
_STREAM_NAMES = {PERTURBATION_LINF: "epsilon_linf", PERTURBATION_L2: "epsilon_l2"}


def correlate_points(points: pd.DataFrame, *, seed: int) -> pd.DataFrame:
    """Correlate predictivity with each measure over networks, each the mean of its seeds.

    Seeds of one network are no independent observations, so that networks count, not seeds. A
    network whose measure is not finite in some seed is left out for this measure; ``n`` counts the
    others.

    Parameters
    ----------
    points
        From `studies.brain_likeness.points.join_points`.
    seed
        Seed of the bootstrap over networks.

    Returns
    -------
    pd.DataFrame
        As `neurobust.statistics.correlation.correlate`, tests corrected for the number of measures.
        A measure that fewer than four networks have, or that does not vary, has NaN throughout.
    """
    means = network_means(points)
    found = []
    for measure in MEASURES:
        known = means[[PREDICTIVITY, measure]].dropna()
        if len(known) >= FEWEST_ROWS and known.nunique().min() > 1:
            drawn_as = _STREAM_NAMES.get(measure, measure)
            tests = correlate(
                known.rename(columns={measure: drawn_as}),
                [(PREDICTIVITY, drawn_as)],
                seed=seed,
                place="points of brain_likeness",
            )
            found.append(tests.assign(y=measure))
        else:
            empty = {"x": PREDICTIVITY, "y": measure, "n": len(known)}
            found.append(pd.DataFrame([empty | {"method": method} for method in METHODS]))
    return correct_tests(pd.concat(found, ignore_index=True))
