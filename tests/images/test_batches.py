"""Pictures as networks see them: luma as Pillow's, standardised by their training images."""

import numpy as np
import pytest
import torch
from PIL import Image

from neurobust.images.batches import LabelledPictures, Standard, as_channels, gray
from neurobust.images.form import luma, select_split

CPU = torch.device("cpu")


@pytest.fixture
def pixels():
    return torch.randint(0, 256, (5, 6, 7, 3), generator=torch.Generator().manual_seed(0)).to(
        torch.uint8
    )


def test_gray_is_pillow_s(pixels):
    expected = [np.asarray(Image.fromarray(picture.numpy()).convert("L")) for picture in pixels]
    np.testing.assert_array_equal(gray(pixels), expected)
    np.testing.assert_array_equal(gray(pixels), luma(pixels.numpy()))


def test_gray_keeps_gray_and_the_extremes():
    levels = torch.arange(256, dtype=torch.uint8)
    assert torch.equal(gray(levels[:, None, None, None].expand(-1, 1, 1, 3))[:, 0, 0], levels)


@pytest.mark.parametrize("colour", ["gray", "rgb"])
def test_channels_come_first(pixels, colour):
    seen = as_channels(pixels, colour)
    assert seen.is_contiguous()
    if colour == "gray":
        assert torch.equal(seen[:, 0], gray(pixels))
    else:
        for channel in range(3):
            assert torch.equal(seen[:, channel], pixels[..., channel])


def test_gray_pictures_fit_either_network(pixels):
    plain = gray(pixels)
    assert torch.equal(as_channels(plain, "gray")[:, 0], plain)
    assert torch.equal(as_channels(plain, "rgb"), plain[:, None].expand(-1, 3, -1, -1))


def test_the_standard_is_the_mean_and_deviation_of_all_pixels(pixels):
    seen = as_channels(pixels, "gray")
    standard = Standard.of(seen)
    values = seen.numpy() / 255
    assert standard.mean == pytest.approx(values.mean(), rel=1e-12)
    assert standard.std == pytest.approx(values.std(), rel=1e-12)
    found = standard(seen)
    assert found.dtype == torch.float32
    # float32: about seven digits of numbers below 2.
    np.testing.assert_allclose(found, (values - values.mean()) / values.std(), atol=2e-6)


def test_standardising_leaves_the_images_and_lets_gradients_pass():
    images = torch.rand(2, 3, 4, 5, generator=torch.Generator().manual_seed(0))
    before = images.clone()
    standard = Standard(0.4, 0.25)
    standardised = standard.standardise(images.requires_grad_())
    assert standardised.is_contiguous(memory_format=torch.channels_last)
    standardised.sum().backward()
    assert torch.equal(images.detach(), before)
    assert torch.equal(images.grad, torch.full_like(images, 4))


def test_pictures_of_one_value_do_not_divide_by_zero():
    black = torch.zeros(2, 1, 4, 4, dtype=torch.uint8)
    assert torch.equal(Standard.of(black)(black), torch.zeros(2, 1, 4, 4))


@pytest.mark.parametrize("split", ["train", "validation", "test"])
def test_a_split_is_standardised_by_the_training_images(image_set, split):
    pictures = LabelledPictures.of_split(image_set, split, colour="gray", device=CPU)
    chosen = select_split(image_set, split)
    assert len(pictures) == 24
    np.testing.assert_array_equal(pictures.pixels, chosen["pixels"])
    np.testing.assert_array_equal(pictures.labels, chosen["label"])
    np.testing.assert_array_equal(pictures.image_ids, chosen["image_id"])
    training = luma(select_split(image_set, "train")["pixels"].values) / 255
    assert pictures.standard.mean == pytest.approx(training.mean())
    assert pictures.standard.std == pytest.approx(training.std())
    assert torch.equal(pictures.seen(), as_channels(pictures.pixels, "gray"))


def test_changing_pictures_leaves_the_image_set_alone(image_set):
    before = image_set["pixels"].values.copy()
    LabelledPictures.of_split(image_set, "train", colour="rgb", device=CPU).pixels.zero_()
    np.testing.assert_array_equal(image_set["pixels"], before)
