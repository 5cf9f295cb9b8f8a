"""The search for small perturbations: how they are measured, what is believed, what is kept.

An attack offers perturbed images; none is believed before a fresh look at it. Pixels run from 0
to 1.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
import torch
from jaxtyping import Float, Int8, Int64
from torch import Tensor

from neurobust.networks.pixels import PixelClassifier

NOBODY = -1
"""The number of the attack where none has found a perturbation."""


@dataclass(frozen=True)
class Norm:
    """How the size of a perturbation is measured."""

    order: float

    def measure(
        self, perturbations: Float[Tensor, "image channel row column"]
    ) -> Float[Tensor, " image"]:
        """Return the size of each perturbation."""
        return torch.linalg.vector_norm(perturbations.flatten(1).double(), ord=self.order, dim=1)


LINF, L2 = Norm(np.inf), Norm(2)
NORMS = {"linf": LINF, "l2": L2}


@dataclass(frozen=True)
class Start:
    """Where one restart of the attacks begins, for a batch of images.

    Attributes
    ----------
    restart
        Its number; the first is 0.
    noise
        Uniform in [-1, 1], for starts beside the images.
    examples
        An image of another label that is answered with the target; NaN where there is none.
    seed
        For what an attack draws itself.
    """

    restart: int
    noise: Float[Tensor, "image channel row column"]
    examples: Float[Tensor, "image channel row column"]
    seed: int = 0


@dataclass
class Search:
    """The smallest perturbations that are found so far of a batch of images.

    Attributes
    ----------
    classifier, images, targets, norm
        See `neurobust.evaluation.attacks.perturb.perturb`.
    simple
        The classifier for those who want gradients; its answers may differ by rounding.
    best
        The perturbed images, or the images where nothing is found or needed.
    sizes
        Of the perturbations: 0 where the target is the answer anyway, infinite where none is
        found.
    attack
        The number of the attack that found it, or ``NOBODY``.
    rows
        The images that are not answered with the target as they are.
    """

    classifier: PixelClassifier
    simple: PixelClassifier
    images: Float[Tensor, "image channel row column"]
    targets: Int64[Tensor, " image"]
    norm: Norm
    best: Float[Tensor, "image channel row column"] = field(init=False)
    sizes: Float[Tensor, " image"] = field(init=False)
    attack: Int8[Tensor, " image"] = field(init=False)
    rows: Int64[Tensor, " row"] = field(init=False)

    def __post_init__(self) -> None:
        self.best = self.images.clone()
        prompted = self.classifier.answers(self.images) != self.targets
        self.sizes = torch.where(prompted, torch.inf, 0.0).double()
        self.attack = torch.full_like(self.targets, NOBODY, dtype=torch.int8)
        self.rows = torch.nonzero(prompted).squeeze(1)

    def offer(
        self,
        rows: Int64[Tensor, " row"],
        candidates: Float[Tensor, "row channel height column"],
        attack: int,
    ) -> None:
        """Keep what an attack says it has found of some images, where it is true and smaller."""
        found = verify(
            self.classifier, self.images[rows], candidates, self.targets[rows], self.norm
        )
        closer = found < self.sizes[rows]
        kept = rows[closer]
        self.best[kept], self.sizes[kept] = candidates[closer], found[closer]
        self.attack[kept] = attack

    def answered(
        self,
        rows: Int64[Tensor, " row"],
        starts: Float[Tensor, "row channel height column"],
    ) -> tuple[Int64[Tensor, " kept"], Float[Tensor, "kept channel height column"]]:
        """Keep the rows whose starting points, all shown at once, are answered with the targets.

        Foolbox asserts it of the batch and the classifier that it is given, and rounding depends
        on them.
        """
        while len(rows):
            there = self.simple.answers(starts) == self.targets[rows]
            if there.all():
                break
            rows, starts = rows[there], starts[there]
        return rows, starts


Candidates = Iterator[tuple[Int64[Tensor, " row"], Float[Tensor, "row channel height column"]]]
"""Rows of a search and perturbed images of them, in turn."""

Attack = Callable[[Search, Start, int], Candidates]
"""Takes the gradients that it may spend per image last."""


def verify(
    classifier: PixelClassifier,
    images: Float[Tensor, "image channel row column"],
    perturbed: Float[Tensor, "image channel row column"],
    targets: Int64[Tensor, " image"],
    norm: Norm,
) -> Float[Tensor, " image"]:
    """Measure perturbations, whatever an attack says of them.

    Returns
    -------
    The size of each; infinite where the perturbed image has pixels outside [0, 1] or that are
    not numbers, or the classifier, shown it, does not answer the target.
    """
    inside = ((perturbed >= 0) & (perturbed <= 1)).flatten(1).all(1)
    sound = inside & (classifier.answers(perturbed) == targets)
    return torch.where(sound, norm.measure(perturbed - images), torch.inf)
