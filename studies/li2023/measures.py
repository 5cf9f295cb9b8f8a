"""The measures of one network in the low-frequency study, over draws of seeds and images.

Sizes of perturbations are in 1/255 of the pixel range, for both norms; radial frequencies in cycles
per pixel; mixing and reversal frequencies in units of Nyquist, half a cycle per pixel.
"""

import numpy as np
import xarray as xr
from jaxtyping import Bool, Float, Float64, Int64

from neurobust.dims import CORRUPTION, IMAGE, RADIAL_FREQUENCY, SEED, SEVERITY
from neurobust.errors import InputError
from neurobust.evaluation.hybrids.reversal import MIXING_FREQUENCY, PERMUTATION, find_reversal
from neurobust.images.frequencies import cumulative_share, half_power_frequency
from neurobust.images.frequency_categories import CATEGORIES, FREQUENCY_CATEGORIES
from neurobust.statistics.accuracy import PERCENT, average_corruptions, stack
from neurobust.statistics.bootstrap import REPETITION, resample_accuracy

CLEAN_ACCURACY = "clean_accuracy"
CORRUPTION_ACCURACY = "corruption_accuracy"
PERTURBATION = "perturbation_mean"
HALF_POWER_FREQUENCY = "half_power_frequency"
REVERSAL_FREQUENCY = "reversal_frequency"
MEASURES = (PERTURBATION, CORRUPTION_ACCURACY, HALF_POWER_FREQUENCY, REVERSAL_FREQUENCY)
"""What is correlated."""
NORM = "norm"
STEP = "step"
CATEGORY = "category"
LEVELS = 255
RADII = np.linspace(0, 0.5**0.5, 142)
"""Radii of cumulative power, in cycles per pixel: up to the corner of a spectrum."""
STEPS = 301  # sizes at which success is computed

_Counts = Float[np.ndarray, "repetition image"]
_SeedCounts = Int64[np.ndarray, "repetition seed"]


def name_with_norm(measure: str, norm: str) -> str:
    """Return a measure's name in tables, claims and on axes: ``perturbation_linf_mean``.

    Sizes of perturbations have the norm in their name, other measures keep theirs.
    """
    return measure.replace("perturbation_", f"perturbation_{norm}_")


def measure_corruptions(
    evaluation: xr.Dataset, seed_counts: _SeedCounts, image_counts: _Counts
) -> xr.Dataset:
    """Return a network's accuracies in %, over draws.

    Parameters
    ----------
    evaluation
        ``correct(seed, corruption, severity, image)`` and ``clean_correct(seed, image)``.
    seed_counts, image_counts
        How often each seed and image counts, from `neurobust.statistics.draws`.

    Returns
    -------
    With ``repetition`` first: ``clean_accuracy``; ``severity_accuracy(severity)``, the mean over
    corruptions, clean images at severity 0; ``category_accuracy(category)`` and
    ``corruption_accuracy``, means over severities and over the corruptions of a category or all.

    Raises
    ------
    InputError
        If a corruption is in no category, or a category has no corruption.
    """
    correct = evaluation["correct"].transpose(SEED, CORRUPTION, SEVERITY, IMAGE)
    clean_correct = evaluation["clean_correct"].transpose(SEED, IMAGE).to_numpy()
    accuracy = xr.DataArray(
        PERCENT * resample_accuracy(correct.to_numpy(), image_counts, seed_counts),
        dims=(REPETITION, CORRUPTION, SEVERITY),
        coords={name: correct[name].to_numpy() for name in (CORRUPTION, SEVERITY)},
    )
    clean = xr.DataArray(
        PERCENT * resample_accuracy(clean_correct, image_counts, seed_counts), dims=REPETITION
    )
    severities = xr.concat(
        [clean.expand_dims({SEVERITY: [0]}, 1), average_corruptions(accuracy)], SEVERITY
    )
    by_corruption = accuracy.mean(SEVERITY)
    members = _members(accuracy[CORRUPTION].to_numpy().tolist(), evaluation)
    categories = {
        category: average_corruptions(by_corruption.sel({CORRUPTION: names}))
        for category, names in members.items()
    }
    return xr.Dataset(
        {
            CLEAN_ACCURACY: clean,
            "severity_accuracy": severities,
            "category_accuracy": stack(categories, CATEGORY).transpose(REPETITION, CATEGORY),
            CORRUPTION_ACCURACY: average_corruptions(by_corruption),
        }
    )


def _members(corruptions: list[str], evaluation: xr.Dataset) -> dict[str, list[str]]:
    """Return the corruptions of each category."""
    members: dict[str, list[str]] = {category: [] for category in CATEGORIES}
    place = evaluation.encoding.get("source", "the corruptions")
    for name in corruptions:
        if name not in FREQUENCY_CATEGORIES:
            raise InputError(
                place,
                f"corruption {name!r} is neither of low nor medium nor high frequency",
                expected=f"one of {', '.join(FREQUENCY_CATEGORIES)}",
                fix="give it a category in neurobust.images.frequency_categories",
            )
        members[FREQUENCY_CATEGORIES[name]].append(name)
    for category, names in members.items():
        if not names:
            raise InputError(
                place,
                f"no corruption is of {category} frequency",
                expected="corruptions of all three categories",
                fix="evaluate the network on all corruptions",
            )
    return members


def measure_attacks(
    attack: xr.Dataset,
    seed_counts: _SeedCounts,
    image_counts: _Counts,
    sizes: Float64[np.ndarray, "norm step"],
) -> xr.Dataset:
    """Return sizes and spectra of a network's smallest perturbations, over draws.

    An image for which no perturbation was found counts as an infinite one for ``success`` and
    ``perturbation_half``; the other measures leave it out. Spectra leave out perturbations without
    power, too: their size is 0, as the network answers with the target unprompted.

    Parameters
    ----------
    attack
        ``distance(seed, norm, image)`` (pixel range 0 to 1, infinite where not found) and
        ``radial_power(seed, norm, image, radial_frequency)``.
    seed_counts, image_counts
        How often each seed and image counts, from `neurobust.statistics.draws`.
    sizes
        Sizes at which success is computed, in 1/255, for each norm.

    Returns
    -------
    With ``repetition`` and ``norm`` first: ``perturbation_mean`` and ``perturbation_std``, mean and
    standard deviation of the size; ``perturbation_half``, see `half_success`; ``success(step)``,
    the fraction of images with a perturbation of at most a size;
    ``cumulative_power(radial_frequency)``, the share of the mean spectrum within each radius of
    `RADII`, interpolated linearly; ``half_power_frequency`` of the mean spectrum.
    """
    weights = _weigh(seed_counts, image_counts)
    radii = attack[RADIAL_FREQUENCY].to_numpy()
    by_norm = []
    for norm, grid in zip(attack[NORM].to_numpy(), sizes, strict=True):
        chosen = attack.sel({NORM: norm})
        distance = LEVELS * chosen["distance"].transpose(SEED, IMAGE).to_numpy().ravel()
        power = chosen["radial_power"].transpose(SEED, IMAGE, RADIAL_FREQUENCY).to_numpy()
        by_norm.append(_measure_norm(distance, power.reshape(-1, len(radii)), radii, weights, grid))
    dims = {"success": (STEP,), "cumulative_power": (RADIAL_FREQUENCY,)}
    return xr.Dataset(
        {
            name: (
                (REPETITION, NORM, *dims.get(name, ())),
                np.stack([found[name] for found in by_norm], axis=1),
            )
            for name in by_norm[0]
        },
        {NORM: attack[NORM].to_numpy(), RADIAL_FREQUENCY: RADII},
    )


def _weigh(
    seed_counts: _SeedCounts, image_counts: _Counts
) -> Float64[np.ndarray, "repetition network_image"]:
    """Return how often each pair of a seed and an image counts, all pairs in one row."""
    counts = seed_counts[:, :, None] * image_counts[:, None, :].astype(np.float64)
    return counts.reshape(len(counts), -1)


def _measure_norm(
    distance: Float64[np.ndarray, " network_image"],
    power: Float[np.ndarray, "network_image radius"],
    radii: Float64[np.ndarray, " radius"],
    weights: Float64[np.ndarray, "repetition network_image"],
    grid: Float64[np.ndarray, " step"],
) -> dict[str, Float64[np.ndarray, "repetition ..."]]:
    found = np.isfinite(distance)
    sizes, counts = distance[found], weights[:, found]
    total = np.where(counts.sum(1) > 0, counts.sum(1), np.nan)
    mean = counts @ sizes / total
    variance = counts @ sizes**2 / total - mean**2
    with_power = has_power(power)
    # ASSUME: the half-power frequency is that of the mean spectrum, in which large perturbations
    # weigh more. The paper's figures show this spectrum; over what its error is, it leaves open.
    spectra = weights[:, with_power] @ power[with_power]
    shares = cumulative_share(spectra)
    return {
        PERTURBATION: mean,
        "perturbation_std": np.sqrt(np.maximum(variance, 0)),  # rounding may end below 0
        "perturbation_half": half_success(distance, weights),
        "success": success_rates(distance, weights, grid),
        "cumulative_power": np.stack([np.interp(RADII, radii, share) for share in shares]),
        HALF_POWER_FREQUENCY: half_power_frequency(radii, spectra),
    }


def has_power(power: Float[np.ndarray, "*image radius"]) -> Bool[np.ndarray, "*image"]:
    """Return which perturbations have a spectrum: those found that are larger than 0."""
    return np.nan_to_num(power).sum(-1) > 0


def success_rates(
    distance: Float64[np.ndarray, " image"],
    weights: Float64[np.ndarray, "repetition image"],
    sizes: Float64[np.ndarray, " step"],
) -> Float64[np.ndarray, "repetition step"]:
    """Return the share of images with a perturbation of at most each size."""
    within = _accumulate(distance, weights)
    reached = np.searchsorted(np.sort(distance), sizes, side="right")
    return np.pad(within, ((0, 0), (1, 0)))[:, reached] / within[:, -1:]


def half_success(
    distance: Float64[np.ndarray, " image"], weights: Float64[np.ndarray, "repetition image"]
) -> Float64[np.ndarray, " repetition"]:
    """Return the smallest size at which at least half of all images have been perturbed.

    Infinite where more than half have no perturbation.
    """
    within = _accumulate(distance, weights)
    return np.sort(distance)[np.argmax(within >= within[:, -1:] / 2, axis=1)]


def _accumulate(
    distance: Float64[np.ndarray, " image"], weights: Float64[np.ndarray, "repetition image"]
) -> Float64[np.ndarray, "repetition image"]:
    return np.cumsum(weights[:, np.argsort(distance, kind="stable")], axis=1)


def measure_hybrids(
    hybrid: xr.Dataset,
    seed_counts: _SeedCounts,
    permutation_counts: Int64[np.ndarray, "repetition permutation"],
    image_counts: _Counts,
) -> xr.Dataset:
    """Return the mean reversal frequency over draws of seeds, permutations and images.

    In each draw every seed and permutation has its own curve over the drawn low images, and so a
    reversal. Curves without a reversal (NaN) are left out of the mean; if none has one, it is NaN.

    Parameters
    ----------
    hybrid
        ``agreement(seed, permutation, mixing_frequency, image)``, see
        `neurobust.evaluation.hybrids.evaluate.evaluate_hybrids`.
    seed_counts, permutation_counts, image_counts
        How often each seed, permutation and image counts, from `neurobust.statistics.draws`.
    """
    agreement = hybrid["agreement"].transpose(SEED, PERMUTATION, MIXING_FREQUENCY, IMAGE).to_numpy()
    mixing = hybrid[MIXING_FREQUENCY].to_numpy()
    weights = _weigh(seed_counts, permutation_counts.astype(np.float64))
    frequency = np.full(weights.shape, np.nan)
    for index, curve in enumerate(agreement.reshape(-1, *agreement.shape[2:])):
        drawn = image_counts @ curve.T.astype(np.float32)
        frequency[:, index] = [find_reversal(mixing, difference)[0] for difference in drawn]
    counts = np.where(np.isfinite(frequency), weights, 0)
    total = counts.sum(1)
    mean = (counts * np.nan_to_num(frequency)).sum(1) / np.where(total > 0, total, np.nan)
    return xr.Dataset({REVERSAL_FREQUENCY: (REPETITION, mean)})


def success_grid(distances: list[xr.DataArray]) -> xr.DataArray:
    """Return the sizes at which the success of all networks is computed, (norm, step) in 1/255.

    They go from 0 to the largest perturbation found, as squares of equal steps: dense where sizes
    are small.

    Parameters
    ----------
    distances
        Sizes of each network's perturbations, with a dimension ``norm``; pixel range 0 to 1.
    """
    rise = np.linspace(0, 1, STEPS) ** 2
    largest = xr.concat(
        [d.where(np.isfinite(d)).max(set(d.dims) - {NORM}) for d in distances], STEP
    ).max(STEP)
    highest = LEVELS * largest.fillna(0)
    # Without a perturbation larger than 0, a norm's axis goes to 1.
    return highest.where(highest > 0, 1.0) * xr.DataArray(rise, dims=STEP)
