"""The choice of validation pictures, counted by hand."""

import numpy as np
import pytest

from neurobust.errors import InputError
from neurobust.images.splits import hold_out


def choose(label, class_names="ab", **changes):
    options = {"fraction": 0.25, "seed": 3, "place": "image set 'x'"}
    return hold_out(np.asarray(label), list(class_names), **(options | changes))


@pytest.mark.parametrize(
    ("count", "fraction", "expected"),
    [(20, 0.1, 2), (20, 0.12, 2), (20, 0.13, 3), (3, 0.1, 1), (2, 0.9, 1)],
)
def test_every_class_gives_its_share_and_at_least_one(count, fraction, expected):
    label = np.tile([0, 1], count)
    chosen = choose(label, fraction=fraction)
    assert np.bincount(label[chosen]).tolist() == [expected, expected]


def test_the_seed_and_the_name_of_the_class_alone_decide():
    label = np.repeat([0, 1], 40)
    chosen = choose(label)
    np.testing.assert_array_equal(chosen, choose(label))
    assert (chosen != choose(label, seed=4)).any()
    assert (chosen[:40] != chosen[40:]).any()
    np.testing.assert_array_equal(choose(1 - label, "ba"), chosen)
    np.testing.assert_array_equal(choose(np.zeros(40, int), "b"), chosen[40:])


def test_what_leaves_a_split_empty_is_refused():
    for fraction in (0, 1, -0.5):
        with pytest.raises(InputError, match=f"image set 'x': 'validation' is {fraction}"):
            choose([0, 0, 1, 1], fraction=fraction)
    with pytest.raises(InputError, match="class 'b' has 1 training pictures"):
        choose([0, 0, 1])
