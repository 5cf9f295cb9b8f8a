"""CORnet-Z, feed-forward (Kubilius et al. 2018)."""

from neurobust.config.recipes import Recipe
from neurobust.networks.architectures.cornet import build_cornet
from neurobust.networks.architectures.trunk import Trunk


def build(recipe: Recipe, n_classes: int) -> Trunk:
    """Build the trunk; see `build_cornet`."""
    return build_cornet(recipe, n_classes, recurrent=False)
