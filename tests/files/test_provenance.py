"""A file that a job writes has the job's record, and the commits of the job's inputs."""

import json
import platform
import subprocess
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch
import xarray as xr
from matplotlib.figure import Figure
from PIL import Image

from neurobust.config.recipes import Recipe
from neurobust.files import provenance
from neurobust.files.storage import read_dataset, read_table, read_tree, write_dataset, write_table
from neurobust.networks.files import NetworkFile, load_network, save_network
from neurobust.networks.network import Heads, build_network
from neurobust.plotting.style import save_figure

FIRST, SECOND = "1" * 40, "2" * 40


def record(commit=FIRST):
    return {"made_by": "rule make_tea", "commit": commit, "configuration": "abc", "seeds": "3"}


def dataset():
    return xr.Dataset({"value": ("row", np.arange(3.0))}, attrs={"simulated": 1})


def network():
    recipe = Recipe(trunk="vgg11", width=1 / 32, objectives={"c": {"kind": "classification"}})
    return NetworkFile(build_network(recipe, Heads(2), seed=0), 3, {})


@pytest.fixture
def checkout(tmp_path):
    """Return a repository with one commit, and the commit that git names."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    (folder / "Snakefile").write_text("one\n")

    def git(*arguments):
        named = ("-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false")
        ran = subprocess.run(
            ["git", *named, *arguments], cwd=folder, check=True, capture_output=True, text=True
        )
        return ran.stdout.strip()

    git("init", "-q")
    git("add", ".")
    git("commit", "-qm", "one")
    return folder, git("log", "-1", "--format=%H")


def test_the_commit_is_that_of_the_checkout(checkout):
    folder, commit = checkout
    assert provenance.commit_of(folder) == commit
    (folder / "untracked.txt").touch()
    assert provenance.commit_of(folder) == commit
    (folder / "Snakefile").write_text("two\n")
    assert provenance.commit_of(folder) == f"{commit}+changes"


def test_without_a_checkout_the_environment_names_the_commit(checkout, tmp_path, monkeypatch):
    folder, _ = checkout
    within = folder / "results"  # in a repository, but not its top
    within.mkdir()
    monkeypatch.delenv("NEUROBUST_COMMIT", raising=False)
    assert provenance.commit_of(within) == provenance.commit_of(tmp_path) == "unknown"
    monkeypatch.setenv("NEUROBUST_COMMIT", FIRST)
    assert provenance.commit_of(tmp_path) == FIRST
    monkeypatch.setenv("PATH", "")  # no git
    assert provenance.commit_of(folder) == FIRST


def test_the_order_of_a_configuration_does_not_count_and_its_values_do():
    digest = provenance.digest_of({"a": 1, "b": [1, 2]})
    assert digest == provenance.digest_of({"b": [1, 2], "a": 1})
    assert digest != provenance.digest_of({"a": 1, "b": [2, 1]})


def test_a_job_is_described_by_its_own_seed_or_those_of_the_run(tmp_path):
    run = provenance.describe_run({"a": 1}, [1000, 2000], tmp_path)
    job = SimpleNamespace(
        rule="make_tea", params={"code": "xyz"}, wildcards={}, config={"provenance": run}
    )
    described = provenance.describe_job(job)
    assert described["made_by"] == "rule make_tea"
    assert described["code"] == "xyz"
    assert described["configuration"] == provenance.digest_of({"a": 1})
    assert described["seeds"] == "1000 2000"
    for version in (platform.python_version(), f"numpy {np.__version__}", torch.__version__):
        assert version.partition("+")[0] in described["versions"]
    job.wildcards = {"seed": "2000"}
    assert provenance.describe_job(job)["seeds"] == "2000"


def test_every_kind_of_file_carries_the_record(tmp_path):
    expected = {**record(), "hardware": provenance.hardware(), "commits": FIRST}
    with provenance.recording(record()):
        write_dataset(dataset(), tmp_path / "a.nc")
        write_dataset(xr.DataTree.from_dict({"/deep": dataset()}), tmp_path / "tree.nc")
        save_network(network(), tmp_path / "a.pt")
        save_figure(Figure(), tmp_path / "a.png", tmp_path / "a.pdf", tmp_path / "a.svg")
        write_table(pd.DataFrame({"x": [1]}), tmp_path / "a.csv")
        provenance.write_sidecar(tmp_path / "a.csv")
    assert read_dataset(tmp_path / "a.nc").attrs == {"simulated": 1, **expected}
    assert read_tree(tmp_path / "tree.nc").attrs == expected
    assert torch.load(tmp_path / "a.pt", weights_only=True)["provenance"] == expected
    with Image.open(tmp_path / "a.png") as picture:
        assert json.loads(picture.info["Description"]) == expected
    assert json.loads((tmp_path / "a.csv.provenance.json").read_text()) == expected
    for figure in ("a.pdf", "a.svg"):
        assert FIRST.encode() in (tmp_path / figure).read_bytes()


def test_nothing_is_stamped_outside_a_job_and_inputs_stay_as_they_are(tmp_path):
    given = dataset()
    write_dataset(given, tmp_path / "a.nc")
    assert read_dataset(tmp_path / "a.nc").attrs == {"simulated": 1}
    with provenance.recording(record()):
        write_dataset(given, tmp_path / "a.nc")
    assert given.attrs == {"simulated": 1}
    assert provenance.stamp() == {}


@pytest.mark.parametrize("kind", ["nc", "pt", "csv"])
def test_commits_are_handed_down_through_every_kind_of_file(tmp_path, kind):
    path = tmp_path / f"a.{kind}"
    with provenance.recording(record(FIRST)):
        if kind == "nc":
            write_dataset(dataset(), path)
        elif kind == "pt":
            save_network(network(), path)
        else:
            write_table(pd.DataFrame({"x": [1]}), path)
            provenance.write_sidecar(path)
    read = {"nc": read_dataset, "pt": load_network, "csv": read_table}[kind]
    with provenance.recording(record(SECOND)):
        assert provenance.mixture() is None
        read(path)
        write_dataset(dataset(), tmp_path / "b.nc")
    with provenance.recording(record(SECOND)):
        read_dataset(tmp_path / "b.nc")
        assert provenance.stamp()["commits"] == f"{FIRST} {SECOND}"
        assert "2 commits (111111111111, 222222222222)" in provenance.mixture()
    with provenance.recording(record(SECOND)):
        assert provenance.stamp()["commits"] == SECOND  # what another job read does not count


def test_a_figure_of_two_commits_is_warned_of_and_one_of_one_is_not(tmp_path, caplog):
    with provenance.recording(record(FIRST)):
        write_dataset(dataset(), tmp_path / "a.nc")
        read_dataset(tmp_path / "a.nc")
        save_figure(Figure(), tmp_path / "fig3.png")
    assert caplog.text == ""
    with provenance.recording(record(f"{FIRST}+changes")):
        read_dataset(tmp_path / "a.nc")
        save_figure(Figure(), tmp_path / "fig3.png")
    assert "fig3: its data come from 2 commits" in caplog.text
    assert "111111111111+changes" in caplog.text
