"""The form of an image set, and the numbers taken from its pixels."""

import io

import numpy as np
import pytest
from PIL import Image

from neurobust.errors import InputError
from neurobust.files.storage import read_dataset, write_dataset
from neurobust.images.form import (
    check_image_set,
    decode_rgb,
    luma,
    make_image_set,
    select_split,
)

SPLITS_OF_SIX = ["train", "test", "train", "validation", "test", "train"]


def random_pixels(*shape):
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)


def make(**changes):
    fields = {
        "pixels": random_pixels(6, 5, 4, 3),
        "image_id": np.array([10, 11, 12, 20, 21, 22]),
        "label": np.array([0, 0, 0, 1, 1, 1]),
        "split": SPLITS_OF_SIX,
        "class_names": ["cat", "dog"],
        "identifier": "six",
        "source": "a test",
        "licence": "CC0",
        "task": "which animal is it",
    }
    return make_image_set(**(fields | changes))


@pytest.mark.parametrize("shape", [(6, 5, 4, 3), (6, 5, 4)])
def test_a_set_survives_its_file(tmp_path, shape):
    data = make(pixels=random_pixels(*shape))
    write_dataset(data, tmp_path / "set.nc")
    back = read_dataset(tmp_path / "set.nc")
    check_image_set(back, "set.nc")
    assert back.identical(data)
    assert ("channel" in back.coords) == (len(shape) == 4)


def test_splits_divide_the_set():
    data = make()
    assert select_split(data, "train")["image_id"].values.tolist() == [10, 12, 22]
    assert select_split(data, "validation")["image_id"].values.tolist() == [20]
    test = select_split(data, "test")
    assert test["image_id"].values.tolist() == [11, 21]
    np.testing.assert_array_equal(test["pixels"].values, data["pixels"].values[[1, 4]])


def test_an_unknown_split_is_refused():
    with pytest.raises(InputError, match="'split' 'dev' is unknown"):
        select_split(make(), "dev")


def test_a_split_without_pictures_is_refused():
    data = make()
    trained_on = data.isel(image=data["split"].values == "train")
    with pytest.raises(InputError, match="'split' is test for no picture"):
        select_split(trained_on, "test")


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"image_id": np.array([1, 2, 3, 4, 5, 1])}, "'image_id' repeats"),
        ({"image_id": np.arange(6, dtype=np.int32)}, "'image_id' is int32"),
        ({"label": np.array([0, 0, 0, 1, 1, 2])}, "'label' runs from 0 to 2"),
        ({"label": np.array([0, 0, 0, 1, 1, -1])}, "'label' runs from -1 to 1"),
        ({"split": ["train"] * 6}, "'split' holds train"),
        ({"split": [*SPLITS_OF_SIX[:5], "dev"]}, "'split' holds dev"),
        ({"pixels": np.zeros((6, 5, 4, 3), dtype=np.float32)}, "'pixels' is float32"),
    ],
)
def test_a_set_that_is_wrong_is_refused(changes, problem):
    with pytest.raises(InputError, match=problem):
        make(**changes)


def test_altered_content_is_refused():
    data = make()
    for name in ("pixels", "label"):
        altered = data.copy(deep=True)
        altered[name][0] = 1 - altered[name][0]
        with pytest.raises(InputError, match="'sha256' is not that of the pixels"):
            check_image_set(altered, "altered")


def test_missing_parts_are_named():
    with pytest.raises(InputError, match="'class_name' is missing"):
        check_image_set(make().drop_vars("class_name"), "place")
    data = make()
    del data.attrs["licence"]
    with pytest.raises(InputError, match="'licence' is missing"):
        check_image_set(data, "place")
    with pytest.raises(InputError, match="'channel' is b, g, r"):
        check_image_set(make().assign_coords(channel=["b", "g", "r"]), "place")


def test_luma_is_that_of_pillow():
    # Every 3rd value of each channel, in all combinations; more pixels than one block.
    axis = np.arange(0, 256, 3, dtype=np.uint8)
    pixels = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), -1).reshape(86, -1, 3)
    expected = np.asarray(Image.fromarray(pixels).convert("L"))
    np.testing.assert_array_equal(luma(pixels), expected)


def test_luma_keeps_the_dims_of_a_batch():
    pixels = random_pixels(3, 5, 4, 3)
    expected = [np.asarray(Image.fromarray(picture).convert("L")) for picture in pixels]
    np.testing.assert_array_equal(luma(pixels), np.stack(expected))


def test_a_gray_picture_gets_three_equal_channels():
    gray = random_pixels(8, 9)
    file = io.BytesIO()
    Image.fromarray(gray).save(file, "PNG")
    np.testing.assert_array_equal(
        np.asarray(decode_rgb(file.getvalue(), "x")), np.stack([gray] * 3, -1)
    )


@pytest.mark.parametrize("encoded", [b"", b"not a picture"])
def test_bytes_that_are_no_picture_are_refused(encoded):
    with pytest.raises(InputError, match=r"folder/a\.png: the image does not decode"):
        decode_rgb(encoded, "folder/a.png")
