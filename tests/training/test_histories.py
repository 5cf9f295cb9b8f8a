"""Histories of different lengths and measures lie on one grid."""

import numpy as np

from neurobust.training.histories import collect_histories


def test_histories_are_padded():
    histories = {
        1000: {"epoch": [1, 2, 1], "validation_score": [0.1, 0.2, 0.3]},
        2000: {"epoch": [1], "validation_score": [0.4], "v1_loss": [7.0]},
    }
    found = collect_histories(histories)
    assert found["value"].dims == ("seed", "metric", "epoch")
    assert found["epoch"].values.tolist() == [1, 2, 3]
    assert found["metric"].values.tolist() == ["epoch", "validation_score", "v1_loss"]
    nan = np.nan
    expected = {
        (1000, "epoch"): [1, 2, 1],
        (1000, "validation_score"): [0.1, 0.2, 0.3],
        (1000, "v1_loss"): [nan] * 3,
        (2000, "epoch"): [1, nan, nan],
        (2000, "validation_score"): [0.4, nan, nan],
        (2000, "v1_loss"): [7.0, nan, nan],
    }
    for (seed, metric), values in expected.items():
        np.testing.assert_array_equal(found["value"].sel(seed=seed, metric=metric), values)
