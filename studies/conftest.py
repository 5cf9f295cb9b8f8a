"""Tests of results: given a folder of results by the rule test_results, else skipped by name."""

import os
from pathlib import Path

import pytest

from neurobust.files.storage import read_dataset, read_table


@pytest.fixture(scope="session")
def results():
    folder = os.environ.get("NEUROBUST_RESULTS")
    if folder is None:
        pytest.skip("needs results: run by the rule test_results (NEUROBUST_RESULTS is not set)")
    return Path(folder)


@pytest.fixture(scope="session")
def scores(results):
    return read_dataset(results / "analysis/safarani2021/scores.nc")


@pytest.fixture(scope="session")
def claims(results):
    return read_table(results / "claims/safarani2021.csv")


@pytest.fixture(scope="session")
def errors(results):
    return read_dataset(results / "analysis/brain-likeness/corruption_errors.nc")


@pytest.fixture(scope="session")
def points(results):
    return read_table(results / "tables/brain-likeness/points.csv")


@pytest.fixture(scope="session")
def evaluations(results):
    """Return a function that reads all evaluations of a kind, by the name of the network."""

    def read(kind):
        files = sorted((results / "evaluations").glob(f"{kind}/*.nc"))
        return {f"{file.parent.name}/{file.stem}": read_dataset(file) for file in files}

    return read


@pytest.fixture(scope="session")
def corruptions(evaluations):
    return by_network(evaluations("corruptions"))


@pytest.fixture(scope="session")
def predictions(evaluations):
    return by_network(evaluations("prediction"))


def by_network(evaluations):
    return {name.rpartition("/")[2]: data for name, data in evaluations.items()}
