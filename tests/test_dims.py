"""Errors name what a dataset lacks, or what has other dims."""

import numpy as np
import pytest
import xarray as xr

from neurobust.dims import require
from neurobust.errors import InputError


def data():
    return xr.Dataset(
        {"response": (("image", "neuroid"), np.zeros((2, 3)))},
        coords={"image_id": ("image", [4, 5])},
        attrs={"units": "1"},
    )


def test_what_is_whole_passes():
    variables = {"response": ("image", "neuroid"), "image_id": ("image",)}
    require(data(), "file.nc", variables=variables, attributes=["units"])


@pytest.mark.parametrize(
    ("variables", "attributes", "message"),
    [
        ({"spikes": ("image",)}, [], "variable 'spikes' is missing"),
        ({"response": ("neuroid", "image")}, [], r"'response' has dims \('image', 'neuroid'\)"),
        ({}, ["species"], "attribute 'species' is missing"),
    ],
)
def test_what_is_wrong_is_named(variables, attributes, message):
    with pytest.raises(InputError, match=message) as caught:
        require(data(), "file.nc", variables=variables, attributes=attributes)
    assert caught.value.place == "file.nc"
