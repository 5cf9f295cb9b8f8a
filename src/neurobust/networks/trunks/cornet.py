"""CORnet-S and CORnet-Z: shallow trunks of four areas named after the ventral stream.

Kubilius et al. 2019 (CORnet-S, recurrent) and Kubilius et al. 2018 (CORnet-Z, feed-forward). The
modules bear the names of the authors' checkpoints, so that their weights can be loaded.
"""

from collections import OrderedDict

from jaxtyping import Float
from torch import Tensor, nn

STEPS = {"V2": 2, "V4": 4, "IT": 2}  # through CORnet-S's recurrent blocks
CHANNELS = {"V1": 64, "V2": 128, "V4": 256, "IT": 512}
_EXPANSION = 4  # of channels within a recurrent block
CORNETS = ("cornet-s", "cornet-z")


class RecurrentBlock(nn.Module):
    """An area of CORnet-S: a bottleneck that its own output passes through ``steps`` times.

    The 1x1 input convolution acts once. Each step has batch normalisations of its own; the first
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


def build_cornet(
    trunk: str, *, channels: dict[str, int], in_channels: int
) -> tuple[nn.Sequential, dict[str, tuple[int, int]]]:
    """Build a CORnet trunk.

    Parameters
    ----------
    trunk
        ``cornet-s`` or ``cornet-z``.
    channels
        Of each area, V1, V2, V4, IT: `CHANNELS`, scaled.
    in_channels
        1 for gray images, 3 for RGB.

    Returns
    -------
    The four areas, and for each name its index with its channels.
    """
    recurrent = trunk == "cornet-s"
    areas: OrderedDict[str, nn.Module] = OrderedDict()
    previous = in_channels
    for name, size in channels.items():
        if not recurrent:
            areas[name] = _area(previous, size, first=name == "V1")
        elif name == "V1":
            areas[name] = _recurrent_v1(previous, size)
        else:
            areas[name] = RecurrentBlock(previous, size, STEPS[name])
        previous = size
    return nn.Sequential(areas), {
        name: (index, size) for index, (name, size) in enumerate(channels.items())
    }


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
