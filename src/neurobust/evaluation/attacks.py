"""The smallest targeted perturbation of each image that makes a network answer a wrong class.

Perturbations live in the network's input, gray or RGB, with pixels from 0 to 1 (Li et al. 2023,
where foolbox's Brendel & Bethge attack found them; here its Fast Minimum-Norm attack does, in a
fraction of the time: see :mod:`~.perturbations`).
"""

import logging
from collections.abc import Mapping

import numpy as np
import torch
import xarray as xr
from jaxtyping import Bool, Float, Int8, Int64
from torch import Tensor

from neurobust.dims import IMAGE, SEED, TEST
from neurobust.evaluation.pairing import derange_labels
from neurobust.evaluation.perturbations import NORMS, perturb
from neurobust.evaluation.pixels import PixelClassifier
from neurobust.images.pictures import LabelledPictures
from neurobust.networks.devices import place
from neurobust.networks.network import Network
from neurobust.randomness import generator

NORM = "norm"
UNITS = "1 (pixel range 0 to 1)"
# ASSUME: further restarts begin beside the image, as far as a perturbation may go; starts from
# images of the target class, as in the paper, ended in perturbations about three times as large.
_JITTER = 4 / 255

log = logging.getLogger(__name__)


def evaluate_attacks(
    networks: Mapping[int, Network],
    image_set: xr.Dataset,
    *,
    images: int,
    steps: int,
    restarts: int,
    batch_size: int,
    seed: int,
    device: torch.device,
) -> xr.Dataset:
    """Find the smallest targeted perturbation, by the norms of ``NORMS``, of some test images.

    The images, and the wrong class that each is driven to, are the same for all networks of an
    image set. As in the released code of Li et al. 2023 an image is attacked whether or not the
    network is right about it; ``correct`` tells these cases apart. Where the network gives the
    target unprompted, the distance is 0.

    Parameters
    ----------
    networks
        The classifiers by seed, of one recipe.
    image_set
        See :mod:`neurobust.images.sets`.
    images
        How many test images, drawn at random; all, if there are fewer (Li et al. 2023: 1000).
    steps
        Gradients per image, norm and restart.
    restarts
        How often each attack is run: from the image, then from random points beside it. The
        smallest perturbation counts.
    batch_size
        Images that are attacked at once.
    seed
        Of the images, the targets and the restarts.
    device
        Where to compute.

    Returns
    -------
    ``distance(seed, norm, image)``, in units of the pixel range, infinite where ``found(seed,
    norm, image)`` is 0: where no attack ended in an image that, seen afresh, is answered with
    the target. ``correct(seed, image)``, 0 or 1, for the images as they are. And
    ``median_distance(seed, norm)``, see :func:`median_distance`. Along ``image`` lie image_id,
    label and target.

    Raises
    ------
    InputError
        If more than half of the test images are of one class: then not each can have a target.
    """
    first = next(iter(networks.values()))
    test = LabelledPictures.of_split(image_set, TEST, colour=first.recipe.colour, device=device)
    labels = test.labels.cpu().numpy()
    partner = derange_labels(labels, generator=generator(seed, "attacks", "targets"))
    chosen = np.sort(generator(seed, "attacks", "images").permutation(len(test))[:images])
    ids = test.image_ids.cpu().numpy()[chosen]
    targets = torch.from_numpy(labels[partner[chosen]]).to(device)
    pixels = test.seen()[torch.from_numpy(chosen).to(device)]

    correct = np.zeros((len(networks), len(chosen)), np.int8)
    distance = np.zeros((len(networks), len(NORMS), len(chosen)))
    for s, network in enumerate(networks.values()):
        classifier = PixelClassifier(place(network, device), test.standard)
        for begin in range(0, len(chosen), batch_size):
            part = slice(begin, begin + batch_size)
            shown = pixels[part].float() / 255
            answers = classifier.answers(shown).cpu().numpy()
            correct[s, part] = answers == labels[chosen[part]]
            starts = [_jitter(shown, ids[part], seed, restart) for restart in range(restarts)]
            for n, norm in enumerate(NORMS.values()):
                _, sizes = perturb(
                    classifier, shown, targets[part], norm, steps=steps, starts=starts
                )
                distance[s, n, part] = sizes.cpu().numpy()
    return (
        _label(distance, correct, list(networks))
        .assign_coords(
            image_id=(IMAGE, ids),
            label=(IMAGE, labels[chosen]),
            target=(IMAGE, targets.cpu().numpy()),
        )
        .assign_attrs(images=image_set.attrs["identifier"], steps=steps, restarts=restarts)
    )


def median_distance(
    distance: Float[np.ndarray, " image"], correct: Bool[np.ndarray, " image"]
) -> float:
    """Return the size of perturbation at which half of the correctly classified images are fooled.

    The smallest that fools at least half of them (Li et al. 2023: the size of 50 % success);
    infinite if fewer were fooled at all, NaN if no image is classified correctly.
    """
    fooled = np.sort(distance[correct])
    return float(fooled[(len(fooled) - 1) // 2]) if len(fooled) else np.nan


def _jitter(
    images: Float[Tensor, "image channel row column"],
    ids: Int64[np.ndarray, " image"],
    seed: int,
    restart: int,
) -> Float[Tensor, "image channel row column"]:
    """Return where a restart begins: the first at the images, others beside them."""
    if restart == 0:
        return images
    size = images.shape[1:]
    drawn = [
        generator(seed, "attacks", "start", restart, number).uniform(-_JITTER, _JITTER, size)
        for number in ids
    ]
    return (images + torch.from_numpy(np.stack(drawn)).to(images)).clamp(0, 1)


def _label(
    distance: Float[np.ndarray, "seed norm image"],
    correct: Int8[np.ndarray, "seed image"],
    seeds: list[int],
) -> xr.Dataset:
    found = np.isfinite(distance)
    for s, seed in enumerate(seeds):
        if not correct[s].any():
            log.warning("seed %s classifies no image correctly: no median distance", seed)
        for n, norm in enumerate(NORMS):
            if not found[s, n].all():
                log.warning(
                    "seed %s, %s: no perturbation found for %s of %s images",
                    *(seed, norm, (~found[s, n]).sum(), found.shape[-1]),
                )
    median = [
        [median_distance(d, c == 1) for d in by_norm]
        for by_norm, c in zip(distance, correct, strict=True)
    ]
    dims = (SEED, NORM, IMAGE)
    return xr.Dataset(
        {
            "distance": (dims, distance, {"units": UNITS}),
            "found": (dims, found.astype(np.int8)),
            "correct": ((SEED, IMAGE), correct),
            "median_distance": ((SEED, NORM), median, {"units": UNITS}),
        },
        coords={SEED: seeds, NORM: list(NORMS)},
    )
