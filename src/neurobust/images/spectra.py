"""Power spectra of differences between images, and how their power spreads over radii.

The power at frequency 0, which is the mean of a difference, is left out (Li et al. 2023). Functions
that need no torch are in `neurobust.images.frequencies`.
"""

import numpy as np
import torch
from jaxtyping import Float, Float64
from torch import Tensor

from neurobust.images.frequencies import half_power_frequency, spatial_frequencies

__all__ = ["half_power_frequency", "power_spectrum", "radial_power", "spatial_frequencies"]


def power_spectrum(
    differences: Float[Tensor, "image channel row column"],
) -> Float64[Tensor, "image row column"]:
    """Return the power of each difference at each spatial frequency, averaged over channels.

    Returns
    -------
    The squared magnitude of the Fourier transform divided by the number of pixels, 0 at frequency
    0: it adds up to the sum of the squared deviations from the mean (Parseval). Frequencies are in
    the order of `spatial_frequencies`; the device is that of ``differences``.
    """
    rows, columns = differences.shape[-2:]
    values = differences.double()
    # Subtracting a constant changes frequency 0 alone. The first pixel, unlike a mean, has no
    # rounding error, so that a constant difference becomes exactly 0.
    spectrum = torch.fft.fft2(values - values[..., :1, :1])
    power = (spectrum.abs().square() / (rows * columns)).mean(1)
    power[:, 0, 0] = 0
    return torch.fft.fftshift(power, dim=(-2, -1))


def radial_power(
    power: Float64[Tensor, "image row column"],
) -> tuple[Float64[np.ndarray, " radius"], Float64[np.ndarray, "image radius"]]:
    """Add the power of all frequencies of the same radius.

    Parameters
    ----------
    power
        Power spectra from `power_spectrum`, on any device.

    Returns
    -------
    The distinct radii, in cycles per pixel from 0, which are compared exactly; and the power at
    each of them.
    """
    rows, columns = power.shape[-2:]
    row, column = np.arange(rows) - rows // 2, np.arange(columns) - columns // 2
    # Squared radii in units of (rows * columns)**-2 are whole numbers.
    squares = (row[:, None] * columns) ** 2 + (column * rows) ** 2
    distinct, member = np.unique(squares.ravel(), return_inverse=True)
    order = np.argsort(member, kind="stable")
    starts = np.searchsorted(member[order], np.arange(len(distinct)))
    values = power.flatten(1).cpu().numpy()[:, order]
    return np.sqrt(distinct) / (rows * columns), np.add.reduceat(values, starts, axis=1)
