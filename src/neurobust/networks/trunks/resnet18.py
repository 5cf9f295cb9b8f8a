"""ResNet18 for small images (He et al. 2016; Li et al. 2023)."""

from neurobust.config.recipes import Recipe
from neurobust.networks.architectures.resnet import build_resnet18
from neurobust.networks.architectures.trunk import Trunk


def build(recipe: Recipe, n_classes: int) -> Trunk:
    """Build the trunk; see `build_resnet18`."""
    return build_resnet18(recipe, n_classes)
