"""Patches of the photographs that come with foolbox."""

import importlib.util
import subprocess
import sys
from collections import Counter
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from neurobust.errors import InputError
from neurobust.images.sources.photographs import build_photographs, find_photographs

SMALL = {
    "short_side_px": 160,
    "tile_px": 32,
    "test_fraction": 0.2,
    "validation_fraction": 0.12,
    "seed": 7,
}


def build(numbers=(3, 10, 0), **changes):
    return build_photographs(numbers, **(SMALL | changes))


def test_every_class_has_equally_many_patches_per_split():
    data = build()
    counts = Counter(zip(data["label"].values.tolist(), data["split"].values, strict=True))
    for label in range(3):
        assert counts[label, "test"] == 5
        assert counts[label, "validation"] == 3
        assert counts[label, "train"] == 17
    assert data.sizes["image"] == 75
    assert data["class_name"].values[0] == "photograph 03 (ImageNet class 990)"


def test_the_default_is_twelve_by_twelve_patches():
    data = build_photographs([1, 2], test_fraction=0.2, validation_fraction=0.1, seed=1000)
    assert data["pixels"].shape == (2 * 144, 64, 64, 3)
    assert data.attrs["identifier"] == "photographs"


def test_half_the_size_gives_the_same_patches_under_a_name_of_their_own():
    """384 px cut into 32 px is the default's grid at half its resolution."""
    options = {"test_fraction": 0.2, "validation_fraction": 0.1, "seed": 1000}
    whole = build_photographs([1, 4], **options)
    half = build_photographs([1, 4], short_side_px=384, tile_px=32, **options)
    assert half.attrs["identifier"] == "photographs-32px"
    for name in ("image_id", "label", "split"):
        np.testing.assert_array_equal(half[name], whole[name])
    patches = whole["pixels"].values.reshape(288, 32, 2, 32, 2, 3).mean((2, 4))
    difference = patches - half["pixels"].values
    # Lanczos is not a mean of four pixels: the two differ at edges, but little on average, while
    # patches of one photograph differ by tens of levels.
    assert np.abs(difference).mean() < 4
    assert np.abs(patches - half["pixels"].values[::-1]).mean() > 30


@pytest.mark.parametrize("number", [3, 10])  # a square and a long one
def test_the_patches_tile_the_centre_of_the_photograph(number):
    side, n_side, tile = 170, 5, 32  # 160 of 170 pixels are used
    data = build([number, 1], short_side_px=side)
    patches = data["pixels"].values[data["label"].values == 0]
    grid = patches.reshape(n_side, n_side, tile, tile, 3).swapaxes(1, 2).reshape(160, 160, 3)
    with Image.open(find_photographs()[number]) as picture:
        scale = side / min(picture.size)
        size = tuple(round(length * scale) for length in picture.size)
        resized = np.asarray(picture.convert("RGB").resize(size, Image.Resampling.LANCZOS))
    top, left = (resized.shape[0] - 160) // 2, (resized.shape[1] - 160) // 2
    np.testing.assert_array_equal(grid, resized[top : top + 160, left : left + 160])


def test_a_patch_keeps_its_number_and_split_among_other_photographs():
    few, more = build([3, 10]), build([0, 10, 3, 4])
    few, more = (data.swap_dims(image="image_id") for data in (few, more))
    again = more.sel(image_id=few["image_id"].values)
    np.testing.assert_array_equal(again["pixels"], few["pixels"])
    np.testing.assert_array_equal(again["split"], few["split"])


def test_the_seed_alone_decides_the_split():
    one, same, other = build(), build(), build(seed=8)
    assert one.identical(same)
    assert (one["split"].values != other["split"].values).any()
    np.testing.assert_array_equal(one["pixels"], other["pixels"])
    per_photograph = one["split"].values.reshape(3, 25)
    assert (per_photograph[0] != per_photograph[1]).any()


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"numbers": [0, 20]}, "photograph 20 is unknown"),
        ({"numbers": [0, 1, 0]}, r"'numbers': it is \[0, 1, 0\]"),
        ({"numbers": [4]}, r"'numbers': it is \[4\]"),
        ({"tile_px": 161}, "'tile_px' is 161 with 'short_side_px' 160"),
        ({"tile_px": 0}, "'tile_px' is 0"),
        ({"test_fraction": 0.0}, "leave a split empty"),
        ({"test_fraction": 0.9, "validation_fraction": 0.12}, "leave a split empty"),
    ],
)
def test_what_cannot_be_built_is_refused(changes, problem):
    with pytest.raises(InputError, match=problem):
        build(**changes)


@pytest.mark.parametrize("installed", [False, True])
def test_missing_photographs_are_named(monkeypatch, tmp_path, installed):
    spec = SimpleNamespace(submodule_search_locations=[str(tmp_path)]) if installed else None
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: spec)
    with pytest.raises(InputError, match="foolbox's photographs are missing"):
        build()


def test_a_damaged_photograph_is_named(monkeypatch, tmp_path):
    whole = find_photographs()[0].read_bytes()
    (tmp_path / "data").mkdir()
    for number in (0, 1):
        (tmp_path / "data" / f"imagenet_0{number}_5.jpg").write_bytes(whole[: len(whole) // 2])
    spec = SimpleNamespace(submodule_search_locations=[str(tmp_path)])
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: spec)
    with pytest.raises(InputError, match=r"imagenet_00_5\.jpg: the image does not decode"):
        build([0, 1])


def test_foolbox_and_torch_are_not_imported():
    program = (
        "import sys; from neurobust.images.sources.photographs import find_photographs;"
        "find_photographs(); print(sorted({'foolbox', 'torch'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
