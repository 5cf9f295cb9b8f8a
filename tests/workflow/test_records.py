"""After a run of everything: every file states where it comes from, and the run has a record."""

import json

import pytest
import torch
import xarray as xr
from PIL import Image

from neurobust.files.provenance import digest_of

pytestmark = pytest.mark.slow
RECORD = {
    *("made_by", "code", "commit", "configuration", "seeds", "versions", "hardware", "commits"),
}
NO_RESULTS = ("logs", "benchmarks")


def record_of(file):
    """Return the record in a result, read without the library."""
    if file.suffix == ".nc":
        with xr.open_dataset(file) as data:
            return data.attrs
    if file.suffix == ".pt":
        return torch.load(file, weights_only=True)["provenance"]
    if file.suffix == ".png":
        with Image.open(file) as picture:
            return json.loads(picture.info["Description"])
    return json.loads(file.with_name(f"{file.name}.provenance.json").read_text())


@pytest.fixture(scope="module")
def results(smoke_results):
    return smoke_results.folder / "results/smoke"


def test_every_file_states_where_it_comes_from(results):
    files = [
        file
        for file in results.rglob("*")
        if file.is_file()
        and file.relative_to(results).parts[0] not in NO_RESULTS
        and not file.name.endswith("provenance.json")
        and file.suffix != ".pdf"
    ]
    assert len(files) > 150
    (run,) = json.loads((results / "provenance.json").read_text())["runs"]
    for file in files:
        record = record_of(file)
        assert {*record} >= RECORD, file
        assert record["configuration"] == run["configuration"]
        assert record["commits"] == run["commit"]
    seeds = {file.name: record_of(file)["seeds"] for file in results.glob("networks/baseline/*")}
    assert seeds == {"seed1000.pt": "1000", "seed2000.pt": "2000"}


def test_a_pdf_carries_the_record_of_its_png(results):
    pdfs = [*results.glob("figures/*/*.pdf")]
    assert len(pdfs) > 15
    for pdf in pdfs:
        record = record_of(pdf.with_suffix(".png"))
        assert f'"code": "{record["code"]}"'.encode() in pdf.read_bytes()


def test_the_history_holds_the_run_and_its_configuration(results):
    history = json.loads((results / "provenance.json").read_text())
    (run,) = history["runs"]
    assert run["status"] == "complete"
    assert "presets/smoke.yaml" in run["command"]
    assert run["seeds"] == "1000 2000"
    assert run["packages"]["torch"] == torch.__version__.partition("+")[0]
    config = history["configurations"][run["configuration"]]
    assert config["seeds"] == [1000, 2000]
    assert digest_of(config) == run["configuration"]


def test_a_training_leaves_no_state_behind(results):
    assert [file for file in results.rglob("*.ckpt*") if file.is_file()] == []
