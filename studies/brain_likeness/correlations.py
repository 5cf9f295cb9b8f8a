"""Is a network the more robust the better it predicts V1? Correlations over networks."""

import pandas as pd

from neurobust.statistics.coefficients import METHODS
from neurobust.statistics.correlation import FEWEST_ROWS, correct_tests, correlate
from studies.brain_likeness.points import MEASURES, PREDICTIVITY, network_means

FAMILY = "brain-likeness"


def correlate_likeness(points: pd.DataFrame, *, seed: int) -> pd.DataFrame:
    """Correlate predictivity with each measure over networks, each the mean of its seeds.

    Seeds of one network are no independent observations, so that networks count, not seeds. A
    network whose measure is not finite in some seed is left out for this measure: ``n`` tells.

    Parameters
    ----------
    points
        From `studies.brain_likeness.points.likeness_points`.
    seed
        Of the bootstrap over networks.

    Returns
    -------
    pd.DataFrame
        As `neurobust.statistics.correlation.correlate` returns it, tests corrected for the number of
        measures. A measure that fewer than four networks have, or that does not vary, has NaN
        throughout.
    """
    means = network_means(points)
    found = []
    for measure in MEASURES:
        known = means[[PREDICTIVITY, measure]].dropna()
        pair = {FAMILY: [(PREDICTIVITY, measure)]}
        if len(known) >= FEWEST_ROWS and known.nunique().min() > 1:
            found.append(correlate(known, pair, seed=seed, place="points of brain-likeness"))
        else:
            empty = {"family": FAMILY, "x": PREDICTIVITY, "y": measure, "n": len(known)}
            found.append(pd.DataFrame([empty | {"method": method} for method in METHODS]))
    return correct_tests(pd.concat(found, ignore_index=True))
