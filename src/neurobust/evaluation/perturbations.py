"""Perturb images as little as it takes to make a classifier answer with given classes.

With the Fast Minimum-Norm attack (Pintor et al. 2021) of foolbox, of which nothing is believed
before a fresh look at what it returns. Pixels run from 0 to 1.
"""

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn

from neurobust.evaluation.pixels import PixelClassifier

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # of scipy, in attacks that are not used
    from foolbox import PyTorchModel, TargetedMisclassification
    from foolbox.attacks import L2FMNAttack, LInfFMNAttack
    from foolbox.attacks.fast_minimum_norm import FMNAttackLp

# ASSUME: half of the steps reach the target in steps of foolbox's default size (their L2 norm),
# half approach the image from there in steps of a tenth. On trained networks what 100 steps found
# was, in the median, within 5 % (Linf) and 1 % (L2) of what Brendel & Bethge's attack made of it in
# 300 more; 100 steps of the one size or the other were 5 to 25 % off, or missed more targets.
_REACHING, _REFINING = 1.0, 0.1
_BEYOND = 1.003  # of the distance to the boundary, see LinfAttack


class LinfAttack(LInfFMNAttack):
    """Foolbox's Linf attack, aimed a little beyond the boundary between classes.

    It aims at where the gradient says the boundary is. Where that is right, as it is where a
    network is linear, it comes as near as rounding lets it and may never arrive.
    """

    def project(self, x, x0, epsilon):  # noqa: ANN001, ANN201 - eagerpy tensors, as in foolbox
        """Return ``x``, each pixel no farther than about ``epsilon`` from ``x0``."""
        return super().project(x, x0, _BEYOND * epsilon)


class L2Attack(L2FMNAttack):
    """Foolbox's L2 attack, aimed a little beyond the boundary, with a projection that projects.

    In foolbox 3.3.4 it divides the norm by itself where the ball's radius belongs, so that it
    leaves ``x`` as it is and perturbations come out several times too large.
    """

    def project(self, x, x0, epsilon):  # noqa: ANN001, ANN201 - eagerpy tensors, as in foolbox
        """Return ``x`` in the box, moved to about ``epsilon`` from ``x0`` if it is farther."""
        # In this order both hold: foolbox clips afterwards, and falls short of the ball.
        moved = x.clip(0, 1) - x0
        size = moved.flatten(start=1).norms.l2(axis=-1).maximum(1e-12)
        return x0 + moved * (_BEYOND * epsilon / size).minimum(1).reshape((-1, 1, 1, 1))


@dataclass(frozen=True)
class Norm:
    """How the size of a perturbation is measured, and the attack that makes it small."""

    order: float
    attack: type[FMNAttackLp]

    def measure(
        self, perturbations: Float[Tensor, "image channel row column"]
    ) -> Float[Tensor, " image"]:
        """Return the size of each perturbation."""
        return torch.linalg.vector_norm(perturbations.flatten(1).double(), ord=self.order, dim=1)


NORMS = {"linf": Norm(np.inf, LinfAttack), "l2": Norm(2, L2Attack)}


def perturb(
    classifier: PixelClassifier,
    images: Float[Tensor, "image channel row column"],
    targets: Int64[Tensor, " image"],
    norm: Norm,
    *,
    steps: int,
    starts: Sequence[Float[Tensor, "image channel row column"]],
) -> tuple[Float[Tensor, "image channel row column"], Float[Tensor, " image"]]:
    """Change images as little as it takes to be answered with the targets.

    Parameters
    ----------
    classifier
        Its parameters are frozen meanwhile.
    images
        Pixels in [0, 1].
    targets
        The answer that each image is driven to.
    norm
        One of ``NORMS``.
    steps
        Gradients per image and start.
    starts
        Where the attack begins, in turn: at the images themselves, or beside them.

    Returns
    -------
    The perturbed images and the sizes of the perturbations: 0 where the target is the answer
    anyway; infinite, and the image as it was, where no attack stands up to :func:`verify`.
    """
    best, sizes = images.clone(), torch.full(images.shape[:1], torch.inf, dtype=torch.float64)
    sizes = sizes.to(images.device)
    sizes[classifier.answers(images) == targets] = 0
    rows = torch.nonzero(sizes > 0).squeeze(1)
    if not len(rows):
        return best, sizes
    attacked, wanted = images[rows], targets[rows]
    with _frozen(classifier):
        for start in starts:
            candidates = _attack(classifier, attacked, wanted, norm, steps, start[rows])
            for candidate in candidates:
                found = verify(classifier, attacked, candidate, wanted, norm)
                closer = found < sizes[rows]
                best[rows[closer]], sizes[rows[closer]] = candidate[closer], found[closer]
    return best, sizes


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


def _attack(
    classifier: PixelClassifier,
    images: Float[Tensor, "image channel row column"],
    targets: Int64[Tensor, " image"],
    norm: Norm,
    steps: int,
    start: Float[Tensor, "image channel row column"],
) -> Iterator[Float[Tensor, "image channel row column"]]:
    """Give what is found on the way to the targets, then what is found nearer to the images."""
    model = PyTorchModel(classifier, bounds=(0, 1), device=images.device)
    refining = steps // 2
    attack = norm.attack(steps=steps - refining, max_stepsize=_REACHING)
    _, reached, _ = attack(model, start, TargetedMisclassification(targets), epsilons=None)
    reached = reached.clamp(0, 1)  # x + (1 - x) may round to more than 1
    yield reached

    rows = torch.arange(len(images), device=images.device)
    # Foolbox asserts that it starts from the targets. Rounding depends on the batch, hence `while`.
    while len(rows) and not (there := classifier.answers(reached[rows]) == targets[rows]).all():
        rows = rows[there]
    if len(rows):
        attack = norm.attack(steps=refining, max_stepsize=_REFINING)
        _, refined, _ = attack(
            model,
            images[rows],
            TargetedMisclassification(targets[rows]),
            epsilons=None,
            starting_points=reached[rows],
        )
        reached = reached.clone()
        reached[rows] = refined.clamp(0, 1)
        yield reached


@contextmanager
def _frozen(network: nn.Module) -> Iterator[None]:
    """Spare gradients of the parameters, which nobody needs, inside the block."""
    learnable = [parameter for parameter in network.parameters() if parameter.requires_grad]
    for parameter in learnable:
        parameter.requires_grad_(False)
    try:
        yield
    finally:
        for parameter in learnable:
            parameter.requires_grad_(True)
