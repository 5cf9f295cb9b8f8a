"""Cosine similarity of images by their features."""

from jaxtyping import Float
from torch import Tensor, nn


def cosine_similarity(
    features: Float[Tensor, "image feature"], centre: Float[Tensor, " feature"]
) -> Float[Tensor, "image image"]:
    """Return the cosine between the features of each two images, relative to the centre.

    An image whose features equal the centre has similarity 0 with every image, itself included.
    """
    directions = nn.functional.normalize(features - centre)
    return directions @ directions.T
