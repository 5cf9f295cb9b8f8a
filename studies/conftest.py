"""Fixtures of checks of results; they skip unless the rule check_results gives the folder."""

import os
from pathlib import Path

import pytest

from neurobust.files.storage import read_dataset, read_result


@pytest.fixture(scope="session")
def results():
    """Return the folder of results that the rule check_results gives."""
    folder = os.environ.get("NEUROBUST_RESULTS")
    if folder is None:
        pytest.skip("needs results: run by the rule check_results (NEUROBUST_RESULTS is not set)")
    return Path(folder)


@pytest.fixture(scope="session")
def read(results):
    """Return a function that reads a result, given its path in the folder of results."""

    def read_one(path):
        return read_result(results / path)

    return read_one


@pytest.fixture(scope="session")
def evaluations(results):
    """Return a function that reads all evaluations of a kind, by network.

    Evaluations on benchmarks (``predictivity/*``) are named by benchmark and network.
    """

    def read_kind(kind):
        folder = results / "evaluations" / kind.partition("/")[0]
        files = sorted((results / "evaluations").glob(f"{kind}/*.nc"))
        return {str(file.relative_to(folder).with_suffix("")): read_dataset(file) for file in files}

    return read_kind


@pytest.fixture(scope="session")
def corruptions(evaluations):
    """Return the evaluations on corrupted images, by network."""
    return evaluations("corruptions")


@pytest.fixture(scope="session")
def readouts(evaluations):
    """Return the evaluations of readouts, by network."""
    return evaluations("readouts")
