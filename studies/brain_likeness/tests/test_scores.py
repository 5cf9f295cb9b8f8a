"""The table of scores has a row for each benchmark, network and seed."""

import numpy as np
import xarray as xr

from studies.brain_likeness.scores import COLUMNS, tabulate_scores


def make_scores(raw, first):
    values = {raw: ("seed", [first, first + 0.1]), "ceiling": 0.8}
    values |= {name: ("seed", [first / 2, first / 4]) for name in ("ceiled", "ceiled_error")}
    return xr.Dataset(values, {"seed": [1000, 2000]}, {"chosen_layer": "V4"})


def test_benchmarks_follow_each_other_with_all_networks():
    table = tabulate_scores(
        [make_scores("raw", first) for first in (0.2, 0.3, 0.4, 0.5)],
        [make_scores("consistency", first) for first in (0.6, 0.7)],
        networks=["a", "b"],
        predicted=["v1", "it"],
        behaved=["i2n"],
    )
    assert list(table.columns) == COLUMNS
    assert list(table["benchmark"]) == ["v1"] * 4 + ["it"] * 4 + ["i2n"] * 4
    assert list(table["network"]) == ["a", "a", "b", "b"] * 3
    assert list(table["seed"]) == [1000, 2000] * 6
    np.testing.assert_allclose(table["raw"][::2], [0.2, 0.3, 0.4, 0.5, 0.6, 0.7])
    np.testing.assert_allclose(table["raw"][1::2], [0.3, 0.4, 0.5, 0.6, 0.7, 0.8])
    np.testing.assert_allclose(table["ceiled_error"][:4], [0.1, 0.05, 0.15, 0.075])
    assert set(table["layer"]) == {"V4"}


def test_without_a_benchmark_the_table_is_empty():
    table = tabulate_scores([], [], networks=["a"], predicted=[], behaved=[])
    assert table.empty
    assert list(table.columns) == COLUMNS
