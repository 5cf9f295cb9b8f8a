"""Trunks at any width, for gray or colour images: VGG, ResNet18 and CORnets.

The VGG layers, their order and their initialisation are those of VGG with batch normalisation
(Simonyan & Zisserman 2015) as torchvision numbers them, so that its weights can be loaded; a test
compares the two. They are built here because a gray network needs a one-channel first layer, and
because importing torchvision costs a job more time than building the network.
"""

from collections import OrderedDict

from torch import nn

from neurobust.networks import cornet, resnet

CONVOLUTIONS = {
    "vgg11": (1, 1, 2, 2, 2),
    "vgg13": (2, 2, 2, 2, 2),
    "vgg16": (2, 2, 3, 3, 3),
    "vgg19": (2, 2, 4, 4, 4),
}
CHANNELS = (64, 128, 256, 512, 512)


def scaled(channels: int, width: float) -> int:
    """Return a number of channels scaled by the width, at least one."""
    return max(1, round(channels * width))


def build_trunk(trunk: str, *, width: float, in_channels: int) -> tuple[nn.Sequential, dict]:
    """Build a trunk.

    Parameters
    ----------
    trunk
        ``vgg11``, ``vgg13``, ``vgg16``, ``vgg19``, ``resnet18``, ``cornet-s`` or ``cornet-z``.
    width
        Factor on every number of channels.
    in_channels
        1 for gray images, 3 for RGB.

    Returns
    -------
    The layers, and for each name the index of its last layer with its channels. VGG's are five
    blocks that halve rows and columns, with names such as ``conv-3-1`` for the ReLU after batch
    normalisation; ResNet18's are ``conv-1`` and its blocks, ``block-1-1`` to ``block-4-2``; a
    CORnet's are the areas V1, V2, V4 and IT.
    """
    if trunk == resnet.RESNET18:
        stages = tuple(scaled(size, width) for size in resnet.CHANNELS)
        return resnet.build_resnet18(channels=stages, in_channels=in_channels)
    if trunk in cornet.CORNETS:
        channels_of = {area: scaled(size, width) for area, size in cornet.CHANNELS.items()}
        return cornet.build_cornet(trunk, channels=channels_of, in_channels=in_channels)
    layers: list[nn.Module] = []
    outputs: dict[str, tuple[int, int]] = {}
    channels = in_channels
    for block, (count, size) in enumerate(zip(CONVOLUTIONS[trunk], CHANNELS, strict=True), 1):
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
    return nn.Sequential(*layers), outputs


def build_classifier(
    trunk: str, in_channels: int, n_classes: int, *, width: float
) -> nn.Sequential:
    """Build a trunk's classifier.

    On VGG the fully convolutional one of Safarani 2021: three 1x1 convolutions, dropout .5 after
    the first two, a global maximum over positions at the end; 4096 hidden channels at width 1
    (released code). On a CORnet or ResNet18 its linear decoder.
    """
    if trunk == resnet.RESNET18 or trunk in cornet.CORNETS:
        return build_decoder(in_channels, n_classes)
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
