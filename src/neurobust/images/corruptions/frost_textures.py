"""The photographs of frost that ImageNet-C lays over images, from the package's data files."""

import functools
import importlib.util
import math
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, UInt8
from PIL import Image
from torch import Tensor
from torch.nn.functional import interpolate

from neurobust.errors import InputError

_PACKAGE = "imagecorruptions"
_NAMES = ("frost1.png", "frost2.png", "frost3.png", "frost4.jpg", "frost5.jpg", "frost6.jpg")
TEXTURES = len(_NAMES)
_MARGIN = 1.1  # a texture is this much larger than it need be to cover the image


def _texture_path(index: int) -> Path:
    # Found, not imported: the package's own import compiles code and loads OpenCV.
    spec = importlib.util.find_spec(_PACKAGE)
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        path = Path(folder) / "frost" / _NAMES[index]
        if path.is_file():
            return path
    raise InputError(
        _PACKAGE,
        f"the frost texture {_NAMES[index]!r} is missing",
        expected=f"the package {_PACKAGE!r} with its data files",
        mend="install the package imagecorruptions-imaug",
    )


@functools.cache
def _read_texture(index: int) -> UInt8[Tensor, "row column channel"]:
    with Image.open(_texture_path(index)) as image:
        return torch.from_numpy(np.array(image.convert("RGB")))


@functools.lru_cache(maxsize=2 * TEXTURES)
def frost_texture(
    index: int, rows: int, columns: int, device: torch.device
) -> UInt8[Tensor, "row column channel"]:
    """Return a texture, enlarged by cubic interpolation so that an image fits well within.

    Parameters
    ----------
    index
        Which texture, 0 to 5.
    rows, columns
        The size of the images.
    device
        Where the texture is wanted.

    Raises
    ------
    InputError
        If the package with the textures is not installed.
    """
    texture = _read_texture(index)
    scale = _MARGIN * max(1.0, rows / texture.shape[0], columns / texture.shape[1])
    size = [math.ceil(side * scale) for side in texture.shape[:2]]
    planes = texture.permute(2, 0, 1)[None].to(torch.float32)
    larger = interpolate(planes, size, mode="bicubic", align_corners=False)[0]
    return larger.round_().clamp_(0, 255).to(torch.uint8).permute(1, 2, 0).contiguous().to(device)


def frost_crops(
    textures: list[int],
    positions: Float[Tensor, "image 2"],
    rows: int,
    columns: int,
    device: torch.device,
) -> UInt8[Tensor, "image row column channel"]:
    """Cut a window out of a texture for each image.

    Parameters
    ----------
    textures
        Which texture, per image.
    positions
        The window's first row and column, as fractions in [0, 1) of the places there are.
    rows, columns
        The size of the images.
    device
        Where the windows are wanted.

    Raises
    ------
    InputError
        If the package with the textures is not installed.
    """
    windows = []
    for index, (down, right) in zip(textures, positions.tolist(), strict=True):
        texture = frost_texture(index, rows, columns, device)
        top = int(down * (texture.shape[0] - rows))
        left = int(right * (texture.shape[1] - columns))
        windows.append(texture[top : top + rows, left : left + columns])
    return torch.stack(windows)
