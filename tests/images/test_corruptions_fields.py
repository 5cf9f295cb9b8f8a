"""The counter-based random numbers against the distributions that they claim."""

import numpy as np
import pytest
import torch
from scipy import stats

from neurobust.images.corruptions.fields import (
    FieldSource,
    image_keys,
    normal_table,
    random_words,
)
from neurobust.images.corruptions.noise import impulse_table, shot_noise

IMAGES, NUMBERS = 64, 4001  # an odd number of draws
SMALLEST_P = 1e-3


def source(ids=None, seed=1, purpose=("test",)):
    ids = torch.arange(IMAGES) if ids is None else ids
    return FieldSource(ids, seed, purpose)


def splitmix64(state, steps):
    """Return the hash of ``state + steps * golden`` in plain integers."""
    mask = 2**64 - 1
    word = (state + steps * 0x9E3779B97F4A7C15) & mask
    word = ((word ^ (word >> 30)) * 0xBF58476D1CE4E5B9) & mask
    word = ((word ^ (word >> 27)) * 0x94D049BB133111EB) & mask
    return word ^ (word >> 31)


def test_words_are_splitmix64():
    keys = torch.tensor([0, 123456789, -5])
    words = random_words(keys, 128).view(torch.int64).numpy().view(np.uint64)
    for key, row in zip(keys.tolist(), words, strict=True):
        assert row.tolist() == [splitmix64(key % 2**64, step) for step in range(32)]


def test_odd_shapes_take_the_first_words():
    keys = torch.arange(3)
    whole = random_words(keys, 16).to(torch.int32)
    assert torch.equal(random_words(keys, 5, 3).to(torch.int32), whole[:, :15].reshape(3, 5, 3))


def test_splitmix64_is_the_published_generator():
    # the first outputs of the reference generator from seed 1234567
    expected = [6457827717110365317, 3203168211198807973, 9817491932198370423]
    assert [splitmix64(1234567, step) for step in (1, 2, 3)] == expected


def test_uniforms_are_uniform():
    drawn = source().uniforms("a", NUMBERS).numpy()
    assert drawn.shape == (IMAGES, NUMBERS)
    assert drawn.min() > 0
    assert drawn.max() < 1
    assert np.array_equal(drawn * 2**17, np.round(drawn * 2**17))
    assert stats.kstest(drawn.ravel(), "uniform").pvalue > SMALLEST_P
    # across ids, at one position in the field
    across = source(torch.arange(20000)).uniforms("a", 2).numpy()
    assert stats.kstest(across[:, 0], "uniform").pvalue > SMALLEST_P


def test_normals_are_normal():
    drawn = source().normals("a", NUMBERS).numpy().astype(float)
    assert stats.kstest(drawn.ravel(), "norm").pvalue > SMALLEST_P
    count = drawn.size
    # five standard errors of the first four moments of a standard normal
    moments = [(drawn**power).mean() for power in (1, 2, 3, 4)]
    errors = np.sqrt(np.array([1, 2, 15, 96]) / count)
    assert np.all(np.abs(np.array(moments) - [0, 1, 0, 3]) < 5 * errors)


@pytest.mark.parametrize("kind", ["uniforms", "normals"])
def test_fields_are_independent(kind):
    drawn = getattr(source(), kind)("a", NUMBERS).numpy().astype(float)
    between_ids = np.corrcoef(drawn)[np.triu_indices(IMAGES, 1)]
    assert np.abs(between_ids).max() < 5.5 / np.sqrt(NUMBERS)
    assert between_ids.std() == pytest.approx(1 / np.sqrt(NUMBERS), rel=0.1)
    centred = drawn - drawn.mean(axis=1, keepdims=True)
    for lag in (1, 2, 3, 4, 32, 2048):
        product = (centred[:, lag:] * centred[:, :-lag]).mean() / centred.var()
        assert abs(product) < 5 / np.sqrt(IMAGES * (NUMBERS - lag))


@pytest.mark.parametrize(
    "other",
    [source(seed=2), source(purpose=("other",)), source(torch.arange(IMAGES) + IMAGES)],
    ids=["seed", "purpose", "ids"],
)
def test_other_streams_share_nothing(other):
    ours, theirs = source().uniforms("a", 500), other.uniforms("a", 500)
    assert (ours == theirs).float().mean() < 1e-3
    assert (ours == source().uniforms("b", 500)).float().mean() < 1e-3


def test_a_field_follows_from_the_id_alone():
    ids = torch.tensor([7, 2**40, -3, 0])
    together = source(ids).normals("a", 5, 7)
    for position, image in enumerate(ids):
        alone = source(image[None]).normals("a", 5, 7)
        assert torch.equal(alone[0], together[position])


def test_keys_of_many_ids_differ():
    assert image_keys(torch.arange(100_000), 1, "a").unique().numel() == 100_000


def test_the_normals_table_has_the_moments_of_the_normal():
    table = normal_table(torch.device("cpu")).double().numpy()
    assert table.size == 2**16
    assert np.array_equal(table, -table[::-1])
    # the means of bins lose what varies within the outermost ones
    assert (table**2).mean() == pytest.approx(1, abs=1e-4)
    assert (table**4).mean() == pytest.approx(3, abs=5e-3)
    edges = stats.norm.ppf(np.arange(2**16 + 1) / 2**16)
    assert np.all((edges[:-1] < table) & (table < edges[1:]))


def test_integers_are_uniform_below_their_limit():
    for limit in (5, 6):
        drawn = source(torch.arange(30_000)).integers("a", limit)
        counts = torch.bincount(drawn, minlength=limit).numpy()
        assert counts.size == limit
        assert stats.chisquare(counts).pvalue > SMALLEST_P


def test_shifts_are_uniform_within_their_reach():
    drawn = source().shifts("a", 3, 10, 11)
    assert drawn.shape == (IMAGES, 10, 11)
    counts = torch.bincount(drawn.flatten() + 3, minlength=6).numpy()
    assert counts.size == 6
    assert stats.chisquare(counts).pvalue > SMALLEST_P


def test_angles_cover_their_range():
    angles = source(torch.arange(5000)).angles_deg("a", -135, -45).numpy()
    assert stats.kstest(angles, "uniform", args=(-135, 90)).pvalue > SMALLEST_P


@pytest.mark.parametrize("rate", [3, 60, 500])
def test_shot_noise_takes_the_quantiles_of_poisson_counts(rate):
    levels = torch.arange(256, dtype=torch.uint8)[:, None].expand(256, 600).contiguous()
    words = source(torch.arange(256)).words("a", 600)
    words[:, :2] = torch.tensor([0, 2**16 - 1])  # the tails
    shown = shot_noise(levels[:, None, :, None], words[:, None, :, None], rate)[:, 0, :, 0]
    counts = stats.poisson.ppf((words.numpy() + 0.5) / 2**16, levels.numpy() * (rate / 255))
    assert np.array_equal(shown.numpy(), np.floor(np.minimum(counts * 255 / rate + 1e-9, 255)))


def test_impulses_have_their_share():
    table = impulse_table(0.17, torch.device("cpu"))
    for impulse in (-255, 255):
        assert (table == impulse).double().mean().item() == pytest.approx(0.085, abs=2**-16)
