"""Gaussian blur and the view through frosted glass (ImageNet-C)."""

import torch
from jaxtyping import Float32, Int32, Int64, UInt8
from torch import Tensor

from neurobust.images.corruptions.layout import images_of_, planes_of, truncate_
from neurobust.images.corruptions.parameters import Glass
from neurobust.images.corruptions.resampling import smoother


def _blur(
    planes: Float32[Tensor, "image channel row column"], sigma: float
) -> Float32[Tensor, "image channel row column"]:
    down, across = (
        smoother(size, sigma, 4.0, "nearest", planes.dtype, planes.device)
        for size in planes.shape[2:]
    )
    return down @ (planes @ across.T)


def gaussian_blur(
    images: UInt8[Tensor, "image row column channel"], sigma: float
) -> UInt8[Tensor, "image row column channel"]:
    """Convolve with a Gaussian of ``sigma`` pixels, borders repeated outwards."""
    return images_of_(_blur(planes_of(images), sigma))


def _partners(
    shifts: Int32[Tensor, "image iteration 2 row column"], reach: int
) -> Int64[Tensor, "image iteration pixel"]:
    """Return which pixel each pixel copies; pixels near the borders copy themselves."""
    rows, columns = shifts.shape[3:]
    own = torch.arange(rows * columns, device=shifts.device).reshape(rows, columns)
    partners = own.repeat(*shifts.shape[:2], 1, 1)
    # not symmetric, as in ImageNet-C: pixel (rows - reach) moves, its mirror image does not
    inner = (..., slice(reach + 1, rows - reach + 1), slice(reach + 1, columns - reach + 1))
    right, down = shifts.unbind(2)
    partners[inner].add_(right[inner]).add_(down[inner], alpha=columns)
    return partners.flatten(2)


def _sources(partners: Int64[Tensor, "image iteration pixel"]) -> Int64[Tensor, "image pixel"]:
    """Return where the value of each pixel comes from after all iterations.

    An iteration runs through the pixels from the last to the first. A pixel whose partner comes
    later in the image copies the value that its partner has just copied. Its value so comes along
    a chain of partners, which ends at the first pixel whose partner does not come later. Each round
    of the loop doubles the number of links that every pixel has followed.
    """
    ends = torch.maximum(partners, torch.arange(partners.shape[2], device=partners.device))
    while not torch.equal(further := ends.gather(2, ends), ends):
        ends = further
    *earlier, sources = partners.gather(2, ends).unbind(1)
    for steps in reversed(earlier):
        sources = steps.gather(1, sources)
    return sources


def glass_blur(
    images: UInt8[Tensor, "image row column channel"],
    shifts: Int32[Tensor, "image iteration 2 row column"],
    glass: Glass,
) -> UInt8[Tensor, "image row column channel"]:
    """Blur, let pixels copy others near them, blur again.

    The code of ImageNet-C intends to swap two pixels, but numpy gives it views of the pixels of a
    colour image: the pixel becomes a copy of its partner, which stays as it is. Gray images are
    treated in the same way. Pixels near the borders do not change; neither does any pixel of an
    image whose sides are shorter than ``2 * reach + 1`` pixels.

    Parameters
    ----------
    images
        Images as bytes, with one channel or three.
    shifts
        Displacements to the right and down of each pixel's partner, from [-reach, reach).
    glass
        Values of the severity.
    """
    blurred = truncate_(_blur(planes_of(images), glass.sigma)).to(torch.float32)
    sources = _sources(_partners(shifts, glass.reach))
    pixels = blurred.flatten(2)
    shuffled = pixels.gather(2, sources[:, None].expand_as(pixels)).reshape(blurred.shape)
    return images_of_(_blur(shuffled, glass.sigma))
