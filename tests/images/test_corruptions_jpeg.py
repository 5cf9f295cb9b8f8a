"""JPEG compression against Pillow's encoder and decoder: equal to the byte, so no tolerance."""

import importlib.util
import io
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from neurobust.images.corruptions import jpeg
from neurobust.images.corruptions.jpeg import jpeg_compression

QUALITIES = [7, 10, 15, 18, 25, 40, 50, 58, 65, 80, 95, 100]
SIZES = [(64, 64), (32, 32), (33, 50), (48, 80), (1, 1), (2, 3), (5, 4), (17, 9), (224, 224)]


def photographs(rows, columns):
    folder = Path(importlib.util.find_spec("foolbox").origin).parent / "data"
    paths = sorted(path for path in folder.iterdir() if path.name.startswith("imagenet_"))
    return np.stack(
        [np.array(Image.open(p).convert("RGB").resize((columns, rows))) for p in paths[:3]]
    )


def draw_pictures(rows, columns):
    """Return photographs, noise of all levels, and noise of black and white in each channel."""
    random = np.random.default_rng(0)
    noise = random.integers(0, 256, (2, rows, columns, 3), np.uint8)
    extremes = 255 * random.integers(0, 2, (2, rows, columns, 3), np.uint8)
    return np.concatenate((photographs(rows, columns), noise, extremes))


def compress_by_pillow(pictures, quality):
    decoded = []
    for picture in pictures:
        stream = io.BytesIO()
        Image.fromarray(picture).save(stream, "JPEG", quality=quality)
        with Image.open(stream) as image:
            decoded.append(np.array(image))
    return np.stack(decoded)


def compress(pictures, quality):
    return jpeg_compression(torch.from_numpy(pictures), quality).numpy()


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_equals_pillow(size):
    pictures = draw_pictures(*size)
    for quality in QUALITIES:
        expected = compress_by_pillow(pictures, quality)
        np.testing.assert_array_equal(compress(pictures, quality), expected, f"quality {quality}")


@pytest.mark.parametrize("size", [(64, 64), (17, 9)], ids=str)
def test_gray_is_three_equal_channels(size):
    gray = draw_pictures(*size)[..., :1]
    for quality in QUALITIES:
        expected = compress_by_pillow(gray.repeat(3, axis=3), quality)
        np.testing.assert_array_equal(compress(gray, quality).repeat(3, axis=3), expected)


def test_images_are_compressed_alone_and_left_as_they_are():
    pictures = draw_pictures(33, 50)
    before = pictures.copy()
    together = compress(pictures, 15)
    alone = [compress(pictures[number : number + 1], 15) for number in range(len(pictures))]
    np.testing.assert_array_equal(together, np.concatenate(alone))
    np.testing.assert_array_equal(pictures, before)


def test_planes_in_another_order_of_memory_give_the_same():
    pictures = torch.from_numpy(draw_pictures(17, 9))
    turned = pictures.permute(0, 3, 1, 2).contiguous().permute(0, 2, 3, 1)
    assert not turned.is_contiguous()
    assert torch.equal(jpeg_compression(turned, 15), jpeg_compression(pictures, 15))


def wide_floats(_device):
    return torch.float64


@pytest.fixture
def other_floats(monkeypatch):
    """Compute on the CPU as on other devices, in 64-bit floats."""
    caches = (jpeg._alternate, jpeg._doubling, jpeg._steps, jpeg._matrices)
    monkeypatch.setattr(jpeg, "_dtype", wide_floats)
    for cached in caches:
        cached.cache_clear()
    yield
    for cached in caches:
        cached.cache_clear()


@pytest.mark.usefixtures("other_floats")
def test_floats_of_other_devices_give_the_same():
    pictures = draw_pictures(33, 50)
    for quality in QUALITIES:
        expected = compress_by_pillow(pictures, quality)
        np.testing.assert_array_equal(compress(pictures, quality), expected)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_gpu_equals_pillow():
    pictures = draw_pictures(33, 50)
    for quality in QUALITIES:
        found = jpeg_compression(torch.from_numpy(pictures).cuda(), quality).cpu().numpy()
        np.testing.assert_array_equal(found, compress_by_pillow(pictures, quality))
