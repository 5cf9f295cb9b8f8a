"""Reversal frequency: which of a hybrid image's two components a network answers with.

A hybrid image has the low spatial frequencies of one image and the high ones of another, of
another class. As the frequency that divides them rises, a network changes from the class of the
high image to that of the low one; where both are equally likely lies its reversal frequency
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
from neurobust.networks.devices import mixed_precision, place
from neurobust.networks.network import Network
from neurobust.networks.pixels import PixelClassifier
from neurobust.randomness import generator

_PERCENT = (0, 3, 4, 5, 6, 8, 9, 11, 13, 15, 17, 19, 22, 27, 33, 42, 57, 100)
MIXING_FREQUENCIES = tuple(percent / 100 for percent in _PERCENT)
"""Where hybrid images are divided, in units of Nyquist (Li et al. 2023, released code)."""

log = logging.getLogger(__name__)


def pass_low(rows: int, columns: int, mixing_frequency: float) -> Bool[Tensor, "row half_column"]:
    """Return which spatial frequencies come from the low image, laid out as `torch.fft.rfft2`.

    Those of a radius of at most ``mixing_frequency * 0.5`` cycles per pixel: the mean is always
    the low image's, and the corners, beyond Nyquist, are always the high image's.
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
        See `pass_low`, in units of Nyquist.

    Returns
    -------
    The hybrids, clipped to [0, 1].
    """
    rows, columns = low.shape[-2:]
    mask = pass_low(rows, columns, mixing_frequency).to(low.device)
    # The transform is linear: the high image, with the difference of the low frequencies added.
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
    """Classify hybrids of the test images; find each network's reversal frequency.

    In each permutation every test image is the low image once and the high image once, paired
    with one of another class. The hybrids, of images in the network's colours, are the same for
    all networks that see an image set in these colours.

    Parameters
    ----------
    networks
        The classifiers by seed, of one recipe.
    image_set
        See `neurobust.images.form`.
    mixing_frequencies
        From 0 to 1, increasing, in units of Nyquist.
    permutations
        How many times the images are paired (Li et al. 2023: 4).
    batch_size
        Hybrids that are made at once.
    seed
        Of the pairs.
    device
        Where to compute.

    Returns
    -------
    ``agreement(seed, permutation, mixing_frequency, image)``: 1 where the hybrid of a low image is
    classified as that image's class, -1 where as the high image's, else 0. ``p_low`` and
    ``p_high(seed, permutation, mixing_frequency)``, the fractions of both, and
    ``reversal_frequency(seed, permutation)`` with ``crossings(seed, permutation)``, both from
    `neurobust.evaluation.hybrids.reversal.find_reversal`. Along ``image`` lies image_id. The
    attributes ``not_reversed`` and ``reversed_repeatedly`` count the curves without a crossing that
    gives a reversal and with more than one crossing; the log names them.

    Raises
    ------
    InputError
        If more than half of the test images are of one class.
    """
    first = next(iter(networks.values()))
    test = LabelledPictures.of_split(image_set, TEST, colour=first.recipe.colour, device=device)
    models = [PixelClassifier(place(net, device), test.standard) for net in networks.values()]
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
    """Label the answers to hybrids, and find where each curve reverses; the log names odd ones.

    Parameters
    ----------
    agreement
        1 where the low image's class is the answer, -1 where the high image's, else 0.
    seeds
        Of the networks.
    frequencies
        At which the images are mixed, increasing, in units of Nyquist.

    Returns
    -------
    What `evaluate_hybrids` returns, without what it says of the images.
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
