"""Checks of the tables that figures draw, and rows chosen from them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from neurobust.errors import InputError
from neurobust.statistics.coefficients import write_p


def require_columns(table: pd.DataFrame, place: str, columns: Sequence[str]) -> None:
    """Check that a table has all columns that are drawn.

    Raises
    ------
    InputError
        If one is missing.
    """
    for name in columns:
        if name not in table:
            raise InputError(
                place,
                f"column {name!r} is missing",
                expected=f"a column {name!r}",
                fix="delete the file and let the workflow build it again",
            )


def select_points(
    table: pd.DataFrame, place: str, label: str, x: str, y: str
) -> Iterator[tuple[str, float, float]]:
    """Return the points of a scatter with their labels; errors as in `require_columns`."""
    require_columns(table, place, [label, x, y])
    return zip(table[label], table[x], table[y], strict=True)


def select_row(table: pd.DataFrame, place: str, **chosen: str) -> dict[str, Any]:
    """Return the one row with the chosen values.

    Raises
    ------
    InputError
        If a column is missing, or there is no such row or more than one.
    """
    require_columns(table, place, list(chosen))
    for name, value in chosen.items():
        table = table[table[name] == value]
    if len(table) != 1:
        raise InputError(
            place,
            f"{len(table)} rows have {chosen}",
            expected="exactly one such row",
            fix="delete the file and let the workflow build it again",
        )
    return {str(name): value for name, value in table.iloc[0].items()}


def write_coefficient(row: Mapping[str, Any], symbol: str) -> str:
    """Return a row of correlations as ``r = −0.50 [...], p = ...``, or that r is not defined."""
    if pd.isna(row["r"]):
        return f"{symbol} not defined"
    return (
        f"{symbol} = {row['r']:.2f} [{row['low']:.2f}, {row['high']:.2f}], p = {write_p(row['p'])}"
    ).replace("-", "−")
