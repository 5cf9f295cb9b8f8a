"""Brendel & Bethge's attack (2019) with the settings of Li et al. 2023: it follows the boundary.

It is foolbox's. Its solver, compiled by numba at the first use, has loops that may never end
(foolbox issue 583); `GuardedOptimizer` withholds the inputs that cause them.
"""

import logging
import warnings
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Float64

from neurobust.evaluation.attacks.search import L2, LINF, Candidates, Search, Start

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # from scipy, in unused attacks
    from foolbox import PyTorchModel, TargetedMisclassification
    from foolbox.attacks import L2BrendelBethgeAttack, LinfinityBrendelBethgeAttack

STEPS = 1000  # this and the other settings: Li et al. 2023
_LR = 1e-3
# The solver searches for multipliers up to 1e10, and never ends for smaller components of a unit
# vector than this. They contribute less than 1e-6 to any of its steps.
_NEGLIGIBLE = 1e-9

log = logging.getLogger(__name__)


class GuardedOptimizer:
    """Foolbox's solver for the next step of one image; the step is 0 if there is no solution.

    Parameters
    ----------
    optimizer
        Foolbox's solver.
    """

    def __init__(self, optimizer: Any) -> None:  # noqa: ANN401 - compiled, untyped
        self.optimizer = optimizer

    def solve(
        self,
        x0: Float[np.ndarray, " pixel"],
        x: Float[np.ndarray, " pixel"],
        b: Float[np.ndarray, " pixel"],
        min_: float,
        max_: float,
        c: float,
        r: float,
    ) -> Float64[np.ndarray, " pixel"]:
        """Return the step on the boundary, within a radius, that leads nearest to an image.

        Parameters
        ----------
        x0, x
            The image, and the current point of the search.
        b, c
            The boundary: all steps whose scalar product with ``b`` is ``c``.
        min_, max_
            Bounds of the pixels.
        r
            Largest L2 norm of the step.

        Returns
        -------
        Zeros if the boundary is not finite or has no direction, or the solver fails; else foolbox's
        solution for input that its loops can handle: ``b`` and ``c`` divided by the length of
        ``b``, which does not change the problem, and images clipped to the bounds, which ``x`` may
        exceed by rounding.
        """
        normal, point = b.astype(np.float64), x.astype(np.float64)
        length = np.linalg.norm(normal)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            normal, distance = normal / length, float(c) / length
        if not all(np.isfinite(given).all() for given in (normal, point, distance)):
            return np.zeros(len(x))
        normal[np.abs(normal) < _NEGLIGIBLE] = 0
        images = (np.clip(image, min_, max_).astype(np.float64) for image in (x0, point))
        try:
            step = self.optimizer.solve(
                *images, normal, float(min_), float(max_), distance, float(r)
            )
        except (ZeroDivisionError, np.linalg.LinAlgError):  # from its line search
            return np.zeros(len(x))
        return step if np.isfinite(step).all() else np.zeros(len(x))


class _Guarded:
    """One of foolbox's attacks with a guarded solver."""

    def instantiate_optimizer(self) -> Any:  # noqa: ANN401 - foolbox has a class for it
        """Return foolbox's solver, guarded."""
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "At the first initialisation the optimizer")
            return GuardedOptimizer(super().instantiate_optimizer())  # type: ignore[misc]


class LinfBrendelBethge(_Guarded, LinfinityBrendelBethgeAttack):
    """Foolbox's Linf attack, guarded."""


class L2BrendelBethge(_Guarded, L2BrendelBethgeAttack):
    """Foolbox's L2 attack, guarded."""


BRENDEL_BETHGE = {LINF: LinfBrendelBethge, L2: L2BrendelBethge}


def attack_brendel_bethge(search: Search, start: Start, steps: int) -> Candidates:
    """Yield perturbed images, starting from images that are answered with the targets.

    Starts are the examples, as in the paper; without an example, the smallest known perturbation;
    an image with neither is left out. The number of steps is the paper's; ``steps`` is not used.
    """
    # A NaN marks a missing example.
    lacking = start.examples.flatten(1).isnan().any(1).reshape(-1, 1, 1, 1)
    starts = torch.where(lacking, search.best, start.examples).clamp(0, 1)
    rows, starts = search.answered(search.rows, starts[search.rows])
    if not len(rows):
        return
    log.info("Brendel & Bethge's attack on %s images; its first solution takes a minute", len(rows))
    # ASSUME: the solver's radius is that of a single image; foolbox's grows with the number of
    # images in a batch, which the paper does not give.
    attack = BRENDEL_BETHGE[search.norm](
        overshoot=1.1,
        steps=STEPS,
        lr=_LR / len(rows),
        lr_decay=0.5,
        lr_num_decay=20,
        momentum=0.8,
    )
    _, found, _ = attack(
        PyTorchModel(search.simple, bounds=(0, 1), device=search.images.device),
        search.images[rows],
        TargetedMisclassification(search.targets[rows]),
        epsilons=None,
        starting_points=starts,
    )
    yield rows, found.clamp(0, 1)
