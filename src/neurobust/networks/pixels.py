"""A classifier of pixels in [0, 1], as hybrid images and attacks need it."""

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn

from neurobust.images.batches import Standard
from neurobust.networks.network import Network

NO_ANSWER = -1


class PixelClassifier(nn.Module):
    """A network in evaluation mode that standardises its own images.

    Parameters
    ----------
    network
        The classifier; it is put into evaluation mode.
    standard
        Mean and standard deviation of its image set.
    """

    def __init__(self, network: Network, standard: Standard) -> None:
        super().__init__()
        self.network = network
        self.standard = standard
        self.eval()

    def forward(
        self, images: Float[Tensor, "image channel row column"]
    ) -> Float[Tensor, "image class"]:
        """Return the logits for images in [0, 1]; gradients pass."""
        return self.network.classify(self.standard.standardise(images))

    @torch.no_grad()
    def answers(self, images: Float[Tensor, "image channel row column"]) -> Int64[Tensor, " image"]:
        """Return the class of the highest logit, ``NO_ANSWER`` where a logit is not a number."""
        logits = self(images)
        return torch.where(logits.isnan().any(1), NO_ANSWER, logits.argmax(1))
