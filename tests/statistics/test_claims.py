"""The verdicts on claims, and the table of a paper's claims that we ship."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from neurobust.errors import InputError
from neurobust.statistics.claims import check_claims, claims_markdown, read_claims
from studies.safarani2021.quantities import collect_quantities
from studies.safarani2021.scores import robustness_scores

REFERENCE = Path(__file__).parents[2] / "reference" / "safarani2021.csv"
HEADER = "claim,statement,quantity,relation,threshold,paper_value,paper_error,unit,source\n"


@pytest.fixture
def regressions():
    return pd.DataFrame(
        {
            "sweep": ["mtl-monkey"] * 2 + ["mtl-shuffled"] * 2,
            "term": ["clean_accuracy_percent", "neural_performance"] * 2,
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


def judge(relation, quantity, *, threshold=100.0, paper_value=np.nan, paper_error=np.nan):
    claims = pd.DataFrame(
        {
            "claim": ["one"],
            "statement": ["A | B"],
            "quantity": ["robustness.total[a]"],
            "relation": [relation],
            "threshold": [threshold],
            "paper_value": [paper_value],
            "paper_error": [paper_error],
            "unit": ["%"],
            "source": ["Table 3"],
        }
    )
    found = [] if quantity is None else [("robustness.total[a]", *quantity)]
    table = pd.DataFrame(found, columns=["quantity", "value", "low", "high"])
    return check_claims(claims, table.astype({"quantity": str}), scale="smoke")


@pytest.mark.parametrize(
    ("relation", "quantity", "verdict"),
    [
        (">", (118, 110, 125), "yes"),
        (">", (103, 97, 109), "undecided"),
        (">", (90, 85, 95), "no"),
        (">", (100, 100, 100), "no"),
        ("<=", (100, 100, 100), "yes"),
        ("<=", (98, 96, 99), "yes"),
        ("<=", (98, 94, 102), "undecided"),
        ("<=", (110, 104, 116), "no"),
        ("<", (90, 85, 95), "yes"),
        (">=", (100, 100, 110), "yes"),
        (">", None, "not run"),
    ],
)
def test_an_inequality_holds_if_the_whole_interval_satisfies_it(relation, quantity, verdict):
    assert judge(relation, quantity)["holds"].item() == verdict


@pytest.mark.parametrize(
    ("quantity", "error", "verdict"),
    [
        ((115, 110, 120), np.nan, "overlaps"),
        ((105, 100, 110), np.nan, "differs"),
        ((105, 100, 110), 9.0, "overlaps"),
        ((130, 125, 135), 5.0, "differs"),
    ],
)
def test_an_equality_holds_if_interval_and_error_overlap(quantity, error, verdict):
    checked = judge("=", quantity, threshold=np.nan, paper_value=118.0, paper_error=error)
    assert checked["holds"].item() == verdict


def test_markdown_shows_paper_and_run_side_by_side():
    text = claims_markdown(judge("=", (115, 110.25, 120), paper_value=118.0, paper_error=4.0))
    assert "Scale of this run: smoke." in text
    assert "0 yes, 0 no, 0 undecided" in text
    assert "1 overlaps, 0 differs" in text
    assert "| A \\| B | Table 3 | 118 ± 4 % | 115 % [110.2, 120] | overlaps |" in text
    assert "| – | not run |" in claims_markdown(judge(">", None))


def test_every_claim_of_the_paper_speaks_of_a_quantity_that_a_full_run_computes(
    random_networks, regressions
):
    claims = read_claims(REFERENCE)
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
    # The two roles were given the same answers.
    assert holds["monkey-above-real"] == "undecided"


def test_quantities_are_those_of_the_scores(known, regressions):
    scores = robustness_scores(known, baseline="baseline", seed=1, repetitions=20)
    quantities = by_key(collect_quantities(scores, regressions))
    assert quantities["robustness.total[better]"].value == pytest.approx(120)
    assert quantities["robustness.group[worse,Blur]"].value == pytest.approx(80)
    assert quantities["robustness.corruption[better,fog]"].value == pytest.approx(120)
    assert quantities["robustness.difference[worse,better]"].value == pytest.approx(-40)
    assert quantities["robustness.improved[better]"].value == 6
    clean = quantities["clean.accuracy[better]"]
    assert clean.value == pytest.approx(60)
    assert clean.low < 60 < clean.high
    assert set(quantities["regression.clean_p[mtl-shuffled]"]) == {1e-14}
    # The standard errors 3 and 4 of independent fits add to 5.
    difference = quantities["regression.neural_difference[mtl-monkey,mtl-shuffled]"]
    assert difference.tolist() == pytest.approx([50, 50 - 9.8, 50 + 9.8])


def test_a_run_without_sweeps_has_no_regressions(known):
    scores = robustness_scores(known, baseline="baseline", seed=1, repetitions=5)
    quantities = collect_quantities(scores, pd.DataFrame(columns=["sweep", "term"]))
    assert not quantities["quantity"].str.startswith("regression").any()


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("one,A,robustness.total[a],~,1,2,,%,T", "relation '~'"),
        ("one,A,robustnes.total[a],>,1,2,,%,T", "quantity 'robustnes.total"),
        ("one,A,robustness.total,>,1,2,,%,T", "quantity 'robustness.total'"),
        ("one,A,robustness.total[a],>,,2,,%,T", "no 'threshold'"),
        ("one,A,robustness.total[a],=,1,,,%,T", "no 'paper_value'"),
        ("one,A,robustness.total[a],>,many,2,,%,T", "'threshold' holds text"),
        ("one,A,robustness.total[a],>,1,2,,%,T\none,B,robustness.total[a],>,1,2,,%,T", "twice"),
    ],
)
def test_rows_that_cannot_be_checked_are_refused(tmp_path, row, problem):
    path = tmp_path / "claims.csv"
    path.write_text(HEADER + row + "\n")
    with pytest.raises(InputError, match=problem.replace("[", r"\[")) as caught:
        read_claims(path)
    assert caught.value.place == str(path)


def test_missing_file_and_missing_columns_are_named(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        read_claims(tmp_path / "absent.csv")
    (tmp_path / "claims.csv").write_text("claim,statement\none,A\n")
    with pytest.raises(InputError, match="'quantity'"):
        read_claims(tmp_path / "claims.csv")
