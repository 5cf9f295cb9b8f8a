"""Features of a layer, which evaluations map to responses or choices."""

import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from neurobust.images.batches import Standard
from neurobust.networks.network import Network

_BATCH = 128


@torch.no_grad()
def extract_features(
    network: Network,
    pixels: UInt8[Tensor, "stimulus channel row column"],
    standard: Standard,
    layer: str,
) -> Float[Tensor, "stimulus feature"]:
    """Return the output of a layer of the network, in evaluation mode, for each picture."""
    network.eval()
    parts = [network.features(standard(images), layer) for images in pixels.split(_BATCH)]
    return torch.cat([part.flatten(1).float() for part in parts])
