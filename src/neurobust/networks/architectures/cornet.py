"""CORnet-S and CORnet-Z: shallow trunks of four areas named after the ventral stream.

Kubilius et al. 2019 (CORnet-S, recurrent) and Kubilius et al. 2018 (CORnet-Z, feed-forward).
Modules are named as in the authors' checkpoints, so that their weights can be loaded.
"""

from collections import OrderedDict

from jaxtyping import Float
from torch import Tensor, nn

from neurobust.config.recipes import Recipe
from neurobust.networks.architectures.trunk import Outputs, Trunk, build_decoder, scaled

STEPS = {"V2": 2, "V4": 4, "IT": 2}  # passes through CORnet-S's recurrent blocks
CHANNELS = {"V1": 64, "V2": 128, "V4": 256, "IT": 512}
_EXPANSION = 4  # factor on the channels within a recurrent block


class RecurrentBlock(nn.Module):
    """An area of CORnet-S: a bottleneck that its own output passes through ``steps`` times.

    The 1x1 input convolution acts once. Each step has its own batch normalisations; the first step
    halves rows and columns, and projects the skip connection accordingly.
    """

    def __init__(self, in_channels: int, channels: int, steps: int) -> None:
        super().__init__()
        wide = channels * _EXPANSION
        self.steps = steps
        self.conv_input = nn.Conv2d(in_channels, channels, kernel_size=1, bias=False)
        self.skip = nn.Conv2d(channels, channels, kernel_size=1, stride=2, bias=False)
        self.norm_skip = nn.BatchNorm2d(channels)
        self.conv1 = nn.Conv2d(channels, wide, kernel_size=1, bias=False)
        self.conv2 = nn.Conv2d(wide, wide, kernel_size=3, stride=2, padding=1, bias=False)
        self.conv3 = nn.Conv2d(wide, channels, kernel_size=1, bias=False)
        self.relu = nn.ReLU(inplace=True)
        for step in range(steps):
            for number, size in ((1, wide), (2, wide), (3, channels)):
                self.add_module(f"norm{number}_{step}", nn.BatchNorm2d(size))

    def forward(
        self, maps: Float[Tensor, "image channel row column"]
    ) -> Float[Tensor, "image channel_ row_ column_"]:
        """Return the output of the last step."""
        state = self.conv_input(maps)
        for step in range(self.steps):
            norms = [self.get_submodule(f"norm{number}_{step}") for number in (1, 2, 3)]
            skip = state if step else self.norm_skip(self.skip(state))
            state = self.relu(norms[0](self.conv1(state)))
            stride = 1 if step else 2
            state = nn.functional.conv2d(state, self.conv2.weight, stride=stride, padding=1)
            state = norms[2](self.conv3(self.relu(norms[1](state))))
            state = self.relu(state + skip)
        return state


def build_cornet(recipe: Recipe, n_classes: int, *, recurrent: bool) -> Trunk:
    """Build a CORnet.

    Parameters
    ----------
    recipe
        The recipe, for its width (a factor on every number of channels) and its colour.
    n_classes
        Number of classes, 0 for a network that does not classify.
    recurrent
        Whether to build CORnet-S; else CORnet-Z.

    Returns
    -------
    The trunk with a linear decoder; its layers are the areas V1, V2, V4 and IT.
    """
    areas: OrderedDict[str, nn.Module] = OrderedDict()
    outputs: Outputs = {}
    previous = recipe.in_channels()
    for index, (name, channels) in enumerate(CHANNELS.items()):
        size = scaled(channels, recipe.width)
        if not recurrent:
            areas[name] = _area(previous, size, first=name == "V1")
        elif name == "V1":
            areas[name] = _recurrent_v1(previous, size)
        else:
            areas[name] = RecurrentBlock(previous, size, STEPS[name])
        outputs[name] = (index, size)
        previous = size
    decoder = build_decoder(previous, n_classes) if n_classes else None
    return Trunk(nn.Sequential(areas), outputs, decoder)


def _recurrent_v1(in_channels: int, channels: int) -> nn.Sequential:
    return nn.Sequential(
        OrderedDict(
            conv1=nn.Conv2d(in_channels, channels, 7, stride=2, padding=3, bias=False),
            norm1=nn.BatchNorm2d(channels),
            nonlin1=nn.ReLU(inplace=True),
            pool=nn.MaxPool2d(kernel_size=3, stride=2, padding=1),
            conv2=nn.Conv2d(channels, channels, 3, padding=1, bias=False),
            norm2=nn.BatchNorm2d(channels),
            nonlin2=nn.ReLU(inplace=True),
        )
    )


def _area(in_channels: int, channels: int, *, first: bool) -> nn.Sequential:
    """Return an area of CORnet-Z: convolution (V1's is larger and halves), ReLU, max-pool."""
    kernel, stride = (7, 2) if first else (3, 1)
    return nn.Sequential(
        OrderedDict(
            conv=nn.Conv2d(in_channels, channels, kernel, stride=stride, padding=kernel // 2),
            nonlin=nn.ReLU(inplace=True),
            pool=nn.MaxPool2d(kernel_size=3, stride=2, padding=1),
        )
    )
