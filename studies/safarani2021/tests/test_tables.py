"""Tables hold the scores they are made from."""

import numpy as np
import xarray as xr

from studies.safarani2021.scores import robustness_scores
from studies.safarani2021.tables import (
    brain_score_table,
    clean_accuracy_table,
    detailed_table,
    robustness_table,
)


def score(networks):
    return robustness_scores(networks, baseline="baseline", seed=1, repetitions=20)


def test_clean_accuracy_table_has_mean_and_deviation_in_percent(known):
    table = clean_accuracy_table(score(known))
    assert list(table["label"]) == ["Baseline", "Better", "Worse"]
    np.testing.assert_allclose(table["clean_accuracy_percent"], [50, 60, 40])
    np.testing.assert_allclose(table["clean_accuracy_std_percent"], 0)
    assert list(table["seeds"]) == [2, 2, 2]


def test_robustness_table_keeps_the_given_order_and_what_was_scored(random_networks):
    scores = score(random_networks)
    table = robustness_table(scores, ["worse", "baseline", "mtl-real"])
    assert list(table["network"]) == ["worse", "baseline"]
    np.testing.assert_allclose(
        table["robustness_score_percent"], scores["total_score"].sel(network=list(table["network"]))
    )
    assert (table["robustness_score_low_percent"] < table["robustness_score_high_percent"]).all()
    assert table["improved_corruptions"].dtype == int


def test_detailed_table_has_a_row_for_each_corruption_and_group(random_networks):
    scores = score(random_networks)
    table = detailed_table(scores)
    assert len(table) == 3 * (6 + 4)
    for row in table.to_dict("records"):
        chosen = scores.sel(network=row["network"])
        if row["corruption"] == "all of the group":
            expected = chosen["group_score"].sel(corruption_group=row["group"])
        else:
            expected = chosen["corruption_score"].sel(corruption=row["corruption"])
            assert row["group"] == expected["group"].item()
        assert row["robustness_score_percent"] == expected.item()
        assert row["label"] == chosen["label"].item()


def test_brain_scores_have_a_row_for_each_benchmark_network_and_seed():
    def scores(first):
        values = {"raw": ("seed", [first, first + 0.1]), "ceiling": 0.8}
        values |= {name: ("seed", [first / 2, first / 4]) for name in ("ceiled", "ceiled_error")}
        told = {"label": "A", "chosen_layer": "V4"}
        return xr.Dataset(values, {"seed": [1000, 2000]}, told)

    table = brain_score_table({("v1", "a"): scores(0.2), ("it", "a"): scores(0.4)}, "raw")
    assert list(table["benchmark"]) == ["v1", "v1", "it", "it"]
    assert list(table["seed"]) == [1000, 2000] * 2
    np.testing.assert_allclose(table["raw"], [0.2, 0.3, 0.4, 0.5])
    np.testing.assert_allclose(table["ceiled_error"], [0.1, 0.05, 0.2, 0.1])
    assert set(table["layer"]) == {"V4"}
    assert brain_score_table({}, "raw").empty
