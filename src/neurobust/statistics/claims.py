"""What a paper claims, beside what a run finds."""

import math
import operator
import re
from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from neurobust.errors import InputError

YES, NO, UNDECIDED, NOT_RUN = ("yes", "no", "undecided", "not run")
OVERLAPS, DIFFERS = ("overlaps", "differs")
_Row = Mapping[Hashable, Any]
_INEQUALITIES = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}
RELATIONS = (*_INEQUALITIES, "=")
_TEXTS = ["claim", "statement", "quantity", "unit", "relation", "source"]
_NUMBERS = ["threshold", "paper_value", "paper_error"]


def read_claims(path: str | Path) -> pd.DataFrame:
    """Return a paper's claims, one a row.

    The columns are ``claim`` (a name of its own), ``statement``, ``quantity`` (a name with
    brackets, such as ``robustness.total[baseline]``), ``relation`` (``> >= < <=`` to ``threshold``,
    or ``=`` to ``paper_value``), ``threshold``, ``paper_value``, ``paper_error``, ``unit`` and
    ``source``.

    Raises
    ------
    InputError
        If the file cannot be read, a column is missing or a row is not as above.
    """
    try:
        claims = pd.read_csv(path, dtype=dict.fromkeys(_TEXTS, str), keep_default_na=True)
    except (OSError, ValueError) as error:
        raise _unusable(path, f"cannot be read ({error})", "a table of claims") from error
    missing = [name for name in (*_TEXTS, *_NUMBERS) if name not in claims.columns]
    if missing:
        raise _unusable(path, f"columns {missing} are missing", "all columns of a claim")
    claims = claims.assign(**{name: claims[name].fillna("") for name in _TEXTS})
    for name in _NUMBERS:
        try:
            claims[name] = claims[name].astype(float)
        except ValueError as error:
            raise _unusable(path, f"{name!r} holds text ({error})", "numbers") from error
    _check_rows(claims, path)
    return claims


def _check_rows(claims: pd.DataFrame, path: str | Path) -> None:
    repeated = claims["claim"][claims["claim"].duplicated()]
    if len(repeated):
        raise _unusable(path, f"claim {repeated.iloc[0]!r} is there twice", "each claim once")
    for row in claims.to_dict("records"):
        name = f"claim {row['claim']!r}"
        if row["relation"] not in RELATIONS:
            raise _unusable(
                path, f"{name} has relation {row['relation']!r}", f"one of {' '.join(RELATIONS)}"
            )
        if re.fullmatch(r"[a-z0-9_.]+\[[^\[\]]+\]", row["quantity"]) is None:
            raise _unusable(
                path,
                f"{name} has quantity {row['quantity']!r}",
                "a name with brackets, such as robustness.total[baseline]",
            )
        needed = "paper_value" if row["relation"] == "=" else "threshold"
        if math.isnan(row[needed]):
            raise _unusable(path, f"{name} has no {needed!r}", f"a number in {needed!r}")


def check_claims(claims: pd.DataFrame, quantities: pd.DataFrame, *, scale: str) -> pd.DataFrame:
    """Return each claim with what a run computed, and whether it holds.

    An inequality holds (``yes``) if the whole interval satisfies it, does not (``no``) if none of
    it does, and is ``undecided`` otherwise. A value has no direction: the interval ``overlaps`` the
    paper's value within the paper's error, or ``differs``. A quantity that was not computed gives
    ``not run``.

    Parameters
    ----------
    claims
        From `read_claims`.
    quantities
        The numbers of the claims' study: ``quantity``, ``value``, ``low`` and ``high``.
    scale
        The scale of the run, such as "default: photographs, simulated V1".

    Returns
    -------
    pd.DataFrame
        The claims with ``value``, ``low`` and ``high`` (in ``unit``), ``holds`` and ``scale``.
    """
    checked = claims.merge(quantities, on="quantity", how="left", validate="many_to_one")
    verdicts = [_judge(row) for row in checked.to_dict("records")]
    return checked.assign(holds=verdicts, scale=scale)


def _judge(claim: _Row) -> str:
    if math.isnan(claim["value"]):
        return NOT_RUN
    relation, threshold = claim["relation"], claim["threshold"]
    if relation == "=":
        error = 0.0 if math.isnan(claim["paper_error"]) else claim["paper_error"]
        low, high = claim["paper_value"] - error, claim["paper_value"] + error
        return OVERLAPS if claim["low"] <= high and claim["high"] >= low else DIFFERS
    compare = _INEQUALITIES[relation]
    ends = {compare(claim[end], threshold) for end in ("low", "high")}
    if len(ends) == 2:
        return UNDECIDED
    return YES if ends.pop() else NO


def claims_markdown(checked: pd.DataFrame) -> str:
    """Return checked claims as a Markdown table, with a line that counts the verdicts."""
    counts = checked["holds"].value_counts()
    directed = ", ".join(f"{counts.get(v, 0)} {v}" for v in (YES, NO, UNDECIDED))
    values = ", ".join(f"{counts.get(v, 0)} {v}" for v in (OVERLAPS, DIFFERS))
    lines = [
        f"Scale of this run: {'; '.join(checked['scale'].unique()) or 'none'}.",
        "",
        f"Does the direction hold: {directed} (yes if the whole 95 % interval satisfies it, no if "
        f"none of it does). Values beside the paper's: {values}; a wide interval overlaps almost "
        f"anything, and values of another scale need not agree. "
        f"Not run: {counts.get(NOT_RUN, 0)}.",
        "",
        "| Claim | Where | Paper | This run [95 % interval] | Holds |",
        "|---|---|---|---|---|",
        *(_markdown_row(row) for row in checked.to_dict("records")),
    ]
    return "\n".join(lines) + "\n"


def _markdown_row(row: _Row) -> str:
    cells = [row["statement"], row["source"], _paper(row), _ours(row), row["holds"]]
    return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |"


def _paper(row: _Row) -> str:
    unit = _unit(row)
    if math.isnan(row["paper_value"]):
        return f"{row['relation']} {row['threshold']:.4g}{unit}"
    error = "" if math.isnan(row["paper_error"]) else f" ± {row['paper_error']:.4g}"
    return f"{row['paper_value']:.4g}{error}{unit}"


def _ours(row: _Row) -> str:
    if row["holds"] == NOT_RUN:
        return "–"
    limits = "" if row["low"] == row["high"] else f" [{row['low']:.4g}, {row['high']:.4g}]"
    return f"{row['value']:.4g}{_unit(row)}{limits}"


def _unit(row: _Row) -> str:
    return "" if row["unit"] in ("", "1") else f" {row['unit']}"


def _unusable(path: str | Path, problem: str, expected: str) -> InputError:
    return InputError(
        path, problem, expected=expected, fix="correct the table, or restore the one we ship"
    )
