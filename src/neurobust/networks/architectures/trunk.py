"""What a trunk is to a network, and what trunks of several families have in common."""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from torch import Tensor, nn

Outputs = dict[str, tuple[int, int]]
"""By the name of a layer the index of its last module in the trunk, and its channels."""


class Trunk(NamedTuple):
    """A trunk, and the classifier that belongs to it.

    Attributes
    ----------
    layers
        From standardised images to the features that are classified.
    outputs
        The layers whose features can be read, in order; none of a network that is used whole.
    classifier
        From the trunk's features to logits; None for a network that does not classify.
    load
        How a file's tensors, given by name, become its weights, where that is special; the path
        is for messages.
    """

    layers: nn.Sequential
    outputs: Outputs
    classifier: nn.Module | None = None
    load: Callable[[Mapping[str, Tensor], Path], None] | None = None


def scaled(channels: int, width: float) -> int:
    """Return a number of channels scaled by the width, at least one."""
    return max(1, round(channels * width))


def build_decoder(in_channels: int, n_classes: int) -> nn.Sequential:
    """Build the classifier of CORnets and ResNets: average over positions, and a linear layer."""
    return nn.Sequential(
        OrderedDict(
            avgpool=nn.AdaptiveAvgPool2d(1),
            flatten=nn.Flatten(),
            linear=nn.Linear(in_channels, n_classes),
        )
    )


def initialise(module: nn.Module) -> None:
    """Initialise convolutions by Kaiming's normal rule (fan out) and batch normalisation by 1, 0.

    Released code of Safarani 2021, and of CORnet-S, whose linear layer keeps torch's rule; apply
    it to every module of a network.
    """
    if isinstance(module, nn.Conv2d):
        nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
        if module.bias is not None:
            nn.init.zeros_(module.bias)
    elif isinstance(module, nn.BatchNorm2d):
        module.reset_running_stats()
        nn.init.ones_(module.weight)
        nn.init.zeros_(module.bias)
    elif isinstance(module, nn.Linear):
        module.reset_parameters()
