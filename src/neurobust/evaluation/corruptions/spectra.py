"""Power spectra of what each corruption adds to images (Li et al. 2023)."""

from collections.abc import Sequence

import numpy as np
import torch
import xarray as xr
from jaxtyping import Float64, Int64, UInt8

from neurobust.dims import (
    COLUMN_FREQUENCY,
    CORRUPTION,
    IMAGE,
    RADIAL_FREQUENCY,
    ROW_FREQUENCY,
    TEST,
)
from neurobust.images.batches import as_channels
from neurobust.images.corruptions import TIN_TC, corrupt
from neurobust.images.form import require_colour, select_split
from neurobust.images.frequencies import POWER_UNITS, UNITS
from neurobust.images.frequency_categories import FREQUENCY_CATEGORIES
from neurobust.images.spectra import (
    half_power_frequency,
    power_spectrum,
    radial_power,
    spatial_frequencies,
)
from neurobust.randomness import generator


def measure_corruption_spectra(
    image_set: xr.Dataset,
    *,
    colour: str,
    severities: Sequence[int],
    images: int,
    batch_size: int,
    seed: int,
    device: torch.device,
) -> xr.Dataset:
    """Measure the spectrum of what each corruption adds to test images.

    With the seed of `evaluate_corruptions`, the corrupted images are those that networks are
    evaluated on.

    Parameters
    ----------
    image_set
        Image set in RGB; see `neurobust.images.form`.
    colour
        Colour of the networks, ``gray`` or ``rgb``.
    severities
        Severities from 1 to 5, over which the power is averaged.
    images
        Number of test images, drawn at random; all if there are fewer.
    batch_size
        Number of images that are corrupted at once. Apart from ``radial_power``, memory does not
        grow with the number of images.
    seed
        Seed of the choice of images and of the corruptions' random fields.
    device
        The device to compute on.

    Returns
    -------
    Spectra of the corrupted minus the clean image, in units of the pixel range (see
    `neurobust.images.spectra`): ``power(corruption, row_frequency, column_frequency)``, the mean
    over images; ``radial_power(corruption, image, radial_frequency)``; and
    ``half_power_frequency(corruption)`` of the mean over images, NaN for a corruption that changes
    only the mean of an image. The coordinate ``category`` lies along ``corruption`` (see
    `neurobust.images.frequency_categories`), image_id along ``image``.

    Raises
    ------
    InputError
        If the image set is gray.
    """
    require_colour(image_set)
    test = select_split(image_set, TEST)
    drawn = generator(seed, "corruption spectra", "images").permutation(test.sizes[IMAGE])
    chosen = test.isel({IMAGE: np.sort(drawn[:images])})
    pixels = chosen["pixels"].values
    ids = chosen["image_id"].values
    measured = [
        _measure(pixels, corruption, severities, colour, batch_size, ids, seed, device)
        for corruption in TIN_TC
    ]
    power, radial = (np.stack(parts) for parts in zip(*measured, strict=True))
    return _label(power, radial, ids).assign_attrs(
        images=image_set.attrs["identifier"], colour=colour, severities=list(severities)
    )


def _measure(
    pixels: UInt8[np.ndarray, "image row column channel"],
    corruption: str,
    severities: Sequence[int],
    colour: str,
    batch_size: int,
    ids: Int64[np.ndarray, " image"],
    seed: int,
    device: torch.device,
) -> tuple[Float64[np.ndarray, "row column"], Float64[np.ndarray, "image radius"]]:
    """Return the power of a corruption, averaged over images, and each image's radial power."""
    power = np.zeros(pixels.shape[1:3])
    radial = []
    for start in range(0, len(ids), batch_size):
        part = slice(start, start + batch_size)
        clean, numbers = (torch.from_numpy(array[part]).to(device) for array in (pixels, ids))
        seen = as_channels(clean, colour).double()
        spectra = torch.zeros(seen[:, 0].shape, dtype=torch.double, device=device)
        for severity in severities:
            corrupted = corrupt(clean, corruption, severity, image_ids=numbers, seed=seed)
            spectra += power_spectrum((as_channels(corrupted, colour) - seen) / 255)
        spectra /= len(severities)
        power += spectra.sum(0).cpu().numpy()
        radial.append(radial_power(spectra)[1])
    return power / len(ids), np.concatenate(radial)


def _label(
    power: Float64[np.ndarray, "corruption row column"],
    radial: Float64[np.ndarray, "corruption image radius"],
    ids: Int64[np.ndarray, " image"],
) -> xr.Dataset:
    rows, columns = spatial_frequencies(*power.shape[1:])
    radii, overall = radial_power(torch.from_numpy(power))
    half = half_power_frequency(radii, overall)
    cycles, powers = {"units": UNITS}, {"units": POWER_UNITS}
    return xr.Dataset(
        {
            "power": ((CORRUPTION, ROW_FREQUENCY, COLUMN_FREQUENCY), power, powers),
            "radial_power": ((CORRUPTION, IMAGE, RADIAL_FREQUENCY), radial, powers),
            "half_power_frequency": (CORRUPTION, half, cycles),
        },
        coords={
            CORRUPTION: list(TIN_TC),
            "category": (CORRUPTION, [FREQUENCY_CATEGORIES[name] for name in TIN_TC]),
            "image_id": (IMAGE, ids),
            ROW_FREQUENCY: (ROW_FREQUENCY, rows, cycles),
            COLUMN_FREQUENCY: (COLUMN_FREQUENCY, columns, cycles),
            RADIAL_FREQUENCY: (RADIAL_FREQUENCY, radii, cycles),
        },
    )
