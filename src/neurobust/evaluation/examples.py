"""One image under every corruption, to be looked at."""

import torch
import xarray as xr

from neurobust.dims import COLUMN, CORRUPTION, IMAGE, ROW, TEST
from neurobust.errors import InputError
from neurobust.images.corruptions import TIN_TC, corrupt
from neurobust.images.pictures import gray
from neurobust.images.sets import require_colour, select_split


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
        If there is no such test image, or the image set is gray.
    """
    require_colour(image_set)
    test = select_split(image_set, TEST)
    require_image(test, number, "safarani2021.example_image")
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


def require_image(images: xr.Dataset, number: int, place: str) -> None:
    """Check that there is an image of this number, which the configuration's ``place`` gives.

    Raises
    ------
    InputError
        If there are fewer images.
    """
    if number >= images.sizes[IMAGE]:
        raise InputError(
            place,
            f"is {number}, but there are {images.sizes[IMAGE]} test images",
            expected=f"0 to {images.sizes[IMAGE] - 1}",
            mend="choose a smaller number",
        )
