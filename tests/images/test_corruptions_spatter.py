"""Spatter and saturate against the package `imagecorruptions`, their steps against OpenCV."""

import importlib.util
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.ndimage import gaussian_filter

from neurobust.images.corruptions.parameters import TABLES
from neurobust.images.corruptions.saturation import saturate
from neurobust.images.corruptions.spatter import (
    PARTS,
    canny_edges,
    chamfer_distances,
    equalised,
    spatter,
)

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import cv2
    from imagecorruptions import corruptions as oracle

SPATTER, SATURATE = TABLES["imagenet-c"].spatter, TABLES["imagenet-c"].saturate
SEVERITIES = (1, 2, 3, 4, 5)
WATER = SPATTER[2]
SHAPES = [(64, 64), (48, 80)]
TINY = [(1, 1), (1, 7), (3, 5), (9, 2)]


def photographs(rows, columns, mode="RGB"):
    folder = Path(importlib.util.find_spec("foolbox").origin).parent / "data"
    paths = sorted(path for path in folder.iterdir() if path.name.startswith("imagenet_"))
    pictures = [Image.open(path).convert(mode).resize((columns, rows)) for path in paths[:6]]
    return torch.from_numpy(np.stack(pictures).reshape(len(pictures), rows, columns, -1))


def fields_for(images):
    drawn = np.random.default_rng(0).standard_normal(images.shape[:3], dtype=np.float32)
    return torch.from_numpy(drawn)


def oracle_of(name, images, severity):
    """Corrupt image by image; an image with one channel is given as gray."""
    arrays = images.numpy()[..., 0] if images.shape[3] == 1 else images.numpy()
    corrupt = getattr(oracle, name)
    results = [np.uint8(corrupt(Image.fromarray(array), severity)) for array in arrays]
    return np.stack(results).reshape(images.shape)


def spattered_by_oracle(images, normals, severity, monkeypatch):
    """Replace the package's draws by the given normals."""
    fields = list(normals.double().numpy())
    monkeypatch.setattr(np.random, "normal", lambda size, loc, scale: fields.pop(0) * scale + loc)
    return oracle_of("spatter", images, severity)


def assert_agrees(ours, theirs):
    """Let a level differ by 1, where rounding falls on either side of a whole number.

    Twice the saturation gives whole numbers at every sixth value or so, hence the mean.
    """
    assert ours.dtype == torch.uint8
    difference = np.abs(ours.numpy().astype(int) - theirs)
    assert (difference <= 1).mean() >= 0.999
    assert difference.mean() < 0.25


def liquid_layers(rows, columns):
    """Bytes as spatter makes them, from few large drops to many small ones, and noise."""
    random = np.random.default_rng(rows)
    drawn = random.normal(0.65, 0.3, (4, rows, columns))
    layers = [gaussian_filter(drawn, (0, sigma, sigma), mode="nearest") for sigma in (1, 2, 3, 4)]
    layers = np.concatenate(layers)
    layers = np.uint8(np.where(layers < 0.66, 0, layers.clip(0, 1)) * 255)
    weak = gaussian_filter(random.normal(120, 300, (8, rows, columns)), (0, 2, 2), mode="nearest")
    noise = random.integers(0, 256, (4, rows, columns), dtype=np.uint8)
    return np.concatenate([layers, np.uint8(weak.clip(0, 255)), noise])


def batch_of(layers, dtype):
    return torch.from_numpy(layers).to(dtype).permute(1, 2, 0)


def unbatched(planes):
    return planes.permute(2, 0, 1).numpy()


@pytest.mark.parametrize("shape", [*SHAPES, (33, 50), *TINY], ids=str)
def test_edges_are_those_of_opencv(shape):
    layers = liquid_layers(*shape)
    theirs = np.stack([cv2.Canny(layer, 50, 150) for layer in layers])
    assert theirs.any() or shape in TINY
    np.testing.assert_array_equal(unbatched(canny_edges(batch_of(layers, torch.int16))), theirs > 0)


@pytest.mark.parametrize("fraction", [0.0, 0.0005, 0.01, 0.3])
@pytest.mark.parametrize("shape", [*SHAPES, *TINY], ids=str)
def test_distances_are_those_of_opencv(shape, fraction):
    edges = np.random.default_rng(1).random((8, *shape)) < fraction
    theirs = [cv2.distanceTransform(np.uint8(~each), cv2.DIST_L2, 5) for each in edges]
    ours = unbatched(chamfer_distances(batch_of(edges, torch.bool))) / PARTS
    # the cost of a knight's move is rounded by 1e-5, and that of OpenCV's moves by up to 6e-6 in
    # some of its builds; at most 14 moves are within 20 pixels
    np.testing.assert_allclose(ours, np.minimum(theirs, 20), atol=2e-4)


@pytest.mark.parametrize("levels", [1, 2, 21, 256])
@pytest.mark.parametrize("shape", [*SHAPES, (33, 50), *TINY], ids=str)
def test_histograms_are_equalised_as_by_opencv(shape, levels):
    random = np.random.default_rng(levels)
    layers = random.integers(0, levels, (8, *shape), dtype=np.uint8)
    layers[:2] += random.integers(0, 257 - levels, dtype=np.uint8)  # not from 0
    theirs = [cv2.equalizeHist(layer) for layer in layers]
    np.testing.assert_array_equal(unbatched(equalised(batch_of(layers, torch.int32))), theirs)


@pytest.mark.parametrize("severity", SEVERITIES)
@pytest.mark.parametrize("mode", ["RGB", "L"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_spatter(shape, mode, severity, monkeypatch):
    images = photographs(*shape, mode)
    normals = fields_for(images)
    ours = spatter(images, normals, SPATTER[severity - 1])
    assert not torch.equal(ours, images)
    assert_agrees(ours, spattered_by_oracle(images, normals, severity, monkeypatch))


def test_a_layer_overflows_in_a_corner_as_in_the_package(monkeypatch):
    images = photographs(64, 64)
    normals = fields_for(images)
    normals[:, -4:, -4:] += 1.5
    theirs = spattered_by_oracle(images, normals, 3, monkeypatch)
    assert_agrees(spatter(images, normals, WATER), theirs)


@pytest.mark.parametrize("severity", SEVERITIES)
@pytest.mark.parametrize("shape", TINY, ids=str)
def test_spatter_of_tiny_images(shape, severity, monkeypatch):
    images = photographs(*shape)
    normals = fields_for(images)
    normals[0] = 0.5  # a layer that water covers evenly
    ours = spatter(images, normals, SPATTER[severity - 1])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # without water the package divides 0 by 0
        theirs = spattered_by_oracle(images, normals, severity, monkeypatch)
    wet = (theirs > 0).any((1, 2, 3))
    assert wet[0]
    assert_agrees(ours[wet], theirs[wet])
    assert torch.equal(ours[~wet], images[~wet])


@pytest.mark.parametrize("mode", ["RGB", "L"])
@pytest.mark.parametrize("values", [WATER, SPATTER[3]])
def test_without_drops_an_image_stays_as_it_is(mode, values):
    images = photographs(64, 64, mode)
    normals = fields_for(images)
    normals[2] = -1.0
    result = spatter(images, normals, values)
    assert torch.equal(result[2], images[2])
    assert (result != images).flatten(1).any(1).tolist() == [True, True, False, True, True, True]


@pytest.mark.parametrize("values", SPATTER)
def test_an_image_is_spattered_alone_as_in_its_batch(values):
    images = photographs(48, 80)
    normals = fields_for(images)
    alone = [spatter(images[at : at + 1], normals[at : at + 1], values) for at in range(6)]
    assert torch.equal(torch.cat(alone), spatter(images, normals, values))
    assert spatter(images[:0], normals[:0], values).shape == (0, 48, 80, 3)


@pytest.mark.parametrize("severity", SEVERITIES)
@pytest.mark.parametrize("shape", [*SHAPES, *TINY], ids=str)
def test_saturate(shape, severity):
    images = photographs(*shape)
    images[:3, :2] = images[:3, :2, :, :1]  # gray has no hue
    images[:2, :1] = 0
    ours = saturate(images, SATURATE[severity - 1])
    assert_agrees(ours, oracle_of("saturate", images, severity))


@pytest.mark.parametrize("severity", SEVERITIES)
def test_saturate_leaves_images_with_one_channel(severity):
    images = photographs(48, 80, "L")
    assert torch.equal(saturate(images, SATURATE[severity - 1]), images)
    assert_agrees(images, oracle_of("saturate", images, severity))
