"""Projected gradient descent to a target within balls of increasing size (Madry et al. 2018)."""

import math
import warnings

import eagerpy
import torch
from jaxtyping import Float
from torch import Tensor

from neurobust.evaluation.attacks.search import L2, LINF, Candidates, Search, Start

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # from scipy, in unused attacks
    from foolbox import PyTorchModel, TargetedMisclassification
    from foolbox.attacks import (
        L2ProjectedGradientDescentAttack,
        LinfProjectedGradientDescentAttack,
    )

# ASSUME: Linf sizes from a quarter of a grey level to 16, each sqrt(2) times the one before; the
# paper gives no sizes. The L2 sizes fool a linear network with normally distributed weights that
# these Linf sizes fool (their ratio is that of an L1 norm to an L2 norm).
LEVELS = tuple(2 ** (half / 2) / 255 for half in range(-4, 9))
_STEPS = {LINF: 40, L2: 50}  # Li et al. 2023; the sizes of the steps are foolbox's defaults


class LinfDescent(LinfProjectedGradientDescentAttack):
    """Foolbox's Linf descent from given points in the ball.

    Foolbox draws the points for a whole batch, so that an image's would depend on the others.
    """

    def __init__(self, begin: Float[Tensor, "image channel row column"]) -> None:
        super().__init__(steps=_STEPS[LINF])
        self.begin = begin

    def get_random_start(self, x0, epsilon):  # noqa: ANN001, ANN201 - eagerpy tensors
        """Return the image with the noise scaled to the ball."""
        return x0 + epsilon * eagerpy.astensor(self.begin)


class L2Descent(L2ProjectedGradientDescentAttack):
    """Foolbox's L2 descent from given points on the sphere, where nearly all the volume lies."""

    def __init__(self, begin: Float[Tensor, "image channel row column"]) -> None:
        super().__init__(steps=_STEPS[L2])
        self.begin = begin / L2.measure(begin).to(begin).clamp(min=1e-12).reshape(-1, 1, 1, 1)

    def get_random_start(self, x0, epsilon):  # noqa: ANN001, ANN201 - eagerpy tensors
        """Return the image with the noise scaled to the ball's radius."""
        return x0 + epsilon * eagerpy.astensor(self.begin)


_DESCENTS = {LINF: LinfDescent, L2: L2Descent}


def attack_pgd(search: Search, start: Start, steps: int) -> Candidates:
    """Yield perturbed images for each size, of images without a perturbation of that size.

    Sizes increase. The number of steps for each size is the paper's; ``steps`` is not used.
    """
    model = PyTorchModel(search.simple, bounds=(0, 1), device=search.images.device)
    pixels = search.images[0].numel()
    scale = 1.0 if search.norm == LINF else math.sqrt(2 / math.pi * pixels)
    for level in LEVELS:
        rows = torch.nonzero(search.sizes > level * scale).squeeze(1)
        if not len(rows):
            return
        _, found, _ = _DESCENTS[search.norm](start.noise[rows])(
            model,
            search.images[rows],
            TargetedMisclassification(search.targets[rows]),
            epsilons=level * scale,
        )
        yield rows, found
