"""Points that several tests share."""

import numpy as np
import pandas as pd
import pytest

from studies.brain_likeness.points import MEASURES


@pytest.fixture
def make_points():
    """Return a function that draws networks whose robustness falls with their predictivity."""

    def make(networks=8, seeds=3):
        rng = np.random.default_rng(0)
        likeness = rng.uniform(0.1, 0.6, networks)
        rows = []
        for number, value in enumerate(likeness):
            for seed in range(seeds):
                rows.append(
                    {
                        "network": f"n{number}",
                        "seed": seed,
                        "predictivity": value + rng.normal(0, 0.01),
                    }
                    | {name: -value + rng.normal(0, 0.1) for name in MEASURES}
                )
        return pd.DataFrame(rows)

    return make
