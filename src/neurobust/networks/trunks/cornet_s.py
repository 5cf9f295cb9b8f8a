"""CORnet-S, recurrent (Kubilius et al. 2019)."""

from neurobust.config.recipes import Recipe
from neurobust.networks.architectures.cornet import build_cornet
from neurobust.networks.architectures.trunk import Trunk


def build(recipe: Recipe, n_classes: int) -> Trunk:
    """Build the trunk; see `build_cornet`."""
    return build_cornet(recipe, n_classes, recurrent=True)
