"""Windows of photographs of frost for ImageNet-C, from the data files of `imagecorruptions`."""

import functools
import importlib.util
import math
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, Int64, UInt8
from PIL import Image
from torch import Tensor
from torch.nn.functional import interpolate

from neurobust.errors import InputError

_PACKAGE = "imagecorruptions"
_NAMES = ("frost1.png", "frost2.png", "frost3.png", "frost4.jpg", "frost5.jpg", "frost6.jpg")
TEXTURES = len(_NAMES)
_MARGIN = 1.1  # a texture is at least this much larger than the image along each axis


def _texture_path(index: int) -> Path:
    # Not by importing the package, which compiles code and loads OpenCV.
    spec = importlib.util.find_spec(_PACKAGE)
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        path = Path(folder) / "frost" / _NAMES[index]
        if path.is_file():
            return path
    raise InputError(
        _PACKAGE,
        f"the frost texture {_NAMES[index]!r} is missing",
        expected=f"the package {_PACKAGE!r} with its data files",
        fix="install the package imagecorruptions-imaug",
    )


@functools.cache
def _read_texture(index: int) -> UInt8[Tensor, "row column channel"]:
    with Image.open(_texture_path(index)) as image:
        return torch.from_numpy(np.array(image.convert("RGB")))


def frost_texture(
    index: int, rows: int, columns: int, scale: float
) -> UInt8[Tensor, "row column channel"]:
    """Return a texture at ``scale``, or larger where images need more room.

    It is enlarged by cubic and reduced by linear interpolation between pixels.

    Parameters
    ----------
    index
        Number of the texture, 0 to 5.
    rows, columns
        Size of the images, in pixels.
    scale
        Smallest scale of the photograph.

    Raises
    ------
    InputError
        If the package with the textures is not installed.
    """
    texture = _read_texture(index)
    scale = max(scale, _MARGIN * rows / texture.shape[0], _MARGIN * columns / texture.shape[1])
    size = [math.ceil(side * scale) for side in texture.shape[:2]]
    planes = texture.permute(2, 0, 1)[None]
    if scale > 1:
        cubic = interpolate(planes.to(torch.float32), size, mode="bicubic", align_corners=False)
        resized = cubic.round_().clamp_(0, 255)
    else:
        linear = interpolate(planes.to(torch.float64), size, mode="bilinear", align_corners=False)
        # Halves are common. The margin rounds them up, whatever the number of threads does to them.
        resized = linear.add_(0.5 + 2.0**-20).floor_()
    return resized[0].to(torch.uint8).permute(1, 2, 0).contiguous()


@functools.lru_cache(maxsize=4)
def _all_textures(
    rows: int, columns: int, scale: float, device: torch.device
) -> tuple[Tensor, Tensor]:
    """Return the pixels of all textures in one list, and the first pixel and size of each."""
    textures = [frost_texture(index, rows, columns, scale) for index in range(TEXTURES)]
    sizes = torch.tensor([texture.shape[:2] for texture in textures])
    firsts = sizes.prod(1).cumsum(0) - sizes.prod(1)
    pixels = torch.cat([texture.flatten(0, 1) for texture in textures])
    return pixels.to(device), torch.cat([firsts[:, None], sizes], 1).to(device)


def frost_crops(
    textures: Int64[Tensor, " image"],
    positions: Float[Tensor, "image 2"],
    rows: int,
    columns: int,
    scale: float,
) -> UInt8[Tensor, "image row column channel"]:
    """Cut a window out of a texture for each image.

    Parameters
    ----------
    textures
        Number of the texture for each image.
    positions
        First row and column of each window, as fractions in [0, 1) of the possible ones.
    rows, columns
        Size of the images, in pixels.
    scale
        Smallest scale of the textures, see `frost_texture`.

    Raises
    ------
    InputError
        If the package with the textures is not installed.
    """
    pixels, extents = _all_textures(rows, columns, scale, textures.device)
    first, height, width = extents[textures].unbind(1)
    top = (positions[:, 0] * (height - rows)).to(torch.int64)
    left = (positions[:, 1] * (width - columns)).to(torch.int64)
    down = torch.arange(rows, device=pixels.device)
    starts = (first + left)[:, None] + (top[:, None] + down) * width[:, None]
    # Each row of a window is one element of a view whose rows begin at every pixel.
    channels = pixels.shape[1]
    view = pixels.as_strided((len(pixels) - columns + 1, columns * channels), (channels, 1))
    return view.index_select(0, starts.flatten()).reshape(-1, rows, columns, channels)
