"""The history of a results folder lists its runs, and is never lost."""

import json
from importlib import metadata

from neurobust.files.history import COMPLETE, FAILED, begin_run, end_run
from neurobust.files.provenance import digest_of

RUN = {"commit": "1" * 40, "configuration": "abc", "seeds": "1000"}


def history_of(folder):
    return json.loads((folder / "provenance.json").read_text())


def test_runs_follow_each_other_and_a_configuration_is_kept_once(tmp_path):
    results = tmp_path / "results"
    begin_run(results, RUN, {"a": 1}, ["snakemake", "all"])
    (run,) = history_of(results)["runs"]
    assert run["status"] == "running"
    assert run["ended"] is None
    end_run(results, FAILED)
    begin_run(results, RUN, {"a": 1}, ["snakemake"])
    end_run(results, COMPLETE)
    begin_run(results, RUN, {"a": 2}, ["snakemake"])
    history = history_of(results)
    assert [run["status"] for run in history["runs"]] == ["failed", "complete", "running"]
    assert history["configurations"] == {digest_of({"a": each}): {"a": each} for each in (1, 2)}
    first = history["runs"][0]
    assert first["command"] == ["snakemake", "all"]
    assert first["started"] <= first["ended"]
    assert {**first, **RUN} == first
    assert first["packages"]["numpy"] == metadata.version("numpy")


def test_a_damaged_history_is_kept_aside(tmp_path, caplog):
    (tmp_path / "provenance.json").write_text('{"runs": [')
    begin_run(tmp_path, RUN, {}, [])
    assert len(history_of(tmp_path)["runs"]) == 1
    assert (tmp_path / "provenance.damaged.json").read_text() == '{"runs": ['
    assert "no history of runs: kept as provenance.damaged.json" in caplog.text
