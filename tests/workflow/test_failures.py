"""A job that fails prints one message, leaves nothing half made and stops nothing else."""

import os
import signal
import time
import zipfile

import pytest
import torch
import yaml

from neurobust.networks.files import load_network

pytestmark = pytest.mark.slow
RESULTS = "results/failures"
SMOKE = ("--configfile", "presets/smoke.yaml")
ABSENT = {
    "source": "brainio",
    "assembly": "resources/absent/assembly.nc",
    "stimulus_set": "resources/absent/stimulus_set.csv",
    "stimuli": "resources/absent/stimuli.zip",
    "species": "macaque",
    "px_per_deg": 14,
    "window_ms": [40, 160],
}


def log_of(workflow, name):
    return (workflow.folder / RESULTS / "logs" / name).read_text()


def is_one_message(text, rule):
    """Return whether a text is the message of a failed rule and no traceback."""
    return text.startswith(f"{rule}: ") and text.count("to fix:") == 1 and "Traceback" not in text


@pytest.fixture(scope="module")
def failed(workflow):
    """Run with -k: a truncated zip, an absent recording, a GPU; beside them what can be built."""
    truncated = workflow.folder / "truncated.zip"
    with zipfile.ZipFile(truncated, "w") as archive:
        archive.writestr("tiny-imagenet-200/wnids.txt", "n00000001\n" * 1000)
    truncated.write_bytes(truncated.read_bytes()[:-100])
    overlay = {
        "pathvars": {"results": RESULTS},
        "images": {"broken": {"source": "tiny-imagenet", "path": str(truncated)}},
        "recordings": {"absent": ABSENT},
    }
    preset = workflow.folder / "failures.yaml"
    preset.write_text(yaml.safe_dump(overlay))
    return workflow.build(
        f"{RESULTS}/images/broken.nc",
        f"{RESULTS}/recordings/absent.nc",
        f"{RESULTS}/networks/baseline/seed1000.pt",
        options=("-k", *SMOKE, str(preset), "--config", "device=gpu"),
    )


def test_a_damaged_input_is_named_with_what_was_expected(workflow, failed):
    log = log_of(workflow, "build_image_set/broken.log")
    assert is_one_message(log, "build_image_set")
    assert f"{workflow.folder / 'truncated.zip'}: the zip cannot be opened" in log
    assert "expected: the whole tiny-imagenet-200.zip" in log
    assert log in failed.printed  # show-failed-logs of the default profile


def test_an_absent_recording_is_named_with_where_to_get_it(workflow, failed):
    log = log_of(workflow, "import_recording/absent.log")
    assert is_one_message(log, "import_recording")
    assert f"{ABSENT['assembly']}: is not there (recordings.absent.assembly)" in log
    assert "docs/real-data.md" in log


@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine without a CUDA device")
def test_a_gpu_that_is_not_there_is_named(workflow, failed):
    log = log_of(workflow, "train_network/baseline/seed1000.log")
    assert is_one_message(log, "train_network")
    assert "configuration: device: asks for a GPU, but this machine shows none" in log
    assert "set device: auto" in log
    assert not (workflow.folder / RESULTS / "networks/baseline/seed1000.pt").exists()


def test_what_failed_leaves_no_file_and_the_rest_is_built(workflow, failed):
    assert failed.status == 1
    assert "Traceback" not in failed.printed
    folder = workflow.folder / RESULTS
    assert [file.name for file in folder.rglob("*.nc")] == ["photographs.nc"]
    assert not [*folder.rglob("*.part*")]


def test_a_killed_run_is_completed_by_the_next(workflow):
    network = "results/smoke/networks/baseline/seed2000.pt"
    file, log = workflow.folder / network, workflow.folder / network_log(network)
    with workflow.start(network, "--cores", "2", *SMOKE, start_new_session=True) as process:
        wait_for(log)
        os.killpg(process.pid, signal.SIGKILL)
        printed, _ = process.communicate()
    assert process.returncode == -signal.SIGKILL
    assert not file.exists(), printed
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"half")  # what a program that writes in place would have left
    assert workflow.run("--unlock", *SMOKE).status == 0
    finished = workflow.build(network, options=SMOKE)
    assert finished.status == 0, finished.printed
    assert load_network(file).seed == 2000


@pytest.mark.parametrize("name", ["SIGKILL", "SIGTERM"])
def test_a_training_that_is_interrupted_continues_to_the_same_network(
    workflow, smoke_targets, name
):
    network = f"results/{name}/networks/baseline/seed1000.pt"
    # A state after every step: whenever it is interrupted, there is one.
    changed = {"pathvars": {"results": f"results/{name}"}, "checkpoint_minutes": 0}
    options = (*SMOKE, "--config", *(f"{key}={value}" for key, value in changed.items()))
    log, state = workflow.folder / network_log(network), workflow.folder / state_of(network)
    with workflow.start(network, "--cores", "2", *options, start_new_session=True) as process:
        wait_for(state)
        os.killpg(process.pid, signal.Signals[name])
        printed, _ = process.communicate(timeout=120)
    assert process.returncode != 0
    assert state.exists(), printed
    if name == "SIGTERM":
        assert "train_network: ended by SIGTERM: the state is in" in log.read_text()
    else:
        assert workflow.run("--unlock", *options).status == 0
    finished = workflow.build(network, options=options)
    assert finished.status == 0, finished.printed
    assert "the state of an interrupted training" in log.read_text()
    assert not state.exists()
    alone = load_network(workflow.folder / smoke_targets[1])
    continued = load_network(workflow.folder / network)
    assert continued.history == alone.history
    weights = alone.network.state_dict()
    assert all(
        torch.equal(value, weights[key]) for key, value in continued.network.state_dict().items()
    )


def state_of(network):
    return network.replace("networks", "checkpoints").replace(".pt", ".ckpt")


def network_log(network):
    return network.replace("networks", "logs/train_network").replace(".pt", ".log")


def wait_for(file, seconds=60):
    """Wait until a job has opened its log."""
    start = time.monotonic()
    while not file.exists():
        assert time.monotonic() - start < seconds
        time.sleep(0.05)
