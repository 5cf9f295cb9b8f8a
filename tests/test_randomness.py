"""Streams follow from seed and purpose, and those of different purposes are independent."""

import hashlib

import numpy as np
import pytest

from neurobust.randomness import generator, seed_for


def test_the_same_purpose_gives_the_same_stream():
    first = generator(1000, "batches", "v1", 3).random(5)
    generator(7, "another").random(5)
    np.testing.assert_array_equal(first, generator(1000, "batches", "v1", 3).random(5))


@pytest.mark.parametrize(
    "other",
    [(1001, "a", 1), (1000, "b", 1), (1000, "a", 2), (1000, "a"), (1000, "a1"), (10001, "a")],
)
def test_any_difference_gives_another_stream(other):
    first, second = generator(1000, "a", 1).random(1000), generator(*other).random(1000)
    # Independent uniform draws correlate with a standard error of 1 / sqrt(1000) = .032.
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.13


def test_parts_of_a_purpose_do_not_run_into_each_other():
    assert seed_for(1, "ab", "c") != seed_for(1, "a", "bc")


def test_a_seed_is_a_hash_of_the_purpose():
    digest = hashlib.sha256(b"1000\x1fweights").digest()
    # Fixed forever: another number here would change every result.
    assert seed_for(1000, "weights") == int.from_bytes(digest[:8], "little") // 2


def test_seeds_fit_and_fill_63_bits():
    seeds = [seed_for(number, "x") for number in range(2000)]
    assert min(seeds) >= 0
    assert max(seeds) < 2**63
    assert len(set(seeds)) == len(seeds)
    assert abs(np.mean(seeds) / 2**63 - 0.5) < 5 / np.sqrt(12 * 2000)
