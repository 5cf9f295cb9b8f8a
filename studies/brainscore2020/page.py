"""The study as a page: its numbers, filled into ``page.md``."""

from collections.abc import Hashable, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from neurobust.statistics.coefficients import KENDALL, METHODS, PEARSON, SPEARMAN, write_p
from neurobust.statistics.correlation import ORDERS
from studies.brainscore2020.table1 import (
    AREAS,
    AVERAGE,
    CORRUPTIONS,
    FAMILIES,
    MCE,
    MODEL,
    NAME,
    OST,
    RECOMPUTED_MCE,
    TITLES,
)
from studies.brainscore2020.treatments import FIG1, FIG2, FIG3, PUBLISHED, TREATMENTS, WEAKEST

TEMPLATE = Path(__file__).with_name("page.md")
_METHOD_TITLES = {
    PEARSON: "Pearson r",
    SPEARMAN: "Spearman ρ",
    KENDALL: "Kendall τ",
    "ols": "Least-squares slope",
    "theil_sen": "Theil-Sen slope",
    "huber": "Huber slope",
}
_FIGURES = {FIG1: "Fig. 1", FIG2: "Fig. 2", FIG3: "Fig. 3"}
_STATED_MODELS, _STATED_CORRUPTIONS = 20, 19  # section 2 of the paper
_SIGNIFICANT = 0.05
_Row = Mapping[Hashable, Any]


class Result(NamedTuple):
    """A row of the alternatives as the template writes it, with its p as text."""

    method: str
    value: float
    low: float
    high: float
    n: int
    p: str
    p_permutation: str

    def __str__(self) -> str:
        symbol = "r" if self.method == PEARSON else "ρ"
        return f"{symbol} = {self.value:.2f} [{self.low:.2f}, {self.high:.2f}], p = {self.p}"


def write_page(
    models: pd.DataFrame,
    correlations: pd.DataFrame,
    alternatives: pd.DataFrame,
    influence: pd.DataFrame,
    quantities: pd.DataFrame,
) -> str:
    """Write the study as a Markdown page in which every number is computed.

    Parameters
    ----------
    models, correlations, alternatives, influence, quantities
        From `studies.brainscore2020.analysis.analyse`.
    """
    return TEMPLATE.read_text(encoding="utf-8").format(
        **_results(alternatives),
        **_counts(models),
        **_printed_means(models),
        **_influence(models, influence),
        **{figure: _significant(correlations, figure) for figure in (FIG2, FIG3)},
        differences=_differences(quantities),
        correlation_table=_correlation_table(correlations),
        alternative_table=_alternative_table(alternatives),
    )


def _results(alternatives: pd.DataFrame) -> dict[str, dict[str, dict[str, Result]]]:
    """Return the alternatives by treatment, score and method."""
    found: dict[str, dict[str, dict[str, Result]]] = {name: {} for name in TREATMENTS}
    for row in alternatives.to_dict("records"):
        written = {name: _write(row[name]) for name in ("p", "p_permutation")}
        result = Result(**{name: row[name] for name in Result._fields} | written)
        found[row["treatment"]].setdefault(row["x"], {})[result.method] = result
    return found


def _counts(models: pd.DataFrame) -> dict[str, Any]:
    return {
        "models": len(models),
        "corruptions": len(CORRUPTIONS),
        "areas": len(AREAS),
        "stated_models": _STATED_MODELS,
        "stated_corruptions": _STATED_CORRUPTIONS,
        "orders": ORDERS,
        "ost_models": ", ".join(OST),
        "identical": _listed(models[NAME][models.duplicated(CORRUPTIONS, keep=False)]),
    }


def _printed_means(models: pd.DataFrame) -> dict[str, Any]:
    """Compare the printed mCE with the mean of the printed columns."""
    difference = models[MCE] - models[RECOMPUTED_MCE]
    size = difference.abs()
    unseen = _STATED_CORRUPTIONS - len(CORRUPTIONS)
    total = _STATED_CORRUPTIONS * models[MCE] - len(CORRUPTIONS) * models[RECOMPUTED_MCE]
    return {
        "misprinted": int((size > 0.5).sum()),
        "beyond_rounding": int((size > 1).sum()),
        "largest_difference": size.max(),
        "largest_models": _listed(models[NAME][size > size.max() - 1e-9]),
        "printed_lower": int((difference < -0.5).sum()),
        "unseen": unseen,
        "unseen_least": total.min() / unseen,
        "unseen_most": total.max() / unseen,
    }


def _influence(models: pd.DataFrame, influence: pd.DataFrame) -> dict[str, Any]:
    weakest = influence[influence[MODEL].isin(WEAKEST)]
    return {
        "r_least": influence["r_without"].min(),
        "r_most": influence["r_without"].max(),
        "most_influential": influence.nlargest(1, "cooks_distance").iloc[0],
        "weakest": _listed(models[NAME][models[MODEL].isin(WEAKEST)]),
        "weakest_mce": weakest[MCE].min(),
        "weakest_share": len(weakest) / len(models),
        "weakest_leverage": weakest["leverage"].sum() / influence["leverage"].sum(),
    }


def _significant(correlations: pd.DataFrame, figure: str) -> dict[str, dict[str, str]]:
    """List what a figure finds significant, by the correction of p and the method."""
    column = "y" if figure == FIG3 else "x"

    def passed(p: str, method: str) -> str:
        chosen = (correlations["figure"] == figure) & (correlations["method"] == method)
        names = correlations.loc[chosen & (correlations[p] < _SIGNIFICANT), column]
        return _listed(TITLES[name] for name in names) if len(names) else "none"

    return {p: {each: passed(p, each) for each in METHODS} for p in ("p", "p_holm", "p_fdr")}


def _differences(quantities: pd.DataFrame) -> str:
    by_key = quantities.set_index("quantity").to_dict("index")
    rows = {
        family: by_key[f"correlation.pearson_difference[{AVERAGE},{family},{MCE}]"]
        for family in FAMILIES
    }
    return _listed(f"{_interval(row)} ({TITLES[family]})" for family, row in rows.items())


def _correlation_table(correlations: pd.DataFrame) -> str:
    head = ["Figure", "Score", "Error"]
    for method in METHODS:
        head += [_METHOD_TITLES[method], "p", "Holm", "FDR"]
    rows = []
    for (figure, x, y), pair in correlations.groupby(["figure", "x", "y"], sort=False):
        cells = [_FIGURES[str(figure)], TITLES[str(x)], TITLES[str(y)]]
        for row in pair.rename(columns={"r": "value"}).to_dict("records"):
            cells += [_interval(row), *(write_p(row[name]) for name in ("p", "p_holm", "p_fdr"))]
        rows.append(cells)
    return _markdown(head, rows)


def _alternative_table(alternatives: pd.DataFrame) -> str:
    in_first_table = (alternatives["treatment"] == PUBLISHED) & (alternatives["x"] != AVERAGE)
    rows = [
        [
            row["label"],
            TITLES[row["x"]],
            str(row["n"]),
            _METHOD_TITLES[row["method"]],
            _interval(row, digits=2 if row["method"] in (*METHODS, KENDALL) else 0),
            _write(row["p"]),
            _write(row["p_permutation"]),
        ]
        for row in alternatives[~in_first_table].to_dict("records")
    ]
    return _markdown(
        ["Treatment", "Score", "n", "Method", "Value [95 % interval]", "p", "Permutation p"], rows
    )


def _interval(row: _Row, digits: int = 2) -> str:
    value, low, high = (f"{row[name]:.{digits}f}" for name in ("value", "low", "high"))
    return f"{value} [{low}, {high}]"


def _write(p: float) -> str:
    return "–" if pd.isna(p) else write_p(p)


def _listed(names: Iterable[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def _markdown(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)
