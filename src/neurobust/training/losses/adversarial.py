"""Adversarial training: cross-entropy on images that are perturbed against the network.

Projected gradient ascent of Madry et al. (2018), for each batch against the network as it then is.
It is written out, because a training job that never attacks again should not load foolbox; tests
compare it with foolbox's, step by step.
"""

import contextlib
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int64, UInt8
from torch import Tensor, nn

from neurobust.config.objectives import classification as config
from neurobust.images.batches import Standard
from neurobust.networks.network import Network
from neurobust.randomness import seed_for

_TINY = torch.finfo(torch.float32).tiny  # instead of 0 in denominators

Differences = Float[Tensor, "image channel row column"]


@dataclass(frozen=True)
class Ball:
    """The perturbations of one norm up to a size.

    Attributes
    ----------
    ascend
        From gradients to the perturbations of norm 1 that raise the loss most, 0 where the
        gradient is.
    project
        From differences and a size to the nearest ones in the ball.
    draw
        From a shape and a generator on the CPU to points drawn uniformly from the ball of size 1.
    """

    ascend: Callable[[Differences], Differences]
    project: Callable[[Differences, float], Differences]
    draw: Callable[[torch.Size, torch.Generator], Differences]


def _lengths(differences: Differences) -> Float[Tensor, "image 1 1 1"]:
    return torch.linalg.vector_norm(differences, dim=(1, 2, 3), keepdim=True).clamp(min=_TINY)


def _ascend_cube(gradients: Differences) -> Differences:
    # torch's sign of what is not a number is 0, as if nothing were wrong.
    return torch.where(gradients.isnan(), gradients, gradients.sign())


def _ascend_sphere(gradients: Differences) -> Differences:
    # Scaled first, since squares of the tiny gradients of an image that the network is sure of
    # would vanish.
    largest = gradients.abs().amax((1, 2, 3), keepdim=True).clamp(min=_TINY)
    scaled = gradients / largest
    return scaled / _lengths(scaled)


def _draw_cube(shape: torch.Size, generator: torch.Generator) -> Differences:
    return 2 * torch.rand(shape, generator=generator) - 1


def _draw_sphere(shape: torch.Size, generator: torch.Generator) -> Differences:
    direction = torch.randn(shape, generator=generator)
    # The share of the ball of n dimensions within radius r is r^n.
    radius = torch.rand((shape[0], 1, 1, 1), generator=generator) ** (1 / math.prod(shape[1:]))
    return direction / _lengths(direction) * radius


BALLS = {
    "linf": Ball(_ascend_cube, lambda difference, size: difference.clamp(-size, size), _draw_cube),
    "l2": Ball(
        _ascend_sphere,
        lambda difference, size: difference * (size / _lengths(difference)).clamp(max=1),
        _draw_sphere,
    ),
}


def perturb(
    network: Network,
    images: Float[Tensor, "image channel row column"],
    labels: Int64[Tensor, " image"],
    *,
    standard: Standard,
    settings: config.Adversarial,
    start: Float[Tensor, "image channel row column"],
) -> Float[Tensor, "image channel row column"]:
    """Perturb images so that the network's cross-entropy rises, by projected gradient ascent.

    Each step is ``step_size * size / steps`` long in the attack's norm, and is followed by the
    projection on the ball about the image and then on [0, 1]; the result is in both.

    Parameters
    ----------
    network
        A classifier. Its modes, running statistics and gradients are left as they were.
    images, labels
        Pixels from 0 to 1, and the classes to be driven away from.
    standard
        What the network's images are standardised by.
    settings
        Norm, size, number and length of steps.
    start
        Where the ascent begins: images in the ball and in [0, 1].

    Returns
    -------
    Perturbed images, without a gradient. What is not a number in the network's gradients is not
    one in them.
    """
    ball = BALLS[settings.norm]
    length = settings.step_size * settings.size / settings.steps
    perturbed = start.detach()
    with evaluation_mode(network):
        for _ in range(settings.steps):
            perturbed.requires_grad_()
            logits = network.classify(standard.standardise(perturbed)).float()
            # A sum, so that an image's gradient does not depend on its batch.
            loss = nn.functional.cross_entropy(logits, labels, reduction="sum")
            (gradient,) = torch.autograd.grad(loss, perturbed)
            stepped = perturbed.detach() + length * ball.ascend(gradient)
            perturbed = (images + ball.project(stepped - images, settings.size)).clamp(0, 1)
    return perturbed


@contextlib.contextmanager
def evaluation_mode(network: nn.Module) -> Iterator[None]:
    """Put a network into evaluation mode, and each of its modules back into its own after."""
    modes = {module: module.training for module in network.modules()}
    network.eval()
    try:
        yield
    finally:
        for module, mode in modes.items():
            module.training = mode


class AdversarialLoss:
    """Cross-entropy on perturbed images, and on them alone (Madry et al. 2018).

    Parameters
    ----------
    settings
        Of the attack.
    standard
        What the network's images are standardised by.
    seed, purpose
        What the random starts follow from, together with the number of the batch.
    """

    def __init__(
        self, settings: config.Adversarial, standard: Standard, *, seed: int, purpose: str
    ) -> None:
        self._settings = settings
        self._standard = standard
        self._stream = (seed, "adversarial", purpose)

    def __call__(
        self,
        network: Network,
        pixels: UInt8[Tensor, "image channel row column"],
        labels: Int64[Tensor, " image"],
        number: int,
    ) -> Float[Tensor, ""]:
        """Return the loss of a batch, by its number."""
        images = pixels.float() / 255
        draws = torch.Generator().manual_seed(seed_for(*self._stream, number))
        drawn = BALLS[self._settings.norm].draw(images.shape, draws).to(images.device)
        # ASSUME: in evaluation mode (inside of `perturb`), so that dropout does not blur the
        # gradient and batch normalisation's running statistics are of the batches learned from.
        perturbed = perturb(
            network,
            images,
            labels,
            standard=self._standard,
            settings=self._settings,
            start=(images + self._settings.size * drawn).clamp(0, 1),
        )
        logits = network.classify(self._standard.standardise(perturbed)).float()
        return nn.functional.cross_entropy(logits, labels)
