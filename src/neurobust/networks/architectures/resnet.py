"""ResNet18 for small images: a stem of one 3x3 convolution, then four stages of two blocks.

He et al. 2016. The stem keeps rows and columns, and nothing is pooled before the first stage, as in
the CIFAR-10 networks of Li et al. 2023. Modules within the blocks are named as in torchvision; a
test compares the two.
"""

from collections import OrderedDict

from jaxtyping import Float
from torch import Tensor, nn

from neurobust.config.recipes import Recipe
from neurobust.networks.architectures.trunk import Trunk, build_decoder, scaled

CHANNELS = (64, 128, 256, 512)  # of the stages; the stem has as many as the first stage
BLOCKS = 2  # in each stage


class BasicBlock(nn.Module):
    """Two 3x3 convolutions beside a skip connection, ReLU after their sum.

    If the block changes the number of channels or the size, a 1x1 convolution and a batch
    normalisation do the same on the skip connection.
    """

    def __init__(self, in_channels: int, channels: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, channels, 3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.downsample = (
            nn.Sequential(
                nn.Conv2d(in_channels, channels, 1, stride=stride, bias=False),
                nn.BatchNorm2d(channels),
            )
            if stride != 1 or in_channels != channels
            else None
        )

    def forward(
        self, maps: Float[Tensor, "image channel row column"]
    ) -> Float[Tensor, "image channel_ row_ column_"]:
        """Return the block's output."""
        skip = maps if self.downsample is None else self.downsample(maps)
        inner = self.relu(self.bn1(self.conv1(maps)))
        return self.relu(self.bn2(self.conv2(inner)) + skip)


def build_resnet18(recipe: Recipe, n_classes: int) -> Trunk:
    """Build the trunk of ResNet18.

    Parameters
    ----------
    recipe
        The recipe, for its width (a factor on every number of channels) and its colour.
    n_classes
        Number of classes, 0 for a network that does not classify.

    Returns
    -------
    The trunk with a linear decoder. Its layers are ``conv-1``, the ReLU after the stem's batch
    normalisation, and ``block-1-1`` to ``block-4-2``. The module that torchvision names
    ``layer1.0`` is ``layer1-0`` here.
    """
    channels = tuple(scaled(size, recipe.width) for size in CHANNELS)
    layers: OrderedDict[str, nn.Module] = OrderedDict(
        conv1=nn.Conv2d(recipe.in_channels(), channels[0], 3, padding=1, bias=False),
        bn1=nn.BatchNorm2d(channels[0]),
        relu=nn.ReLU(inplace=True),
    )
    outputs = {"conv-1": (len(layers) - 1, channels[0])}
    previous = channels[0]
    for stage, size in enumerate(channels, 1):
        for block in range(BLOCKS):
            stride = 2 if stage > 1 and block == 0 else 1
            layers[f"layer{stage}-{block}"] = BasicBlock(previous, size, stride)
            outputs[f"block-{stage}-{block + 1}"] = (len(layers) - 1, size)
            previous = size
    decoder = build_decoder(previous, n_classes) if n_classes else None
    return Trunk(nn.Sequential(layers), outputs, decoder)
