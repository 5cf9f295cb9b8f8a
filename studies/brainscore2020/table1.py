"""Brain-Scores and corruption errors as they were published, joined and recomputed.

The study (brainscore2020, "Brain-like object recognition neural networks are more robust to common
corruptions", SVRHM 2020) took Brain-Scores from the public site and printed corruption errors in
its Table 1; no network is needed to regenerate what it did with them.
"""

import numpy as np
import pandas as pd

from neurobust.errors import InputError

FAMILIES = {
    "noise": ["gaussian_noise", "shot_noise", "impulse_noise"],
    "blur": ["defocus_blur", "glass_blur", "motion_blur", "zoom_blur"],
    "weather": ["snow", "frost", "fog", "brightness"],
    "digital": ["contrast", "elastic_transform", "pixelate", "jpeg_compression"],
}
CORRUPTIONS = [corruption for family in FAMILIES.values() for corruption in family]
MODEL, NAME, AVERAGE, MCE = "model", "brainscore_name", "average", "mce"
PRINTED_AVERAGE = "average_printed"
AVERAGE_WITHOUT_OST = "average_without_ost"
RECOMPUTED_MCE = "mce_recomputed"
IT, SITE_IT = "it", "it_site"
BENCHMARKS = ["v1", "v2", "v4", IT, "behaviour"]
# ASSUME: the paper does not state which IT score it drew. It finds no correlation, true of the
# one that entered the site's average, with the missing OST as 0, and not of predictivity alone.
AREAS = ["v1", "v2", "v4", SITE_IT, "behaviour"]
# The second benchmark of IT on the site, object solution times: of these models, the site had it
# for CORnet-S alone, and counted it as 0 for all others.
OST = {"cornet_s": 0.304}
TITLES = {
    AVERAGE: "Average",
    PRINTED_AVERAGE: "Average as printed",
    AVERAGE_WITHOUT_OST: "Average without OST",
    "v1": "V1",
    "v2": "V2",
    "v4": "V4",
    IT: "IT without OST",
    SITE_IT: "IT with OST",
    "behaviour": "Behaviour",
    MCE: "mCE",
    RECOMPUTED_MCE: "mCE recomputed",
    **{family: family.capitalize() for family in FAMILIES},
}
SCORES_FILE = "studies/brainscore2020/scores.csv"
ERRORS_FILE = "studies/brainscore2020/corruption_errors.csv"
_ROUNDING = 5e-4 + 1e-9  # scores are printed with three digits, their mean with four


def join_published(scores: pd.DataFrame, errors: pd.DataFrame) -> pd.DataFrame:
    """Join the published scores and corruption errors by model.

    Parameters
    ----------
    scores
        As in ``scores.csv``: ``model``, ``brainscore_name``, and as fractions ``v1``, ``v2``,
        ``v4``, ``it``, ``behaviour`` (ceiled) and ``average`` (printed on the site).
    errors
        As in ``corruption_errors.csv``: ``model``, the 15 corruption errors of ImageNet-C and
        ``mce``, in % of AlexNet's.

    Returns
    -------
    pd.DataFrame
        From `complete`, one row per model in the order of the scores.

    Raises
    ------
    InputError
        If a table lacks a column, names a model twice or one that the other lacks, a score is not
        between 0 and 1, an error is not above 0, or the printed average is not the one that
        follows from its parts.
    """
    scores = _select(scores, SCORES_FILE, [NAME, *BENCHMARKS, AVERAGE])
    errors = _select(errors, ERRORS_FILE, [*CORRUPTIONS, MCE])
    for file, here, other_file, there in (
        (SCORES_FILE, scores, ERRORS_FILE, errors),
        (ERRORS_FILE, errors, SCORES_FILE, scores),
    ):
        unknown = sorted(set(here[MODEL]) - set(there[MODEL]))
        if unknown:
            raise _wrong(
                file,
                f"{MODEL!r} {unknown[0]!r} is unknown: {other_file} does not have it",
                "the same models in the table of scores and in that of errors",
            )
    for name in (*BENCHMARKS, AVERAGE):
        scores[name] = _numbers(scores, name, SCORES_FILE, "a fraction from 0 to 1", 0.0, 1.0)
    for name in (*CORRUPTIONS, MCE):
        errors[name] = _numbers(errors, name, ERRORS_FILE, "an error above 0 %", 1e-9, np.inf)
    table = complete(scores.merge(errors, on=MODEL, validate="one_to_one"))
    deviation = (table[AVERAGE] - table[PRINTED_AVERAGE]).abs()
    if (deviation > _ROUNDING).any():
        worst = table.iloc[int(deviation.argmax())]
        raise _wrong(
            SCORES_FILE,
            f"{AVERAGE!r} of {worst[MODEL]!r} is {worst[PRINTED_AVERAGE]:.4f}",
            f"{worst[AVERAGE]:.4f}, the mean of {', '.join(BENCHMARKS)} as the site counted them",
        )
    return table


def complete(table: pd.DataFrame) -> pd.DataFrame:
    """Add what follows from the published columns.

    Parameters
    ----------
    table
        Scores and errors of each model, as in `join_published`.

    Returns
    -------
    pd.DataFrame
        ``model`` and ``brainscore_name``; fractions: ``v1``, ``v2``, ``v4``, ``it``,
        ``behaviour``, ``it_site`` (the mean of IT and object solution times, counted as 0 where
        missing), ``average`` (the site's way, from ``it_site``), ``average_printed``,
        ``average_without_ost`` (from ``it``); % of AlexNet's error: the 15 corruptions, ``mce``
        (printed), ``mce_recomputed`` (their mean) and the means of ``noise``, ``blur``,
        ``weather`` and ``digital``.
    """
    ost = table[MODEL].map(OST).fillna(0.0)
    table = table.rename(columns={AVERAGE: PRINTED_AVERAGE})
    table = table.assign(**{SITE_IT: (table[IT] + ost) / 2})
    table = table.assign(
        **{
            AVERAGE: table[AREAS].mean(axis=1),
            AVERAGE_WITHOUT_OST: table[BENCHMARKS].mean(axis=1),
            RECOMPUTED_MCE: table[CORRUPTIONS].mean(axis=1),
        },
        **{family: table[members].mean(axis=1) for family, members in FAMILIES.items()},
    )
    scores = [*BENCHMARKS, SITE_IT, AVERAGE, PRINTED_AVERAGE, AVERAGE_WITHOUT_OST]
    return table[[MODEL, NAME, *scores, *CORRUPTIONS, MCE, RECOMPUTED_MCE, *FAMILIES]]


def _select(table: pd.DataFrame, file: str, columns: list[str]) -> pd.DataFrame:
    """Return a table's models and columns, with each model once."""
    for name in (MODEL, *columns):
        if name not in table:
            raise _wrong(file, f"column {name!r} is missing", f"a column {name!r}")
    if table[MODEL].isna().any():
        line = int(table[MODEL].isna().argmax()) + 2
        raise _wrong(file, f"{MODEL!r} is empty in line {line}", "a name in every line")
    repeated = table[MODEL][table[MODEL].duplicated()]
    if len(repeated):
        raise _wrong(file, f"{MODEL!r} {repeated.iloc[0]!r} appears twice", "each model once")
    return table[[MODEL, *columns]]


def _numbers(
    table: pd.DataFrame, name: str, file: str, expected: str, least: float, most: float
) -> pd.Series:
    values = pd.to_numeric(table[name], errors="coerce").astype(float)
    # No number lies between limits; infinity lies below the infinite one.
    right = values.between(least, most) & np.isfinite(values)
    if not right.all():
        row = table.iloc[int((~right).argmax())]
        raise _wrong(file, f"{name!r} of {row[MODEL]!r} is {row[name]}", expected)
    return values


def _wrong(file: str, problem: str, expected: str) -> InputError:
    return InputError(
        file,
        problem,
        expected=expected,
        fix="correct the table, or restore the one that comes with the study",
    )
