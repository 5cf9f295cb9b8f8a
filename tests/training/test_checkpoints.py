"""Interrupted trainings: what is saved and loaded, and that the result is the same.

A training that is stopped and continued is compared, byte for byte, with one left alone: on the
CPU both compute the same numbers in the same order, so that no tolerance is due.
"""

import contextlib
import hashlib
import io
import logging
import math
import os
import resource
import signal
import subprocess
import sys

import numpy as np
import pytest
import torch
from torch.optim.optimizer import register_optimizer_step_post_hook

from neurobust.config.recipes import Recipe
from neurobust.config.schedules import Schedule
from neurobust.errors import InputError
from neurobust.files.storage import write_dataset
from neurobust.jobs.signals import Interrupted
from neurobust.networks.files import NetworkFile, save_network
from neurobust.training import checkpoints, train
from neurobust.training.checkpoints import Checkpoint, checkpoint_path, training_key
from neurobust.training.objective import TrainingData
from neurobust.training.train import train_network

CPU = torch.device("cpu")
NEVER = math.inf
PLAIN = {"kind": "classification"}
PREDICTED = {"kind": "responses", "source": "p", "ratio": "1:2"}
RECORDED = {"kind": "responses", "source": "r", "loss": "likelihood"}
SIMILAR = {"kind": "similarity", "source": "s", "batch_size": 7, "ratio": "1:2"}
STAGES = [
    {"objectives": {"c": PLAIN}},
    {"freeze_to": "conv-3-1", "reset": True, "objectives": {"c": PLAIN}},
]
# Two plateaus, after which the best epoch is restored; three batches make an epoch.
PLATEAUS = Schedule(lr=0.01, batch_size=8, max_epochs=5, patience=0, lr_steps=2)
PHASES = PLATEAUS.model_copy(update={"phase_epochs": 1, "lr_steps": 2, "cycles": 2})
ADAM = PLATEAUS.model_copy(update={"optimiser": "adam"})

RECIPES = {
    "momentum": (PLATEAUS, {"objectives": {"c": PLAIN}}),
    "phases and components": (
        PHASES,
        {"objectives": {"c": PLAIN}, "frontend": {"kind": "pca", "components": 5}},
    ),
    "two stages": (PLATEAUS, {"stages": STAGES}),
    "similarity": (PLATEAUS, {"objectives": {"c": PLAIN, "s": SIMILAR}}),
    "co-training": (
        PLATEAUS,
        {"objectives": {"c": PLAIN, "v1": PREDICTED}, "weighting": "uncertainty"},
    ),
    "recording": (ADAM, {"objectives": {"v1": RECORDED}, "readout_layer": "conv-1-1"}),
}
# Recipes with more draws than the order of batches; they take longer and are stopped less often.
DRAWING = {
    "adversarial": {"c": PLAIN | {"adversarial": {"norm": "l2", "size": 0.5, "steps": 2}}},
    "augmix": {"c": PLAIN | {"augmix": {}}},
    "corrupted": {"c": PLAIN | {"corrupted": 0.2}},
}


class Steps:
    """Counts the steps of all optimisers, and signals this process after every so many steps."""

    def __init__(self):
        self.done = 0
        self.apart = None
        self.name = "SIGTERM"

    def __call__(self, *_):
        self.done += 1
        if self.apart is not None and self.done % self.apart == 0:
            os.kill(os.getpid(), signal.Signals[self.name])


@pytest.fixture
def steps():
    counter = Steps()
    handle = register_optimizer_step_post_hook(counter)
    yield counter
    handle.remove()


@pytest.fixture
def data(image_set, recording, predicted_responses, similarities):
    return TrainingData(
        images=image_set,
        recordings={"r": recording},
        responses={"p": predicted_responses},
        similarities={"s": similarities},
    )


@pytest.fixture
def run(data, tmp_path):
    """Return a function that trains to the end or to an interruption and returns the file."""

    def train_once(schedule, fields, *, minutes=NEVER, key="a key"):
        made = Recipe(**{"trunk": "vgg11", "width": 1 / 32} | fields)
        checkpoint = Checkpoint(tmp_path / "checkpoints" / "seed1.ckpt", key, minutes=minutes)
        network, history = train_network(
            made, {"classification": schedule}, data, seed=1, device=CPU, checkpoint=checkpoint
        )
        checkpoint.remove()
        save_network(NetworkFile(network, 1, history), tmp_path / "seed1.pt")
        return (tmp_path / "seed1.pt").read_bytes()

    return train_once


def persist(run, *given, **options):
    """Run until the end; return the file and how often it was interrupted."""
    for interruptions in range(100):
        with contextlib.suppress(Interrupted):
            return run(*given, **options), interruptions
    return pytest.fail("it makes no progress")


@pytest.mark.parametrize("name", RECIPES)
def test_a_training_stopped_after_every_step_ends_as_one_left_alone(name, run, steps):
    alone = run(*RECIPES[name])
    total, steps.done, steps.apart = steps.done, 0, 1
    stopped, interruptions = persist(run, *RECIPES[name])
    assert stopped == alone
    # It continues rather than starts again: no step runs twice.
    assert steps.done == interruptions == total
    assert total > 8


@pytest.mark.parametrize("objectives", DRAWING.values(), ids=DRAWING)
def test_whatever_is_drawn_does_not_depend_on_where_a_training_was_stopped(objectives, run, steps):
    given = PLATEAUS.model_copy(update={"max_epochs": 2}), {"objectives": objectives}
    alone = run(*given)
    total, steps.done, steps.apart = steps.done, 0, 2
    stopped, interruptions = persist(run, *given)
    assert stopped == alone
    assert (steps.done, interruptions) == (total, total // 2)


def test_a_signal_while_validating_acts_after_it(run, steps, monkeypatch):
    alone = run(*RECIPES["two stages"])
    total, steps.done = steps.done, 0
    measure = train.correctness
    validated = []

    def interrupt(*given):
        signal.raise_signal(signal.SIGUSR1)
        validated.append(measure(*given))
        return validated[-1]

    monkeypatch.setattr(train, "correctness", interrupt)
    stopped, interruptions = persist(run, *RECIPES["two stages"])
    assert stopped == alone
    assert steps.done == total
    assert interruptions == len(validated) == total / 3  # none runs twice


@pytest.mark.parametrize("name", ["SIGTERM", "SIGUSR1", "SIGINT"])
def test_an_interrupted_training_says_where_its_state_is_and_where_it_continues(
    name, run, steps, tmp_path, caplog
):
    caplog.set_level(logging.INFO)
    steps.name, steps.apart = name, 5
    before = signal.getsignal(signal.Signals[name])
    message = rf"{name}: .*seed1\.ckpt; the same command continues"
    with pytest.raises(Interrupted, match=message) as caught:
        run(*RECIPES["momentum"])
    assert caught.value.signal == name
    assert signal.getsignal(signal.Signals[name]) == before
    assert [path.name for path in (tmp_path / "checkpoints").iterdir()] == ["seed1.ckpt"]
    steps.apart = None
    run(*RECIPES["momentum"])
    assert "continuing from stage 0, epoch 2, step 2 of 3" in caplog.text
    assert list((tmp_path / "checkpoints").iterdir()) == []


def test_a_training_without_a_checkpoint_leaves_signals_alone(data, steps):
    steps.name, steps.apart = "SIGINT", 1
    made = Recipe(trunk="vgg11", width=1 / 32, objectives={"c": PLAIN})
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in the background
    try:
        with pytest.raises(KeyboardInterrupt):
            train_network(made, {"classification": PLATEAUS}, data, seed=1, device=CPU)
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_damaged_state_costs_one_interval_and_two_cost_the_training(run, steps, tmp_path, caplog):
    latest = tmp_path / "checkpoints" / "seed1.ckpt"
    alone = run(*RECIPES["momentum"])
    total, steps.done, steps.apart = steps.done, 0, 5
    with pytest.raises(Interrupted):
        run(*RECIPES["momentum"], minutes=0)
    latest.write_bytes(latest.read_bytes()[:-1])
    with pytest.raises(Interrupted):
        run(*RECIPES["momentum"], minutes=0)  # from step 4, to the signal after 10 in all
    assert f"{latest}: damaged" in caplog.text
    for path in latest.parent.glob("*.ckpt"):
        path.write_bytes(b"")
    steps.done, steps.apart = 0, None
    assert run(*RECIPES["momentum"]) == alone
    assert steps.done == total
    assert "starting anew" in caplog.text


def test_the_state_of_another_training_is_not_used(run, steps, caplog):
    steps.apart = 4
    with pytest.raises(Interrupted):
        run(*RECIPES["momentum"], key="the old recipe")
    steps.done, steps.apart = 0, None
    changed = PLATEAUS.model_copy(update={"lr": 0.02})
    after = run(changed, RECIPES["momentum"][1], key="the new recipe")
    assert "belongs to another recipe, code or data" in caplog.text
    assert "starting anew" in caplog.text
    total, steps.done = steps.done, 0
    assert run(changed, RECIPES["momentum"][1]) == after
    assert steps.done == total


def test_a_full_disk_does_not_end_a_training_but_it_ends_one_that_is_asked_to(
    run, steps, monkeypatch, caplog
):
    alone = run(*RECIPES["momentum"])

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checkpoints.os, "fsync", fail)
    assert run(*RECIPES["momentum"], minutes=0) == alone
    assert "training goes on without its state being saved" in caplog.text
    assert "No space left on device" in caplog.text
    steps.apart = 2
    with pytest.raises(InputError, match=r"seed1\.ckpt: .*No space left(.|\n)*same command"):
        run(*RECIPES["momentum"])


# The file itself


def state(step):
    return {"step": step, "weights": torch.arange(1000.0) + step, "best": -math.inf, "none": None}


def same(first, second):
    return first.keys() == second.keys() and all(
        torch.equal(first[name], second[name]) if name == "weights" else first[name] == second[name]
        for name in first
    )


@pytest.fixture
def checkpoint(tmp_path):
    return Checkpoint(tmp_path / "folder" / "seed1.ckpt", "a key", minutes=1)


def flip(path, position):
    raw = bytearray(path.read_bytes())
    raw[position] ^= 1
    path.write_bytes(raw)


def names(checkpoint):
    return sorted(path.name for path in checkpoint.path.parent.iterdir())


def test_a_state_is_read_as_it_was_written(checkpoint):
    assert checkpoint.load() is None
    checkpoint.save(state(1))
    assert same(checkpoint.load(), state(1))
    checkpoint.save(state(2))
    assert same(checkpoint.load(), state(2))
    assert names(checkpoint) == ["seed1.ckpt", "seed1.previous.ckpt"]
    checkpoint.path.unlink()  # as if killed between the two renamings
    assert same(checkpoint.load(), state(1))
    checkpoint.save(state(3))
    checkpoint.remove()
    assert names(checkpoint) == []
    checkpoint.remove()


def test_any_damage_is_noticed_and_the_state_before_is_used(checkpoint, caplog):
    checkpoint.save(state(1))
    checkpoint.save(state(2))
    good = checkpoint.path.read_bytes()
    random = np.random.default_rng(0)
    # Each byte of the head, and some of the rest.
    positions = [*range(100), *random.integers(100, len(good), 40)]
    damages = [good[:length] for length in (0, 1, 50, 88, len(good) // 2, len(good) - 1)]
    damages += [good + b"\0", *(good[:p] + bytes([good[p] ^ 1]) + good[p + 1 :] for p in positions)]
    for damaged in damages:
        caplog.clear()
        checkpoint.path.write_bytes(damaged)
        assert same(checkpoint.load(), state(1))
        assert f"{checkpoint.path}: damaged" in caplog.text
        assert names(checkpoint) == ["seed1.ckpt.damaged", "seed1.previous.ckpt"]
        assert (checkpoint.path.parent / "seed1.ckpt.damaged").read_bytes() == damaged


def test_a_damaged_state_never_takes_the_place_of_a_sound_one(checkpoint):
    checkpoint.save(state(1))
    checkpoint.save(state(2))
    flip(checkpoint.path, 500)
    checkpoint.load()
    checkpoint.save(state(3))
    flip(checkpoint.path, 500)
    assert same(checkpoint.load(), state(1))


def test_two_damaged_states_are_kept_aside(checkpoint, caplog):
    checkpoint.save(state(1))
    checkpoint.save(state(2))
    flip(checkpoint.path, 500)
    flip(checkpoint.previous, -1)
    assert checkpoint.load() is None
    assert names(checkpoint) == ["seed1.ckpt.damaged", "seed1.previous.ckpt.damaged"]
    assert "seed1.previous.ckpt: damaged" in caplog.text
    assert "starting anew" in caplog.text


def test_a_file_that_would_run_code_is_not_loaded(checkpoint, tmp_path):
    class Touch:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "was here"),)

    content = io.BytesIO()
    torch.save({"key": "a key", "state": Touch()}, content)
    digest = hashlib.sha256(content.getvalue()).hexdigest().encode()
    checkpoint.save(state(1))
    form = checkpoint.path.read_bytes().split(b"\n")[0]
    checkpoint.path.write_bytes(form + b"\n" + digest + b"\n" + content.getvalue())
    assert checkpoint.load() is None
    assert not (tmp_path / "was here").exists()
    torch.load(io.BytesIO(content.getvalue()), weights_only=False)
    assert (tmp_path / "was here").exists()  # it would have


def test_a_file_of_another_key_is_overwritten(checkpoint, caplog):
    other = Checkpoint(checkpoint.path, "another key", minutes=1)
    other.save(state(1))
    assert checkpoint.load() is None
    assert f"{checkpoint.path}: belongs to another recipe, code or data" in caplog.text
    checkpoint.save(state(2))
    assert same(checkpoint.load(), state(2))
    assert other.load() is not None  # kept as the previous one, for one more generation
    checkpoint.save(state(3))
    assert other.load() is None


def test_what_a_killed_process_left_is_removed(checkpoint):
    checkpoint.save(state(1))
    for name in (".seed1.123.part.ckpt", ".seed10.123.part.ckpt"):
        (checkpoint.path.parent / name).write_bytes(b"half")
    assert same(checkpoint.load(), state(1))
    assert names(checkpoint) == [".seed10.123.part.ckpt", "seed1.ckpt"]


def test_a_limit_on_the_size_of_files_leaves_the_good_state(checkpoint):
    checkpoint.save(state(1))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    large = state(2) | {"weights": torch.zeros(1 << 22)}
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 22, hard))
    try:
        with pytest.raises(InputError, match=r"seed1\.ckpt: .*File too large(.|\n)*same command"):
            checkpoint.save(large)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert names(checkpoint) == ["seed1.ckpt"]
    assert same(checkpoint.load(), state(1))


def test_a_place_that_cannot_be_written_to_is_named(tmp_path):
    (tmp_path / "folder").write_text("a file")
    blocked = Checkpoint(tmp_path / "folder" / "seed1.ckpt", "a key", minutes=1)
    with pytest.raises(InputError, match=r"folder/seed1\.ckpt: .*cannot be written"):
        blocked.save(state(1))


def test_a_state_that_cannot_be_read_is_not_thrown_away(checkpoint):
    checkpoint.path.mkdir(parents=True)
    with pytest.raises(InputError, match=r"seed1\.ckpt: .*cannot be read \(Is a directory\)"):
        checkpoint.load()
    assert names(checkpoint) == ["seed1.ckpt"]


def test_a_state_is_saved_once_in_an_interval(checkpoint, monkeypatch):
    clock = [0.0]
    monkeypatch.setattr(checkpoints.time, "monotonic", lambda: clock[0])
    checkpoint = Checkpoint(checkpoint.path, "a key", minutes=2)
    saved = []
    monkeypatch.setattr(Checkpoint, "save", lambda self, state: saved.append(state()) or begin())

    def begin():
        checkpoint._last = clock[0]

    with checkpoint.boundaries() as at_boundary:
        for clock[0] in range(0, 600, 50):
            at_boundary(lambda: lambda: clock[0])
    # 100 s are less than two minutes, 150 s are not.
    assert saved == [150, 300, 450]


def test_the_state_of_a_network_lies_in_one_place():
    assert str(checkpoint_path("results/networks/net-1to15/seed1000.pt")) == (
        "results/checkpoints/net-1to15/seed1000.ckpt"
    )


def test_a_key_follows_from_everything_that_makes_a_training(tmp_path, monkeypatch):
    file = tmp_path / "images.nc"
    file.write_text("abc")
    os.utime(file, ns=(0, 1_000))
    about = {"recipe": {"width": 1}, "seed": 1}
    first = training_key([file], **about)
    assert training_key([file], **about) == first
    keys = {first, training_key([file], **about | {"seed": 2}), training_key([], **about)}
    os.utime(file, ns=(0, 1_001))
    keys.add(training_key([file], **about))
    file.write_text("abcd")
    os.utime(file, ns=(0, 1_000))
    keys.add(training_key([file], **about))
    monkeypatch.setattr(torch, "__version__", "9.9")
    keys.add(training_key([file], **about))
    assert len(keys) == 6


# One process trains at a time: a copy of the driver, which has loaded torch already.
DRIVER = """
import os, signal, sys, time, traceback
from pathlib import Path

import torch

torch.set_num_threads(1)  # a copy of a process has none but its main thread
from torch.optim.optimizer import register_optimizer_step_post_hook

from neurobust.config.schedules import Schedule
from neurobust.networks.files import NetworkFile, save_network
from neurobust.randomness import generator
from neurobust.config.recipes import Recipe
from neurobust.files.storage import read_dataset
from neurobust.training.checkpoints import Checkpoint
from neurobust.training.schedules import build_optimiser
from neurobust.training.objective import TrainingData
from neurobust.training.train import train_network

folder = Path(sys.argv[1])
data = TrainingData(images=read_dataset(folder / "images.nc"))
recipe = Recipe(trunk="vgg11", width=1 / 32, objectives={"c": {"kind": "classification"}})
schedules = {"classification": Schedule(lr=0.01, batch_size=8, max_epochs=10, patience=20)}


def train(name):
    steps = os.open(folder / f"{name}.steps", os.O_CREAT | os.O_APPEND | os.O_WRONLY)
    register_optimizer_step_post_hook(lambda *_: os.write(steps, b"."))
    checkpoint = Checkpoint(folder / name / "seed1.ckpt", "a key", minutes=0)
    network, history = train_network(
        recipe, schedules, data, seed=1, device=torch.device("cpu"), checkpoint=checkpoint
    )
    save_network(NetworkFile(network, 1, history), folder / f"{name}.pt")
    checkpoint.remove()


def die_before_rename(number):
    rename, left = Path.replace, iter(range(number))

    def replace(self, target):
        if next(left, None) is None:
            os.kill(os.getpid(), signal.SIGKILL)
        return rename(self, target)

    Path.replace = replace


def start(name, renames=None):
    pid = os.fork()
    if pid:
        return pid
    try:
        if renames is not None:
            die_before_rename(renames)
        train(name)
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def seen():
    try:
        return (folder / "killed" / "seed1.ckpt").stat().st_mtime_ns
    except FileNotFoundError:  # none yet, or between the two renamings
        return None


def kill_after_progress(pid, delay_s):
    before = seen()
    while seen() in (before, None):
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            return status
        time.sleep(0.001)
    time.sleep(delay_s)
    os.kill(pid, signal.SIGKILL)
    return os.waitpid(pid, 0)[1]


build_optimiser(schedules["classification"], [torch.nn.Parameter(torch.ones(1))])  # loads more
began = time.monotonic()
assert os.waitpid(start("alone"), 0)[1] == 0
pace_s = (time.monotonic() - began) / 30
kills = 0
for renames in range(5):  # in the middle of a save
    status = os.waitpid(start("killed", renames), 0)[1]
    assert os.WIFSIGNALED(status), status
    kills += 1
delays = generator(1, "kills")
while True:  # wherever it is
    status = kill_after_progress(start("killed"), delays.uniform(0, 2 * pace_s))
    if not os.WIFSIGNALED(status):
        break
    kills += 1
assert status == 0, status
print(kills)
"""


def test_a_training_killed_again_and_again_ends_as_one_left_alone(image_set, tmp_path):
    write_dataset(image_set, tmp_path / "images.nc")
    done = subprocess.run(
        [sys.executable, "-c", DRIVER, str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    kills = int(done.stdout)
    assert kills >= 10
    assert (tmp_path / "killed.pt").read_bytes() == (tmp_path / "alone.pt").read_bytes()
    assert list((tmp_path / "killed").iterdir()) == []
    assert list(tmp_path.glob(".*.part*")) == []
    steps = {name: (tmp_path / f"{name}.steps").stat().st_size for name in ("alone", "killed")}
    assert steps["alone"] == 30
    # A kill costs at most the step that was not saved yet.
    assert steps["alone"] <= steps["killed"] <= steps["alone"] + kills
