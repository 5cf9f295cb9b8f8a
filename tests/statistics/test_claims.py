"""The verdicts on claims, and tables of claims that cannot be checked."""

import numpy as np
import pandas as pd
import pytest

from neurobust.errors import InputError
from neurobust.statistics.claims import check_claims, claims_markdown, read_claims

HEADER = "claim,statement,quantity,relation,threshold,paper_value,paper_error,unit,source\n"


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


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("one,A,robustness.total[a],~,1,2,,%,T", "relation '~'"),
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
