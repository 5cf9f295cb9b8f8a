"""Adversarial training: cross-entropy on images that are perturbed against the network.

Projected gradient ascent (Madry et al. 2018) perturbs each batch against the current network. It is
written out here so that training jobs need not load foolbox; tests compare it with foolbox's, step
by step.
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

_TINY = torch.finfo(torch.float32).tiny  # replaces 0 in denominators

Differences = Float[Tensor, "image channel row column"]


@dataclass(frozen=True)
class Ball:
    """All perturbations up to a size in one norm.

    Attributes
    ----------
    ascend
        Function from gradients to the perturbations of norm 1 that raise the loss most; 0 where
        the gradient is 0.
    project
        Function from differences and a size to the nearest differences in the ball.
    draw
        Function from a shape and a generator on the CPU to points drawn uniformly from the ball of
        size 1.
    """

    ascend: Callable[[Differences], Differences]
    project: Callable[[Differences, float], Differences]
    draw: Callable[[torch.Size, torch.Generator], Differences]


def _lengths(differences: Differences) -> Float[Tensor, "image 1 1 1"]:
    return torch.linalg.vector_norm(differences, dim=(1, 2, 3), keepdim=True).clamp(min=_TINY)


def _ascend_cube(gradients: Differences) -> Differences:
    # torch's sign of NaN is 0, which would hide it.
    return torch.where(gradients.isnan(), gradients, gradients.sign())


def _ascend_sphere(gradients: Differences) -> Differences:
    # Scaled first: an image that the network is sure of has tiny gradients, whose squares vanish.
    largest = gradients.abs().amax((1, 2, 3), keepdim=True).clamp(min=_TINY)
    scaled = gradients / largest
    return scaled / _lengths(scaled)


def _draw_cube(shape: torch.Size, generator: torch.Generator) -> Differences:
    return 2 * torch.rand(shape, generator=generator) - 1


def _draw_sphere(shape: torch.Size, generator: torch.Generator) -> Differences:
    direction = torch.randn(shape, generator=generator)
    # In n dimensions, radius r encloses the fraction r^n of the unit ball.
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
    """Perturb images to raise the network's cross-entropy, by projected gradient ascent.

    Each step has length ``step_size * size / steps`` in the attack's norm. After it the images are
    projected onto the ball around the originals and then onto [0, 1]; the result is in both.

    Parameters
    ----------
    network
        A classifier; its modes, running statistics and gradients do not change.
    images, labels
        Pixels from 0 to 1, and the classes whose cross-entropy is to rise.
    standard
        Mean and standard deviation that standardise the network's images.
    settings
        Norm and size of the perturbation, number and length of steps.
    start
        Images in the ball and in [0, 1] from which the ascent starts.

    Returns
    -------
    Perturbed images, without a gradient; they are NaN where the network's gradients are.
    """
    ball = BALLS[settings.norm]
    length = settings.step_size * settings.size / settings.steps
    perturbed = start.detach()
    with evaluation_mode(network):
        for _ in range(settings.steps):
            perturbed.requires_grad_()
            logits = network.classify(standard.standardise(perturbed)).float()
            # The sum keeps an image's gradient independent of its batch.
            loss = nn.functional.cross_entropy(logits, labels, reduction="sum")
            (gradient,) = torch.autograd.grad(loss, perturbed)
            stepped = perturbed.detach() + length * ball.ascend(gradient)
            perturbed = (images + ball.project(stepped - images, settings.size)).clamp(0, 1)
    return perturbed


@contextlib.contextmanager
def evaluation_mode(network: nn.Module) -> Iterator[None]:
    """Put a network into evaluation mode, and restore the mode of each module at the end."""
    modes = {module: module.training for module in network.modules()}
    network.eval()
    try:
        yield
    finally:
        for module, mode in modes.items():
            module.training = mode


class AdversarialLoss:
    """Cross-entropy on perturbed images alone (Madry et al. 2018).

    Parameters
    ----------
    settings
        Settings of the attack.
    standard
        Mean and standard deviation that standardise the network's images.
    seed, purpose
        Seed and name of the random stream; with the number of the batch they fix the starts.
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
        """Return the loss of the batch with this number."""
        images = pixels.float() / 255
        draws = torch.Generator().manual_seed(seed_for(*self._stream, number))
        drawn = BALLS[self._settings.norm].draw(images.shape, draws).to(images.device)
        # ASSUME: `perturb` works in evaluation mode, so that dropout does not blur the gradient and
        # the running statistics of batch normalisation come from the trained batches alone.
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
