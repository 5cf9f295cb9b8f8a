"""The classifier's loss on augmented, possibly corrupted training images."""

from collections.abc import Callable, Iterator

from jaxtyping import Float, Int64, UInt8
from torch import Tensor, nn

from neurobust.config.objectives import classification as config
from neurobust.images.batches import LabelledPictures, Standard
from neurobust.networks.network import Network
from neurobust.parts import load_part
from neurobust.training.batches import BatchOrder
from neurobust.training.objective import Task
from neurobust.training.views import Views

ClassificationLoss = Callable[[Network, Tensor, Tensor, int], Tensor]
"""Function from a network, pixels, labels and the number of the batch (for its draws) to a loss."""


class CrossEntropy:
    """Cross-entropy on unchanged images."""

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

    It is the cross-entropy: on perturbed images in adversarial training, and with a consistency
    term in AugMix training.
    """

    gaussian = False
    weight = 1.0

    def __init__(
        self,
        settings: config.Classification,
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


def build(settings: config.Classification, task: Task) -> Classification:
    """Build the classification objective of a recipe."""
    return Classification(
        settings,
        task.shown,
        batch_size=task.schedule.batch_size,
        seed=task.seed,
        purpose=task.purpose,
    )


def _choose_loss(
    settings: config.Classification, standard: Standard, *, seed: int, purpose: str
) -> ClassificationLoss:
    if settings.adversarial:
        part = load_part("training.losses.adversarial")
        return part.AdversarialLoss(settings.adversarial, standard, seed=seed, purpose=purpose)
    if settings.augmix:
        part = load_part("training.losses.augmix")
        return part.ConsistencyLoss(settings.augmix, standard, seed=seed, purpose=purpose)
    return CrossEntropy(standard)
