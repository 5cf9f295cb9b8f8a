"""Tests of results: given a folder of results by the rule test_results, else skipped by name."""

import os
from pathlib import Path

import pytest

from neurobust.storage import read_dataset, read_table


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
def corruptions(results):
    files = sorted((results / "evaluations/corruptions").glob("*.nc"))
    return {file.stem: read_dataset(file) for file in files}


@pytest.fixture(scope="session")
def predictions(results):
    files = sorted((results / "evaluations/prediction").glob("*.nc"))
    return {file.stem: read_dataset(file) for file in files}
