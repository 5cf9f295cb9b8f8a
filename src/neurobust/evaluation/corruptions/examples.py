"""One image under every corruption, to be looked at."""

import torch
import xarray as xr

from neurobust.dims import COLUMN, CORRUPTION, ROW, TEST
from neurobust.images.batches import gray
from neurobust.images.corruptions import TIN_TC, corrupt
from neurobust.images.form import require_colour, require_image, select_split


def corrupt_example(
    image_set: xr.Dataset, number: int, *, severity: int, seed: int, place: str = "number"
) -> xr.Dataset:
    """Return one test image corrupted in every way, in gray as networks see it.

    Parameters
    ----------
    image_set
        In RGB; see `neurobust.images.form`.
    number
        The test image's position among test images, from 0.
    severity, seed
        Severity and seed of the corruptions; the evaluation's seed gives the images that networks
        are evaluated on.
    place
        The setting that gives the number, for messages.

    Returns
    -------
    ``images(corruption, row, column)`` and ``original(row, column)``, uint8.

    Raises
    ------
    InputError
        If there is no such test image, or the image set is gray.
    """
    require_colour(image_set)
    test = select_split(image_set, TEST)
    require_image(test, number, place)
    chosen = test.isel(image=[number])
    pixels = torch.from_numpy(chosen["pixels"].values)
    ids = torch.from_numpy(chosen["image_id"].values)
    corrupted = [
        corrupt(pixels, corruption, severity, image_ids=ids, seed=seed) for corruption in TIN_TC
    ]
    return xr.Dataset(
        {
            "images": ((CORRUPTION, ROW, COLUMN), gray(torch.cat(corrupted)).numpy()),
            "original": ((ROW, COLUMN), gray(pixels)[0].numpy()),
        },
        coords={CORRUPTION: list(TIN_TC)},
        attrs={"severity": severity},
    )
