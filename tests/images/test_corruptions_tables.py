"""Differences of CIFAR-10-C and Tiny ImageNet-C from ImageNet-C, against OpenCV and Pillow."""

import importlib.util
import math
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.ndimage import gaussian_filter, map_coordinates

from neurobust.images.corruptions import CORRUPTIONS, SEVERITIES, TABLES, corrupt
from neurobust.images.corruptions.digital import elastic_transform, pixelate
from neurobust.images.corruptions.frost_textures import TEXTURES, frost_texture

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import cv2

SEED = 1000
SMALL = ("cifar-10-c", "tiny-imagenet-c")
SHAPES = [(32, 32), (64, 64), (48, 80)]


def photographs(rows, columns, count=6):
    folder = Path(importlib.util.find_spec("foolbox").origin).parent / "data"
    paths = sorted(path for path in folder.iterdir() if path.name.startswith("imagenet_"))
    return np.stack(
        [np.array(Image.open(p).convert("RGB").resize((columns, rows))) for p in paths[:count]]
    )


def corrupted(images, corruption, severity, table, ids=None):
    ids = torch.arange(len(images)) if ids is None else ids
    return corrupt(images, corruption, severity, image_ids=ids, seed=SEED, table=table)


ZOOMS = tuple((stop, 0.01) for stop in (1.06, 1.11, 1.16, 1.21, 1.26))
# Transcribed anew from make_cifar_c.py and make_tinyimagenet_c.py, apart from the tables.
SCRIPTS = {
    "cifar-10-c": {
        "gaussian_noise": (0.04, 0.06, 0.08, 0.09, 0.10),
        "shot_noise": (500, 250, 100, 75, 50),
        "impulse_noise": (0.01, 0.02, 0.03, 0.05, 0.07),
        "speckle_noise": (0.06, 0.1, 0.12, 0.16, 0.2),
        "gaussian_blur": (0.4, 0.6, 0.7, 0.8, 1),
        "glass_blur": ((0.05, 1, 1), (0.25, 1, 1), (0.4, 1, 1), (0.25, 1, 2), (0.4, 1, 2)),
        "defocus_blur": ((0.3, 0.4), (0.4, 0.5), (0.5, 0.6), (1, 0.2), (1.5, 0.1)),
        "motion_blur": ((6, 1), (6, 1.5), (6, 2), (8, 2), (9, 2.5)),
        "zoom_blur": ZOOMS,
        "fog": ((0.2, 3), (0.5, 3), (0.75, 2.5), (1, 2), (1.5, 1.75)),
        "frost": ((1, 0.2), (1, 0.3), (0.9, 0.4), (0.85, 0.4), (0.75, 0.45)),
        "snow": (
            (0.1, 0.2, 1, 0.6, (8, 3), 0.95),
            (0.1, 0.2, 1, 0.5, (10, 4), 0.9),
            (0.15, 0.3, 1.75, 0.55, (10, 4), 0.9),
            (0.25, 0.3, 2.25, 0.6, (12, 6), 0.85),
            (0.3, 0.3, 1.25, 0.65, (14, 12), 0.8),
        ),
        "spatter": (
            (0.62, 0.1, 0.7, 0.7, 0.5, 0),
            (0.65, 0.1, 0.8, 0.7, 0.5, 0),
            (0.65, 0.3, 1, 0.69, 0.5, 0),
            (0.65, 0.1, 0.7, 0.69, 0.6, 1),
            (0.65, 0.1, 0.5, 0.68, 0.6, 1),
        ),
        "contrast": (0.75, 0.5, 0.4, 0.3, 0.15),
        "brightness": (0.05, 0.1, 0.15, 0.2, 0.3),
        "saturate": ((0.3, 0), (0.1, 0), (1.5, 0), (2, 0.1), (2.5, 0.2)),
        "jpeg_compression": (80, 65, 58, 50, 40),
        "pixelate": (0.95, 0.9, 0.85, 0.75, 0.65),
        "elastic_transform": (
            (0, 0, 0.08),
            (0.05, 0.2, 0.07),
            (0.08, 0.06, 0.06),
            (0.1, 0.04, 0.05),
            (0.1, 0.03, 0.03),
        ),
        "frost_scale": 0.2,
        "frost_textures": 5,
    },
    "tiny-imagenet-c": {
        "gaussian_noise": (0.04, 0.08, 0.12, 0.15, 0.18),
        "shot_noise": (250, 100, 50, 30, 15),
        "impulse_noise": (0.01, 0.02, 0.05, 0.08, 0.14),
        "speckle_noise": (0.15, 0.2, 0.25, 0.3, 0.35),
        "gaussian_blur": (0.5, 0.75, 1, 1.25, 1.5),
        "glass_blur": ((0.1, 1, 1), (0.5, 1, 1), (0.6, 1, 2), (0.7, 2, 1), (0.9, 2, 2)),
        "defocus_blur": ((0.5, 0.6), (1, 0.1), (1.5, 0.1), (2.5, 0.01), (3, 0.1)),
        "motion_blur": ((10, 1), (10, 1.5), (10, 2), (10, 2.5), (12, 3)),
        "zoom_blur": ZOOMS,
        "fog": ((0.4, 3), (0.7, 3), (1, 2.5), (1.5, 2), (2, 1.75)),
        "frost": ((1, 0.3), (0.9, 0.4), (0.8, 0.45), (0.75, 0.5), (0.7, 0.55)),
        "snow": (
            (0.1, 0.2, 1, 0.6, (8, 3), 0.8),
            (0.1, 0.2, 1, 0.5, (10, 4), 0.8),
            (0.15, 0.3, 1.75, 0.55, (10, 4), 0.7),
            (0.25, 0.3, 2.25, 0.6, (12, 6), 0.65),
            (0.3, 0.3, 1.25, 0.65, (14, 12), 0.6),
        ),
        "spatter": (
            (0.62, 0.1, 0.7, 0.7, 0.6, 0),
            (0.65, 0.1, 0.8, 0.7, 0.6, 0),
            (0.65, 0.3, 1, 0.69, 0.6, 0),
            (0.65, 0.1, 0.7, 0.68, 0.6, 1),
            (0.65, 0.1, 0.5, 0.67, 0.6, 1),
        ),
        "contrast": (0.4, 0.3, 0.2, 0.1, 0.05),
        "brightness": (0.1, 0.2, 0.3, 0.4, 0.5),
        "saturate": ((0.3, 0), (0.1, 0), (2, 0), (5, 0.1), (30, 0.2)),
        "jpeg_compression": (65, 58, 50, 40, 25),
        "pixelate": (0.9, 0.8, 0.7, 0.6, 0.5),
        "elastic_transform": (
            (0, 0, 0.08),
            (0.05, 0.3, 0.06),
            (0.1, 0.08, 0.06),
            (0.1, 0.03, 0.03),
            (0.16, 0.03, 0.02),
        ),
        "frost_scale": 0.3,
        "frost_textures": 5,
    },
}


@pytest.mark.parametrize("table", SMALL)
def test_values_are_those_of_the_scripts(table):
    assert vars(TABLES[table]) == SCRIPTS[table]


def warp(image, moves, reach):
    """Move three corners of a square about the centre, as the scripts do with square images."""
    rows, columns = image.shape[:2]
    half = min(rows, columns) // 3
    corners = np.float32([(half, half), (half, -half), (-half, -half)])
    before = corners + np.float32((columns // 2, rows // 2))
    after = before + np.float32(moves * 2 - 1) * np.float32(reach)
    turn = cv2.getAffineTransform(before, after)
    return cv2.warpAffine(image, turn, (columns, rows), borderMode=cv2.BORDER_REFLECT_101)


def displace(image, uniforms, values):
    rows, columns = image.shape[:2]
    sigma = (values.sigma * rows, values.sigma * columns)
    fields = [
        gaussian_filter(field * 2 - 1, sigma, mode="reflect", truncate=3) * values.alpha * rows
        for field in uniforms
    ]
    x, y = np.meshgrid(np.arange(columns), np.arange(rows))
    at = (y + fields[1], x + fields[0])
    colours = np.moveaxis(image, -1, 0)
    return np.stack([map_coordinates(each, at, order=1, mode="reflect") for each in colours], -1)


@pytest.mark.parametrize("severity", SEVERITIES)
@pytest.mark.parametrize("table", SMALL)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_elastic_transform_is_an_affine_map_and_a_field(shape, table, severity):
    values = TABLES[table].elastic_transform[severity - 1]
    random = np.random.default_rng(0)
    images = photographs(*shape)
    moves, uniforms = random.random((6, 3, 2)), random.random((6, 2, *shape))
    fields = (torch.from_numpy(uniforms).float(), torch.from_numpy(moves).float())
    ours = elastic_transform(torch.from_numpy(images), *fields, values).numpy()
    theirs = [
        warp(np.float32(image), each, values.affine * shape[0])
        for image, each in zip(images, moves, strict=True)
    ]
    if values.alpha:
        pairs = zip(theirs, uniforms, strict=True)
        theirs = [displace(image, each, values) for image, each in pairs]
    # a level where rounding falls on either side of a whole number before it is cut off
    difference = np.abs(ours.astype(int) - np.floor(theirs))
    assert difference.max() <= 1
    assert difference.mean() < 0.01


@pytest.mark.parametrize("table", SMALL)
@pytest.mark.parametrize(
    ("shape", "enlarge"),
    [((32, 32), "BOX"), ((64, 64), "BOX"), ((48, 80), "NEAREST"), ((33, 50), "NEAREST")],
    ids=str,
)
def test_pixelate_equals_pillow(shape, enlarge, table):
    """The scripts enlarge by boxes, which differs from the nearest pixel at other sizes only.

    There, centres on an edge fall as with the package `imagecorruptions`, which takes any size.
    """
    rows, columns = shape
    images = photographs(*shape)
    for fraction in TABLES[table].pixelate:
        theirs = [Image.fromarray(image) for image in images]
        for size, how in (
            ((int(columns * fraction), int(rows * fraction)), "BOX"),
            ((columns, rows), enlarge),
        ):
            theirs = [each.resize(size, Image.Resampling[how]) for each in theirs]
        ours = pixelate(torch.from_numpy(images), fraction).numpy()
        np.testing.assert_array_equal(ours, np.stack(theirs), f"fraction {fraction}")


def reduced_texture(index, table):
    """Reduce a photograph as the scripts do, but to our size, which is never rounded down."""
    whole = frost_texture(index, 1, 1, 1.0).numpy()
    rows, columns = (math.ceil(side * TABLES[table].frost_scale) for side in whole.shape[:2])
    return cv2.resize(whole, (columns, rows), interpolation=cv2.INTER_LINEAR)


@pytest.mark.parametrize("index", range(TEXTURES))
@pytest.mark.parametrize("table", SMALL)
def test_frost_textures_are_reduced_as_by_opencv(table, index):
    ours = frost_texture(index, 32, 32, TABLES[table].frost_scale)
    theirs = reduced_texture(index, table)
    assert ours.shape == theirs.shape
    # OpenCV's weights are rounded to 1 / 2048, and halves may fall on either side
    assert (ours.int() - torch.from_numpy(theirs).int()).abs().max() <= 1


@pytest.mark.parametrize("scale", [0.2, 0.3, 1.1])
def test_frost_textures_do_not_depend_on_the_number_of_threads(scale):
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        alone = frost_texture(1, 32, 32, scale)
        torch.set_num_threads(2)
        together = frost_texture(1, 32, 32, scale)
    finally:
        torch.set_num_threads(threads)
    assert torch.equal(alone, together)


@pytest.mark.parametrize("table", SMALL)
def test_frost_is_a_window_of_one_of_the_first_five_textures(table):
    count, side = 40, 32
    weight = TABLES[table].frost[4].texture
    black = torch.zeros(count, side, side, 3, dtype=torch.uint8)
    textures = [np.float32(reduced_texture(index, table)) * weight for index in range(TEXTURES)]
    chosen = []
    for window in corrupted(black, "frost", 5, table).numpy():
        # half a level is cut off on average; the textures themselves differ by up to one
        misfits = [
            cv2.matchTemplate(texture, np.float32(window) + 0.5, cv2.TM_SQDIFF).min()
            for texture in textures
        ]
        assert min(misfits) < window.size
        chosen.append(int(np.argmin(misfits)))
    assert set(chosen) == {0, 1, 3, 4}  # the photographs 1 and 2 are one and the same


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("severity", SEVERITIES)
def test_gray_frost_is_the_luma_of_the_frost_in_colour(severity, table):
    gray = torch.from_numpy(photographs(48, 80)[..., :1])
    in_gray = corrupted(gray, "frost", severity, table)[..., 0].double()
    in_colour = corrupted(gray.expand(-1, -1, -1, 3), "frost", severity, table).double()
    luma = in_colour @ torch.tensor([0.2989, 0.5870, 0.1140], dtype=torch.float64)
    unclipped = in_colour.amax(-1) < 255
    assert unclipped.double().mean() > 0.5
    # either lost less than a level when cut off; the weights sum to a touch less than 1
    assert (in_gray - luma)[unclipped].abs().max() < 1.03


@pytest.mark.parametrize("corruption", CORRUPTIONS)
@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("shape", [(32, 32), (48, 80)], ids=str)
def test_an_image_is_corrupted_and_follows_from_its_id(shape, table, corruption):
    colour = torch.from_numpy(photographs(*shape, 3))
    ids = torch.tensor([7, 2**40, 3])
    for images in (colour, colour[..., :1].contiguous()):
        for severity in (1, 5):
            together = corrupted(images, corruption, severity, table, ids)
            for index in range(3):
                span = slice(index, index + 1)
                alone = corrupted(images[span], corruption, severity, table, ids[span])
                assert torch.equal(alone, together[span])
            changed = (together != images).flatten(1).any(1)
            # a gray image has no colour
            assert changed.all() == (corruption != "saturate" or images.shape[3] == 3)


# In the others some values do not rise from one severity to the next.
@pytest.mark.parametrize(
    "corruption",
    sorted(set(CORRUPTIONS) - {"frost", "elastic_transform", "spatter", "saturate", "glass_blur"}),
)
@pytest.mark.parametrize("table", SMALL)
def test_a_higher_severity_changes_a_small_image_more(table, corruption):
    images = torch.from_numpy(photographs(32, 32))
    changes = [
        (corrupted(images, corruption, severity, table).int() - images.int()).abs().double().mean()
        for severity in SEVERITIES
    ]
    assert changes == sorted(changes)
    assert changes[-1] > 1.15 * changes[0]
