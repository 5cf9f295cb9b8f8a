"""The corruptions against the package `imagecorruptions`, on photographs, with equal randomness.

The package draws from numpy's global generator, or through scikit-image; the tests put their own
fields instead of its draws. A level may then differ by 1, where rounding falls on either side of
a whole number and the fraction is cut off.
"""

import importlib.util
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.stats import poisson

from neurobust.images.corruptions import SEVERITIES, TABLES, blur, digital, motion, noise, weather
from neurobust.images.corruptions.frost_textures import TEXTURES, frost_crops
from neurobust.images.corruptions.jpeg import jpeg_compression
from neurobust.images.corruptions.motion import line_offsets, line_weights
from neurobust.images.corruptions.plasma import plasma_draws, plasma_side
from neurobust.images.corruptions.resampling import centre_size

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from imagecorruptions import corruptions as oracle

COUNT = 6
TABLE = TABLES["imagenet-c"]
SHAPES = [(64, 64), (48, 80)]


def photographs(rows, columns):
    folder = Path(importlib.util.find_spec("foolbox").origin).parent / "data"
    paths = sorted(path for path in folder.iterdir() if path.name.startswith("imagenet_"))
    return np.stack(
        [np.array(Image.open(p).convert("RGB").resize((columns, rows))) for p in paths[:COUNT]]
    )


@pytest.fixture(scope="module", params=SHAPES, ids=str)
def images(request):
    return photographs(*request.param)


@pytest.fixture(params=SEVERITIES)
def severity(request):
    return request.param


class Replay:
    """Numpy's global draws, replaced by given fields of one image, in order."""

    def __init__(self, monkeypatch, fields):
        self.fields = list(fields)
        for name in ("normal", "uniform", "poisson", "randint"):
            monkeypatch.setattr(np.random, name, getattr(self, name))

    def normal(self, loc=0.0, scale=1.0, size=None):
        """Scale and shift a standard normal field."""
        field = self.fields.pop(0)
        assert field.shape == size
        return field * scale + loc

    def uniform(self, low, high, size=None):
        """Spread a field over [low, high)."""
        field = self.fields.pop(0)
        assert size is None or tuple(size) == field.shape
        return low + field * (high - low)

    def poisson(self, means):
        """Take the quantiles of a field."""
        return poisson.ppf(self.fields.pop(0), means)

    def randint(self, low, high=None):
        """Choose the integer at a fraction of the range."""
        low, high = (0, low) if high is None else (low, high)
        return low + int(self.fields.pop(0) * (high - low))


def oracle_of(monkeypatch, name, images, severity, *fields):
    """Corrupt image by image; ``fields`` have the image as their first axis."""
    corrupted = []
    for index, image in enumerate(images):
        replay = Replay(monkeypatch, [field[index] for field in fields])
        result = getattr(oracle, name)(Image.fromarray(image), severity)
        assert replay.fields == []
        corrupted.append(np.uint8(result))
    return np.stack(corrupted)


def assert_agrees(ours, theirs):
    assert ours.dtype == torch.uint8
    assert tuple(ours.shape) == theirs.shape
    difference = np.abs(ours.numpy().astype(int) - theirs)
    assert (difference <= 1).mean() >= 0.999
    assert difference.mean() < 0.1


def uniform_fields(*shape):
    """Uniforms in steps of 2**-24, which float32 holds exactly."""
    return np.random.default_rng(0).integers(0, 2**24, shape) / 2**24


def as_float32(field):
    return torch.from_numpy(field).to(torch.float32)


def test_gaussian_noise(images, severity, monkeypatch):
    normals = np.random.default_rng(0).standard_normal(images.shape)
    std = TABLE.gaussian_noise[severity - 1]
    ours = noise.gaussian_noise(torch.from_numpy(images), as_float32(normals), std)
    theirs = oracle_of(monkeypatch, "gaussian_noise", images, severity, normals)
    assert_agrees(ours, theirs)


def test_shot_noise(images, severity, monkeypatch):
    words = np.random.default_rng(0).integers(0, 2**16, images.shape, np.int32)
    uniforms = (words + 0.5) / 2**16
    rate = TABLE.shot_noise[severity - 1]
    ours = noise.shot_noise(torch.from_numpy(images), torch.from_numpy(words), rate)
    assert_agrees(ours, oracle_of(monkeypatch, "shot_noise", images, severity, uniforms))


def test_impulse_noise(images, severity, monkeypatch):
    flipped, salted = uniform_fields(2, *images.shape) < 0.4
    masks = [mask for pair in zip(flipped, salted, strict=True) for mask in pair]
    monkeypatch.setattr("skimage.util.noise._bernoulli", lambda *_, **__: masks.pop(0))
    theirs = oracle_of(monkeypatch, "impulse_noise", images, severity)
    impulses = np.where(flipped, np.where(salted, 255, -255), 0).astype(np.int16)
    ours = noise.impulse_noise(torch.from_numpy(images), torch.from_numpy(impulses))
    assert_agrees(ours, theirs)


def test_defocus_blur(images, severity, monkeypatch):
    ours = blur.defocus_blur(torch.from_numpy(images), TABLE.defocus_blur[severity - 1])
    assert_agrees(ours, oracle_of(monkeypatch, "defocus_blur", images, severity))


def test_motion_blur(images, severity, monkeypatch):
    fractions = uniform_fields(len(images))
    angles = torch.from_numpy(fractions * 90 - 45)
    ours = blur.motion_blur(torch.from_numpy(images), angles, TABLE.motion_blur[severity - 1])
    assert_agrees(ours, oracle_of(monkeypatch, "motion_blur", images, severity, fractions))


def test_motion_blur_ends_where_its_line_leaves_the_image(monkeypatch):
    images = photographs(32, 32)
    fractions = np.full(len(images), 0.5)  # horizontal: 41 pixels at severity 5
    ours = blur.motion_blur(
        torch.from_numpy(images), torch.zeros(len(images)), TABLE.motion_blur[4]
    )
    assert_agrees(ours, oracle_of(monkeypatch, "motion_blur", images, 5, fractions))


@pytest.mark.parametrize("shape", [(9, 40, 30, 3), (9, 5, 70, 1)], ids=str)
def test_lines_are_gathered_on_a_gpu_as_they_are_added_on_a_processor(shape, severity):
    layers = torch.rand(shape, generator=torch.manual_seed(0)) * 255
    weights = line_weights(TABLE.motion_blur[severity - 1]).to(torch.float32)
    down, right = line_offsets(torch.linspace(-180, 180, len(layers)), len(weights))
    down, right = down.clamp(1 - shape[1], shape[1] - 1), right.clamp(1 - shape[2], shape[2] - 1)
    ends = torch.arange(1, len(layers) + 1)[:, None]  # of lines that leave their image
    weights = weights * (torch.arange(len(weights)) < ends * len(weights) // len(layers))
    gathered = motion._add_gathered(layers, down, right, weights)
    # the same sums of up to 41 products in the same order, but for products kept unrounded
    torch.testing.assert_close(
        gathered, motion._add_windows(layers, down, right, weights), rtol=0, atol=1e-3
    )


@pytest.mark.parametrize("pixels", [2**16, 0], ids=["matrix", "one by one"])
def test_zoom_blur(pixels, images, severity, monkeypatch):
    monkeypatch.setattr(blur, "_MATRIX_PIXELS", pixels)
    ours = blur.zoom_blur(torch.from_numpy(images), TABLE.zoom_blur[severity - 1])
    assert_agrees(ours, oracle_of(monkeypatch, "zoom_blur", images, severity))


def test_snow(images, severity, monkeypatch):
    values = TABLE.snow[severity - 1]
    sides = images.shape[1:3]
    normals = np.random.default_rng(0).standard_normal(images.shape[:3])
    fractions = uniform_fields(len(images))
    centre = [centre_size(side, values.zoom) for side in sides]
    top, left = ((side - size) // 2 for side, size in zip(sides, centre, strict=True))
    used = normals[:, top : top + centre[0], left : left + centre[1]]
    angles = torch.from_numpy(fractions * 90 - 135)
    ours = weather.snow(torch.from_numpy(images), as_float32(used), angles, values)
    assert_agrees(ours, oracle_of(monkeypatch, "snow", images, severity, normals, fractions))


@pytest.mark.parametrize("first", [0, 3])
def test_frost(first, images, severity, monkeypatch):
    images = images[:3]
    textures = np.arange(first, first + 3)
    positions = uniform_fields(3, 2)
    crops = frost_crops(
        torch.from_numpy(textures),
        torch.from_numpy(positions),
        *images.shape[1:3],
        TABLE.frost_scale,
    )
    ours = weather.frost(torch.from_numpy(images), crops, TABLE.frost[severity - 1])
    fractions = (textures + 0.5) / TEXTURES
    theirs = oracle_of(monkeypatch, "frost", images, severity, fractions, *positions.T)
    assert_agrees(ours, theirs)


def test_fog(images, severity, monkeypatch):
    side = plasma_side(*images.shape[1:3])
    uniforms = uniform_fields(len(images), plasma_draws(side))
    parts, used, points = [], 0, 1
    while points < side:
        for _ in range(3):
            parts.append(uniforms[:, used : used + points**2].reshape(-1, points, points))
            used += points**2
        points *= 2
    ours = weather.fog(torch.from_numpy(images), as_float32(uniforms), TABLE.fog[severity - 1])
    assert_agrees(ours, oracle_of(monkeypatch, "fog", images, severity, *parts))


def test_brightness(images, severity, monkeypatch):
    images = images.copy()
    images[:, :4] = 0  # black has no hue
    ours = weather.brightness(torch.from_numpy(images), TABLE.brightness[severity - 1])
    assert_agrees(ours, oracle_of(monkeypatch, "brightness", images, severity))


def test_contrast(images, severity, monkeypatch):
    ours = digital.contrast(torch.from_numpy(images), TABLE.contrast[severity - 1])
    assert_agrees(ours, oracle_of(monkeypatch, "contrast", images, severity))


def test_elastic_transform(images, severity, monkeypatch):
    uniforms = uniform_fields(len(images), 2, *images.shape[1:3])
    ours = digital.elastic_transform(
        torch.from_numpy(images),
        as_float32(uniforms),
        torch.zeros(len(images), 3, 2),
        TABLE.elastic_transform[severity - 1],
    )
    theirs = oracle_of(
        monkeypatch, "elastic_transform", images, severity, uniforms[:, 0], uniforms[:, 1]
    )
    assert_agrees(ours, theirs)


def test_pixelate_puts_centres_on_an_edge_where_pillow_does(monkeypatch):
    for side in (34, 38, 50):  # reductions by a factor that is not whole
        images = photographs(side, side)
        for severity in SEVERITIES:
            ours = digital.pixelate(torch.from_numpy(images), TABLE.pixelate[severity - 1])
            assert_agrees(ours, oracle_of(monkeypatch, "pixelate", images, severity))


def test_pixelate(images, severity, monkeypatch):
    ours = digital.pixelate(torch.from_numpy(images), TABLE.pixelate[severity - 1])
    assert_agrees(ours, oracle_of(monkeypatch, "pixelate", images, severity))


def test_jpeg_compression(images, severity, monkeypatch):
    ours = jpeg_compression(torch.from_numpy(images), TABLE.jpeg_compression[severity - 1])
    assert_agrees(ours, oracle_of(monkeypatch, "jpeg_compression", images, severity))
