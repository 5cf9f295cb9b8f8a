"""Bootstrap of accuracies over seeds and test images, and percentile intervals."""

import numpy as np
import xarray as xr
from jaxtyping import Float32, Float64, Int64, Shaped

from neurobust.randomness import generator

REPETITIONS = 250  # Safarani 2021, section 2, Training
LEVEL = 0.95  # ASSUME: that paper does not state which interval its error bars span.
REPETITION = "repetition"
BOUND = "bound"
LOW, HIGH = BOUNDS = ("low", "high")


def resample_images(
    images: int, repetitions: int, seed: int
) -> Float32[np.ndarray, "repetition image"]:
    """Return how often each test image is drawn, with replacement, in each repetition.

    The draw depends on nothing but the arguments, so that all networks of a comparison, which
    share the test set, share the resampled test sets too.
    """
    return _draw_counts(images, repetitions, generator(seed, "bootstrap", "images")).astype("f4")


def resample_seeds(
    seeds: int, repetitions: int, seed: int, *purpose: object
) -> Int64[np.ndarray, "repetition seed"]:
    """Return how often each seed of a network is drawn; each purpose has a stream of its own."""
    return _draw_counts(seeds, repetitions, generator(seed, "bootstrap", "seeds", *purpose))


def _draw_counts(
    size: int, repetitions: int, stream: np.random.Generator
) -> Int64[np.ndarray, "repetition unit"]:
    return stream.multinomial(size, np.full(size, 1 / size), size=repetitions)


def resample_accuracy(
    correct: Shaped[np.ndarray, "seed *condition image"],
    image_counts: Float32[np.ndarray, "repetition image"],
    seed_counts: Int64[np.ndarray, "repetition seed"],
) -> Float64[np.ndarray, "repetition *condition"]:
    """Return the accuracy over the resampled seeds and images, as a fraction.

    Parameters
    ----------
    correct
        1 where the network of a seed named an image's class in a condition, else 0.
    image_counts, seed_counts
        How often each image and each seed is drawn.
    """
    seeds, *conditions, images = correct.shape
    hits = np.zeros((len(image_counts), int(np.prod(conditions, dtype=int))))
    for seed in range(seeds):  # One seed at a time, as the product needs floats: 4 bytes for 1.
        answers = correct[seed].reshape(-1, images).astype(np.float32)
        # Sums of whole numbers below 2**24 are exact in float32.
        hits += seed_counts[:, seed, None] * (image_counts @ answers.T)
    return (hits / (seeds * images)).reshape(-1, *conditions)


def interval(replicates: xr.DataArray) -> xr.DataArray:
    """Return the 95 % percentile interval over repetitions, dimension ``bound`` (low, high) last.

    Repetitions in which the quantity is undefined (NaN) are left out.
    """
    tail = (1 - LEVEL) / 2
    bounds = replicates.quantile([tail, 1 - tail], REPETITION, skipna=True)
    bounds = bounds.rename(quantile=BOUND).assign_coords({BOUND: list(BOUNDS)})
    return bounds.transpose(..., BOUND)
