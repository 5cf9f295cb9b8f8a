"""Splits of a recording's stimuli into train, validation and test; groups stay together."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from neurobust.config.splits import SPLIT_SEED, Split
from neurobust.dims import SPLITS, TEST, TRAIN, VALIDATION
from neurobust.errors import InputError
from neurobust.randomness import generator
from neurobust.recordings.form import some


@dataclass(frozen=True)
class SplitRule:
    """How the stimuli of a recording are split.

    Parameters
    ----------
    by
        Column of the stimulus set that defines groups: the stimulus itself or, where stimuli
        resemble each other, the movie or photograph that they were taken from.
    test
        Share of the groups in the test split; not used if ``column`` is given.
    validation
        Share of the remaining groups in the validation split (Safarani et al. 2021: .2); not used
        if ``column`` names validation stimuli.
    seed
        Seed of the order in which groups are drawn (Safarani et al. 2021: 1000).
    column
        Column whose values are ``train``, ``test`` and, optionally, ``validation``.
    """

    by: str = "stimulus_id"
    test: float = 0.2
    validation: float = 0.2
    seed: int = 1000
    column: str | None = None


def assign_splits(
    stimulus_set: pd.DataFrame, rule: SplitRule, place: object
) -> tuple[np.ndarray, np.ndarray]:
    """Return the split and the group of each stimulus.

    Parameters
    ----------
    stimulus_set
        Table with a row for each stimulus.
    rule
        Rule of the split.
    place
        The stimulus set's file, for messages.

    Returns
    -------
    tuple
        Split and group of each row, both str.

    Raises
    ------
    InputError
        If a column is missing or names another split, if a group would be divided, if a share is
        not between 0 and 1, or if there are too few groups for three splits.
    """
    groups = _column(stimulus_set, rule.by, "split.by", place)
    if rule.column is None:
        _check_share(rule.test, "split.test")
        split = np.full(len(groups), TRAIN, dtype="<U10")
        split[np.isin(groups, _draw(groups, rule.test, rule.seed, TEST, place))] = TEST
    else:
        split = _given(stimulus_set, groups, rule, place)
    if VALIDATION not in split:
        _check_share(rule.validation, "split.validation")
        left = groups[split == TRAIN]
        drawn = _draw(left, rule.validation, rule.seed, VALIDATION, place)
        split[(split == TRAIN) & np.isin(groups, drawn)] = VALIDATION
    return split, groups


def _given(
    stimulus_set: pd.DataFrame, groups: np.ndarray, rule: SplitRule, place: object
) -> np.ndarray:
    split = _column(stimulus_set, str(rule.column), "split.column", place).astype("<U10")
    found = set(split.tolist())
    if not {TRAIN, TEST} <= found <= set(SPLITS):
        raise InputError(
            place,
            f"column {rule.column!r} has the values {some(sorted(found))}",
            expected=f"{TRAIN}, {TEST} and, optionally, {VALIDATION}",
            fix="use these names, or leave split.column out and give split.test",
        )
    pairs = pd.DataFrame({"group": groups, "split": split}).drop_duplicates()
    divided = pairs.loc[pairs["group"].duplicated(), "group"].unique()
    if len(divided):
        raise InputError(
            place,
            f"column {rule.column!r} divides groups of {rule.by!r}: {some(list(divided))}",
            expected="all stimuli of a group in one split",
            fix="correct the column, or set split.by to a column whose groups it does not divide",
        )
    return split


def _draw(groups: np.ndarray, share: float, seed: int, split: str, place: object) -> np.ndarray:
    # ASSUME: a share is one of groups, not of stimuli, and at least one group.
    names = np.unique(groups)
    count = max(1, round(share * len(names)))
    if count >= len(names):
        raise InputError(
            place,
            f"{len(names)} groups cannot give {count} to {split} and some to {TRAIN}",
            expected="enough groups for train, validation and test",
            fix=f"lower split.{split}, or group the stimuli by another column with split.by",
        )
    return generator(seed, "split", split).permutation(names)[:count]


def _column(stimulus_set: pd.DataFrame, name: str, key: str, place: object) -> np.ndarray:
    if name not in stimulus_set.columns:
        raise InputError(
            place,
            f"there is no column {name!r}, which {key} names",
            expected=f"one of {', '.join(map(str, stimulus_set.columns))}",
            fix=f"set {key} to one of these, or add the column",
        )
    return stimulus_set[name].to_numpy(dtype=object).astype(str)


def _check_share(share: float, key: str) -> None:
    if not 0 < share < 1:
        raise InputError(
            key,
            f"is {share}",
            expected="a share between 0 and 1, both excluded",
            fix="give another share, such as 0.2",
        )


def split_rule(split: Split) -> SplitRule:
    """Return the rule of a recording's settings; its seed is the same in every experiment."""
    return SplitRule(
        by=split.by,
        column=split.column,
        test=split.test,
        validation=split.validation,
        seed=SPLIT_SEED,
    )
