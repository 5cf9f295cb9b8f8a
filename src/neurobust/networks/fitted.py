"""Parts of a network that are fitted to the training images before any training."""

from abc import ABC, abstractmethod

from torch import nn

from neurobust.images.batches import LabelledPictures


class FittedModule(nn.Module, ABC):
    """A part of a network that is fitted to the training images once, before any training."""

    @abstractmethod
    def fit(self, pictures: LabelledPictures) -> None:
        """Fit the part to the training images of an image set, and keep the result in buffers."""
