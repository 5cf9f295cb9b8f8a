"""Every image is paired with one of another class, each exactly once."""

import numpy as np
import pytest

from neurobust.errors import InputError
from neurobust.images.pairing import derange_labels


def derange(labels, seed=0):
    return derange_labels(np.asarray(labels), generator=np.random.default_rng(seed))


@pytest.mark.parametrize(
    "labels",
    [
        np.repeat(np.arange(10), 100),
        np.arange(50),
        np.array([0, 1] * 20),  # only one way to pair the classes
        np.array([0] * 20 + [1] * 7 + [2] * 13),  # exactly half of one class
        np.array([3, 7]),
    ],
)
@pytest.mark.parametrize("seed", range(5))
def test_no_image_meets_its_own_class(labels, seed):
    shuffled = np.random.default_rng(seed).permutation(labels)
    partner = derange(shuffled, seed)
    np.testing.assert_array_equal(np.sort(partner), np.arange(len(labels)))
    assert (shuffled[partner] != shuffled).all()


def test_the_generator_alone_decides():
    labels = np.repeat(np.arange(5), 8)
    np.testing.assert_array_equal(derange(labels, 1), derange(labels, 1))
    assert (derange(labels, 1) != derange(labels, 2)).any()


def test_all_partners_are_about_equally_likely():
    labels = np.array([0, 0, 1, 1, 2, 2])
    draws = 4000
    counts = np.zeros((6, 6))
    for seed in range(draws):
        counts[np.arange(6), derange(labels, seed)] += 1
    # Four partners of other classes each. Four standard errors of a share of 1/4 are .027; the
    # repair is not exactly uniform, so .04.
    np.testing.assert_allclose(counts / draws, (labels != labels[:, None]) / 4, atol=0.04)


def test_the_labels_are_left_alone():
    labels = np.array([0, 0, 1, 1])
    derange(labels)
    assert labels.tolist() == [0, 0, 1, 1]


@pytest.mark.parametrize("labels", [[2, 2, 2, 0, 1], [2], [2, 2]])
def test_a_class_of_more_than_half_is_refused(labels):
    with pytest.raises(InputError, match=r"test images.*have the label 2"):
        derange(labels)
