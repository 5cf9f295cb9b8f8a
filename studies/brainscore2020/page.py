"""The study on published numbers as a page: what it found, and what it leaves out."""

from collections.abc import Hashable, Iterable, Mapping
from typing import Any

import pandas as pd

from neurobust.statistics.coefficients import METHODS, PEARSON, SPEARMAN, write_p
from neurobust.statistics.correlation import ORDERS
from studies.brainscore2020.table1 import (
    AVERAGE,
    AVERAGE_WITHOUT_OST,
    CORRUPTIONS,
    FAMILIES,
    IT,
    MCE,
    MODEL,
    NAME,
    OST,
    PRINTED_AVERAGE,
    RECOMPUTED_MCE,
    SITE_IT,
    TITLES,
)
from studies.brainscore2020.treatments import (
    FIG1,
    FIG2,
    FIG3,
    OLS_SLOPE,
    PUBLISHED,
    SIN,
    SIN_IN,
    WEAKEST,
    WITHOUT_OST,
    WITHOUT_WEAKEST,
    WITHOUT_WEAKEST_AND_OST,
)

_METHOD_TITLES = {
    "pearson": "Pearson r",
    "spearman": "Spearman ρ",
    "kendall": "Kendall τ",
    "ols": "Least-squares slope",
    "theil_sen": "Theil-Sen slope",
    "huber": "Huber slope",
}
_FIGURES = {FIG1: "Fig. 1", FIG2: "Fig. 2", FIG3: "Fig. 3"}
_STATED_MODELS, _STATED_CORRUPTIONS = 20, 19  # section 2 of the paper
_SIGNIFICANT = 0.05
_Row = Mapping[Hashable, Any]


def published_page(
    models: pd.DataFrame,
    correlations: pd.DataFrame,
    others: pd.DataFrame,
    influences: pd.DataFrame,
    quantities: pd.DataFrame,
) -> str:
    """Write the study as a Markdown page in which every number is computed.

    Parameters
    ----------
    models
        From `studies.brainscore2020.table1.complete`.
    correlations, others, influences, quantities
        From `studies.brainscore2020.correlations`: `correlate_published`, `alternatives`,
        `influence` and `published_quantities`.
    """
    paragraphs = [
        "# Brain-Score and robustness to corruptions, on published numbers",
        _headline(models, _Rows(others)),
        "## Correlations",
        _correlation_table(correlations),
        f"In brackets: 95 % bootstrap interval over the {len(models)} models. Holm and FDR "
        "(Benjamini and Hochberg): p corrected for the tests of the same figure and method. OST: "
        "see below.",
        "## What the paper leaves out",
        *_remarks(models, _Rows(others), influences),
        "## Multiple tests",
        _multiple_tests(correlations, quantities),
        "## The headline in other ways",
        _alternative_table(others),
        f"Slopes: % of mCE per unit of score; the test that belongs to the Theil-Sen slope is "
        f"Kendall's. The permutation p is Pearson's, from {ORDERS} random orders of the scores; a "
        f"small one is known to its first digit at best.",
    ]
    return "\n\n".join(paragraphs) + "\n"


class _Rows:
    """The rows of the alternatives by treatment, score and method."""

    def __init__(self, others: pd.DataFrame) -> None:
        self._rows = {
            (row["treatment"], row["x"], row["method"]): row for row in others.to_dict("records")
        }

    def text(self, treatment: str, x: str = AVERAGE, method: str = PEARSON) -> str:
        row = self._rows[treatment, x, method]
        return (
            f"{'r' if method == PEARSON else 'ρ'} = {row['value']:.2f} "
            f"[{row['low']:.2f}, {row['high']:.2f}], p = {write_p(row['p'])}"
        )

    def number(self, column: str, treatment: str, x: str = AVERAGE, method: str = PEARSON) -> float:
        return float(self._rows[treatment, x, method][column])


def _headline(models: pd.DataFrame, rows: _Rows) -> str:
    return (
        f"Over {len(models)} models, those with a higher average Brain-Score have a lower mean "
        f"corruption error (mCE) on ImageNet-C: Pearson's {rows.text(PUBLISHED)}; the paper prints "
        f"r = -0.8, p = 1.4e-05. The second digit of p hangs on rounding: with the averages as "
        f"printed on the site, to four digits, it is "
        f"{write_p(rows.number('p', 'printed_average', PRINTED_AVERAGE))}."
    )


def _remarks(models: pd.DataFrame, rows: _Rows, influences: pd.DataFrame) -> list[str]:
    return [
        f"**Which correlation.** The text names Spearman's; the printed r and p are Pearson's. "
        f"Spearman's is {rows.text(PUBLISHED, method=SPEARMAN)}. Pearson's p takes normal errors "
        f"for granted, and a few models lie far from the rest: among random orders of the scores "
        f"it is about {write_p(rows.number('p_permutation', PUBLISHED))}.",
        f"**How many.** The text speaks of {_STATED_MODELS} models and {_STATED_CORRUPTIONS} "
        f"corruptions; Table 1 has {len(models)} models and {len(CORRUPTIONS)} corruptions.",
        _missing_scores(rows),
        _identical_rows(models, rows),
        _printed_means(models, rows),
        _weakest(models, rows, influences),
    ]


def _missing_scores(rows: _Rows) -> str:
    return (
        f"**A missing score was counted as 0.** The site averaged IT over two benchmarks, "
        f"predictivity and object solution times (OST), but had the second for "
        f"{', '.join(OST)} alone; for every other model it halved IT. The average without OST "
        f"gives {rows.text(WITHOUT_OST, AVERAGE_WITHOUT_OST)} and Spearman's "
        f"{rows.text(WITHOUT_OST, AVERAGE_WITHOUT_OST, SPEARMAN)}. For IT it decides the result: "
        f"as the site counted it, {rows.text(PUBLISHED, SITE_IT)}, which the paper reports as no "
        f"correlation; predictivity alone gives {rows.text(WITHOUT_OST, IT)}, and without the "
        f"four weakest networks (below) {rows.text(WITHOUT_WEAKEST_AND_OST, IT)}."
    )


def _identical_rows(models: pd.DataFrame, rows: _Rows) -> str:
    same = models[NAME][models.duplicated(CORRUPTIONS, keep=False)]
    if same.empty:
        return "**Identical rows.** No two models have the same corruption errors."
    return (
        f"**Identical rows.** {_listed(same)} have the same error on every corruption in Table 1, "
        f"though their scores differ: probably a copying error. Without `{SIN}` "
        f"{rows.text('without_sin')}; without `{SIN_IN}` {rows.text('without_sin_in')}; without "
        f"both {rows.text('without_both_sin')}."
    )


def _printed_means(models: pd.DataFrame, rows: _Rows) -> str:
    difference = models[MCE] - models[RECOMPUTED_MCE]
    worst = models[NAME][difference.abs() > difference.abs().max() - 1e-9]
    unseen = _STATED_CORRUPTIONS - len(CORRUPTIONS)
    total = _STATED_CORRUPTIONS * models[MCE] - len(CORRUPTIONS) * models[RECOMPUTED_MCE]
    return (
        f"**The printed mCE is not the mean of its columns** for "
        f"{int((difference.abs() > 0.5).sum())} of {len(models)} models, by more than half of the "
        f"last printed digit; for {int((difference.abs() > 1).sum())} by more than rounding of "
        f"the columns could explain as well. The largest difference is "
        f"{difference.abs().max():.1f} ({_listed(worst)}); the printed value is the lower one in "
        f"{int((difference < -0.5).sum())} models. A mean over {_STATED_CORRUPTIONS} corruptions, "
        f"{unseen} of them not printed, would look so (the caption names a column 'Extra' that "
        f"the table lacks): the {unseen} would have errors of {total.min() / unseen:.0f} to "
        f"{total.max() / unseen:.0f} % on average. With the recomputed mCE, "
        f"{rows.text('recomputed_mce')}."
    )


def _weakest(models: pd.DataFrame, rows: _Rows, influences: pd.DataFrame) -> str:
    weakest = influences[influences[MODEL].isin(WEAKEST)]
    names = models[NAME][models[MODEL].isin(WEAKEST)]
    most = influences.nlargest(1, "cooks_distance").iloc[0]
    return (
        f"**Four weak networks carry it.** No model alone does: without any one, r lies between "
        f"{influences['r_without'].min():.2f} and {influences['r_without'].max():.2f}, and "
        f"Cook's distance is at most {most['cooks_distance']:.2f} (`{most[MODEL]}`). But "
        f"{_listed(names)}, the models with an mCE of {weakest[MCE].min():.0f} or more, are "
        f"{len(names) / len(models):.0%} of the models and hold "
        f"{weakest['leverage'].sum() / influences['leverage'].sum():.0%} of the leverage. "
        f"Without them (n = {rows.number('n', WITHOUT_WEAKEST):.0f}) "
        f"{rows.text(WITHOUT_WEAKEST)}, "
        f"Spearman's {rows.text(WITHOUT_WEAKEST, method=SPEARMAN)}, and the slope goes from "
        f"{rows.number('value', PUBLISHED, method=OLS_SLOPE):.0f} to "
        f"{rows.number('value', WITHOUT_WEAKEST, method=OLS_SLOPE):.0f} % of mCE per unit of "
        f"score; without the missing OST, too, "
        f"{rows.text(WITHOUT_WEAKEST_AND_OST, AVERAGE_WITHOUT_OST)}. "
        f"This choice was made after seeing the table and narrows the range of errors, which "
        f"weakens any correlation: it shows on which models the claim rests, not that there is no "
        f"relation."
    )


def _multiple_tests(correlations: pd.DataFrame, quantities: pd.DataFrame) -> str:
    areas = correlations[correlations["family"] == FIG2]
    families = correlations[correlations["family"] == FIG3]
    corrections = {"p": "none", "p_holm": "Holm's", "p_fdr": "FDR"}
    lines = [
        f"- {name}: {_below(areas, PEARSON, p, 'x')} (Pearson); "
        f"{_below(areas, SPEARMAN, p, 'x')} (Spearman)."
        for p, name in corrections.items()
    ]
    count = len(areas) // len(METHODS)
    return (
        f"Of the {count} areas, these have p below {_SIGNIFICANT}, by correction for {count} tests:"
        "\n\n" + "\n".join(lines) + f"\n\nOf the families of corruptions, Holm's leaves "
        f"{_below(families, PEARSON, 'p_holm', 'y')} (Pearson) and "
        f"{_below(families, SPEARMAN, 'p_holm', 'y')} (Spearman). Pearson's r of the families "
        f"differs from that of mCE by {_differences(quantities)}; the paper calls them the same."
    )


def _below(rows: pd.DataFrame, method: str, p: str, column: str) -> str:
    passed = rows[(rows["method"] == method) & (rows[p] < _SIGNIFICANT)]
    return _listed(TITLES[name] for name in passed[column]) if len(passed) else "none"


def _differences(quantities: pd.DataFrame) -> str:
    by_key = quantities.set_index("quantity")
    found = {
        family: by_key.loc[f"correlation.pearson_difference[{AVERAGE},{family},{MCE}]"]
        for family in FAMILIES
    }
    return _listed(
        f"{row['value']:.2f} [{row['low']:.2f}, {row['high']:.2f}] ({TITLES[family]})"
        for family, row in found.items()
    )


def _listed(names: Iterable[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def _correlation_table(correlations: pd.DataFrame) -> str:
    head = ["Figure", "Score", "Error"]
    for method in METHODS:
        head += [_METHOD_TITLES[method], "p", "Holm", "FDR"]
    rows = []
    for (figure, x, y), pair in correlations.groupby(["family", "x", "y"], sort=False):
        cells = [_FIGURES[str(figure)], TITLES[str(x)], TITLES[str(y)]]
        for method in METHODS:
            cells += _cells(pair[pair["method"] == method].to_dict("records")[0])
        rows.append(cells)
    return _markdown(head, rows)


def _cells(row: _Row) -> list[str]:
    values = f"{row['r']:.2f} [{row['low']:.2f}, {row['high']:.2f}]"
    return [values, *(write_p(row[name]) for name in ("p", "p_holm", "p_fdr"))]


def _alternative_table(others: pd.DataFrame) -> str:
    above = (others["treatment"] == PUBLISHED) & (others["x"] != AVERAGE)  # in the first table
    rows = [
        [
            row["label"],
            TITLES[row["x"]],
            str(row["n"]),
            _METHOD_TITLES[row["method"]],
            _value(row),
            "–" if pd.isna(row["p"]) else write_p(row["p"]),
            "–" if pd.isna(row["p_permutation"]) else write_p(row["p_permutation"]),
        ]
        for row in others[~above].to_dict("records")
    ]
    return _markdown(
        ["Treatment", "Score", "n", "Method", "Value [95 % interval]", "p", "Permutation p"], rows
    )


def _value(row: _Row) -> str:
    digits = 0 if row["method"] not in ("pearson", "spearman", "kendall") else 2
    return f"{row['value']:.{digits}f} [{row['low']:.{digits}f}, {row['high']:.{digits}f}]"


def _markdown(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)
