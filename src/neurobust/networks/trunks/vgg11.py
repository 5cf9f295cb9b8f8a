"""VGG11 with batch normalisation (Simonyan & Zisserman 2015)."""

from neurobust.config.recipes import Recipe
from neurobust.networks.architectures.trunk import Trunk
from neurobust.networks.architectures.vgg import build_vgg

CONVOLUTIONS = (1, 1, 2, 2, 2)  # in each block


def build(recipe: Recipe, n_classes: int) -> Trunk:
    """Build the trunk; see `build_vgg`."""
    return build_vgg(recipe, n_classes, CONVOLUTIONS)
