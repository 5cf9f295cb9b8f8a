"""One image under every corruption, to be looked at."""

import torch
import xarray as xr

from neurobust.dims import COLUMN, CORRUPTION, ROW, TEST
from neurobust.errors import InputError
from neurobust.images.corruptions import CORRUPTIONS, corrupt
from neurobust.images.pictures import gray
from neurobust.images.sets import select_split


def corrupt_example(image_set: xr.Dataset, number: int, *, severity: int, seed: int) -> xr.Dataset:
    """Corrupt one test image in every way, as networks see it in gray.

    Parameters
    ----------
    image_set
        In RGB; see :mod:`neurobust.images.sets`.
    number
        Of the test image, from 0.
    severity, seed
        Of the corruptions; with the evaluation's seed, the very images that are evaluated.

    Returns
    -------
    ``images(corruption, row, column)`` and ``original(row, column)``, uint8.

    Raises
    ------
    InputError
        If there is no such test image.
    """
    test = select_split(image_set, TEST)
    if number >= test.sizes["image"]:
        raise InputError(
            "safarani2021.example_image",
            f"is {number}, but there are {test.sizes['image']} test images",
            expected=f"0 to {test.sizes['image'] - 1}",
            mend="choose a smaller number",
        )
    chosen = test.isel(image=[number])
    pixels = torch.from_numpy(chosen["pixels"].values)
    ids = torch.from_numpy(chosen["image_id"].values)
    corrupted = [
        corrupt(pixels, corruption, severity, image_ids=ids, seed=seed)
        for corruption in CORRUPTIONS
    ]
    return xr.Dataset(
        {
            "images": ((CORRUPTION, ROW, COLUMN), gray(torch.cat(corrupted)).numpy()),
            "original": ((ROW, COLUMN), gray(pixels)[0].numpy()),
        },
        coords={CORRUPTION: list(CORRUPTIONS)},
        attrs={"severity": severity},
    )
