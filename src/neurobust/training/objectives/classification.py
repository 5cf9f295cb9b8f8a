"""What a network is trained for. Each objective has its batches, its loss and its likelihood.

An objective yields the losses of its n-th batch; a batch may come in parts (one per recorded
session), which are yielded one after the other so that each is backpropagated and freed before the
next. Batch, augmentation and corruption follow from (seed, number of the batch) alone.
"""

from collections.abc import Callable, Iterator
from typing import Protocol

import torch
from jaxtyping import Float, Int64, UInt8
from torch import Tensor, nn

from neurobust.config import recipes
from neurobust.images.augmentation import augment
from neurobust.images.batches import LabelledPictures, Standard
from neurobust.networks.network import Network
from neurobust.randomness import seed_for
from neurobust.training.batches import BatchOrder, CorruptedView
from neurobust.training.objectives.adversarial import AdversarialLoss
from neurobust.training.objectives.augmix import ConsistencyLoss

ClassificationLoss = Callable[[Network, Tensor, Tensor, int], Tensor]
"""From a network, pixels, labels, and the batch's number, which draws follow from, to a loss."""


class Objective(Protocol):
    """What the loop needs of an objective."""

    ratio: float
    weight: float
    gaussian: bool
    """Whether the loss is a squared error (it decides the form of uncertainty weighting)."""

    def __len__(self) -> int:
        """Return the number of batches in one pass over its examples."""

    def losses(self, network: Network, number: int) -> Iterator[Float[Tensor, ""]]:
        """Yield the losses of the parts of a batch, to be backpropagated one by one."""


class Views:
    """Augmented batches of an image set's training images."""

    def __init__(
        self,
        pictures: LabelledPictures,
        settings: recipes.Augmentation,
        corrupted: float,
        *,
        seed: int,
        purpose: str,
    ) -> None:
        self._pictures = pictures
        self._settings = settings
        self._stream = (seed, "augmentation", purpose)
        self._clean = None if corrupted else pictures.seen()
        self._view = CorruptedView(pictures, corrupted, seed=seed, purpose=purpose)

    def pixels(
        self, chosen: Int64[Tensor, " image"], number: int, turn: int
    ) -> UInt8[Tensor, "image channel row column"]:
        """Return the chosen images as seen in a batch of a pass (``turn``)."""
        source = self._view[turn] if self._clean is None else self._clean
        draws = torch.Generator().manual_seed(seed_for(*self._stream, number))
        return augment(
            source.index_select(0, chosen),  # on the CPU in a tenth of the time of [chosen]
            generator=draws,
            padding=self._settings.padding_px,
            max_rotation_deg=self._settings.rotation_deg,
            flip=self._settings.flip,
        )


class CrossEntropy:
    """Cross-entropy on the images as they are."""

    def __init__(self, standard: Standard) -> None:
        self._standard = standard

    def __call__(
        self,
        network: Network,
        pixels: UInt8[Tensor, "image channel row column"],
        labels: Int64[Tensor, " image"],
        number: int,
    ) -> Float[Tensor, ""]:
        """Return the loss of a batch."""
        logits = network.classify(self._standard(pixels))
        return nn.functional.cross_entropy(logits.float(), labels)


class Classification:
    """The classifier's loss on augmented, possibly corrupted training images.

    Cross-entropy; in adversarial training on perturbed images, with AugMix with its consistency.
    """

    gaussian = False
    weight = 1.0

    def __init__(
        self,
        settings: recipes.Classification,
        pictures: LabelledPictures,
        *,
        batch_size: int,
        seed: int,
        purpose: str,
    ) -> None:
        self.ratio = settings.ratio
        self._labels = pictures.labels
        self._order = BatchOrder(
            len(pictures),
            batch_size,
            seed=seed,
            purpose=purpose,
            device=pictures.labels.device,
        )
        self._views = Views(
            pictures, settings.augmentation, settings.corrupted, seed=seed, purpose=purpose
        )
        self._loss = _choose_loss(settings, pictures.standard, seed=seed, purpose=purpose)

    def __len__(self) -> int:
        return self._order.per_pass

    def losses(self, network: Network, number: int) -> Iterator[Float[Tensor, ""]]:
        """Yield the loss of a batch."""
        chosen = self._order[number]
        pixels = self._views.pixels(chosen, number, number // len(self))
        yield self._loss(network, pixels, self._labels[chosen], number)


def _choose_loss(
    settings: recipes.Classification, standard: Standard, *, seed: int, purpose: str
) -> ClassificationLoss:
    if settings.adversarial:
        return AdversarialLoss(settings.adversarial, standard, seed=seed, purpose=purpose)
    if settings.augmix:
        return ConsistencyLoss(settings.augmix, standard, seed=seed, purpose=purpose)
    return CrossEntropy(standard)


class Matching:
    """Mean squared distance of a layer's outputs for two views of the same images.

    The first view is clean or corrupted, the second always corrupted, each augmented on its own
    (released code of Safarani 2021's Oracle). Both pass through the network as one batch.
    """

    gaussian = True

    def __init__(
        self,
        settings: recipes.Matching,
        pictures: LabelledPictures,
        *,
        batch_size: int,
        seed: int,
        purpose: str,
    ) -> None:
        self.ratio = settings.ratio
        self.weight = settings.weight
        self._layer = settings.layer
        self._standard = pictures.standard
        self._order = BatchOrder(
            len(pictures),
            batch_size,
            seed=seed,
            purpose=purpose,
            device=pictures.labels.device,
        )
        self._views = [
            Views(pictures, settings.augmentation, part, seed=seed, purpose=f"{purpose} {view}")
            for view, part in enumerate((settings.corrupted, 1.0))
        ]

    def __len__(self) -> int:
        return self._order.per_pass

    def losses(self, network: Network, number: int) -> Iterator[Float[Tensor, ""]]:
        """Yield the distance for a batch."""
        chosen = self._order[number]
        pixels = [view.pixels(chosen, number, number // len(self)) for view in self._views]
        images = self._standard(torch.cat(pixels))
        first, second = network.features(images, self._layer).float().chunk(2)
        yield nn.functional.mse_loss(first, second)
