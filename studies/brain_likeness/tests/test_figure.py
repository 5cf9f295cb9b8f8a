"""The figure shows every finite point, and each network as its recipe displays it."""

import numpy as np
import pytest

from neurobust.errors import InputError
from studies.brain_likeness.correlations import correlate_points
from studies.brain_likeness.figures.robustness import draw
from studies.brain_likeness.points import MEASURES

DISPLAY = {
    f"n{number}": {"label": f"Network {number}", "colour": None, "marker": None, "line": None}
    for number in range(6)
}


@pytest.fixture
def points(make_points):
    """Six networks of which the last two are a sweep; a perturbation of one is infinite."""
    table = make_points(networks=6, seeds=2)
    table["sweep"] = table["network"].replace({"n5": "swept", "n4": "swept"})
    table.loc[0, "perturbation_l2_median"] = np.inf
    return table


def test_points_titles_and_key_are_those_of_the_tables(points, check_print):
    correlations = correlate_points(points, seed=1)
    figure = draw(points, correlations, display=DISPLAY, simulated=True)
    check_print("robustness", figure)
    assert figure.get_suptitle().endswith("simulated V1")
    for axes, measure in zip(figure.axes, MEASURES, strict=True):
        small = [line.get_ydata() for line in axes.get_lines() if line.get_markersize() < 3]
        finite = points[measure][np.isfinite(points[measure])]
        np.testing.assert_array_equal(np.concatenate(small), finite)
        row = correlations[
            (correlations["y"] == measure) & (correlations["method"] == "pearson")
        ].iloc[0]
        written = axes.get_title(loc="right").replace("−", "-")
        assert f"r = {row['r']:.2f} [{row['low']:.2f}, {row['high']:.2f}]" in written
        assert written.endswith(f"n = {row['n']}")
    (legend,) = figure.legends
    labels = [text.get_text() for text in legend.get_texts()]
    assert labels == [*(f"Network {number}" for number in range(4)), "Network 4 (2 ratios)"]


def test_a_table_without_a_measure_is_refused(points):
    with pytest.raises(InputError, match="column 'mce_percent' is missing"):
        draw(
            points.drop(columns="mce_percent"),
            correlate_points(points, seed=1),
            display=DISPLAY,
            simulated=False,
        )
