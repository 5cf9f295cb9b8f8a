"""Example hybrids are those that networks are evaluated on, of two images of different classes."""

import numpy as np
import pytest
import torch

from neurobust.errors import InputError
from neurobust.evaluation.hybrids.examples import FREQUENCIES, make_hybrid_examples
from neurobust.images.batches import as_channels
from neurobust.images.form import select_split
from neurobust.images.pairing import derange_labels
from neurobust.randomness import generator


@pytest.mark.parametrize(("colour", "channels"), [("gray", 1), ("rgb", 3)])
def test_seeds_are_the_evaluation_s_first_pair_in_the_networks_colours(image_set, colour, channels):
    examples = make_hybrid_examples(image_set, 3, colour=colour, seed=7)
    test = select_split(image_set, "test")
    partner = derange_labels(test["label"].values, generator=generator(7, "hybrids", 0))
    pixels = torch.from_numpy(test["pixels"].isel(image=[3, partner[3]]).values)
    low, high = as_channels(pixels, colour).permute(0, 2, 3, 1).numpy() / np.float32(255)
    np.testing.assert_array_equal(examples["low"], low)
    np.testing.assert_array_equal(examples["high"], high)
    assert examples.sizes["channel"] == channels
    names = image_set["class_name"].values[test["label"].values]
    assert examples.attrs["low_class"] == names[3]
    assert examples.attrs["high_class"] == names[partner[3]] != names[3]


def test_low_frequencies_are_the_low_image_s_and_high_ones_the_other_s(image_set):
    """Where no pixel is clipped, the spectrum shows which frequency comes from which image."""
    dim = image_set.copy(deep=True)
    dim["pixels"] = (100 + dim["pixels"] // 5).astype(np.uint8)  # so flat that nothing is clipped
    examples = make_hybrid_examples(dim, 0, colour="gray", seed=7)
    low, high = (np.fft.fft2(examples[name].values[..., 0]) for name in ("low", "high"))
    axis = np.fft.fftfreq(low.shape[0])
    radius = np.hypot(axis[:, None], axis)
    for frequency in FREQUENCIES:
        hybrid = examples["hybrid"].sel(mixing_frequency=frequency).values[..., 0]
        expected = np.where(radius <= frequency * 0.5, low, high)
        # Pixels of about 0.5 in single precision, of which 1024 are added.
        np.testing.assert_allclose(np.fft.fft2(hybrid), expected, atol=1e-3)
    assert examples["mixing_frequency"].attrs["units"] == "Nyquist"


def test_a_picture_that_is_not_there_is_refused(image_set):
    with pytest.raises(InputError, match=r"study\.example_image.*24 test images"):
        make_hybrid_examples(image_set, 24, colour="gray", seed=7, place="study.example_image")
