"""Quantities are those of the scores and regressions, and all that the paper's claims need."""

from pathlib import Path

import pandas as pd
import pytest

from neurobust.statistics.claims import check_claims, read_claims
from studies.safarani2021.quantities import collect_quantities
from studies.safarani2021.scores import robustness_scores

CLAIMS = Path(__file__).parents[1] / "claims.csv"


@pytest.fixture
def regressions():
    return pd.DataFrame(
        {
            "sweep": ["mtl-monkey"] * 2 + ["mtl-shuffled"] * 2,
            "term": ["clean_accuracy_percent", "fev"] * 2,
            "coefficient": [2.0, 50.0, 3.0, 0.0],
            "standard_error": [0.1, 3.0, 0.1, 4.0],
            "low": [1.8, 44.0, 2.8, -8.0],
            "high": [2.2, 56.0, 3.2, 8.0],
            "p": [1e-9, 1e-6, 1e-14, 0.5],
            "r_squared": [0.8, 0.8, 0.7, 0.7],
        }
    )


def by_key(quantities):
    return dict(quantities.set_index("quantity").iterrows())


def test_every_claim_of_the_paper_is_about_a_quantity_that_a_full_run_computes(
    random_networks, regressions
):
    claims = read_claims(CLAIMS)
    roles = ("baseline", "oracle", "mtl-oracle", "mtl-monkey", "mtl-shuffled", "mtl-real")
    networks = dict.fromkeys(roles, random_networks["better"]) | {
        "baseline": random_networks["baseline"]
    }
    scores = robustness_scores(networks, baseline="baseline", seed=1, repetitions=20)
    checked = check_claims(claims, collect_quantities(scores, regressions), scale="test")
    expected = checked["quantity"].str.contains("corruption") & ~checked["quantity"].isin(
        [f"robustness.corruption[mtl-monkey,{name}]" for name in scores["corruption"].to_numpy()]
    )  # The made-up evaluations have 6 of the 14 corruptions.
    assert list(checked["holds"] == "not run") == list(expected)
    assert expected.sum() == 8
    holds = checked.set_index("claim")["holds"]
    assert holds["slope-monkey"] == "yes"
    assert holds["slope-shuffled-p"] == "no"
    # The two roles have the same answers.
    assert holds["monkey-above-real"] == "undecided"


def test_quantities_are_those_of_the_scores(known, regressions):
    scores = robustness_scores(known, baseline="baseline", seed=1, repetitions=20)
    quantities = by_key(collect_quantities(scores, regressions))
    assert quantities["robustness.total[better]"].value == pytest.approx(120)
    assert quantities["robustness.group[worse,Blur]"].value == pytest.approx(80)
    assert quantities["robustness.corruption[better,fog]"].value == pytest.approx(120)
    assert quantities["robustness.difference[worse,better]"].value == pytest.approx(-40)
    assert quantities["robustness.improved[better]"].value == 6
    clean = quantities["clean_accuracy[better]"]
    assert clean.value == pytest.approx(60)
    assert clean.low < 60 < clean.high
    assert set(quantities["regression.clean_accuracy_p[mtl-shuffled]"]) == {1e-14}
    # The standard errors 3 and 4 of independent fits add to 5.
    difference = quantities["regression.fev_difference[mtl-monkey,mtl-shuffled]"]
    assert difference.tolist() == pytest.approx([50, 50 - 9.8, 50 + 9.8])


def test_a_run_without_sweeps_has_no_regressions(known):
    scores = robustness_scores(known, baseline="baseline", seed=1, repetitions=5)
    quantities = collect_quantities(scores, pd.DataFrame(columns=["sweep", "term"]))
    assert not quantities["quantity"].str.startswith("regression").any()
