"""A real Slurm on this machine, with two pretend GPUs, for the tests of profiles/slurm.

Its configuration must lie in /etc/slurm, because the steps of a job drop ``SLURM_CONF``. Hence it
starts only when asked to, as root, and never over a configuration that is not its own.
"""

import os
import shutil
import socket
import stat
import subprocess
import time
from pathlib import Path
from typing import NamedTuple

import pytest

ASKED = "NEUROBUST_SLURM_TEST"
CONFIGURATION = Path("/etc/slurm")
FILES = ("slurm.conf", "gres.conf")
MARK = "# Written by the tests of neurobust, which remove it again."
COLUMNS = ("JobID", "State", "Reason", "tres-per-job", "MinMemory", "TimeLimit", "Comment")
JOBS_AT_ONCE = 4  # more is of no use on the two cores of a runner

# One node without munge, cgroups or accounting; more memory and processors than it may have.
SLURM = """\
{mark}
ClusterName=neurobust-test
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
AuthType=auth/none
CredType=cred/none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
TaskProlog={folder}/record-devices
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerParameters=defer,sched_interval=2,bf_interval=2
GresTypes=gpu
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/none
SlurmdParameters=config_overrides
ReturnToService=2
MinJobAge=300
KillWait=30
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
NodeName={host} NodeAddr=127.0.0.1 CPUs={jobs} RealMemory=64000 Gres=gpu:2
PartitionName=test Nodes={host} Default=YES MaxTime=2-00:00:00 State=UP
"""
# Slurm takes any device whose name ends in a number for a GPU: here two like /dev/null.
GRES = """\
{mark}
NodeName={host} Name=gpu File={folder}/gpu[0-1]
"""
# What a task prints on lines that begin with "export" enters its environment; this prints nothing.
RECORD_DEVICES = """\
#!/bin/sh
echo "$SLURM_JOB_ID ${{CUDA_VISIBLE_DEVICES-none}}" >> {folder}/devices
"""


def reason_to_skip():
    """Return why Slurm cannot be started here, None if it can."""
    if os.environ.get(ASKED) != "1":
        return f"starts Slurm with its configuration in {CONFIGURATION}: only if {ASKED}=1"
    if os.geteuid() != 0:
        return f"needs root, to write {CONFIGURATION}"
    if any(shutil.which(command) is None for command in ("slurmctld", "slurmd")):
        return "needs Slurm: apt-get install slurm-wlm"
    foreign = [
        file
        for file in (CONFIGURATION / name for name in FILES)
        if file.exists() and not file.read_text().startswith(MARK)
    ]
    return f"{foreign[0]} belongs to a Slurm of this machine" if foreign else None


class SlurmJob(NamedTuple):
    """A job as ``squeue`` lists it."""

    number: str
    state: str
    reason: str
    gpus: bool
    memory: str
    time_limit: str
    comment: str


class Slurm(NamedTuple):
    """The service: its folder, with logs and the devices that jobs were given."""

    folder: Path

    def jobs(self):
        """List the jobs of the last minutes, finished ones, too."""
        columns = ",".join(f"{column}:|" for column in COLUMNS)
        listed = ask("squeue", "--states=all", "--noheader", f"--Format={columns}")
        jobs = [line.split("|")[: len(COLUMNS)] for line in listed.splitlines()]
        return [
            SlurmJob(number, state, reason, "gpu" in tres, memory, time_limit, comment)
            for number, state, reason, tres, memory, time_limit, comment in jobs
        ]

    def cancel(self, *arguments):
        """Cancel or signal a job."""
        ask("scancel", *arguments)

    def devices(self):
        """Return CUDA_VISIBLE_DEVICES of each job that ran a step."""
        file = self.folder / "devices"
        lines = file.read_text().splitlines() if file.exists() else []
        return dict(line.split(maxsplit=1) for line in lines)


def ask(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout


def wait_until(true, seconds, what):
    """Wait until something is true; fail if it does not become so."""
    start = time.monotonic()
    while not true():
        assert time.monotonic() - start < seconds, f"{what}: not within {seconds} s"
        time.sleep(0.2)


def answers():
    """Return whether the controller answers and the node is ready for jobs."""
    listed = subprocess.run(
        ("sinfo", "--noheader", "--format=%T"), capture_output=True, text=True, timeout=60
    )
    return listed.stdout.strip() == "idle"


@pytest.fixture(scope="session")
def slurm(tmp_path_factory):
    """Start Slurm, and stop what was started."""
    reason = reason_to_skip()
    if reason is not None:
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("slurm")
    named = {"mark": MARK, "host": socket.gethostname(), "folder": folder, "jobs": JOBS_AT_ONCE}
    (folder / "state").mkdir()
    (folder / "spool").mkdir()
    for gpu in ("gpu0", "gpu1"):
        os.mknod(folder / gpu, stat.S_IFCHR | 0o600, os.makedev(1, 3))
    (folder / "record-devices").write_text(RECORD_DEVICES.format(**named))
    (folder / "record-devices").chmod(0o755)
    for name, text in zip(FILES, (SLURM, GRES), strict=True):
        (CONFIGURATION / name).write_text(text.format(**named))
    daemons = []
    try:
        for command in (("slurmctld", "-D", "-c"), ("slurmd", "-D")):
            with (folder / f"{command[0]}.out").open("w") as printed:
                daemons.append(subprocess.Popen(command, stdout=printed, stderr=printed))
        wait_until(answers, 60, "Slurm's node is idle")
        assert all(daemon.poll() is None for daemon in daemons), f"its logs are in {folder}"
        yield Slurm(folder)
        ask("scancel", "--full", "--user=root")
        wait_until(lambda: not ask("squeue", "--noheader"), 60, "the last jobs have ended")
    finally:
        for daemon in reversed(daemons):
            daemon.terminate()
            daemon.wait(30)
        for name in FILES:
            (CONFIGURATION / name).unlink()
