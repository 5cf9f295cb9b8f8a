"""Reversal frequency: which of the two components of a hybrid image decides a network's answer.

A hybrid image has the low spatial frequencies of one image and the high ones of an image of another
class. As the mixing frequency that divides them rises, a network's answer changes from the class of
the high image to that of the low image. The reversal frequency is where both are equally likely
(Li et al. 2023). Frequencies are in units of Nyquist, half a cycle per pixel.
"""

import logging
from collections.abc import Mapping, Sequence

import numpy as np
import torch
import xarray as xr
from jaxtyping import Bool, Float, Int8
from torch import Tensor

from neurobust.dims import IMAGE, SEED, TEST
from neurobust.evaluation.hybrids.reversal import (
    MIXING_FREQUENCY,
    PERMUTATION,
    UNITS,
    find_reversal,
)
from neurobust.images.batches import LabelledPictures
from neurobust.images.pairing import derange_labels
from neurobust.networks.devices import mixed_precision, to_device
from neurobust.networks.network import Network
from neurobust.networks.pixels import PixelClassifier
from neurobust.randomness import generator

_PERCENT = (0, 3, 4, 5, 6, 8, 9, 11, 13, 15, 17, 19, 22, 27, 33, 42, 57, 100)
MIXING_FREQUENCIES = tuple(percent / 100 for percent in _PERCENT)
"""Mixing frequencies in units of Nyquist (Li et al. 2023, released code)."""

log = logging.getLogger(__name__)


def pass_low(rows: int, columns: int, mixing_frequency: float) -> Bool[Tensor, "row half_column"]:
    """Return which spatial frequencies come from the low image, laid out as `torch.fft.rfft2`.

    These are the frequencies with a radius of at most ``mixing_frequency * 0.5`` cycles per pixel.
    The mean always comes from the low image, and the corners, beyond Nyquist, always from the high
    image.
    """
    along_rows = torch.fft.fftfreq(rows, dtype=torch.float64)
    along_columns = torch.fft.rfftfreq(columns, dtype=torch.float64)
    return torch.hypot(along_rows[:, None], along_columns) <= mixing_frequency * 0.5


def make_hybrids(
    low: Float[Tensor, "image channel row column"],
    high: Float[Tensor, "image channel row column"],
    mixing_frequency: float,
) -> Float[Tensor, "image channel row column"]:
    """Mix the low frequencies of some images with the high ones of others, channel by channel.

    Parameters
    ----------
    low, high
        Images in [0, 1].
    mixing_frequency
        Mixing frequency in units of Nyquist; see `pass_low`.

    Returns
    -------
    The hybrids, clipped to [0, 1].
    """
    rows, columns = low.shape[-2:]
    mask = pass_low(rows, columns, mixing_frequency).to(low.device)
    # The transform is linear: the low frequencies of the difference are added to the high image.
    spectrum = torch.fft.rfft2(low - high) * mask
    return (high + torch.fft.irfft2(spectrum, s=(rows, columns))).clamp(0, 1)


def evaluate_hybrids(
    networks: Mapping[int, Network],
    image_set: xr.Dataset,
    *,
    mixing_frequencies: Sequence[float] = MIXING_FREQUENCIES,
    permutations: int,
    batch_size: int,
    seed: int,
    device: torch.device,
) -> xr.Dataset:
    """Classify hybrids of the test images, and find each network's reversal frequency.

    In each permutation every test image is the low image once and the high image once, paired with
    an image of another class. All networks that see the image set in the same colours classify the
    same hybrids.

    Parameters
    ----------
    networks
        The classifiers by seed, of one recipe.
    image_set
        See `neurobust.images.form`.
    mixing_frequencies
        Mixing frequencies from 0 to 1, increasing, in units of Nyquist.
    permutations
        Number of times that the images are paired (Li et al. 2023: 4).
    batch_size
        Number of hybrids that are made at once.
    seed
        Seed of the pairs.
    device
        The device to compute on.

    Returns
    -------
    ``agreement(seed, permutation, mixing_frequency, image)``: 1 where the answer to the hybrid of a
    low image is the class of that image, -1 where it is the class of the high image, else 0.
    ``p_low`` and ``p_high(seed, permutation, mixing_frequency)`` are the fractions of both, and
    ``reversal_frequency(seed, permutation)`` and ``crossings(seed, permutation)`` come from
    `neurobust.evaluation.hybrids.reversal.find_reversal`. The coordinate image_id lies along
    ``image``. The attribute ``not_reversed`` counts the curves without a crossing that gives a
    reversal, and ``reversed_repeatedly`` those with several crossings; the log names both.

    Raises
    ------
    InputError
        If more than half of the test images are of one class.
    """
    first = next(iter(networks.values()))
    test = LabelledPictures.of_split(image_set, TEST, colour=first.recipe.colour, device=device)
    models = [PixelClassifier(to_device(net, device), test.standard) for net in networks.values()]
    pixels, labels = test.seen(), test.labels
    shape = (len(models), permutations, len(mixing_frequencies), len(test))
    agreement = np.zeros(shape, np.int8)
    for permutation in range(permutations):
        drawn = derange_labels(
            labels.cpu().numpy(), generator=generator(seed, "hybrids", permutation)
        )
        partner = torch.from_numpy(drawn).to(device)
        for start in range(0, len(test), batch_size):
            part = slice(start, start + batch_size)
            low, high = pixels[part].float() / 255, pixels[partner[part]].float() / 255
            for f, frequency in enumerate(mixing_frequencies):
                hybrids = make_hybrids(low, high, frequency)
                for m, model in enumerate(models):
                    with mixed_precision(device):
                        answers = model.answers(hybrids)
                    agrees = (answers == labels[part]).int()
                    agrees -= (answers == labels[partner[part]]).int()
                    agreement[m, permutation, f, part] = agrees.cpu().numpy()
    return (
        label_agreement(agreement, list(networks), mixing_frequencies)
        .assign_coords(image_id=(IMAGE, test.image_ids.cpu().numpy()))
        .assign_attrs(images=image_set.attrs["identifier"])
    )


def label_agreement(
    agreement: Int8[np.ndarray, "seed permutation frequency image"],
    seeds: list[int],
    frequencies: Sequence[float],
) -> xr.Dataset:
    """Label the answers to hybrids, find where each curve reverses, and log odd curves.

    Parameters
    ----------
    agreement
        1 where the answer is the class of the low image, -1 where it is that of the high image,
        else 0.
    seeds
        Seeds of the networks.
    frequencies
        Mixing frequencies, increasing, in units of Nyquist.

    Returns
    -------
    The result of `evaluate_hybrids` without its information on the images.
    """
    p_low, p_high = (agreement == 1).mean(-1), (agreement == -1).mean(-1)
    reversal = np.full(p_low.shape[:2], np.nan)
    crossings = np.zeros(p_low.shape[:2], np.int64)
    for s, p in np.ndindex(*reversal.shape):
        reversal[s, p], crossings[s, p] = find_reversal(frequencies, p_low[s, p] - p_high[s, p])
        if crossings[s, p] != 1 or np.isnan(reversal[s, p]):
            log.warning(
                "seed %s, permutation %s: p_low - p_high crosses zero %s times; "
                "the reversal frequency is %.3g",
                *(seeds[s], p, crossings[s, p], reversal[s, p]),
            )
    curve = (SEED, PERMUTATION, MIXING_FREQUENCY)
    return xr.Dataset(
        {
            "agreement": ((*curve, IMAGE), agreement),
            "p_low": (curve, p_low),
            "p_high": (curve, p_high),
            "reversal_frequency": ((SEED, PERMUTATION), reversal, {"units": UNITS}),
            "crossings": ((SEED, PERMUTATION), crossings),
        },
        coords={
            SEED: seeds,
            PERMUTATION: np.arange(p_low.shape[1]),
            MIXING_FREQUENCY: (MIXING_FREQUENCY, list(frequencies), {"units": UNITS}),
        },
        attrs={
            "not_reversed": int((np.isnan(reversal) | (crossings == 0)).sum()),
            "reversed_repeatedly": int((crossings > 1).sum()),
        },
    )
