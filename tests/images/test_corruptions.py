"""`corrupt` on batches: properties that all corruptions share."""

import subprocess
import sys

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter

from neurobust.errors import InputError
from neurobust.images.corruptions import (
    CORRUPTIONS,
    GROUPS,
    SEVERITIES,
    TABLES,
    TIN_TC,
    apply,
    blur,
    corrupt,
)
from neurobust.images.corruptions.plasma import plasma_draws, plasma_maps

SEED = 1000
IDS = torch.tensor([5, 900, 17, 2**40, 0, 3, 44])


def smooth_images(count=7, rows=64, columns=64):
    """Images with the smoothness of photographs over the whole range."""
    noise = np.random.default_rng(0).standard_normal((count, rows, columns, 3))
    noise = gaussian_filter(noise, (0, 3, 3, 0))
    return torch.from_numpy(np.clip(128 + 60 * noise / noise.std(), 0, 255).astype(np.uint8))


IMAGES = smooth_images()


def corrupted(corruption, severity=3, images=IMAGES, ids=IDS, seed=SEED, table="imagenet-c"):
    return corrupt(images, corruption, severity, image_ids=ids, seed=seed, table=table)


def mean_difference(images, others):
    return (images.float() - others.float()).abs().mean().item()


def test_groups_are_those_of_the_paper():
    assert list(GROUPS) == ["Noise", "Blur", "Weather", "Digital"]
    assert [len(group) for group in GROUPS.values()] == [3, 4, 4, 4]
    assert len(CORRUPTIONS) == 19
    assert set(CORRUPTIONS) - set(TIN_TC) == {
        "glass_blur", "speckle_noise", "gaussian_blur", "spatter", "saturate",
    }  # fmt: skip


@pytest.mark.parametrize("corruption", CORRUPTIONS)
def test_an_image_is_corrupted_alike_in_any_batch(corruption, monkeypatch):
    together = corrupted(corruption)
    order = torch.tensor([3, 6, 0, 2, 5, 1, 4])
    assert torch.equal(corrupted(corruption, images=IMAGES[order], ids=IDS[order]), together[order])
    for position in (0, 3):
        alone = corrupted(
            corruption, images=IMAGES[position : position + 1], ids=IDS[position : position + 1]
        )
        assert torch.equal(alone[0], together[position])
    monkeypatch.setitem(apply._PART_VALUES, "cpu", 2 * IMAGES[0].numel())
    assert torch.equal(corrupted(corruption), together)


@pytest.mark.parametrize("corruption", CORRUPTIONS)
def test_images_of_odd_sizes(corruption):
    images = smooth_images(3, 33, 50)
    before = images.clone()
    result = corrupted(corruption, images=images, ids=IDS[:3])
    assert torch.equal(images, before)
    assert result.shape == images.shape
    assert result.dtype == torch.uint8
    assert not torch.equal(result, images)


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("corruption", CORRUPTIONS)
def test_any_size_in_colour_and_gray(corruption, table):
    for rows, columns in ((1, 1), (2, 5), (28, 28), (130, 97)):
        images = smooth_images(2, rows, columns)
        for severity in SEVERITIES:
            for batch in (images, images[..., :1], images[..., 0]):
                result = corrupted(corruption, severity, images=batch, ids=IDS[:2], table=table)
                assert result.shape == batch.shape
                assert result.dtype == torch.uint8
        assert torch.equal(
            corrupted(corruption, images=images[..., 0], ids=IDS[:2])[..., None],
            corrupted(corruption, images=images[..., :1], ids=IDS[:2]),
        )


# Corruptions that draw a field per channel, or that use colour, differ for gray images.
@pytest.mark.parametrize(
    "corruption",
    sorted(set(CORRUPTIONS) - {
        "gaussian_noise", "shot_noise", "impulse_noise", "speckle_noise", "frost", "spatter",
        "saturate",
    }),
)  # fmt: skip
def test_gray_images_are_corrupted_like_equal_channels(corruption):
    gray = IMAGES[..., :1]
    result = corrupted(corruption, images=gray)
    in_colour = corrupted(corruption, images=gray.expand(-1, -1, -1, 3).contiguous())
    assert ((result.int() - in_colour.int()).abs() <= 1).float().mean() >= 0.999


def test_large_images_are_zoomed_alone_as_in_a_batch_and_nothing_is_kept():
    images = smooth_images(3, 300, 230)
    kept = blur._zoom_operator.cache_info().currsize
    for batch in (images, images[..., :1], images.permute(0, 2, 1, 3)):
        together = corrupted("zoom_blur", images=batch, ids=IDS[:3])
        for channel in range(3):
            span = slice(channel, channel + 1)
            alone = corrupted("zoom_blur", images=batch[span].contiguous(), ids=IDS[span])
            assert torch.equal(alone, together[span])
    assert blur._zoom_operator.cache_info().currsize == kept


def test_severities_of_small_images_are_weaker():
    stronger = 0
    for corruption in CORRUPTIONS:
        change, weaker = (
            mean_difference(corrupted(corruption, 5, table=table), IMAGES)
            for table in ("imagenet-c", "cifar-10-c")
        )
        stronger += change > weaker
    assert stronger >= 16  # of 19


def test_an_empty_batch_stays_empty():
    for corruption in CORRUPTIONS:
        assert corrupted(corruption, images=IMAGES[:0], ids=IDS[:0]).shape == (0, 64, 64, 3)


@pytest.mark.parametrize("corruption", CORRUPTIONS)
def test_a_view_is_corrupted_like_a_copy(corruption):
    view = IMAGES.permute(0, 2, 1, 3)  # not contiguous
    expected = corrupted(corruption, images=view.contiguous())
    assert torch.equal(corrupted(corruption, images=view), expected)


@pytest.mark.parametrize("corruption", CORRUPTIONS)
def test_seed_and_id_matter_to_random_corruptions_alone(corruption):
    fixed = {
        "defocus_blur", "zoom_blur", "gaussian_blur", "brightness", "contrast", "pixelate",
        "jpeg_compression", "saturate",
    }  # fmt: skip
    result = corrupted(corruption)
    for other in (corrupted(corruption, seed=SEED + 1), corrupted(corruption, ids=IDS + 1)):
        assert torch.equal(other, result) == (corruption in fixed)


# Others change their character between severities, and motion blur its direction.
@pytest.mark.parametrize(
    "corruption",
    sorted(
        set(CORRUPTIONS) - {"snow", "frost", "motion_blur", "spatter", "saturate", "glass_blur"}
    ),
)
def test_a_higher_severity_changes_an_image_more(corruption):
    changes = [mean_difference(corrupted(corruption, level), IMAGES) for level in SEVERITIES]
    assert changes == sorted(changes)
    assert changes[-1] > 1.15 * changes[0]


def test_gaussian_noise_has_its_standard_deviation():
    gray = torch.full((16, 64, 64, 3), 128, dtype=torch.uint8)
    result = corrupted("gaussian_noise", 1, images=gray, ids=torch.arange(16)).double()
    assert result.std().item() == pytest.approx(0.08 * 255, rel=0.01)
    assert result.mean().item() == pytest.approx(127.5, abs=0.3)  # truncation costs half a level


def test_shot_noise_has_the_variance_of_its_count():
    gray = torch.full((16, 64, 64, 3), 102, dtype=torch.uint8)  # 0.4
    result = corrupted("shot_noise", 1, images=gray, ids=torch.arange(16)).double() / 255
    assert result.var().item() == pytest.approx(0.4 / 60, rel=0.02)


def test_impulse_noise_flips_its_share():
    gray = torch.full((16, 64, 64, 3), 77, dtype=torch.uint8)
    result = corrupted("impulse_noise", 5, images=gray, ids=torch.arange(16))
    for extreme in (0, 255):
        assert (result == extreme).double().mean().item() == pytest.approx(0.135, abs=0.003)


def test_plasma_has_more_power_at_low_frequencies():
    uniforms = torch.rand(50, plasma_draws(64), generator=torch.Generator().manual_seed(0))
    maps = plasma_maps(uniforms, 2.0)
    assert maps.amin((1, 2)).eq(0).all()
    assert maps.amax((1, 2)).eq(1).all()
    power = torch.fft.rfft2(maps - maps.mean((1, 2), keepdim=True)).abs().square().mean(0)
    bands = [power[0, low:high].mean().item() for low, high in ((1, 3), (4, 8), (16, 32))]
    assert bands[0] > 4 * bands[1] > 16 * bands[2]


@pytest.mark.parametrize("value", [0, 100, 255])
@pytest.mark.parametrize("corruption", ["zoom_blur", "contrast", "pixelate"])
def test_a_flat_image_stays_as_it_is(corruption, value):
    flat = torch.full((2, 40, 40, 3), value, dtype=torch.uint8)
    for severity in SEVERITIES:
        assert torch.equal(corrupted(corruption, severity, images=flat, ids=IDS[:2]), flat)


def test_fog_leaves_black_black():
    black = torch.zeros(2, 40, 40, 3, dtype=torch.uint8)
    assert not corrupted("fog", 5, images=black, ids=IDS[:2]).any()


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"corruption": "glass"}, "glass"),
        ({"severity": 0}, "severity"),
        ({"severity": 3.0}, "severity: is 3.0"),
        ({"severity": True}, "severity: is True"),
        ({"seed": 1.0}, "seed: is 1.0"),
        ({"images": [[[0]]]}, "images: is of the type list"),
        ({"ids": [*range(7)]}, "image_ids: is of the type list"),
        ({"images": IMAGES.float()}, "float32"),
        ({"images": IMAGES[..., :2]}, r"\(7, 64, 64, 2\)"),
        ({"images": IMAGES[:, :0]}, r"\(7, 0, 64, 3\)"),
        ({"images": IMAGES[0, 0]}, r"\(64, 3\)"),
        ({"table": "cifar"}, "cifar-10-c"),
        ({"ids": IDS[:6]}, "image_ids"),
        ({"ids": IDS.int()}, "int32"),
    ],
)
def test_unusable_input_is_named(change, named):
    with pytest.raises(InputError, match=named):
        corrupted(**{"corruption": "fog", **change})


@pytest.mark.parametrize("corruption", CORRUPTIONS)
def test_a_training_in_bfloat16_sees_the_same_images(corruption):
    with torch.autocast("cpu", torch.bfloat16):
        within = corrupted(corruption)
    assert torch.equal(within, corrupted(corruption))


def test_the_oracle_package_is_not_imported():
    code = (
        "import sys, torch; from neurobust.images.corruptions import corrupt;"
        "x = torch.zeros(1, 32, 32, 3, dtype=torch.uint8);"
        "corrupt(x, 'frost', 1, image_ids=torch.arange(1), seed=0);"
        "slow = {'imagecorruptions', 'cv2', 'numba', 'skimage', 'torchvision'};"
        "assert not slow & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("corruption", CORRUPTIONS)
def test_a_gpu_gives_the_same_images(corruption):
    result = corrupted(corruption, images=IMAGES.cuda())
    assert result.is_cuda
    difference = (result.cpu().int() - corrupted(corruption).int()).abs()
    assert (difference <= 1).float().mean() >= 0.999
