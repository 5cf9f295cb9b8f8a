"""What a network is trained for. Each objective has its batches, its loss and its likelihood.

An objective yields the losses of its n-th batch; a batch may come in parts (one per recorded
session), which are yielded one after the other so that each is backpropagated and freed before the
next. Batch, augmentation and corruption follow from (seed, number of the batch) alone.
"""

from collections.abc import Iterator
from typing import Protocol

import torch
from jaxtyping import Float
from torch import Tensor, nn

from neurobust import recipes
from neurobust.images.augmentation import augment
from neurobust.images.pictures import LabelledPictures
from neurobust.networks.network import Network
from neurobust.randomness import seed_for
from neurobust.training.batches import BatchOrder, CorruptedView


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
    """Augmented, standardised batches of an image set's training images."""

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

    def batch(
        self, chosen: Tensor, number: int, turn: int
    ) -> Float[Tensor, "image channel row column"]:
        """Return the chosen images as seen in a batch of a pass (``turn``)."""
        source = self._view[turn] if self._clean is None else self._clean
        draws = torch.Generator().manual_seed(seed_for(*self._stream, number))
        augmented = augment(
            source[chosen],
            generator=draws,
            padding=self._settings.padding_px,
            max_rotation_deg=self._settings.rotation_deg,
            flip=self._settings.flip,
        )
        return self._pictures.standard(augmented)


class Classification:
    """Cross-entropy of the classifier on augmented, possibly corrupted training images."""

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

    def __len__(self) -> int:
        return self._order.per_pass

    def losses(self, network: Network, number: int) -> Iterator[Float[Tensor, ""]]:
        """Yield the cross-entropy of a batch."""
        chosen = self._order[number]
        images = self._views.batch(chosen, number, number // len(self))
        yield nn.functional.cross_entropy(network.classify(images).float(), self._labels[chosen])


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
        images = [view.batch(chosen, number, number // len(self)) for view in self._views]
        first, second = network.features(torch.cat(images), self._layer).float().chunk(2)
        yield nn.functional.mse_loss(first, second)
