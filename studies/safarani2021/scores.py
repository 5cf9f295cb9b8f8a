"""Accuracy on corrupted images and the robustness score, each with its bootstrap interval."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import xarray as xr

from neurobust.dims import CORRUPTION, IMAGE, NETWORK, SEED, SEVERITY
from neurobust.errors import InputError
from neurobust.statistics.accuracy import (
    PERCENT,
    average_corruptions,
    average_groups,
    estimate_networks,
    resample_evaluation,
    resample_networks,
)
from neurobust.statistics.bootstrap import REPETITIONS, interval, resample_images
from neurobust.statistics.comparable import check_comparable, check_ever_right

BASELINE = "baseline"
OTHER_NETWORK = "other_network"


def score_roles(
    evaluations: Sequence[xr.Dataset], roles: Sequence[str], *, seed: int, repetitions: int
) -> xr.Dataset:
    """Return `robustness_scores` of the networks that play these roles, one of them Baseline."""
    by_role = dict(zip(roles, evaluations, strict=True))
    return robustness_scores(by_role, baseline=BASELINE, seed=seed, repetitions=repetitions)


def robustness_scores(
    evaluations: Mapping[str, xr.Dataset],
    *,
    baseline: str,
    seed: int,
    repetitions: int = REPETITIONS,
) -> xr.Dataset:
    """Return scores of networks relative to Baseline (Safarani 2021, section 3).

    The score is the mean over corruptions of a network's accuracy divided by Baseline's, both
    averaged over severities and seeds, in %; a group's score is the mean over its corruptions.

    Parameters
    ----------
    evaluations
        The evaluation of each network on corrupted images, the same for all.
    baseline
        The key of the network to divide by.
    seed, repetitions
        The seed of the bootstrap, and how often it resamples.

    Returns
    -------
    xr.Dataset
        In %, over ``network``: ``accuracy(network, corruption, severity)``, ``clean_accuracy``,
        ``clean_deviation`` (standard deviation over seeds, NaN for one seed),
        ``corruption_score(network, corruption)``, ``group_score(network, corruption_group)``,
        ``total_score``, ``total_difference(network, other_network)``; as a count,
        ``improved_corruptions``. All but ``clean_deviation`` have an ``..._interval`` with the
        dimension ``bound`` (low, high).

    Raises
    ------
    InputError
        If Baseline is not there or is never right on some corruption, or the networks were not
        evaluated on the same images and corruptions.
    """
    check_comparable(evaluations, baseline)
    check_ever_right(evaluations, baseline)
    images = evaluations[baseline].sizes[IMAGE]
    # ASSUME: the paper does not say what it resampled; here, both seeds and test images.
    counts = resample_images(images, repetitions, seed)
    replicates = resample_networks(evaluations, counts, seed)
    estimates = estimate_networks(evaluations)
    # ASSUME: each score, Baseline's own too, divides by a replicate of Baseline that shares the
    # images but has seeds of its own; else Baseline's error bar would vanish.
    denominator = resample_evaluation(evaluations[baseline], counts, seed, baseline, "denominator")
    average = estimates["accuracy"].mean(SEVERITY)
    relative = _relative(average, average.sel({NETWORK: baseline}, drop=True))
    relative_replicates = _relative(
        replicates["accuracy"].mean(SEVERITY), denominator["accuracy"].mean(SEVERITY)
    )
    _check_defined(relative_replicates)

    quantities = {
        "accuracy": (PERCENT * estimates["accuracy"], PERCENT * replicates["accuracy"]),
        "clean_accuracy": (PERCENT * estimates["clean"], PERCENT * replicates["clean"]),
    } | {
        name: (summary(relative), summary(relative_replicates))
        for name, summary in _SUMMARIES.items()
    }
    scores = xr.Dataset({"clean_deviation": PERCENT * estimates["clean_deviation"]})
    for name, (estimate, replicate) in quantities.items():
        scores[name] = estimate
        scores[f"{name}_interval"] = interval(replicate)
    return _describe(scores, evaluations, baseline, repetitions)


def seed_scores(
    evaluations: Mapping[str, xr.Dataset], *, baseline: str, sweeps: Mapping[str, str]
) -> pd.DataFrame:
    """Return the score of each seed of each network relative to the mean of Baseline's (Fig. 3C).

    Parameters
    ----------
    evaluations, baseline
        As in `robustness_scores`.
    sweeps
        The sweep of each network that belongs to one.

    Returns
    -------
    pd.DataFrame
        One row per network and seed: ``network``, ``sweep`` (empty if in none), ``ratio`` (neural
        batches per classification batch, NaN if not given), ``seed``,
        ``robustness_score_percent``, ``clean_accuracy_percent``.

    Raises
    ------
    InputError
        As in `robustness_scores`.
    """
    check_comparable(evaluations, baseline)
    check_ever_right(evaluations, baseline)
    reference = evaluations[baseline]["correct"].mean((SEED, SEVERITY, IMAGE))
    rows = []
    for name, data in evaluations.items():
        relative = data["correct"].mean((SEVERITY, IMAGE)) / reference
        robustness = PERCENT * relative.mean(CORRUPTION)
        clean = PERCENT * data["clean_correct"].mean(IMAGE)
        rows += [
            {
                "network": name,
                "sweep": sweeps.get(name, ""),
                "ratio": float(data.attrs.get("ratio", np.nan)),
                "seed": int(number),
                "robustness_score_percent": float(robustness.sel(seed=number)),
                "clean_accuracy_percent": float(clean.sel(seed=number)),
            }
            for number in data[SEED].to_numpy()
        ]
    return pd.DataFrame(rows)


def exemplary_corruptions(scores: xr.Dataset, network: str) -> list[str]:
    """Return the corruptions with a network's best, median and worst score (Fig. 2).

    Of an even number of corruptions, the better of the two in the middle is the median one.

    Raises
    ------
    InputError
        If the network is not among the scores.
    """
    if network not in scores[NETWORK]:
        raise InputError(
            "networks",
            f"{network!r} was not scored",
            expected=f"one of {', '.join(scores[NETWORK].to_numpy())}",
            fix="evaluate it, or name another network for the figure",
        )
    score = scores["corruption_score"].sel({NETWORK: network})
    ordered = score[CORRUPTION].to_numpy()[np.argsort(-score.to_numpy(), kind="stable")]
    return [str(ordered[rank]) for rank in (0, (len(ordered) - 1) // 2, -1)]


def _relative(accuracy: xr.DataArray, baseline: xr.DataArray) -> xr.DataArray:
    """Return accuracy divided by Baseline's in %, NaN where Baseline has 0."""
    return PERCENT * (accuracy / baseline.where(baseline > 0))


def _difference(relative: xr.DataArray) -> xr.DataArray:
    total = average_corruptions(relative)
    return total - total.rename({NETWORK: OTHER_NETWORK})


def _improved(relative: xr.DataArray) -> xr.DataArray:
    defined = relative.notnull().all(CORRUPTION)  # noqa: PD004 - xarray has no notna
    return (relative > PERCENT).sum(CORRUPTION).where(defined)


_SUMMARIES = {
    "corruption_score": lambda relative: relative,
    "group_score": average_groups,
    "total_score": average_corruptions,
    "total_difference": _difference,
    "improved_corruptions": _improved,
}


def _describe(
    scores: xr.Dataset, evaluations: Mapping[str, xr.Dataset], baseline: str, repetitions: int
) -> xr.Dataset:
    for name, variable in scores.data_vars.items():
        variable.attrs = {"units": "1" if str(name).startswith("improved") else "%"}
    every = evaluations.values()
    seeds = [data.sizes[SEED] for data in every]
    return scores.assign_coords(seeds=(NETWORK, seeds)).assign_attrs(
        baseline=baseline,
        repetitions=repetitions,
        images=evaluations[baseline].sizes[IMAGE],
        n_classes=int(evaluations[baseline].attrs["n_classes"]),
        simulated=int(any(data.attrs["simulated"] for data in every)),
    )


def _check_defined(relative: xr.DataArray) -> None:
    # ASSUME: with few images a resampled Baseline may have 0 %; such a repetition is left out of
    # the interval, unless that concerns more than half of them.
    whole = relative.notnull().all((NETWORK, CORRUPTION))  # noqa: PD004 - xarray has no notna
    defined = float(whole.mean())
    if defined < 0.5:
        raise InputError(
            "bootstrap",
            f"the resampled baseline has 0 % on some corruption in {1 - defined:.0%} of "
            "the repetitions",
            expected="a baseline above 0 % in at least half of them",
            fix="train the baseline for longer or evaluate on more images",
        )
