"""How similar images are by their features: cosines."""

from jaxtyping import Float
from torch import Tensor, nn


def cosine_similarity(
    features: Float[Tensor, "image feature"], centre: Float[Tensor, " feature"]
) -> Float[Tensor, "image image"]:
    """Return the cosine of the angle between each two images' features, seen from the centre.

    An image whose features are the centre is similar to none, itself included: 0.
    """
    directions = nn.functional.normalize(features - centre)
    return directions @ directions.T
