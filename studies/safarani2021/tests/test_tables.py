"""Tables hold the scores they are made from."""

import numpy as np

from studies.safarani2021.scores import robustness_scores
from studies.safarani2021.tables import (
    clean_accuracy_table,
    corruption_table,
    robustness_table,
    tabulate,
)

DISPLAY = {
    "baseline": {"label": "Baseline"},
    "better": {"label": "Better"},
    "worse": {"label": "Worse"},
}


def score(networks):
    return robustness_scores(networks, baseline="baseline", seed=1, repetitions=20)


def test_clean_accuracy_table_has_mean_and_deviation_in_percent(known):
    table = clean_accuracy_table(score(known), DISPLAY)
    assert list(table["label"]) == ["Baseline", "Better", "Worse"]
    np.testing.assert_allclose(table["clean_accuracy_percent"], [50, 60, 40])
    np.testing.assert_allclose(table["clean_accuracy_std_percent"], 0)
    assert list(table["seeds"]) == [2, 2, 2]


def test_robustness_table_keeps_the_given_order_and_what_was_scored(random_networks):
    scores = score(random_networks)
    table = robustness_table(scores, ["worse", "baseline", "mtl-real"], DISPLAY)
    assert list(table["network"]) == ["worse", "baseline"]
    np.testing.assert_allclose(
        table["robustness_score_percent"], scores["total_score"].sel(network=list(table["network"]))
    )
    assert (table["robustness_score_low_percent"] < table["robustness_score_high_percent"]).all()
    assert table["improved_corruptions"].dtype == int


def test_corruption_table_has_a_row_for_each_corruption_and_group(random_networks):
    scores = score(random_networks)
    table = corruption_table(scores)
    assert len(table) == 3 * (6 + 4)
    for row in table.to_dict("records"):
        chosen = scores.sel(network=row["network"])
        if row["corruption"] == "all of the group":
            expected = chosen["group_score"].sel(corruption_group=row["group"])
        else:
            expected = chosen["corruption_score"].sel(corruption=row["corruption"])
            assert row["group"] == expected["group"].item()
        assert row["robustness_score_percent"] == expected.item()


def test_tables_for_people_have_labels_and_the_one_for_machines_has_none(known):
    training = {"better": {"classification": "clean photographs", "neural_prediction": ""}}
    tables = tabulate(score(known), training, DISPLAY)
    assert list(tables) == ["table1", "table2", "table3", "corruptions"]
    assert list(tables["table1"].iloc[0]) == ["better", "Better", "clean photographs", ""]
    assert list(tables["table3"]["label"]) == ["Baseline"]
    assert "label" not in tables["corruptions"]
