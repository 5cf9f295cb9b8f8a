"""The labelled form."""

import numpy as np
import pytest
import xarray as xr

from neurobust.errors import InputError
from neurobust.recordings.form import average_repeats, build_recording, check_recording, sessions_of


@pytest.fixture
def tree(brainio):
    return brainio.write().read()


def test_average_repeats_equals_a_naive_loop():
    random = np.random.default_rng(0)
    ids = np.array(["b", "a", "b", "c", "b", "a"])
    session = xr.Dataset(
        {"response": (("presentation", "neuroid"), random.normal(size=(6, 2)))},
        coords={"stimulus_id": ("presentation", ids), "neuroid_id": ("neuroid", ["x", "y"])},
    )
    mean = average_repeats(session)
    assert mean["stimulus_id"].to_numpy().tolist() == ["b", "a", "c"]
    assert mean["repeats"].to_numpy().tolist() == [3, 2, 1]
    assert mean["neuroid_id"].to_numpy().tolist() == ["x", "y"]
    for index, name in enumerate(["b", "a", "c"]):
        expected = session["response"].to_numpy()[ids == name].mean(axis=0)
        np.testing.assert_allclose(mean["response"][index], expected, rtol=1e-6)  # float32


def test_a_checked_recording_passes(tree):
    check_recording(tree, "recording.nc")


def change_session(**changes):
    def change(tree):
        tree["sessions/left_1"] = xr.DataTree(
            sessions_of(tree)["left_1"].assign_coords(
                {name: (dim, values) for name, (dim, values) in changes.items()}
            )
        )

    return change


def change_stimuli(change):
    def apply(tree):
        tree["stimuli"] = xr.DataTree(change(tree["stimuli"].to_dataset()))

    return apply


def lose_attribute(tree):
    del tree.attrs["px_per_deg"]


def change_kind(tree):
    tree.attrs["response_kind"] = "rates"


def lose_sessions(tree):
    del tree["sessions"]


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        (lose_attribute, "'px_per_deg' is missing"),
        (change_kind, "'response_kind' is 'rates'"),
        (lose_sessions, "'sessions' is empty"),
        (change_stimuli(lambda s: s.drop_vars("group")), "'group' is missing"),
        (change_stimuli(lambda s: s.astype(float)), "'pixels' has type float64"),
        (
            change_stimuli(lambda s: s.assign_coords(split=("stimulus", ["dev"] * 10))),
            r"'split' has the values \['dev'\]",
        ),
        (
            change_stimuli(lambda s: s.assign_coords(split=("stimulus", ["test"] * 10))),
            "none of its presentations is of a training stimulus",
        ),
        (change_session(stimulus_id=("presentation", ["new"] * 40)), "no picture.*new"),
        (change_session(neuroid_id=("neuroid", ["n0", "n0", "n1"])), "more than once: n0"),
    ],
)
def test_a_wrong_form_is_named(tree, spoil, problem):
    spoil(tree)
    with pytest.raises(InputError, match=problem):
        check_recording(tree, "recording.nc")


def test_sessions_of_the_same_safe_name_are_refused(tree):
    session = sessions_of(tree)["left_1"]
    with pytest.raises(InputError, match="'a b' has the same name"):
        build_recording(tree["stimuli"].to_dataset(), {"a/b": session, "a b": session}, tree.attrs)
