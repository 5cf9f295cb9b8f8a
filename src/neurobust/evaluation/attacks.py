"""The smallest targeted perturbation of each image that makes a network answer a wrong class.

Perturbations live in the network's input, gray or RGB, with pixels from 0 to 1 (Li et al. 2023,
where foolbox's Brendel & Bethge attack found them; here its Fast Minimum-Norm attack does, in a
fraction of the time, unless others are asked for: see :mod:`~.perturbations`).
"""

import logging
from collections.abc import Mapping, Sequence

import numpy as np
import torch
import xarray as xr
from jaxtyping import Float
from torch import Tensor

from neurobust.dims import IMAGE, SEED, TEST
from neurobust.evaluation.attack_results import Results
from neurobust.evaluation.pairing import derange_labels
from neurobust.evaluation.perturbations import perturb
from neurobust.evaluation.pixels import PixelClassifier
from neurobust.evaluation.search import NORMS, Start
from neurobust.images.pictures import LabelledPictures
from neurobust.networks.devices import place
from neurobust.networks.network import Network
from neurobust.randomness import generator, seed_for

log = logging.getLogger(__name__)


def evaluate_attacks(
    networks: Mapping[int, Network],
    image_set: xr.Dataset,
    *,
    images: int,
    attacks: Sequence[str],
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
    attacks
        Of :data:`~neurobust.evaluation.perturbations.ATTACKS`, in turn; ``ddn`` is for L2 alone.
        The smallest perturbation of all attacks and restarts counts.
    steps
        Gradients per image, norm and restart of ``fmn`` and ``ddn``.
    restarts
        How often each attack is run: from the image, then from random points beside it;
        ``brendel-bethge`` from other images that are answered with the target.
    batch_size
        Images that are attacked at once.
    seed
        Of the images, the targets and the restarts.
    device
        Where to compute.

    Returns
    -------
    See :meth:`~neurobust.evaluation.attack_results.Results.label`. Along ``image`` lie image_id,
    label and target.

    Raises
    ------
    InputError
        If more than half of the test images are of one class: then not each can have a target.
    """
    first = next(iter(networks.values()))
    test = LabelledPictures.of_split(image_set, TEST, colour=first.recipe.colour, device=device)
    if len(test) < images:
        log.warning("%s images are to be attacked, the test images are %s", images, len(test))
    labels = test.labels.cpu().numpy()
    partner = derange_labels(labels, generator=generator(seed, "attacks", "targets"))
    chosen = np.sort(generator(seed, "attacks", "images").permutation(len(test))[:images])
    targets = torch.from_numpy(labels[partner[chosen]]).to(device)
    pixels = test.seen()

    results = Results(list(networks), len(chosen), rows=pixels.shape[2], columns=pixels.shape[3])
    for s, network in enumerate(networks.values()):
        classifier = PixelClassifier(place(network, device), test.standard)
        examples = _Examples(classifier, test, pixels, batch_size)
        for begin in range(0, len(chosen), batch_size):
            part = chosen[begin : begin + batch_size]
            at = slice(begin, begin + len(part))
            shown = pixels[torch.from_numpy(part).to(device)].float() / 255
            answers = classifier.answers(shown).cpu().numpy()
            results.correct[s, at] = answers == labels[part]
            starts = [_start(shown, examples, part, targets[at], seed, r) for r in range(restarts)]
            for n, norm in enumerate(NORMS.values()):
                search = perturb(
                    classifier, shown, targets[at], norm, attacks=attacks, steps=steps, starts=starts
                )
                results.enter(s, n, at, search)
    return (
        results.label()
        .assign_coords(
            image_id=(IMAGE, test.image_ids.cpu().numpy()[chosen]),
            label=(IMAGE, labels[chosen]),
            target=(IMAGE, targets.cpu().numpy()),
        )
        .assign_attrs(
            images=image_set.attrs["identifier"],
            attacks=" ".join(attacks),
            steps=steps,
            restarts=restarts,
        )
    )
