"""Splits by group and by column."""

import numpy as np
import pandas as pd
import pytest

from neurobust.errors import InputError
from neurobust.recordings.splits import SplitRule, assign_splits


@pytest.fixture
def table():
    return pd.DataFrame(
        {
            "stimulus_id": [f"s{index:03d}" for index in range(100)],
            "movie": [f"m{index // 4:02d}" for index in range(100)],
            "part": ["train"] * 80 + ["test"] * 20,
        }
    )


def test_shares_are_of_the_groups(table):
    split, group = assign_splits(table, SplitRule(by="movie", test=0.2, validation=0.25), "s.csv")
    assert {name: (split == name).sum() for name in np.unique(split)} == {
        "test": 20,  # 5 of 25 movies
        "validation": 20,  # 5 of the 20 left
        "train": 60,
    }
    assert all(len(set(split[group == movie])) == 1 for movie in set(group))


def test_the_order_of_rows_changes_nothing(table):
    rule = SplitRule(by="movie")
    split, _ = assign_splits(table, rule, "s.csv")
    shuffled = table.sample(frac=1, random_state=0)
    again, _ = assign_splits(shuffled, rule, "s.csv")
    assert dict(zip(table["stimulus_id"], split, strict=True)) == dict(
        zip(shuffled["stimulus_id"], again, strict=True)
    )


def test_the_seed_changes_the_split(table):
    first, second = (assign_splits(table, SplitRule(seed=seed), "s.csv")[0] for seed in (1, 2))
    assert (first != second).any()


def test_a_column_without_validation_gives_it_a_share_of_train(table):
    split, _ = assign_splits(table, SplitRule(column="part"), "s.csv")
    assert (split[80:] == "test").all()
    assert (split[:80] == "validation").sum() == 16


def test_a_column_that_names_all_three_is_taken_as_it_is(table):
    table.loc[:3, "part"] = "validation"
    split, _ = assign_splits(table, SplitRule(by="movie", column="part"), "s.csv")
    assert split.tolist() == table["part"].tolist()


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        (SplitRule(by="scene"), "no column 'scene', which split.by names"),
        (SplitRule(column="fold"), "no column 'fold', which split.column names"),
        (SplitRule(column="movie"), "column 'movie' has the values m00, m01, .*25 in all"),
        (SplitRule(test=0.0), "is 0.0"),
        (SplitRule(validation=1.0), "is 1.0"),
        (SplitRule(test=0.999), "100 groups cannot give 100 to test"),
    ],
)
def test_bad_rules_are_named(table, rule, problem):
    with pytest.raises(InputError, match=problem):
        assign_splits(table, rule, "s.csv")


def test_a_column_that_divides_a_group_is_refused(table):
    table.loc[0, "part"] = "test"
    with pytest.raises(InputError, match="divides groups of 'movie': m00"):
        assign_splits(table, SplitRule(by="movie", column="part"), "s.csv")
