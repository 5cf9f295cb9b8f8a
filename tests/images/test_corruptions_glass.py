"""Gaussian blur and glass blur against the package `imagecorruptions` and a loop over pixels."""

import importlib.util
import warnings
from pathlib import Path

import numba
import numpy as np
import pytest
import torch
from PIL import Image

from neurobust.images.corruptions import SEVERITIES
from neurobust.images.corruptions.glass import gaussian_blur, glass_blur
from neurobust.images.corruptions.parameters import TABLES, Glass

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from imagecorruptions import corruptions as oracle

TABLE = TABLES["imagenet-c"]
COUNT = 4
IDENTITY = 0.05  # a sigma whose kernel is one pixel


@pytest.fixture(scope="module", params=[(64, 64), (48, 80)], ids=str)
def images(request):
    rows, columns = request.param
    folder = Path(importlib.util.find_spec("foolbox").origin).parent / "data"
    paths = sorted(path for path in folder.iterdir() if path.name.startswith("imagenet_"))
    return np.stack(
        [np.array(Image.open(p).convert("RGB").resize((columns, rows))) for p in paths[:COUNT]]
    )


@pytest.fixture(params=SEVERITIES)
def severity(request):
    return request.param


@numba.njit
def seeded_shifts(rows, columns, reach, iterations, seed):
    """Draw as the package does, from the generator that numba seeds; elsewhere leave 0."""
    np.random.seed(seed)  # noqa: NPY002
    shifts = np.zeros((iterations, 2, rows, columns), np.int64)
    for iteration in range(iterations):
        for row in range(rows - reach, reach, -1):
            for column in range(columns - reach, reach, -1):
                drawn = np.random.randint(-reach, reach, size=(2,))  # noqa: NPY002
                shifts[iteration, :, row, column] = drawn
    return shifts


def random_bytes(*shape):
    return torch.randint(0, 256, shape, dtype=torch.uint8, generator=torch.manual_seed(0))


def random_shifts(count, glass, rows, columns):
    shape = (count, glass.iterations, 2, rows, columns)
    return torch.randint(-glass.reach, glass.reach, shape, generator=torch.manual_seed(1))


def shuffled_in_a_loop(image, shifts, reach):
    image = image.clone()
    rows, columns = image.shape[:2]
    for right, down in shifts:
        for row in range(rows - reach, reach, -1):
            for column in range(columns - reach, reach, -1):
                partner = image[row + down[row, column], column + right[row, column]]
                image[row, column] = partner.clone()
    return image


def assert_agrees(ours, theirs):
    """Allow a level where rounding falls on either side of a whole number before it is cut off."""
    difference = np.abs(ours.numpy().astype(int) - theirs)
    assert ours.dtype == torch.uint8
    assert (difference <= 1).mean() >= 0.999
    assert difference.mean() < 0.1


def test_gaussian_blur(images, severity):
    ours = gaussian_blur(torch.from_numpy(images), TABLE.gaussian_blur[severity - 1])
    assert_agrees(ours, np.uint8([oracle.gaussian_blur(image, severity) for image in images]))


def test_glass_blur(images, severity):
    glass = TABLE.glass_blur[severity - 1]
    rows, columns = images.shape[1:3]
    shifts = [
        seeded_shifts(rows, columns, glass.reach, glass.iterations, seed)
        for seed in range(len(images))
    ]
    theirs = [oracle.glass_blur(image, severity, seed) for seed, image in enumerate(images)]
    ours = glass_blur(torch.from_numpy(images), torch.from_numpy(np.stack(shifts)), glass)
    assert_agrees(ours, np.uint8(theirs))


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(
    "glass", [Glass(IDENTITY, 1, 3), Glass(IDENTITY, 2, 3), Glass(IDENTITY, 4, 2)]
)
def test_shuffle_is_that_of_a_loop_over_pixels(glass, channels):
    images = random_bytes(3, 21, 15, channels)
    shifts = random_shifts(3, glass, 21, 15)
    loops = zip(images, shifts, strict=True)
    expected = torch.stack([shuffled_in_a_loop(*each, glass.reach) for each in loops])
    assert torch.equal(glass_blur(images, shifts, glass), expected)


def test_shuffle_follows_a_value_through_the_whole_image():
    glass = Glass(IDENTITY, 2, 1)
    images = random_bytes(1, 9, 33, 3)
    shifts = torch.ones(1, 1, 2, 9, 33, dtype=torch.int64)
    shifts[:, :, 1] = 0  # every pixel copies its right neighbour, which has done so already
    expected = images.clone()
    expected[:, 3:8, 3:32] = images[:, 3:8, 32:]
    assert torch.equal(glass_blur(images, shifts, glass), expected)


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (3, 5), (8, 8), (9, 9), (10, 3)])
def test_images_of_any_size(size):
    glass = TABLE.glass_blur[-1]
    images = random_bytes(2, *size, 3)
    shifts = random_shifts(2, glass, *size)
    shuffled = glass_blur(images, shifts, glass._replace(sigma=IDENTITY))
    moved = (shuffled != images).any(-1).any(0)
    assert moved.sum() <= max(0, size[0] - 2 * glass.reach) * max(0, size[1] - 2 * glass.reach)
    assert glass_blur(images, shifts, glass).shape == images.shape
    for severity in SEVERITIES:
        blurred = gaussian_blur(images, TABLE.gaussian_blur[severity - 1])
        assert_agrees(
            blurred, np.uint8([oracle.gaussian_blur(i, severity) for i in images.numpy()])
        )


def test_an_image_does_not_depend_on_its_batch():
    glass = TABLE.glass_blur[-1]
    images, shifts = random_bytes(5, 32, 32, 3), random_shifts(5, glass, 32, 32)
    together = glass_blur(images, shifts, glass)
    alone = [
        glass_blur(*each, glass) for each in zip(images.split(1), shifts.split(1), strict=True)
    ]
    assert torch.equal(together, torch.cat(alone))
