"""The table of corruption errors holds what they are."""

import pandas as pd
import pytest

from studies.brain_likeness.errors import measure_errors


def test_the_table_has_the_mean_then_groups_then_corruptions(known):
    found = measure_errors(
        list(known.values()), networks=list(known), reference="baseline", repetitions=10, seed=7
    )
    assert isinstance(found["table"], pd.DataFrame)
    table = found["table"].set_index("network")
    assert list(table.index) == list(found["errors"]["network"])
    assert list(table.columns[:4]) == [
        "mce_percent",
        "mce_low_percent",
        "mce_high_percent",
        "noise_percent",
    ]
    # 50, 60 and 40 right of 100: errors of 50, 40 and 60 %.
    assert table.loc["better", "mce_percent"] == pytest.approx(80)
    assert table.loc["worse", "noise_percent"] == pytest.approx(120)
    assert table.loc["worse", "fog_percent"] == pytest.approx(120)
