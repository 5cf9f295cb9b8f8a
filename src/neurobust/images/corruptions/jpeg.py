"""JPEG compression of whole batches, equal to Pillow's to the bit (ImageNet-C).

Every lossy stage of baseline JPEG is computed in libjpeg's integer arithmetic (its "islow"
transform, 4:2:0 subsampling and "fancy" upsampling: ITU-T T.81 and libjpeg-turbo 3); the entropy
coding is lossless and left out. Whole numbers are stored in floats, divided by the power of two of
their next rounding. All of them are then exact, and sums agree in any order.

Samples are planes with the image first, from -128 to 127.
"""

import functools
from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor, nn

Planes = Float[Tensor, "image row column"]

_BLOCK = 8
# T.81, tables K.1 and K.2
_LUMA_STEPS = (
    (16, 11, 10, 16, 24, 40, 51, 61),
    (12, 12, 14, 19, 26, 58, 60, 55),
    (14, 13, 16, 24, 40, 57, 69, 56),
    (14, 17, 22, 29, 51, 87, 80, 62),
    (18, 22, 37, 56, 68, 109, 103, 77),
    (24, 35, 55, 64, 81, 104, 113, 92),
    (49, 64, 78, 87, 103, 121, 120, 101),
    (72, 92, 95, 98, 112, 100, 103, 99),
)
_CHROMA_STEPS = (
    (17, 18, 24, 47, 99, 99, 99, 99),
    (18, 21, 26, 66, 99, 99, 99, 99),
    (24, 26, 56, 99, 99, 99, 99, 99),
    (47, 66, 99, 99, 99, 99, 99, 99),
    *[(99,) * 8] * 4,
)
# Left half of the cosines of each frequency, times 2**13 (and sqrt(2), except for the first), as
# sums of libjpeg's rounded constants give them; the right half mirrors it, with the opposite sign
# in odd rows.
_COSINES = (
    (8192, 8192, 8192, 8192),
    (11363, 9633, 6437, 2260),
    (10703, 4433, -4433, -10703),
    (9633, -2259, -11362, -6436),
    (8192, -8192, -8192, 8192),
    (6437, -11362, 2261, 9633),
    (4433, -10704, 10704, -4433),
    (2260, -6436, 9633, -11363),
)
# Fixed-point numbers, where 1 is 65,536: the weights of red, green and blue in luma and in the two
# chromas, and those of the chromas in red, green and blue
_ONE = 65536
_LUMA = (19595, 38470, 7471)
_BLUE_CHROMA = (-11059, -21709, 32768)
_RED_CHROMA = (32768, -27439, -5329)
_RED = 91881
_GREEN = (-22554, -46802)
_BLUE = 116130


def _dtype(device: torch.device) -> torch.dtype:
    """Return the type of floats that is exact for numbers of up to 24 bits in matrix products.

    Devices other than the CPU may multiply matrices of 32-bit floats with fewer bits.
    """
    return torch.float32 if device.type == "cpu" else torch.float64


def _constant(values: np.ndarray, device: torch.device) -> Tensor:
    return torch.from_numpy(values).to(device, _dtype(device))


@functools.lru_cache(maxsize=32)
def _alternate(even: float, odd: float, columns: int, device: torch.device) -> Tensor:
    return _constant(np.resize((even, odd), columns), device)


@functools.lru_cache(maxsize=32)
def _doubling(columns: int, weight: float, device: torch.device) -> Float[Tensor, "half column"]:
    """Return the matrix that doubles columns: each mixes its nearer sample with the other one."""
    half = -(-columns // 2)
    column = np.arange(columns)
    nearer = column // 2
    other = np.clip(nearer + 2 * (column % 2) - 1, 0, half - 1)
    matrix = np.zeros((half, columns))
    matrix[nearer, column] = 1 - weight
    matrix[other, column] += weight
    return _constant(matrix, device)


@functools.lru_cache(maxsize=32)
def _steps(
    quality: int, columns: int, device: torch.device, *, chroma: bool
) -> tuple[Float[Tensor, "8 column"], Float[Tensor, "8 column"]]:
    """Return the quantisation steps along a row of blocks, and the factors that divide by them.

    The factors include the division by 8 that the transform needs.
    """
    percent = 5000 // quality if quality < 50 else 200 - 2 * quality
    base = np.array(_CHROMA_STEPS if chroma else _LUMA_STEPS)
    steps = np.tile(np.clip((base * percent + 50) // 100, 1, 255), columns // _BLOCK)
    # Slightly more than the inverse, so that halves are rounded away from zero, as in libjpeg.
    return _constant(steps, device), _constant((1 + 2.0**-20) / (8 * steps), device)


@functools.lru_cache(maxsize=2)
def _matrices(device: torch.device) -> tuple[Tensor, ...]:
    """Return the transform along rows, along columns, back along columns, back along rows.

    Except for the first, the sums have more than 24 bits, so the matrix comes in two parts: a
    coarse one, the multiples of 128, and a fine one, the rest divided by 128. Rows are taken two
    blocks at a time, which is faster.
    """
    left = np.array(_COSINES)
    signs = np.where(np.arange(_BLOCK) % 2, -1, 1)[:, None]
    matrix = np.concatenate((left, signs * left[:, ::-1]), axis=1)
    coarse = (matrix + 64) // 128
    fine = matrix / 128 - coarse
    pair = np.eye(2)
    made = (
        np.kron(pair, matrix.T) / 2**11,
        np.concatenate((coarse / 2**8, fine)),
        np.concatenate((coarse.T / 2**4, fine.T)),
        np.kron(pair, coarse) / 2**11,
        np.kron(pair, fine),
    )
    return tuple(_constant(part, device) for part in made)


def _round_(values: Planes) -> Planes:
    return values.add_(0.5).floor_()


def _join(parts: Sequence[Planes], bits: int) -> Planes:
    """Return the rounded sum of a product's two parts, with its last ``bits`` bits cut off."""
    coarse, fine = parts
    return _round_(coarse.add(fine.floor_(), alpha=2.0 ** (7 - bits)))


def _quantise(planes: Planes, quality: int, *, chroma: bool) -> Planes:
    """Transform planes of whole blocks, round their coefficients to steps, and transform back."""
    columns = planes.shape[-1]
    rows_on, columns_on, columns_back, *rows_back = _matrices(planes.device)
    steps, inverses = _steps(quality, columns, planes.device, chroma=chroma)
    lines = _round_(planes.reshape(-1, 2 * _BLOCK) @ rows_on)
    blocks = columns_on @ lines.view(-1, _BLOCK, columns)
    blocks = _join(blocks.chunk(2, 1), 15).mul_(inverses).round_().mul_(steps)
    blocks = _join((columns_back @ blocks).chunk(2, 1), 11)
    lines = blocks.view(-1, 2 * _BLOCK)
    lines = _join([lines @ part for part in rows_back], 18)
    return lines.clamp_(-128, 127).view(planes.shape)


def _mix(colours: list[Planes], weights: tuple[int, ...], offset: float) -> Planes:
    """Return the weighted sum of the colours plus ``offset``, rounded down."""
    mixed = colours[0] * (weights[0] / _ONE)
    for colour, weight in zip(colours[1:], weights[1:], strict=True):
        mixed.add_(colour, alpha=weight / _ONE)
    return mixed.add_(offset).floor_()


def _extend(planes: Planes, row_unit: int, column_unit: int) -> Planes:
    """Repeat the last row and column until the sides are multiples of the units."""
    extra = (0, -planes.shape[2] % column_unit, 0, -planes.shape[1] % row_unit)
    return nn.functional.pad(planes, extra, "replicate") if any(extra) else planes


def _halve(planes: Planes) -> Planes:
    """Return whole blocks of the means over 2 by 2 samples, halves rounded down and up in turn.

    As in libjpeg, the last column is repeated before the means are taken, the last row afterwards
    (but for one that completes a pair).
    """
    planes = _extend(planes, 2, 2 * _BLOCK)
    pairs = planes[:, ::2] + planes[:, 1::2]
    means = (pairs[..., ::2] + pairs[..., 1::2]).mul_(0.25)
    means.add_(_alternate(1 / 4, 2 / 4, means.shape[2], means.device))
    return _extend(means.floor_(), _BLOCK, _BLOCK)


def _double(planes: Planes, rows: int, columns: int) -> Planes:
    """Double the samples along both axes, each mixed with a quarter of its farther neighbour."""
    weight = 0.25 if columns > 4 else 0.0  # libjpeg repeats the samples of narrow images
    across = _doubling(columns, weight, planes.device)
    wide = planes[:, : -(-rows // 2), : across.shape[0]] @ across
    above = torch.cat((wide[:, :1], wide[:, :-1]), 1)
    below = torch.cat((wide[:, 1:], wide[:, -1:]), 1)
    mixed = [wide.lerp(other, weight) for other in (above, below)]
    doubled = torch.stack(mixed, 2).flatten(1, 2)[:, :rows]
    return doubled.add_(_alternate(8 / 16, 7 / 16, columns, planes.device)).floor_()


def _bytes_(planes: Planes) -> UInt8[Tensor, "image row column"]:
    # by way of int16, which torch vectorises on a processor
    return planes.clamp_(0, 255).to(torch.int16).to(torch.uint8)


def jpeg_compression(
    images: UInt8[Tensor, "image row column channel"], quality: int
) -> UInt8[Tensor, "image row column channel"]:
    """Encode images as JPEG and decode them.

    Parameters
    ----------
    images
        Images as bytes, with 3 channels or with 1; gray gives the same as three equal channels.
    quality
        Quality from 1 to 100.
    """
    rows, columns, channels = images.shape[1:]
    device = images.device
    colours = [images[..., channel].to(_dtype(device)) for channel in range(channels)]
    luma = _mix(colours, _LUMA, 0.5 - 128) if channels == 3 else colours[0].sub_(128)
    luma = _quantise(_extend(luma, _BLOCK, _BLOCK), quality, chroma=False)
    luma = luma[:, :rows, :columns] + 128.5  # the half rounds the sums below
    if channels == 1:
        return _bytes_(luma)[..., None]
    below_half = 0.5 - 1 / _ONE
    mixed = [_mix(colours, weights, below_half) for weights in (_BLUE_CHROMA, _RED_CHROMA)]
    halved = torch.cat([_halve(planes) for planes in mixed])
    blue, red = _double(_quantise(halved, quality, chroma=True), rows, columns).chunk(2)
    # A sum of more than 24 bits is beyond 256, and white.
    decoded = torch.empty_like(images, memory_format=torch.contiguous_format)
    decoded[..., 0] = _bytes_(torch.add(luma, red, alpha=_RED / _ONE))
    green = (blue * (_GREEN[0] / _ONE)).add_(red, alpha=_GREEN[1] / _ONE)
    decoded[..., 1] = _bytes_(green.add_(luma))
    decoded[..., 2] = _bytes_(torch.add(luma, blue, alpha=_BLUE / _ONE))
    return decoded
