"""AugMix: an image mixed with chains of simple operations on it (Hendrycks et al. 2020).

The nine operations and their strengths are those of the released code; none is one of the
corruptions of ImageNet-C. A whole batch is processed at once, on any device, each image with its
own chains: the five geometric operations are one gather, and each other operation is applied to all
images whose chain contains it. Torchvision's AugMix, image by image, takes about five times as long
on a CPU.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int64, UInt8
from torch import Tensor, nn

GEOMETRIC = ("rotate", "shear_x", "shear_y", "translate_x", "translate_y")
OPERATIONS = (*GEOMETRIC, "posterize", "solarize", "autocontrast", "equalize")
LONGEST = 3


@dataclass(frozen=True)
class Chains:
    """The chains of operations for each image of a batch, and how they are mixed.

    Attributes
    ----------
    operation
        Indices into ``OPERATIONS``, -1 after the end of a chain.
    strength
        Strength of each operation, from -1 to 1 as a fraction of its strongest form; operations
        with one direction ignore the sign.
    weight
        Weight of each chain; the weights of an image sum to 1.
    share
        Share of the mixed chains in the result; the rest is the image itself.
    """

    operation: Int64[np.ndarray, "image chain link"]
    strength: Float[np.ndarray, "image chain link"]
    weight: Float[np.ndarray, "image chain"]
    share: Float[np.ndarray, " image"]


def augmix(
    pixels: UInt8[Tensor, "image channel row column"],
    *,
    generator: np.random.Generator,
    severity: int = 3,
    chains: int = 3,
    alpha: float = 1.0,
) -> UInt8[Tensor, "image channel row column"]:
    """Mix each image of a batch with random chains of operations, independently of the others.

    Parameters
    ----------
    pixels
        Gray or colour images, on any device. Pixels from outside of an image are 0.
    generator
        Generator that the chains are drawn from.
    severity
        Largest strength of an operation, from 1 to 10.
    chains
        Number of chains that are mixed, each of one to ``LONGEST`` operations.
    alpha
        Parameter of the Dirichlet distribution of the chains' weights and of the Beta distribution
        of their share.

    Returns
    -------
    Tensor
        A new batch of the same shape and device.
    """
    drawn = draw_chains(len(pixels), chains, severity=severity, alpha=alpha, generator=generator)
    # Not in the bfloat16 of a training: positions and sums must be exact to a byte.
    with torch.autocast(pixels.device.type, enabled=False):
        return mix(pixels, drawn)


def draw_chains(
    images: int, chains: int, *, severity: int, alpha: float, generator: np.random.Generator
) -> Chains:
    """Draw the chains of a batch; see `augmix`."""
    shape = (images, chains, LONGEST)
    length = generator.integers(1, LONGEST + 1, shape[:2])
    operation = generator.integers(len(OPERATIONS), size=shape)
    strength = generator.uniform(0.1, severity, shape) / 10
    sign = generator.choice([-1, 1], shape)
    return Chains(
        np.where(np.arange(LONGEST) < length[..., None], operation, -1),
        strength * sign,
        generator.dirichlet([alpha] * chains, images),
        generator.beta(alpha, alpha, images),
    )


def mix(
    pixels: UInt8[Tensor, "image channel row column"], drawn: Chains
) -> UInt8[Tensor, "image channel row column"]:
    """Mix the images of a batch with given chains of operations on them."""
    images, chains, links = drawn.operation.shape
    # The results of all chains, those of one image next to each other.
    ends = pixels.repeat_interleave(chains, 0)
    for link in range(links):
        _operate(ends, drawn.operation[..., link].ravel(), drawn.strength[..., link].ravel())
    weight = torch.from_numpy(drawn.weight * drawn.share[:, None]).to(pixels.device).float()
    own = torch.from_numpy(1 - drawn.share).to(pixels.device).float()
    mixed = torch.einsum("ic,icp->ip", weight, ends.view(images, chains, -1).float())
    mixed += own[:, None] * pixels.flatten(1)
    return mixed.round_().to(torch.uint8).view(pixels.shape)


def _operate(
    pixels: UInt8[Tensor, "image channel row column"],
    operation: Int64[np.ndarray, " image"],
    strength: Float[np.ndarray, " image"],
) -> None:
    """Apply its operation to each image; ``pixels`` is overwritten."""
    for names, operate in _OPERATORS.items():
        chosen = np.flatnonzero(np.isin(operation, [OPERATIONS.index(name) for name in names]))
        if len(chosen):
            where = torch.from_numpy(chosen).to(pixels.device)
            pixels[where] = operate(pixels[where], operation[chosen], strength[chosen])


def _move(
    pixels: UInt8[Tensor, "image channel row column"],
    operation: Int64[np.ndarray, " image"],
    strength: Float[np.ndarray, " image"],
) -> UInt8[Tensor, "image channel row column"]:
    """Rotate, shear or translate, with bilinear interpolation."""
    rows, columns = pixels.shape[-2:]
    by = {name: np.where(operation == OPERATIONS.index(name), strength, 0.0) for name in GEOMETRIC}
    # Whole degrees and pixels (released code), so that a shift does not interpolate and blur.
    angle = np.deg2rad(np.trunc(30 * by["rotate"]))
    shear_x, shear_y = 0.3 * by["shear_x"], 0.3 * by["shear_y"]
    shift_x = np.trunc(columns / 3 * by["translate_x"])
    shift_y = np.trunc(rows / 3 * by["translate_y"])
    # Maps from each pixel to its source, both relative to the centre in units of half the image's
    # sides. A shear keeps the edge of the image fixed, so it moves the centre.
    tall, wide = rows / columns, columns / rows
    sine, cosine = np.sin(angle), np.cos(angle)
    source_x = cosine, (shear_x - sine) * tall, shear_x * tall + 2 * shift_x / columns
    source_y = (shear_y + sine) * wide, cosine, shear_y * wide + 2 * shift_y / rows
    to_source = torch.from_numpy(np.stack([source_x, source_y])).permute(2, 0, 1).float()
    grid = nn.functional.affine_grid(
        to_source.to(pixels.device), list(pixels.shape), align_corners=False
    )
    moved = nn.functional.grid_sample(pixels.float(), grid, align_corners=False)
    return moved.round_().to(torch.uint8)


def _posterize(
    pixels: UInt8[Tensor, "image channel row column"], _: np.ndarray, strength: np.ndarray
) -> UInt8[Tensor, "image channel row column"]:
    """Keep the four highest bits of each value, or fewer."""
    lost = 4 + _level(pixels, strength, 4)
    return (pixels >> lost) << lost


def _solarize(
    pixels: UInt8[Tensor, "image channel row column"], _: np.ndarray, strength: np.ndarray
) -> UInt8[Tensor, "image channel row column"]:
    """Invert the brightest pixels."""
    last_kept = 255 - _level(pixels, strength, 256)
    return torch.where(pixels > last_kept, 255 - pixels, pixels)


def _level(
    pixels: Tensor, strength: Float[np.ndarray, " image"], strongest: int
) -> UInt8[Tensor, "image 1 1 1"]:
    levels = (abs(strength) * strongest).astype(np.uint8)
    return torch.from_numpy(levels).to(pixels.device)[:, None, None, None]


def _autocontrast(pixels: Tensor, *_: np.ndarray) -> Tensor:
    from torchvision.transforms.v2.functional import autocontrast  # takes seconds to import

    return autocontrast(pixels)


def _equalize(pixels: Tensor, *_: np.ndarray) -> Tensor:
    from torchvision.transforms.v2.functional import equalize  # takes seconds to import

    return equalize(pixels)


_OPERATORS: dict[tuple[str, ...], Callable[[Tensor, np.ndarray, np.ndarray], Tensor]] = {
    GEOMETRIC: _move,
    ("posterize",): _posterize,
    ("solarize",): _solarize,
    ("autocontrast",): _autocontrast,
    ("equalize",): _equalize,
}
