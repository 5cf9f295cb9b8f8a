"""Marks of networks, titles made of names, and rows of tables that figures write."""

import numpy as np
import pandas as pd
import pytest

from neurobust.errors import InputError
from neurobust.plotting.style import network_marks, readable
from neurobust.plotting.tables import select_points, select_row, write_coefficient

OPEN = {"label": "", "colour": None, "marker": None, "line": None}


def test_marks_are_those_of_the_recipes_and_a_network_without_label_has_its_name():
    own = {"label": "A", "colour": "#000000", "marker": "o", "line": "-"}
    marks = network_marks({"a": own, "b": OPEN | {"marker": "*"}})
    assert marks["a"] == ("A", "#000000", "o", "-")
    assert marks["b"].label == "b"
    assert marks["b"].marker == "*"


def test_networks_without_marks_can_be_told_apart_with_and_without_colour():
    marks = network_marks({f"new-{n}": OPEN for n in range(12)})
    assert len(set(marks.values())) == 12
    assert len({(mark.label, mark.colour) for mark in list(marks.values())[:4]}) == 4


def test_spare_colours_are_not_those_of_the_other_networks():
    own = network_marks({"new": OPEN})["new"]
    taken = {"label": "", "colour": own.colour, "marker": "o", "line": "-"}
    marks = network_marks({"old": taken, "new": OPEN})
    assert marks["new"].colour != own.colour


def test_names_are_readable():
    assert readable("jpeg_compression") == "JPEG compression"
    assert readable("gaussian_noise") == "Gaussian noise"


def test_rows_and_points_are_chosen_by_their_columns():
    table = pd.DataFrame({"name": ["a", "b", "b"], "x": [1, 2, 3], "y": [4, 5, 6]})
    assert next(select_points(table, "points", "name", "x", "y")) == ("a", 1, 4)
    assert select_row(table, "points", name="a") == {"name": "a", "x": 1, "y": 4}
    with pytest.raises(InputError, match="2 rows have"):
        select_row(table, "points", name="b")
    with pytest.raises(InputError, match="column 'z' is missing"):
        select_points(table, "points", "name", "x", "z")


def test_coefficients_are_written_with_their_intervals():
    row = {"r": -0.5, "low": -0.75, "high": 0.25, "p": 0.04}
    assert write_coefficient(row, "r").startswith("r = −0.50 [−0.75, 0.25], p = ")
    assert write_coefficient(row | {"r": np.nan}, "τ") == "τ not defined"
