"""Example hybrids of one pair of images."""

from collections.abc import Sequence

import torch
import xarray as xr

from neurobust.dims import CHANNEL, COLUMN, ROW, TEST
from neurobust.evaluation.hybrids.evaluate import make_hybrids
from neurobust.evaluation.hybrids.reversal import MIXING_FREQUENCY, UNITS
from neurobust.images.batches import as_channels
from neurobust.images.form import CLASS_NAME, require_image, select_split
from neurobust.images.pairing import derange_labels
from neurobust.randomness import generator

FREQUENCIES = (0.1, 0.2, 0.3, 0.4, 0.6)
"""Mixing frequencies of the examples, in units of Nyquist."""


def make_hybrid_examples(
    image_set: xr.Dataset,
    number: int,
    *,
    colour: str,
    frequencies: Sequence[float] = FREQUENCIES,
    seed: int,
    place: str = "example_image",
) -> xr.Dataset:
    """Mix the low frequencies of one test image with the high ones of another.

    Parameters
    ----------
    image_set
        See `neurobust.images.form`.
    number
        Index, from 0, of the test image that gives the low frequencies.
    colour
        ``gray`` or ``rgb``, as networks see the images.
    frequencies
        Mixing frequencies in units of Nyquist.
    seed
        Seed of the pairs; with the evaluation's seed, the pair is that of its first permutation.
    place
        Name of the setting that gives ``number``, for error messages.

    Returns
    -------
    ``low``, ``high(row, column, channel)`` and ``hybrid(mixing_frequency, row, column, channel)``
    in [0, 1]; the attributes ``low_class`` and ``high_class`` name the classes of the images.

    Raises
    ------
    InputError
        If there is no such test image.
    """
    test = select_split(image_set, TEST)
    require_image(test, number, place)
    labels = test["label"].to_numpy()
    partner = derange_labels(labels, generator=generator(seed, "hybrids", 0))
    chosen = [number, int(partner[number])]
    pixels = torch.from_numpy(test["pixels"].isel(image=chosen).values)
    seen = as_channels(pixels, colour).float() / 255
    hybrids = torch.cat([make_hybrids(seen[:1], seen[1:], f) for f in frequencies])
    names = [str(image_set[CLASS_NAME].values[labels[image]]) for image in chosen]
    dims = (ROW, COLUMN, CHANNEL)
    low, high = seen.permute(0, 2, 3, 1).numpy()
    return xr.Dataset(
        {
            "low": (dims, low),
            "high": (dims, high),
            "hybrid": ((MIXING_FREQUENCY, *dims), hybrids.permute(0, 2, 3, 1).numpy()),
        },
        {MIXING_FREQUENCY: (MIXING_FREQUENCY, list(frequencies), {"units": UNITS})},
        {"low_class": names[0], "high_class": names[1]},
    )
