"""The counter-based random numbers against the distributions that they claim."""

import numpy as np
import pytest
import torch
from scipy import stats

from neurobust.images.corruptions.fields import FieldSource, image_keys, random_words
from neurobust.images.corruptions.noise import poisson_counts

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
    words = random_words(keys, 64).view(torch.int64).numpy().view(np.uint64)
    for key, row in zip(keys.tolist(), words, strict=True):
        assert row.tolist() == [splitmix64(key % 2**64, step) for step in range(32)]


def test_splitmix64_is_the_published_generator():
    # the first outputs of the reference generator from seed 1234567
    expected = [6457827717110365317, 3203168211198807973, 9817491932198370423]
    assert [splitmix64(1234567, step) for step in (1, 2, 3)] == expected


def test_uniforms_are_uniform():
    drawn = source().uniforms("a", NUMBERS).numpy()
    assert drawn.shape == (IMAGES, NUMBERS)
    assert drawn.min() >= 0
    assert drawn.max() < 1
    assert np.array_equal(drawn * 2**24, np.round(drawn * 2**24))
    assert stats.kstest(drawn.ravel(), "uniform").pvalue > SMALLEST_P
    # across ids, at one place of the field
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
    for lag in (1, 2, 32, 2016, 2048):
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
    for place, image in enumerate(ids):
        alone = source(image[None]).normals("a", 5, 7)
        assert torch.equal(alone[0], together[place])


def test_keys_of_many_ids_differ():
    assert image_keys(torch.arange(100_000), 1, "a").unique().numel() == 100_000


def test_integers_are_uniform_below_their_own_limits():
    ids = torch.arange(30_000)
    below = torch.tensor([6, 7, 1]).repeat(10_000)
    drawn = source(ids).integers("a", below)
    for limit in (6, 7):
        counts = torch.bincount(drawn[below == limit], minlength=limit).numpy()
        assert counts.size == limit
        assert stats.chisquare(counts).pvalue > SMALLEST_P
    assert not drawn[below == 1].any()


def test_angles_cover_their_range():
    angles = source(torch.arange(5000)).angles_deg("a", -135, -45).numpy()
    assert stats.kstest(angles, "uniform", args=(-135, 90)).pvalue > SMALLEST_P


@pytest.mark.parametrize("rate", [3, 60])
def test_poisson_counts_are_quantiles(rate):
    levels = torch.arange(256, dtype=torch.uint8)[:, None].expand(256, 600).contiguous()
    uniforms = source(torch.arange(256)).uniforms("a", 600)
    uniforms[:, :3] = torch.tensor([0.0, 2.0**-24, 1.0 - 2.0**-24])  # the tails
    means = levels.double().numpy() * rate / 255.0
    counts = poisson_counts(levels, uniforms, rate).numpy().astype(int)
    slack = 2.0**-44  # of a table that holds level + probability in float64
    assert np.all(stats.poisson.cdf(counts, means) > uniforms.numpy() - slack)
    assert np.all(stats.poisson.cdf(counts - 1, means) <= uniforms.numpy() + slack)
