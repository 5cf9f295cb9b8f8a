"""The smallest targeted perturbation of each image that makes a network answer a wrong class.

Perturbations change the network's input, gray or RGB, with pixels from 0 to 1. Li et al. 2023 found
them with foolbox's Brendel & Bethge attack. The default here is foolbox's Fast Minimum-Norm attack,
which takes a fraction of the time; see `neurobust.evaluation.attacks.perturb` for others.
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
from neurobust.networks.devices import to_device
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
    """Find the smallest targeted perturbations of some test images, for each norm of ``NORMS``.

    The images and their targets (wrong classes) are the same for all networks of an image set. As
    in the released code of Li et al. 2023, an image is attacked whether or not the network
    classifies it correctly; ``correct`` records that. The distance is 0 where the network answers
    the target without any perturbation.

    Parameters
    ----------
    networks
        Classifiers by seed, of one recipe.
    image_set
        See `neurobust.images.form`.
    images
        Number of test images, drawn at random; all if there are fewer (Li et al. 2023: 1000).
    attacks
        Names of `neurobust.evaluation.attacks.perturb.ATTACKS`, in the order of running; ``ddn``
        is for L2 alone. The smallest perturbation of all attacks and restarts counts.
    steps
        Number of gradients per image, norm and restart of ``fmn`` and ``ddn``.
    restarts
        Number of runs of each attack: the first from the image, others from random points near it;
        all of ``brendel-bethge`` from other images that are answered with the target.
    batch_size
        Number of images that are attacked at once.
    seed
        Seed of the choice of images, the targets and the restarts.
    device
        The device to compute on.

    Returns
    -------
    The dataset of `neurobust.evaluation.attacks.results.Results.label`, with image_id, label and
    target along ``image``.

    Raises
    ------
    InputError
        If more than half of the test images have one class, so that some can have no target.
    """
    first = next(iter(networks.values()))
    test = LabelledPictures.of_split(image_set, TEST, colour=first.recipe.colour, device=device)
    if len(test) < images:
        log.warning("%s images are asked for, there are %s test images", images, len(test))
    task = _Task.draw(test, images, seed)
    height, width = task.pixels.shape[-2:]
    results = Results(list(networks), len(task.chosen), rows=height, columns=width)
    for s, network in enumerate(networks.values()):
        classifier = PixelClassifier(to_device(network, device), test.standard)
        # Only Brendel & Bethge's attack starts from other images.
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
    """All test images, each with a target, and the rows of those that are attacked."""

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
        """Return the answers to all unperturbed test images."""
        everything = torch.arange(len(self.ids), device=self.ids.device)
        return torch.cat(
            [classifier.answers(self.show(part)) for part in everything.split(batch_size)]
        )

    def start(
        self, part: Int64[Tensor, " image"], restart: int, answers: Int64[Tensor, " any"] | None
    ) -> Start:
        """Draw the start of one restart; an image's draws do not depend on its batch."""
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
