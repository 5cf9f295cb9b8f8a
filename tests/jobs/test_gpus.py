"""Leases of GPUs, with pretend devices and real processes, many of which are killed.

Two oracles that do not know the locks record who is on a device: a marker that each process sets
while it has its lease (after setting its own, it checks whether the others leave room), and
intervals on the clock that all processes of a machine share. A job with ``share`` n counts 12 / n,
and a device has room for 12.
"""

import fcntl
import json
import os
import random
import signal
import stat
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from neurobust.errors import InputError
from neurobust.jobs import gpus as leases

FOR_EVER = 600.0
ROOM = 12

JOB = """
import json, logging, os, signal, subprocess, sys, time
from pathlib import Path
from neurobust.jobs.gpus import lease

signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored by what runs in the background
name, wanted, share, hold_s, child = sys.argv[1:]
units = 12 // int(share)
journal = os.open("journal", os.O_CREAT | os.O_APPEND | os.O_WRONLY)

def record_event(event, **more):
    line = {"at": time.monotonic_ns(), "job": name, "event": event, "units": units, **more}
    os.write(journal, (json.dumps(line) + "\\n").encode())

class Journal(logging.Handler):
    def emit(self, record):
        record_event(record.getMessage())

logging.basicConfig(handlers=[Journal()], level=logging.INFO)

def used(device):
    found = 0
    for marker in Path("markers").glob(f"{device}.*"):
        other = marker.suffix[1:]
        if not Path("killed", other).exists():
            try:
                found += int(os.readlink(marker))
            except FileNotFoundError:
                pass
    return found

record_event("asks")
devices = lease(int(wanted), share=int(share))
for device in devices:
    os.symlink(str(units), f"markers/{device}.{name}")
more = {"child": subprocess.Popen(["sleep", "600"], close_fds=False).pid} if int(child) else {}
record_event("begin", devices=devices, used=max(map(used, devices)), **more)
time.sleep(float(hold_s))
record_event("end", used=max(map(used, devices)))
for device in devices:
    os.unlink(f"markers/{device}.{name}")
"""


def environment(folder, devices, **more):
    """Return this environment with pretend devices, no nvidia-smi and no scheduler."""
    ours = {"CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER", *leases._SCHEDULERS_JOB}
    kept = {key: value for key, value in os.environ.items() if key not in ours}
    shown = {} if devices is None else {"CUDA_VISIBLE_DEVICES": devices}
    return kept | {"TMPDIR": str(folder), "PATH": f"{folder}/bin:/usr/bin:/bin"} | shown | more


class Machine:
    """A folder in which jobs run, as many at a time as are started."""

    def __init__(self, folder, devices):
        self.folder, self.devices = folder, devices
        self.jobs = {}
        for name in ("markers", "killed"):
            (folder / name).mkdir()

    def start(self, name, *, wanted=1, share=1, hold_s=FOR_EVER, child=0, **variables):
        self.jobs[name] = subprocess.Popen(
            [sys.executable, "-c", JOB, *map(str, (name, wanted, share, hold_s, child))],
            cwd=self.folder,
            env=environment(self.folder, self.devices, **variables),
        )

    def journal(self, name=None):
        file = self.folder / "journal"
        lines = file.read_text().splitlines() if file.exists() else []
        recorded = [json.loads(line) for line in lines]
        return [line for line in recorded if name in (None, line["job"])]

    def events(self, name=None):
        return [line["event"] for line in self.journal(name)]

    def await_event(self, name, event):
        """Wait until a job has recorded an event; the bound only ends a test that hangs."""
        for _ in range(1500):
            for line in self.journal(name):
                if line["event"].startswith(event):
                    return line
            assert self.jobs[name].poll() in (None, 0), f"{name} failed"
            time.sleep(0.04)
        raise AssertionError(f"{name} never came to {event}")

    def kill(self, name):
        """Kill a job at once; its devices may be taken from this moment on."""
        (self.folder / "killed" / name).write_text(str(time.monotonic_ns()))
        self.jobs[name].kill()
        self.jobs[name].wait()

    def await_end(self):
        """Wait for all jobs; those that were not killed must have succeeded."""
        for name, job in self.jobs.items():
            killed = (self.folder / "killed" / name).exists()
            assert job.wait(60) in ((0, -signal.SIGKILL) if killed else (0,)), name

    def peak_use(self):
        """Return the most that was ever used of each device, by the clock's intervals."""
        stays = []
        for line in self.journal():
            if line["event"] == "begin":
                killed = self.folder / "killed" / line["job"]
                ends = [end["at"] for end in self.journal(line["job"]) if end["event"] == "end"]
                ends += [int(killed.read_text())] if killed.exists() else []
                until = min(ends)
                stays += [(device, line["at"], until, line["units"]) for device in line["devices"]]
        peak = {}
        for device, begin, _, _ in stays:
            there = [stay for stay in stays if stay[0] == device and stay[1] <= begin < stay[2]]
            peak[device] = max(peak.get(device, 0), sum(stay[3] for stay in there))
        return peak

    def most_seen(self):
        """Return the most that any job saw used of its devices, by the markers."""
        return max(line["used"] for line in self.journal() if "used" in line)


@pytest.fixture
def make_machine(tmp_path):
    machines = []

    def make(devices):
        machines.append(Machine(tmp_path, devices))
        return machines[-1]

    yield make
    for machine in machines:
        for job in machine.jobs.values():
            job.kill()
            job.wait()


def test_no_two_of_twenty_jobs_ever_share_a_device_though_some_are_killed(make_machine):
    machine = make_machine("0,1,2")
    chance = random.Random(5)
    holders = ["holder0", "holder1", "holder2"]
    for name in holders:
        machine.start(name)
    for name in holders:
        machine.await_event(name, "begin")
    others = [f"job{number}" for number in range(17)]
    for name in others:
        machine.start(name, hold_s=chance.uniform(0.02, 0.2))
    for name in others:
        machine.await_event(name, "waiting for 1 of 3 GPUs")
    # All devices are taken, so these are killed while they wait ...
    waiting = chance.sample(others, 4)
    for name in waiting:
        machine.kill(name)
    # ... these while they hold a device, and the last ones whatever they are doing.
    for name in holders:
        time.sleep(chance.uniform(0, 0.2))
        machine.kill(name)
    anywhere = chance.sample([name for name in others if name not in waiting], 3)
    for name in anywhere:
        time.sleep(chance.uniform(0, 0.3))
        machine.kill(name)
    machine.await_end()
    assert machine.peak_use() == {"0": ROOM, "1": ROOM, "2": ROOM}
    assert machine.most_seen() == ROOM
    for name in others:
        events = machine.events(name)
        assert events.count("waiting for 1 of 3 GPUs") == 1
        if name in waiting:
            assert "begin" not in events
        elif name not in anywhere:
            assert events[-2:] == ["begin", "end"]


def test_a_job_that_asks_for_two_gets_two_among_jobs_that_ask_for_one(make_machine):
    machine = make_machine("GPU-a,GPU-b,GPU-c")
    chance = random.Random(6)
    for number in range(12):
        two = number % 4 == 1
        hold_s = chance.uniform(0.02, 0.15)
        machine.start(f"{number}", wanted=1 + two, hold_s=hold_s)
    machine.await_end()
    got = {line["job"]: line["devices"] for line in machine.journal() if line["event"] == "begin"}
    assert len(got) == 12
    for job, devices in got.items():
        # In the order of the devices seen, each once: so that CUDA's first is always the same.
        assert len(devices) == (2 if int(job) % 4 == 1 else 1)
        assert devices == sorted(set(devices))
    assert max(machine.peak_use().values()) == ROOM
    assert machine.most_seen() == ROOM


def test_four_jobs_share_a_device_if_they_may_and_a_fifth_waits(make_machine):
    machine = make_machine("0,1")
    for number in range(8):
        machine.start(f"{number}", share=4)
    held = [machine.await_event(f"{number}", "begin")["devices"][0] for number in range(8)]
    assert sorted(held) == ["0"] * 4 + ["1"] * 4
    machine.start("ninth", share=4, hold_s=0)
    machine.await_event("ninth", "waiting for 1 of 2 GPUs")
    machine.kill("5")
    assert machine.await_event("ninth", "begin")["devices"] == [held[5]]
    for number in {*range(8)} - {5}:
        machine.kill(f"{number}")
    machine.await_end()
    assert machine.peak_use() == {"0": ROOM, "1": ROOM}
    assert machine.most_seen() == ROOM


def test_sharing_jobs_spread_over_devices_before_they_share_one(make_machine):
    machine = make_machine("0,1,2")
    got = []
    for name in "abc":
        machine.start(name, share=3)
        got += machine.await_event(name, "begin")["devices"]
    assert got == ["0", "1", "2"]


def test_jobs_of_several_shares_never_overfill_a_device(make_machine):
    machine = make_machine("0,1")
    chance = random.Random(7)
    for number in range(14):
        share = chance.choice([1, 2, 3, 4, 12])
        machine.start(f"{number}", share=share, hold_s=chance.uniform(0.02, 0.15))
    machine.await_end()
    assert machine.events().count("end") == 14
    assert max(machine.peak_use().values()) <= ROOM
    assert machine.most_seen() <= ROOM


def test_jobs_are_served_in_the_order_in_which_they_asked(make_machine):
    machine = make_machine("0,1")
    machine.start("sharing", share=4)
    machine.start("whole", share=1)
    for name in ("sharing", "whole"):
        machine.await_event(name, "begin")
    # Two devices, one of them in part free: enough for all but the first of the queue.
    machine.start("two", wanted=2, hold_s=0)
    machine.await_event("two", "waiting for 2 of 2 GPUs")
    queue = ["small", "one", "other", "last"]
    for name in queue:
        machine.start(name, share=4 if name == "small" else 1, hold_s=0)
        machine.await_event(name, "waiting for 1 of 2 GPUs")
    machine.kill("one")
    machine.kill("sharing")
    machine.kill("whole")
    machine.await_end()
    begun = [line["job"] for line in machine.journal() if line["event"].startswith("GPUs leased")]
    assert begun[2:] == ["two", "small", "other", "last"]


def test_nothing_is_looked_at_or_taken_while_another_process_does_so(make_machine):
    machine = make_machine("0")
    run_code(machine.folder, "lease(1)", "0")  # makes the folder
    with (machine.folder / f"neurobust-gpus-{os.getuid()}" / "gate").open() as gate:
        fcntl.flock(gate, fcntl.LOCK_EX)
        machine.start("job", hold_s=0)
        machine.await_event("job", "asks")
        time.sleep(0.3)  # long enough for one that does not care
        assert machine.events() == ["asks"]
    machine.await_end()
    assert machine.events()[-1] == "end"


def test_a_killed_job_frees_its_device_though_a_program_it_started_lives_on(make_machine):
    machine = make_machine("0")
    machine.start("parent", child=1)
    child = machine.await_event("parent", "begin")["child"]
    try:
        machine.start("next", hold_s=0)
        machine.await_event("next", "waiting")
        machine.kill("parent")
        machine.await_event("next", "begin")
        os.kill(child, 0)  # raises if it has ended
    finally:
        os.kill(child, signal.SIGKILL)
    machine.await_end()


def test_allocations_of_a_scheduler_do_not_wait_for_each_other_but_their_jobs_do(make_machine):
    machine = make_machine("0")
    jobs = [
        ("SLURM_JOB_ID", "7"),
        ("PBS_JOBID", "7[2].head"),
        ("LSB_JOBID", "../8"),
        ("JOB_ID", "9"),
    ]
    machine.start("none")
    machine.await_event("none", "begin")
    for variable, job in jobs:
        machine.start(variable, **{variable: job})
        machine.await_event(variable, "begin")
    assert not [event for event in machine.events() if event.startswith("waiting")]
    folder = machine.folder / f"neurobust-gpus-{os.getuid()}"
    assert len([*folder.glob("job-*/queue")]) == len(jobs)  # "../8" leads nowhere else
    machine.start("same", hold_s=0, JOB_ID="9")
    machine.await_event("same", "waiting")
    machine.kill("JOB_ID")
    machine.await_event("same", "begin")


def run_code(folder, code, devices, **variables):
    """Return what a process prints."""
    done = subprocess.run(
        [sys.executable, "-c", f"import os\nfrom neurobust.jobs.gpus import *\n{code}"],
        env=environment(folder, devices, **variables),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


SHOW = """
print(assign({wanted}))
print(os.environ["CUDA_VISIBLE_DEVICES"])
print(os.environ["CUDA_DEVICE_ORDER"])
"""


@pytest.mark.parametrize(
    ("wanted", "seen", "left"),
    [
        (0, "0,1", ""),
        (1, "2,1", "2"),
        (2, "3, 1,3,-1,0", "3,1"),
        (1, "MIG-GPU-5a/1/0,MIG-GPU-5a/2/0", "MIG-GPU-5a/1/0"),
        (1, "", ""),
        (1, "-1", ""),
        (1, "NoDevFiles", ""),
        (1, None, ""),
    ],
)
def test_cuda_is_shown_what_was_leased_alone(tmp_path, wanted, seen, left):
    leased = [name for name in left.split(",") if name]
    printed = run_code(tmp_path, SHOW.format(wanted=wanted), seen)
    assert printed == [str(leased), left, "PCI_BUS_ID"]


LISTED = """\
GPU 0: NVIDIA A100-SXM4-40GB (UUID: GPU-11)
GPU 1: NVIDIA A100-SXM4-40GB (UUID: GPU-22)
  MIG 3g.20gb     Device  0: (UUID: MIG-aa)
  MIG 3g.20gb     Device  1: (UUID: MIG-bb)
GPU 2: NVIDIA A100-SXM4-40GB (UUID: GPU-33)
"""


def pretend_nvidia_smi(folder, body):
    program = folder / "bin" / "nvidia-smi"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\n[ "$*" = --list-gpus ] || exit 2\n{body}\n')
    program.chmod(0o755)


def test_devices_are_those_of_nvidia_smi_where_the_environment_names_none(tmp_path):
    pretend_nvidia_smi(tmp_path, f"cat <<'END'\n{LISTED}END")
    names = ["GPU-11", "MIG-aa", "MIG-bb", "GPU-33"]
    assert run_code(tmp_path, "print(visible_devices())", None) == [str(names)]
    assert run_code(tmp_path, "print(visible_devices())", "2,0") == ["['2', '0']"]
    assert run_code(tmp_path, "print(visible_devices())", "") == ["[]"]
    assert run_code(tmp_path, "print(lease(4))", None) == [str(names)]


def test_there_is_no_device_where_nvidia_smi_fails(tmp_path):
    pretend_nvidia_smi(tmp_path, f"cat <<'END'\n{LISTED}END\nexit 9")
    assert run_code(tmp_path, "print(visible_devices(), lease(1))", None) == ["[] []"]


def test_a_run_that_names_an_index_and_one_that_names_none_agree_on_the_device(make_machine):
    machine = make_machine("0")
    pretend_nvidia_smi(machine.folder, f"cat <<'END'\n{LISTED}END")
    machine.start("index")
    machine.await_event("index", "begin")
    printed = run_code(machine.folder, "print(lease(3))", None)
    assert printed == [str(["MIG-aa", "MIG-bb", "GPU-33"])]


def test_cleaners_of_temporary_files_leave_the_locks(tmp_path):
    run_code(tmp_path, "lease(1)", "0")
    folder = tmp_path / f"neurobust-gpus-{os.getuid()}"
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert len(files) == 12 + 1  # the slots and the gate; the ticket is gone
    assert all(path.stat().st_mode & stat.S_ISVTX for path in files)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_leases_need_nothing_but_the_standard_library(tmp_path):
    code = "import sys; print({name.partition('.')[0] for name in sys.modules} - {'__main__'} "
    code += "- set(sys.stdlib_module_names) <= before)"
    before = "import sys\nbefore = {name.partition('.')[0] for name in sys.modules} | {'neurobust'}"
    done = subprocess.run(
        [sys.executable, "-c", f"{before}\nimport neurobust.jobs.gpus\n{code}"],
        env=environment(tmp_path, None),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "True\n"


@pytest.fixture
def here(tmp_path, monkeypatch):
    """Let this process lease, for what fails before it has any device."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "GPU-a,GPU-b")
    for name in leases._SCHEDULERS_JOB:
        monkeypatch.delenv(name, raising=False)
    return tmp_path / f"neurobust-gpus-{os.getuid()}"


def test_more_than_is_visible_is_refused_by_names(here):
    with pytest.raises(InputError, match=r"asks for 3 GPUs, but 2 can be seen: GPU-a, GPU-b") as e:
        leases.lease(3)
    assert "--resources gpu" in str(e.value)
    assert "CUDA_VISIBLE_DEVICES" in str(e.value)


@pytest.mark.parametrize("share", [0, -1, 5, 24])
def test_a_share_that_does_not_divide_a_device_is_refused(here, share):
    with pytest.raises(InputError, match=f"jobs_per_gpu: is {share}\n.*1, 2, 3, 4, 6, 12"):
        leases.lease(0, share=share)


def test_a_folder_that_is_a_link_is_refused(here, tmp_path):
    here.symlink_to(tmp_path)
    with pytest.raises(InputError, match=f"{here.name}: is a link"):
        leases.lease(1)


def test_a_folder_of_another_user_is_refused(here, monkeypatch):
    uid = os.getuid() + 1  # to whom the folder, made by this user, does not belong
    monkeypatch.setattr(os, "getuid", lambda: uid)
    with pytest.raises(InputError, match=rf"neurobust-gpus-{uid}: .*belongs to another user"):
        leases.lease(1)


def test_a_temporary_folder_that_cannot_be_used_is_named(here):
    here.write_text("in the way")
    with pytest.raises(InputError, match="lock files of GPUs cannot be used") as error:
        leases.lease(1)
    assert "TMPDIR" in str(error.value)


def test_to_assign_after_cuda_has_started_is_a_fault_of_ours(here, monkeypatch):
    started = SimpleNamespace(cuda=SimpleNamespace(is_initialized=lambda: True))
    monkeypatch.setitem(sys.modules, "torch", started)
    with pytest.raises(RuntimeError, match="uses it already"):
        leases.assign(1)
    assert os.environ["CUDA_VISIBLE_DEVICES"] == "GPU-a,GPU-b"
    assert not Path(here).exists()


def test_a_process_leases_once(tmp_path):
    code = "lease(1)\ntry:\n    lease(1)\nexcept RuntimeError as error:\n    print(error)"
    assert "leases its GPUs once" in run_code(tmp_path, code, "0,1")[0]


def test_a_job_that_is_interrupted_while_it_waits_leaves_the_queue(make_machine):
    machine = make_machine("0")
    machine.start("holder")
    machine.await_event("holder", "begin")
    machine.start("waiting")
    machine.await_event("waiting", "waiting")
    machine.jobs["waiting"].send_signal(signal.SIGINT)
    assert machine.jobs["waiting"].wait(60) != 0
    queue = machine.folder / f"neurobust-gpus-{os.getuid()}" / "queue"
    assert [*queue.iterdir()] == []
