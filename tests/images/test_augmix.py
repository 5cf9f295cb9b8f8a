"""AugMix: its operations against Pillow's, its mixture against a naive loop, its draws."""

import numpy as np
import pytest
import torch
from PIL import Image, ImageOps
from scipy import stats

from neurobust.images.augmix import GEOMETRIC, LONGEST, OPERATIONS, Chains, augmix, draw_chains, mix

ROWS, COLUMNS = 24, 36  # not square: rows and columns cannot be confused
STRENGTHS = (-0.93, -0.3, -0.04, 0.11, 0.28, 0.74)


def draw_pictures(images, channels, seed=0):
    """Return smooth pictures with noise, of few and of many levels."""
    random = np.random.default_rng(seed)
    row, column = np.mgrid[:ROWS, :COLUMNS]
    phase = random.uniform(0, 6, (images, channels, 1, 1))
    wave = 120 + 70 * np.sin(row / 4 + phase) + 50 * np.cos(column / 5 - phase)
    return torch.from_numpy((wave + random.normal(0, 8, wave.shape)).clip(0, 255).astype(np.uint8))


def to_pillow(picture):
    array = picture.permute(1, 2, 0).numpy()
    return Image.fromarray(array[..., 0] if array.shape[-1] == 1 else array)


def from_pillow(image):
    return np.atleast_3d(np.asarray(image)).transpose(2, 0, 1)


def operate_by_pillow(image, name, strength):
    """Apply an operation as the released code does, with Pillow."""
    level = abs(strength)
    shift = {
        "shear_x": (1, 0.3 * strength, 0, 0, 1, 0),
        "shear_y": (1, 0, 0, 0.3 * strength, 1, 0),
        "translate_x": (1, 0, int(strength * COLUMNS / 3), 0, 1, 0),
        "translate_y": (1, 0, 0, 0, 1, int(strength * ROWS / 3)),
    }
    if name in shift:
        return image.transform(
            (COLUMNS, ROWS), Image.Transform.AFFINE, shift[name], Image.Resampling.BILINEAR
        )
    if name == "rotate":
        return image.rotate(int(strength * 30), Image.Resampling.BILINEAR)
    if name == "posterize":
        return ImageOps.posterize(image, 4 - int(level * 4))
    if name == "solarize":
        return ImageOps.solarize(image, 256 - int(level * 256))
    return {"autocontrast": ImageOps.autocontrast, "equalize": ImageOps.equalize}[name](image)


def one_operation(name, strengths):
    """Return chains that are one operation, and a mixture that is that chain alone."""
    images = len(strengths)
    return Chains(
        np.full((images, 1, 1), OPERATIONS.index(name)),
        np.array(strengths, float).reshape(images, 1, 1),
        np.ones((images, 1)),
        np.ones(images),
    )


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("name", [name for name in OPERATIONS if name not in GEOMETRIC])
def test_operations_on_levels_are_those_of_pillow(name, channels):
    pictures = draw_pictures(len(STRENGTHS), channels)
    ours = mix(pictures, one_operation(name, STRENGTHS)).numpy()
    assert (ours != pictures.numpy()).any()
    for picture, strength, found in zip(pictures, STRENGTHS, ours, strict=True):
        expected = from_pillow(operate_by_pillow(to_pillow(picture), name, strength))
        # Pillow truncates autocontrast's product in float64, torchvision in float32.
        difference = abs(found.astype(int) - expected)
        assert difference.max() <= (name == "autocontrast")


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("name", GEOMETRIC)
def test_geometric_operations_are_those_of_pillow_inside_of_the_image(name, channels):
    pictures = draw_pictures(len(STRENGTHS), channels)
    white = torch.full_like(pictures, 255)
    chains = one_operation(name, STRENGTHS)
    ours, shown = mix(pictures, chains).numpy(), mix(white, chains).numpy()
    assert (ours != pictures.numpy()).any()
    for number, strength in enumerate(STRENGTHS):
        picture, seen = (
            from_pillow(operate_by_pillow(to_pillow(batch[number]), name, strength)).astype(int)
            for batch in (pictures, white)
        )
        inside = shown[number] == 255
        assert inside.mean() > 0.4
        # Bilinear weights in float32 against float64, then rounding: one level.
        assert abs(ours[number] - picture)[inside].max() <= 1
        # At the edge Pillow switches to black half a pixel outside, where the gather is half black.
        assert (seen[shown[number] == 0] == 0).all()
        assert (shown[number][seen == 0] <= 128).all()


def test_mixtures_are_those_of_a_naive_loop():
    pictures = draw_pictures(6, 3)
    drawn = draw_chains(6, 4, severity=8, alpha=1.0, generator=np.random.default_rng(1))
    # Operations that Pillow and the batch agree on exactly, so that links can follow each other.
    exact = np.array([OPERATIONS.index(n) for n in ("posterize", "solarize", "equalize")])
    operation = np.where(drawn.operation < 0, -1, exact[drawn.operation % 3])
    drawn = Chains(operation, drawn.strength, drawn.weight, drawn.share)
    found = mix(pictures, drawn).numpy()
    for i, picture in enumerate(pictures):
        mixed = np.zeros(picture.shape)
        for c in range(4):
            image = to_pillow(picture)
            for link in range(LONGEST):
                if operation[i, c, link] >= 0:
                    name = OPERATIONS[operation[i, c, link]]
                    image = operate_by_pillow(image, name, drawn.strength[i, c, link])
            mixed += drawn.weight[i, c] * from_pillow(image)
        expected = (1 - drawn.share[i]) * picture.numpy() + drawn.share[i] * mixed
        # Rounded to whole levels, from sums in float32 of numbers up to 255.
        assert abs(found[i] - expected).max() <= 0.5 + 1e-3


def test_draws_have_the_distributions_of_the_paper():
    images, chains, severity, alpha = 2000, 3, 4, 0.7
    drawn = draw_chains(
        images, chains, severity=severity, alpha=alpha, generator=np.random.default_rng(2)
    )
    assert (drawn.operation[..., 0] >= 0).all()
    there = drawn.operation >= 0
    assert (there[..., 1] >= there[..., 2]).all()  # nothing follows the end of a chain
    # Draws are fixed by the seed; a right distribution fails at this level once in ten thousand.
    level = 1e-4
    lengths = np.bincount(there.sum(-1).ravel())[1:]
    assert stats.chisquare(lengths).pvalue > level
    assert stats.chisquare(np.bincount(drawn.operation[there])).pvalue > level
    strengths = drawn.strength.ravel()
    uniform = stats.uniform(0.01, severity / 10 - 0.01)
    assert stats.kstest(abs(strengths), uniform.cdf).pvalue > level
    assert stats.binomtest((strengths > 0).sum(), strengths.size).pvalue > level
    np.testing.assert_allclose(drawn.weight.sum(1), 1)
    # A Dirichlet's margin is a Beta distribution.
    margin = stats.beta(alpha, (chains - 1) * alpha)
    assert stats.kstest(drawn.weight[:, 0], margin.cdf).pvalue > level
    assert stats.kstest(drawn.share, stats.beta(alpha, alpha).cdf).pvalue > level


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("images", [1, 7])
def test_versions_follow_from_the_generator_and_leave_their_images(images, channels):
    pictures = draw_pictures(images, channels)
    before = pictures.clone()
    torch_state, numpy_state = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    first, again, other = (
        augmix(pictures, generator=np.random.default_rng(seed), severity=5) for seed in (3, 3, 4)
    )
    assert first.dtype == torch.uint8
    assert first.shape == pictures.shape
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert torch.equal(pictures, before)
    assert torch.equal(torch.get_rng_state(), torch_state)
    np.testing.assert_array_equal(np.random.get_state()[1], numpy_state)  # noqa: NPY002


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_the_share_of_the_chains_is_from_nothing_to_all(share):
    pictures = draw_pictures(2, 1)
    chains = one_operation("solarize", [0.5, 0.5])
    mixed = mix(
        pictures, Chains(chains.operation, chains.strength, chains.weight, share + 0 * chains.share)
    )
    expected = pictures if share == 0 else torch.where(pictures < 128, pictures, 255 - pictures)
    assert torch.equal(mixed, expected)


def test_a_training_in_bfloat16_sees_the_same_versions():
    pictures = draw_pictures(8, 3)
    with torch.autocast("cpu", torch.bfloat16):
        within = augmix(pictures, generator=np.random.default_rng(3))
    assert torch.equal(within, augmix(pictures, generator=np.random.default_rng(3)))
