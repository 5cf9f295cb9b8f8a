"""Distance between a layer's outputs for two views of an image."""

from collections.abc import Iterator

import torch
from jaxtyping import Float
from torch import Tensor, nn

from neurobust.config.objectives import matching as config
from neurobust.images.batches import LabelledPictures
from neurobust.networks.network import Network
from neurobust.training.batches import BatchOrder
from neurobust.training.objective import Task
from neurobust.training.views import Views


class Matching:
    """Mean squared distance between a layer's outputs for two views of the same images.

    The first view is clean or corrupted, the second always corrupted, and each has its own
    augmentation (released code of Safarani 2021). Both pass through the network as one batch.
    """

    gaussian = True

    def __init__(
        self,
        settings: config.Matching,
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


def build(settings: config.Matching, task: Task) -> Matching:
    """Build the matching objective of a recipe."""
    return Matching(
        settings,
        task.shown,
        batch_size=task.schedule.batch_size,
        seed=task.seed,
        purpose=task.purpose,
    )
