"""The smallest targeted perturbation of each image that makes a network answer a wrong class.

Perturbations live in the network's input, gray or RGB, with pixels from 0 to 1 (Li et al. 2023,
where foolbox's Brendel & Bethge attack found them; here its Fast Minimum-Norm attack does, in a
fraction of the time, unless others are asked for: see `evaluation.attacks.perturb`).
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
import xarray as xr
from jaxtyping import Float, Int64, UInt8
from torch import Tensor

from neurobust.dims import IMAGE, TEST
from neurobust.evaluation.attacks.perturb import perturb
from neurobust.evaluation.attacks.results import Results
from neurobust.evaluation.attacks.search import NORMS, Start
from neurobust.images.batches import LabelledPictures
from neurobust.images.pairing import derange_labels
from neurobust.networks.devices import place
from neurobust.networks.network import Network
from neurobust.networks.pixels import PixelClassifier
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
        See `neurobust.images.form`.
    images
        How many test images, drawn at random; all, if there are fewer (Li et al. 2023: 1000).
    attacks
        Of `neurobust.evaluation.attacks.perturb.ATTACKS`, in turn; ``ddn`` is for L2 alone.
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
    See `neurobust.evaluation.attacks.results.Results.label`. Along ``image`` lie image_id,
    label and target.

    Raises
    ------
    InputError
        If more than half of the test images are of one class: then not each can have a target.
    """
    first = next(iter(networks.values()))
    test = LabelledPictures.of_split(image_set, TEST, colour=first.recipe.colour, device=device)
    if len(test) < images:
        log.warning("%s images are asked for, there are %s test images", images, len(test))
    task = _Task.draw(test, images, seed)
    height, width = task.pixels.shape[-2:]
    results = Results(list(networks), len(task.chosen), rows=height, columns=width)
    for s, network in enumerate(networks.values()):
        classifier = PixelClassifier(place(network, device), test.standard)
        # Only Brendel & Bethge's attack begins at other images.
        answers = task.answers(classifier, batch_size) if "brendel-bethge" in attacks else None
        for begin in range(0, len(task.chosen), batch_size):
            part = task.chosen[begin : begin + batch_size]
            at = slice(begin, begin + len(part))
            shown, targets = task.show(part), task.targets[part]
            results.correct[s, at] = (classifier.answers(shown) == task.labels[part]).cpu()
            starts = [task.start(part, restart, answers) for restart in range(restarts)]
            for n, norm in enumerate(NORMS.values()):
                search = perturb(
                    classifier, shown, targets, norm, attacks=attacks, steps=steps, starts=starts
                )
                results.enter(s, n, at, search)
    return (
        results.label()
        .assign_coords(
            {
                name: (IMAGE, values[task.chosen].cpu().numpy())
                for name, values in (
                    ("image_id", task.ids),
                    ("label", task.labels),
                    ("target", task.targets),
                )
            }
        )
        .assign_attrs(
            images=image_set.attrs["identifier"],
            attacks=" ".join(attacks),
            steps=steps,
            restarts=restarts,
        )
    )


@dataclass(frozen=True)
class _Task:
    """What is attacked: all test images with a target each, and which of them are chosen."""

    pixels: UInt8[Tensor, "image channel row column"]
    ids: Int64[Tensor, " image"]
    labels: Int64[Tensor, " image"]
    targets: Int64[Tensor, " image"]
    chosen: Int64[Tensor, " chosen"]
    seed: int

    @classmethod
    def draw(cls, test: LabelledPictures, images: int, seed: int) -> "_Task":
        partner = derange_labels(
            test.labels.cpu().numpy(), generator=generator(seed, "attacks", "targets")
        )
        order = generator(seed, "attacks", "images").permutation(len(test))
        return cls(
            test.seen(),
            test.image_ids,
            test.labels,
            targets=test.labels[torch.from_numpy(partner).to(test.labels.device)],
            chosen=torch.from_numpy(np.sort(order[:images])).to(test.labels.device),
            seed=seed,
        )

    def show(self, part: Int64[Tensor, " image"]) -> Float[Tensor, "image channel row column"]:
        """Return images with pixels in [0, 1]."""
        return self.pixels[part].float() / 255

    def answers(self, classifier: PixelClassifier, batch_size: int) -> Int64[Tensor, " image"]:
        """Return the answers to all test images as they are."""
        everything = torch.arange(len(self.ids), device=self.ids.device)
        return torch.cat(
            [classifier.answers(self.show(part)) for part in everything.split(batch_size)]
        )

    def start(
        self, part: Int64[Tensor, " image"], restart: int, answers: Int64[Tensor, " any"] | None
    ) -> Start:
        """Draw where one restart begins; an image's draws do not depend on its batch."""
        shown = self.show(part)
        examples = torch.full_like(shown, torch.nan)
        noise = np.empty(shown.shape, np.float32)
        for i, row in enumerate(part):
            number = int(self.ids[row])
            drawn = generator(self.seed, "attacks", "start", restart, number)
            noise[i] = drawn.uniform(-1, 1, shown.shape[1:])
            if answers is not None:
                other = (answers == self.targets[row]) & (self.labels != self.labels[row])
                others = np.flatnonzero(other.cpu().numpy())
                order = generator(self.seed, "attacks", "examples", number).permutation(others)
                if len(order):
                    examples[i] = self.pixels[order[restart % len(order)]].float() / 255
        return Start(
            restart,
            noise=torch.from_numpy(noise).to(shown),
            examples=examples,
            seed=seed_for(self.seed, "attacks", "directions", restart),
        )
