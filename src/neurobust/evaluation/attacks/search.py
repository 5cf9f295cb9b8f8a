"""The search for the smallest perturbations: how they are measured, checked and kept.

Attacks offer perturbed images, and each is re-checked with a new forward pass before it counts.
Pixels range from 0 to 1.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
import torch
from jaxtyping import Float, Int8, Int64
from torch import Tensor

from neurobust.networks.pixels import PixelClassifier

NOBODY = -1
"""The attack's number for images for which no attack found a perturbation."""


@dataclass(frozen=True)
class Norm:
    """A norm that measures the size of perturbations."""

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
    """The start of one restart of the attacks, for a batch of images.

    Attributes
    ----------
    restart
        Number of the restart; the first is 0.
    noise
        Uniform noise in [-1, 1], for starts near the images.
    examples
        For each image one of another label that is answered with the target; NaN if there is none.
    seed
        Seed of the attack's own draws.
    """

    restart: int
    noise: Float[Tensor, "image channel row column"]
    examples: Float[Tensor, "image channel row column"]
    seed: int = 0


@dataclass
class Search:
    """The smallest perturbations found so far for a batch of images.

    Attributes
    ----------
    classifier, images, targets, norm
        See `neurobust.evaluation.attacks.perturb.perturb`.
    simple
        The classifier for gradients; its answers may differ by rounding.
    best
        The perturbed images; the original images where no perturbation is found or needed.
    sizes
        Sizes of the perturbations: 0 where the target is the answer without one, infinite where
        none is found.
    attack
        Number of the attack that found the perturbation, or ``NOBODY``.
    rows
        Rows of the images that need a perturbation to be answered with the target.
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
        """Keep perturbed images of an attack that pass `verify` and are closer than before."""
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
        """Return the rows whose starting points, shown as one batch, are answered with the targets.

        Foolbox asserts this for the batch and the classifier that it receives, on both of which
        rounding depends.
        """
        while len(rows):
            fooled = self.simple.answers(starts) == self.targets[rows]
            if fooled.all():
                break
            rows, starts = rows[fooled], starts[fooled]
        return rows, starts


Candidates = Iterator[tuple[Int64[Tensor, " row"], Float[Tensor, "row channel height column"]]]
"""Pairs of rows of a search and their perturbed images."""

Attack = Callable[[Search, Start, int], Candidates]
"""Function of a search, a start and the number of gradients that it may spend per image."""


def verify(
    classifier: PixelClassifier,
    images: Float[Tensor, "image channel row column"],
    perturbed: Float[Tensor, "image channel row column"],
    targets: Int64[Tensor, " image"],
    norm: Norm,
) -> Float[Tensor, " image"]:
    """Measure perturbations independently of the attack that found them.

    Returns
    -------
    The size of each perturbation; infinite where the perturbed image has pixels that are outside
    [0, 1] or NaN, or the classifier does not answer it with the target.
    """
    inside = ((perturbed >= 0) & (perturbed <= 1)).flatten(1).all(1)
    sound = inside & (classifier.answers(perturbed) == targets)
    return torch.where(sound, norm.measure(perturbed - images), torch.inf)
