"""Spatial frequencies, and the frequency below which half of a spectrum's power lies.

Frequencies are in cycles per pixel: along each axis up to 0.5, along the diagonal up to 0.7071.
"""

import numpy as np
from jaxtyping import Float, Float64

UNITS = "cycles/pixel"
POWER_UNITS = "1 (pixel range 0 to 1, squared)"


def spatial_frequencies(
    rows: int, columns: int
) -> tuple[Float64[np.ndarray, " row"], Float64[np.ndarray, " column"]]:
    """Return the frequencies of a spectrum's rows and columns, increasing, in cycles per pixel."""
    along_rows, along_columns = (np.fft.fftshift(np.fft.fftfreq(side)) for side in (rows, columns))
    return along_rows, along_columns


def cumulative_share(
    radial_power: Float[np.ndarray, "*spectrum radius"],
) -> Float64[np.ndarray, "*spectrum radius"]:
    """Return the share of the power that lies within each radius.

    Parameters
    ----------
    radial_power
        Non-negative power at each of a series of increasing radii, in any unit.

    Returns
    -------
    The cumulative share, which rises to 1; NaN for a spectrum without power or with a NaN.
    """
    within = np.cumsum(radial_power, axis=-1, dtype=np.float64)
    total = np.broadcast_to(within[..., -1:], within.shape)
    return np.divide(within, total, out=np.full(within.shape, np.nan), where=total > 0)


def half_power_frequency(
    radii: Float64[np.ndarray, " radius"], radial_power: Float[np.ndarray, "*spectrum radius"]
) -> Float64[np.ndarray, "*spectrum"]:
    """Return the radius at which the cumulative share of the power reaches one half.

    Li et al. 2023 call it f_0.5.

    Parameters
    ----------
    radii
        Increasing radii, in cycles per pixel.
    radial_power
        Power at each radius, as in `cumulative_share`.

    Returns
    -------
    The radius of each spectrum, in the unit of ``radii``; NaN where the share is NaN.
    """
    share = cumulative_share(radial_power)
    upper = np.argmax(share >= 0.5, axis=-1)
    # ASSUME: linear interpolation between neighbouring radii; the paper does not describe how it
    # obtains the radius.
    lower = np.maximum(upper - 1, 0)
    below, reached = (
        np.take_along_axis(share, at[..., None], axis=-1)[..., 0] for at in (lower, upper)
    )
    rise = np.where(upper > 0, reached - below, 1)  # the first radius may hold half of the power
    found = radii[lower] + (0.5 - below) / rise * (radii[upper] - radii[lower])
    return np.where(np.isnan(share[..., -1]), np.nan, found)
