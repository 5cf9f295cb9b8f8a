"""One example image under every corruption."""

import torch
import xarray as xr

from neurobust.dims import COLUMN, CORRUPTION, ROW, TEST
from neurobust.images.batches import gray
from neurobust.images.corruptions import TIN_TC, corrupt
from neurobust.images.form import require_colour, require_image, select_split


def corrupt_example(
    image_set: xr.Dataset, number: int, *, severity: int, seed: int, place: str = "example_image"
) -> xr.Dataset:
    """Return one test image under every corruption, in gray.

    Parameters
    ----------
    image_set
        Image set in RGB; see `neurobust.images.form`.
    number
        Index of the test image, from 0.
    severity, seed
        Severity and seed of the corruptions; with the evaluation's seed the images are those that
        networks are evaluated on.
    place
        Name of the setting that gives ``number``, for error messages.

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
