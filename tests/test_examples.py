"""The examples in docstrings of the library run and give what they show."""

import doctest
import importlib
import re
from pathlib import Path

import pytest

import neurobust

SOURCE = Path(neurobust.__file__).parent
WITH_EXAMPLES = sorted(
    file for file in SOURCE.rglob("*.py") if re.search(r"^ *>>> ", file.read_text(), re.MULTILINE)
)


@pytest.mark.parametrize("file", WITH_EXAMPLES, ids=lambda file: str(file.relative_to(SOURCE)))
def test_examples_give_what_they_show(file):
    name = ".".join(["neurobust", *file.relative_to(SOURCE).with_suffix("").parts])
    result = doctest.testmod(importlib.import_module(name.removesuffix(".__init__")))
    assert result.attempted
    assert not result.failed


def test_there_are_examples():
    assert WITH_EXAMPLES
