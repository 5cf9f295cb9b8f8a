"""A user's own recording, choices and weights, from the files to scores, as the guides describe."""

import numpy as np
import pytest
import torch
import xarray as xr
import yaml

from neurobust.config.recipes import Recipe
from neurobust.files.storage import read_dataset
from neurobust.networks.network import Heads, build_network

pytestmark = pytest.mark.slow
RESULTS = "results/own"
SMOKE = ("--configfile", "presets/smoke.yaml")
SIMULATED = "results/smoke/recordings/simulated/simulated-v1"  # in the form that a user has
PER_OBJECT = 8  # pictures of each object that trials show
TRIALS = 100  # of each picture against each distractor


def write_trials(table, path):
    """Let an observer name the photograph that patches are from; some patches are harder."""
    random = np.random.default_rng(0)
    objects = np.unique(table["label"])
    shown = np.concatenate([np.flatnonzero(table["label"] == o)[:PER_OBJECT] for o in objects])
    wrong = random.uniform(0.05, 0.45, (len(shown), len(objects)))
    rows = [
        (table["stimulus_id"][stimulus], table["label"][stimulus], distractor, wrong[row, column])
        for row, stimulus in enumerate(shown)
        for column, distractor in enumerate(objects)
        if distractor != table["label"][stimulus]
        for _ in range(TRIALS)
    ]
    stimulus, truth, distractor, p = (np.array(column) for column in zip(*rows, strict=True))
    choice = np.where(random.random(len(p)) < p, distractor, truth)
    xr.Dataset(
        {"data": ("presentation", choice)},
        coords={
            "image_id": ("presentation", stimulus),
            "sample_obj": ("presentation", truth),
            "dist_obj": ("presentation", distractor),
        },
        attrs={"identifier": "a-user.Choices"},
    ).to_netcdf(path)


@pytest.fixture(scope="module")
def own(workflow, smoke_targets):
    """Score a network that a file of weights gives on a recording and on choices."""
    folder = workflow.folder / "resources" / "own"
    folder.mkdir(parents=True)
    rows = (workflow.folder / SIMULATED / "stimulus_set.csv").read_text().splitlines()
    columns = np.array([row.split(",") for row in rows[1:]]).T
    write_trials(dict(zip(rows[0].split(","), columns, strict=True)), folder / "choices.nc")
    given = build_network(Recipe(trunk="cornet-z", width=0.25), Heads(), seed=5)
    checkpoint = {f"module.{n.removeprefix('trunk.')}": v for n, v in given.state_dict().items()}
    torch.save({"state_dict": checkpoint}, folder / "cornet_z.pth")
    pictures = {
        "stimulus_set": f"{SIMULATED}/stimulus_set.csv",
        "stimuli": f"{SIMULATED}/stimuli.zip",
    }
    overlay = {
        "pathvars": {"results": RESULTS},
        "recordings": {
            "mine": {
                "source": "brainio",
                "assembly": f"{SIMULATED}/assembly.nc",
                **pictures,
                "species": "none (simulated)",
                "px_per_deg": 14,
                "window_ms": [40, 160],
                "split": {"column": "split"},
            }
        },
        "predictivity": {"mine": {"recording": "mine", "components": 5, "n_splits": 3}},
        "behaviour": {
            "choices": {"assembly": "resources/own/choices.nc", **pictures, "truth": "label"},
            "absent": {"assembly": "resources/absent.nc", **pictures},
        },
        "networks": {
            "pretrained": {
                "trunk": "cornet-z",
                "width": 0.25,
                "weights": "resources/own/cornet_z.pth",
                "seeds": [1000],
            }
        },
    }
    preset = workflow.folder / "own.yaml"
    preset.write_text(yaml.safe_dump(overlay))
    run = workflow.build(
        f"{RESULTS}/evaluations/predictivity/mine/pretrained.nc",
        f"{RESULTS}/evaluations/behaviour/choices/pretrained.nc",
        f"{RESULTS}/evaluations/behaviour/absent/pretrained.nc",
        options=("-k", *SMOKE, str(preset)),
    )
    return run, given


def test_the_weights_of_the_file_are_the_network_s(workflow, own):
    _, given = own
    file = workflow.folder / RESULTS / "networks/pretrained/seed1000.pt"
    weights = torch.load(file, weights_only=True)["weights"]
    assert all(torch.equal(weights[name], value) for name, value in given.state_dict().items())


def test_a_recording_in_three_files_gives_a_score(workflow, own):
    score = read_dataset(workflow.folder / RESULTS / "evaluations/predictivity/mine/pretrained.nc")
    assert score.attrs["chosen_layer"] in ("V1", "V2", "V4", "IT")
    assert score.attrs["simulated"] == 1  # by the assembly's own attribute
    assert score["correlation"].dims == ("seed", "split", "neuroid")
    assert score.sizes["split"] == 3
    # Even random features distinguish bright from dark and fine from coarse.
    assert 0 < score["raw"].item() < score["ceiling"].item() <= 1
    assert 0 < score["ceiled"].item() < 1


def test_choices_give_a_consistency(workflow, own):
    score = read_dataset(workflow.folder / RESULTS / "evaluations/behaviour/choices/pretrained.nc")
    assert score.attrs["behaviour"] == "a-user.Choices"
    assert score.attrs["chosen_layer"] == "IT"
    assert score["ceiling"] > 0.5  # fifty trials in a half distinguish errors of 5 % from 45 %
    # The errors were drawn without a look at the pictures: 48 cells scatter by 1/7 about 0.
    assert abs(score["consistency"].item()) < 0.6


def test_choices_that_are_not_there_are_named(workflow, own):
    run, _ = own
    assert run.status == 1
    log = workflow.folder / RESULTS / "logs/evaluate_behaviour/absent/pretrained.log"
    assert "resources/absent.nc: is not there (behaviour.absent.assembly)" in log.read_text()
    assert "Traceback" not in run.printed
