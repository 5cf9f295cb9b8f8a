"""How published models are named and drawn: a colour and a marker per architecture."""

from typing import NamedTuple

import pandas as pd
from matplotlib.lines import Line2D

from studies.brainscore2020.table1 import MODEL


class Architecture(NamedTuple):
    """How models of one architecture are drawn."""

    colour: str
    marker: str
    size: float


class PublishedModel(NamedTuple):
    """A model's printed name, its architecture, and where Fig. 1 writes the name."""

    label: str
    architecture: str
    offset_points: tuple[float, float] = (7, 0)


# The colours of Okabe and Ito, which the colour-blind can distinguish; the markers alone suffice.
# Markers of models that lie close to each other differ in size.
_ARCHITECTURES = {
    "AlexNet": Architecture("#000000", "X", 5.0),
    "SqueezeNet": Architecture("#949494", "v", 4.6),
    "VGG": Architecture("#009E73", "s", 4.4),
    "ResNet": Architecture("#0072B2", "o", 4.6),
    "ResNet-50, trained otherwise": Architecture("#56B4E9", "D", 3.4),
    "DenseNet": Architecture("#CC79A7", "^", 5.8),
    "CORnet": Architecture("#D55E00", "P", 5.4),
    "Inception, MobileNet": Architecture("#E69F00", "h", 5.6),
}
OTHER = Architecture("#5e5e5e", "p", 4.8)
_MODELS = {
    "alexnet": PublishedModel("AlexNet", "AlexNet", (7, 0)),
    "cornet_s": PublishedModel("CORnet-S", "CORnet", (0, -9)),
    "cornet_z": PublishedModel("CORnet-Z", "CORnet", (7, 0)),
    "densenet121": PublishedModel("DenseNet-121", "DenseNet", (-7, 0)),
    "densenet169": PublishedModel("DenseNet-169", "DenseNet", (-28, 6)),
    "densenet201": PublishedModel("DenseNet-201", "DenseNet", (-7, 0)),
    "inception_v3": PublishedModel("Inception-v3", "Inception, MobileNet", (-7, 0)),
    "mobilenet_v2": PublishedModel("MobileNet-v2", "Inception, MobileNet", (0, 9)),
    "resnet101": PublishedModel("ResNet-101", "ResNet", (22, -13)),
    "resnet152": PublishedModel("ResNet-152", "ResNet", (16, -17)),
    "resnet18": PublishedModel("ResNet-18", "ResNet", (7, -1)),
    "resnet34": PublishedModel("ResNet-34", "ResNet", (7, 0)),
    "resnet50": PublishedModel("ResNet-50", "ResNet", (7, 4)),
    "resnet50_sin": PublishedModel("SIN", "ResNet-50, trained otherwise", (-7, 0)),
    "resnet50_sin_in": PublishedModel("SIN-IN", "ResNet-50, trained otherwise", (0, -26)),
    "resnet50_sin_in_in": PublishedModel("SIN-IN-IN", "ResNet-50, trained otherwise", (13, -6)),
    "resnet50_robust": PublishedModel("robust", "ResNet-50, trained otherwise", (7, 2)),
    "squeezenet1_0": PublishedModel("SqueezeNet 1.0", "SqueezeNet", (7, 0)),
    "squeezenet1_1": PublishedModel("SqueezeNet 1.1", "SqueezeNet", (7, 7)),
    "vgg16": PublishedModel("VGG-16", "VGG", (7, 0)),
    "vgg19": PublishedModel("VGG-19", "VGG", (-7, 0)),
}


def published_model(name: str) -> PublishedModel:
    """Return a model's printed name; a model that is not listed keeps the name it has."""
    return _MODELS.get(name, PublishedModel(name, "Other"))


def architecture(name: str) -> Architecture:
    """Return how a model is drawn."""
    return _ARCHITECTURES.get(published_model(name).architecture, OTHER)


def architecture_key(models: pd.DataFrame) -> list[Line2D]:
    """Return a legend's handles for the architectures that are among the models."""
    present = {published_model(name).architecture for name in models[MODEL]}
    return [
        Line2D(
            [],
            [],
            linestyle="none",
            color=drawn.colour,
            marker=drawn.marker,
            markersize=drawn.size,
            label=name,
        )
        for name, drawn in (_ARCHITECTURES | {"Other": OTHER}).items()
        if name in present
    ]
