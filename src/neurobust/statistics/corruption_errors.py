"""Corruption error: errors under corruptions relative to those of a reference network."""

from collections.abc import Mapping

import pandas as pd
import xarray as xr

from neurobust.dims import CORRUPTION, IMAGE, NETWORK, SEED, SEVERITY
from neurobust.errors import InputError
from neurobust.statistics.accuracy import (
    PERCENT,
    average_corruptions,
    average_groups,
    estimate_accuracy,
    estimate_networks,
    resample_evaluation,
    resample_networks,
)
from neurobust.statistics.bootstrap import REPETITIONS, interval, resample_images
from neurobust.statistics.comparable import check_comparable

ALEXNET_ERRORS = {
    "gaussian_noise": 0.886428,
    "shot_noise": 0.894468,
    "impulse_noise": 0.922640,
    "defocus_blur": 0.819880,
    "glass_blur": 0.826268,
    "motion_blur": 0.785948,
    "zoom_blur": 0.798360,
    "snow": 0.866816,
    "frost": 0.826572,
    "fog": 0.819324,
    "brightness": 0.564592,
    "contrast": 0.853204,
    "elastic_transform": 0.646056,
    "pixelate": 0.717840,
    "jpeg_compression": 0.606500,
}
"""Top-1 errors on ImageNet-C, means over the five severities (Hendrycks & Dietterich 2019)."""
ALEXNET_SEVERITIES = [1, 2, 3, 4, 5]


def corruption_errors(
    evaluations: Mapping[str, xr.Dataset],
    *,
    reference: str | None,
    seed: int,
    repetitions: int = REPETITIONS,
) -> xr.Dataset:
    """Divide the errors of networks by those of a reference (Hendrycks & Dietterich 2019).

    CE = sum over severities of a network's error / that of the reference, for each corruption; a
    group's and the mean corruption error (mCE) are means over corruptions.

    Parameters
    ----------
    evaluations
        The corruption evaluation of each network, all on the same images.
    reference
        Name of the network to divide by; None for AlexNet's published errors on ImageNet-C.
    seed, repetitions
        Seed and size of the bootstrap over seeds and test images. A reference network is resampled
        as well, with draws of its seeds that are independent of those for the network itself, so
        that its own relative error has an interval, too.

    Returns
    -------
    xr.Dataset
        In %: ``corruption_error(network, corruption)``, ``group_error(network,
        corruption_group)`` and ``mean_error(network)``, each with its ``..._interval``, dimension
        ``bound`` (low, high) last. Attributes: reference, repetitions, images, simulated.

    Raises
    ------
    InputError
        If the reference is not among the networks, they were not evaluated on the same images, the
        reference makes no error on some corruption, or AlexNet has no error for a corruption or
        these severities.
    """
    divisor = divisor_replicates = _reference_error(evaluations, reference)
    images = next(iter(evaluations.values())).sizes[IMAGE]
    counts = resample_images(images, repetitions, seed)
    replicates = resample_networks(evaluations, counts, seed)
    if reference is not None:
        resampled = resample_evaluation(
            evaluations[reference], counts, seed, reference, "denominator"
        )
        divisor_replicates = _error(resampled["accuracy"])
    relative = PERCENT * _error(estimate_networks(evaluations)["accuracy"]) / divisor
    # A resampled reference without an error (few images) has no relative error in that repetition.
    relative_replicates = (
        PERCENT * _error(replicates["accuracy"]) / divisor_replicates.where(divisor_replicates > 0)
    )
    result = xr.Dataset()
    for name, summarise in _SUMMARIES.items():
        result[name] = summarise(relative).assign_attrs(units="%")
        result[f"{name}_interval"] = interval(summarise(relative_replicates))
    return result.assign_attrs(
        reference=reference or "AlexNet, published errors",
        repetitions=repetitions,
        images=images,
        simulated=int(any(data.attrs["simulated"] for data in evaluations.values())),
    )


def seed_errors(evaluations: Mapping[str, xr.Dataset], *, reference: str | None) -> pd.DataFrame:
    """Return the mean corruption error of each seed of each network.

    Returns
    -------
    pd.DataFrame
        One row per network and seed: ``network``, ``seed``, ``mce_percent`` and
        ``clean_accuracy_percent``; the reference is the mean over its seeds.

    Raises
    ------
    InputError
        As in `corruption_errors`.
    """
    divisor = _reference_error(evaluations, reference)
    rows = []
    for name, data in evaluations.items():
        errors = _error(data["correct"].mean(IMAGE))
        mean = average_corruptions(PERCENT * errors / divisor)
        clean = PERCENT * data["clean_correct"].mean(IMAGE)
        rows += [
            {
                NETWORK: name,
                SEED: int(number),
                "mce_percent": float(mean.sel({SEED: number})),
                "clean_accuracy_percent": float(clean.sel({SEED: number})),
            }
            for number in data[SEED].to_numpy()
        ]
    return pd.DataFrame(rows)


_SUMMARIES = {
    "corruption_error": lambda relative: relative,
    "group_error": average_groups,
    "mean_error": average_corruptions,
}


def _error(accuracy: xr.DataArray) -> xr.DataArray:
    return 1 - accuracy.mean(SEVERITY)


def _reference_error(evaluations: Mapping[str, xr.Dataset], reference: str | None) -> xr.DataArray:
    """Check that the networks can be compared, and return the errors that theirs are divided by."""
    check_comparable(evaluations, reference or next(iter(evaluations)))
    if reference is None:
        return _alexnet(next(iter(evaluations.values())))
    errors = _error(estimate_accuracy(evaluations[reference])["accuracy"])
    perfect = errors[CORRUPTION].to_numpy()[errors.to_numpy() <= 0]
    if len(perfect):
        raise InputError(
            f"network {reference}",
            f"makes no error under {', '.join(perfect)}",
            expected="a reference that errs under every corruption, as errors are divided by its",
            fix="name a weaker network as reference",
        )
    return errors


def _alexnet(evaluation: xr.Dataset) -> xr.DataArray:
    names = evaluation[CORRUPTION].to_numpy().tolist()
    severities = evaluation[SEVERITY].to_numpy().tolist()
    unknown = [name for name in names if name not in ALEXNET_ERRORS] or (
        [] if severities == ALEXNET_SEVERITIES else [f"severities {severities}"]
    )
    if unknown:
        raise InputError(
            "reference",
            f"AlexNet's errors are not known for {', '.join(unknown)}",
            expected="the corruptions and the five severities of ImageNet-C",
            fix="evaluate severities 1 to 5, or name a network as reference",
        )
    return xr.DataArray([ALEXNET_ERRORS[name] for name in names], {CORRUPTION: names})
