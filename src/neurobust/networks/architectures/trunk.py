"""The form of a trunk, and what trunks of several architectures share."""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from torch import Tensor, nn

Outputs = dict[str, tuple[int, int]]
"""For each layer by name, the index of its last module in the trunk and its channels."""


class Trunk(NamedTuple):
    """A trunk and its classifier.

    Attributes
    ----------
    layers
        Modules from standardised images to the features that are classified.
    outputs
        Layers whose features can be read, in order; empty for a network that is used whole.
    classifier
        Module from the trunk's features to logits; None for a network that does not classify.
    load
        Function that copies a file's tensors, given by name, into the trunk, if the trunk needs
        its own; the path is for messages.
    """

    layers: nn.Sequential
    outputs: Outputs
    classifier: nn.Module | None = None
    load: Callable[[Mapping[str, Tensor], Path], None] | None = None


def scaled(channels: int, width: float) -> int:
    """Return the number of channels scaled by the width, at least one."""
    return max(1, round(channels * width))


def build_decoder(in_channels: int, n_classes: int) -> nn.Sequential:
    """Build the classifier of CORnets and ResNets: an average over positions, a linear layer."""
    return nn.Sequential(
        OrderedDict(
            avgpool=nn.AdaptiveAvgPool2d(1),
            flatten=nn.Flatten(),
            linear=nn.Linear(in_channels, n_classes),
        )
    )


def initialise(module: nn.Module) -> None:
    """Initialise convolutions by Kaiming's normal rule (fan out) and batch normalisation by 1, 0.

    As in the released code of Safarani 2021, and of CORnet-S, whose linear layer keeps torch's
    rule. Apply it to every module of a network.
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
