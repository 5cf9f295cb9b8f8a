"""VGG with batch normalisation (Simonyan & Zisserman 2015) at any width, for gray or colour images.

The layers, their order and their initialisation are torchvision's, so that its weights can be
loaded; a test compares the two. They are built here because a gray network needs a first layer of
one channel, and because importing torchvision takes a job longer than building the network.
"""

from torch import nn

from neurobust.config.recipes import Recipe
from neurobust.networks.architectures.trunk import Outputs, Trunk, scaled

CHANNELS = (64, 128, 256, 512, 512)  # of the blocks


def build_vgg(recipe: Recipe, n_classes: int, convolutions: tuple[int, ...]) -> Trunk:
    """Build five blocks of convolutions, each of which halves rows and columns at its end.

    Parameters
    ----------
    recipe
        The recipe, for its width (a factor on every number of channels) and its colour.
    n_classes
        Number of classes, 0 for a network that does not classify.
    convolutions
        Number of convolutions in each block.

    Returns
    -------
    The trunk. Its layers have names such as ``conv-3-1``: the ReLU after the batch normalisation of
    the first convolution in the third block.
    """
    width = recipe.width
    layers: list[nn.Module] = []
    outputs: Outputs = {}
    channels = recipe.in_channels()
    for block, (count, size) in enumerate(zip(convolutions, CHANNELS, strict=True), 1):
        for number in range(1, count + 1):
            out = scaled(size, width)
            layers += [
                nn.Conv2d(channels, out, kernel_size=3, padding=1),
                nn.BatchNorm2d(out),
                nn.ReLU(inplace=True),
            ]
            channels = out
            outputs[f"conv-{block}-{number}"] = (len(layers) - 1, channels)
        layers.append(nn.MaxPool2d(kernel_size=2, stride=2))
    classifier = build_classifier(channels, n_classes, width=width) if n_classes else None
    return Trunk(nn.Sequential(*layers), outputs, classifier)


def build_classifier(in_channels: int, n_classes: int, *, width: float) -> nn.Sequential:
    """Build the fully convolutional classifier of Safarani et al. 2021.

    Three 1x1 convolutions with dropout 0.5 after the first two, then the maximum over positions;
    4096 hidden channels at width 1 (released code).
    """
    hidden = scaled(4096, width)
    return nn.Sequential(
        nn.Conv2d(in_channels, hidden, kernel_size=1),
        nn.ReLU(inplace=True),
        nn.Dropout(0.5),
        nn.Conv2d(hidden, hidden, kernel_size=1),
        nn.ReLU(inplace=True),
        nn.Dropout(0.5),
        nn.Conv2d(hidden, n_classes, kernel_size=1),
        nn.AdaptiveMaxPool2d(1),
        nn.Flatten(),
    )
