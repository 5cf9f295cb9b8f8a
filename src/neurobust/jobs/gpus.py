"""Leases of GPUs: each process holds its own devices until it ends.

Snakemake limits how many GPU jobs run at once (``--resources gpu=N``) but does not assign devices
to them. A process therefore takes locks. A device has 12 lock files, its *slots*, and a job takes
``12 / share`` of them, where ``share`` is the number of jobs like it that may be on one device at
once (configuration key ``jobs_per_gpu``). A job with ``share=1`` has a device to itself, whatever
others share. The lock files are in ``<temporary folder>/neurobust-gpus-<user id>`` and the locks
are those of ``flock``. Their descriptors stay open until the process ends, and the kernel frees the
locks even after SIGKILL. A program that the process starts does not inherit them; a process that it
forks does, and keeps the lease until it ends, too.

*Order.* Jobs are served in the order in which they ask. The first in the queue takes everything it
needs at once, or nothing, and later ones wait even for devices that are free. So no two jobs each
hold half of what the other needs, and a job that needs a whole device is not overtaken forever.

*Schedulers.* Within an allocation of Slurm, PBS, LSF or Grid Engine, ``CUDA_VISIBLE_DEVICES`` is
set by the scheduler, and two allocations on one machine may both have a device 0, since cgroups
renumber devices. Each allocation therefore has its own folder, named by the scheduler's job id:
jobs of one allocation get different devices, jobs of different allocations do not wait for each
other.

*Limits.* Leases hold between processes of one user on one machine that have the same temporary
folder (``TMPDIR``). An index is locked under its UUID if ``nvidia-smi`` reports it, so that a run
with ``CUDA_VISIBLE_DEVICES=0`` and one without agree; an abbreviated UUID is another name.
"""

import fcntl
import logging
import os
import re
import subprocess
import sys
import tempfile
import time
from bisect import bisect_left
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

from neurobust.errors import InputError

SLOTS = 12
SHARES = tuple(number for number in range(1, SLOTS + 1) if SLOTS % number == 0)
"""Numbers of jobs that can share a device: the divisors of SLOTS."""

_SCHEDULERS_JOB = ("SLURM_JOB_ID", "PBS_JOBID", "LSB_JOBID", "JOB_ID")
_PAUSE_S = 0.1
_held: list[int] = []  # descriptors of the locks, never closed
log = logging.getLogger(__name__)


def visible_devices() -> list[str]:
    """Return the GPUs that this process may use, by the names that CUDA accepts.

    If ``CUDA_VISIBLE_DEVICES`` is set, they are its entries (indices, UUIDs), each once. As in
    CUDA, the list ends at the first entry that is neither, so "", "-1" and "NoDevFiles" mean none.
    Otherwise they are the UUIDs that ``nvidia-smi`` lists (of a GPU that is split, those of its
    instances), and none if there is no such program or it fails.
    """
    entries = os.environ.get("CUDA_VISIBLE_DEVICES")
    if entries is None:
        return [name for gpu in _list_gpus() for name in gpu]
    names: list[str] = []
    for entry in entries.split(","):
        if not re.fullmatch(r"[0-9]+|(GPU|MIG)-.+", entry.strip()):
            break
        names.append(entry.strip())
    return list(dict.fromkeys(names))


def assign(wanted: int, share: int = 1) -> list[str]:
    """Lease GPUs (`lease`) and make only these visible to CUDA, by ``CUDA_VISIBLE_DEVICES``.

    If the job takes all devices that a scheduler assigned, the variable keeps its value.
    ``CUDA_DEVICE_ORDER`` becomes ``PCI_BUS_ID``, so that an index means the device that
    ``nvidia-smi`` shows under it. CUDA reads both variables when it starts, with the first
    ``torch.cuda.is_available()`` or tensor on a GPU.

    Returns
    -------
    list of str
        The devices; none, also for CUDA, if none is wanted or visible.

    Raises
    ------
    InputError
        In the same cases as `lease`.
    RuntimeError
        If torch already uses CUDA, so that it is too late to choose.
    """
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        raise RuntimeError("GPUs are assigned before CUDA is used, but torch uses it already")
    names = lease(wanted, share=share)
    os.environ["CUDA_DEVICE_ORDER"] = "PCI_BUS_ID"
    os.environ["CUDA_VISIBLE_DEVICES"] = ",".join(names)
    return names


def lease(wanted: int, *, share: int = 1) -> list[str]:
    """Lease visible GPUs until the process ends; wait until they are free.

    The devices with the most free slots are taken. A line in the log reports if the job waits.

    Parameters
    ----------
    wanted
        Number of different devices.
    share
        Number of jobs like this one that may be on a device at once: 1, 2, 3, 4, 6 or 12.

    Returns
    -------
    list of str
        ``wanted`` names out of `visible_devices`, in its order; empty if no device is visible, in
        which case the caller decides whether to use the CPU.

    Raises
    ------
    InputError
        If ``share`` is another number, fewer devices are visible than wanted, or the folder of the
        lock files belongs to another user or does not support locks.
    RuntimeError
        If the process already holds a lease, since it might wait for itself.
    """
    if share not in SHARES:
        raise InputError(
            "configuration: jobs_per_gpu",
            f"is {share}",
            expected="one of " + ", ".join(map(str, SHARES)),
            fix="round it down to one of these",
        )
    if _held:
        raise RuntimeError("a process leases its GPUs once, and this one has some already")
    names = visible_devices() if wanted else []
    devices = _identify(names)
    if not devices:
        return []
    if wanted > len(devices):
        raise InputError(
            "resources: gpu",
            f"the job asks for {wanted} GPUs, but {len(devices)} can be seen: {', '.join(names)}",
            expected=f"at most {len(devices)}",
            fix="lower gpu (--resources gpu=N), or list more devices in CUDA_VISIBLE_DEVICES",
        )
    try:
        locks = _wait_for(_make_folder(), devices, wanted, SLOTS // share)
    except OSError as error:
        raise InputError(
            tempfile.gettempdir(),
            f"the lock files of GPUs cannot be used there ({error})",
            expected="a folder of this machine, with space, that is writable and supports locks",
            fix="set TMPDIR to such a folder, the same for all jobs of the machine",
        ) from error
    _held.extend(lock for slots in locks.values() for lock in slots)
    leased = [name for device, name in devices.items() if device in locks]
    log.info("GPUs leased: %s", ", ".join(leased))
    return leased


def _list_gpus() -> list[list[str]]:
    """Return the UUIDs of each GPU that CUDA can use, in the order of the GPUs' indices."""
    try:
        listed = subprocess.run(
            ["nvidia-smi", "--list-gpus"], capture_output=True, text=True, timeout=60, check=True
        ).stdout
    except FileNotFoundError:
        return []
    except (OSError, subprocess.SubprocessError) as error:
        log.info("no GPU is used, since nvidia-smi fails: %s", error)
        return []
    gpus: list[list[str]] = []
    for kind, uuid in re.findall(r"^ *(GPU|MIG) .*\(UUID: ([^)]+)\)", listed, re.MULTILINE):
        if kind == "GPU":
            gpus.append([uuid])
        else:
            gpus[-1] = [*(name for name in gpus[-1] if name.startswith("MIG")), uuid]
    return gpus


def _identify(names: list[str]) -> dict[str, str]:
    """Return the names by their keys in lock files: the UUID if it is known, else the name."""
    gpus = _list_gpus() if any(name.isdecimal() for name in names) else []
    devices: dict[str, str] = {}
    for name in names:
        index = int(name) if name.isdecimal() else len(gpus)
        devices.setdefault(gpus[index][0] if index < len(gpus) else name, name)
    return devices


def _make_folder() -> Path:
    """Make the folder of the lock files, and check that it is not another user's."""
    folder = Path(tempfile.gettempdir()) / f"neurobust-gpus-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.is_symlink() or folder.stat().st_uid != os.getuid():
        raise InputError(
            folder,
            "is a link or belongs to another user",
            expected="a folder of your own, where the lock files of GPUs are kept",
            fix="remove it, or set TMPDIR to a folder of your own",
        )
    job = next((os.environ[name] for name in _SCHEDULERS_JOB if os.environ.get(name)), None)
    if job:
        folder /= f"job-{quote(job, safe='')}"
    (folder / "queue").mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _wait_for(
    folder: Path, devices: Collection[str], wanted: int, slots: int
) -> dict[str, list[int]]:
    """Queue until ``wanted`` devices have ``slots`` free slots each; return their locks."""
    with _gate(folder):
        last = max((int(ticket.name) for ticket in (folder / "queue").iterdir()), default=0)
        ticket = folder / "queue" / str(last + 1)
        lock = _lock(ticket)
    waits = False
    try:
        while True:
            with _gate(folder):
                if _is_first(ticket) and (locks := _take(folder, devices, wanted, slots)):
                    return locks
            if not waits:
                waits = True
                log.info("waiting for %d of %d GPUs", wanted, len(devices))
            time.sleep(_PAUSE_S)
    finally:
        ticket.unlink(missing_ok=True)
        os.close(lock)


@contextmanager
def _gate(folder: Path) -> Iterator[None]:
    """Let one process at a time look at slots and take them, without waiting for a device."""
    gate = _lock(folder / "gate", fcntl.LOCK_EX)
    try:
        yield
    finally:
        os.close(gate)


def _is_first(ticket: Path) -> bool:
    """Return whether no earlier ticket's process waits; remove the tickets of dead processes."""
    numbers = sorted(int(other.name) for other in ticket.parent.iterdir())
    for number in numbers[: bisect_left(numbers, int(ticket.name))]:
        earlier = ticket.with_name(str(number))
        try:
            lock = _lock(earlier)
        except BlockingIOError:
            return False
        earlier.unlink(missing_ok=True)
        os.close(lock)
    return True


def _take(folder: Path, devices: Collection[str], wanted: int, slots: int) -> dict[str, list[int]]:
    """Lock slots on the devices with the most free ones: all that are wanted, or none."""
    free: dict[str, list[int]] = {device: [] for device in devices}
    for device in devices:
        for slot in range(SLOTS):
            with suppress(BlockingIOError):
                free[device].append(_lock(folder / f"{quote(device, safe='')}.{slot}"))
    enough = [device for device in devices if len(free[device]) >= slots]
    chosen = sorted(enough, key=lambda device: len(free[device]), reverse=True)[:wanted]
    if len(chosen) < wanted:
        chosen = []
    for device, locks in free.items():
        for lock in locks[slots if device in chosen else 0 :]:
            os.close(lock)
    return {device: free[device][:slots] for device in chosen}


def _lock(path: Path, how: int = fcntl.LOCK_EX | fcntl.LOCK_NB) -> int:
    """Return the descriptor of a file locked by this process; BlockingIOError if it is taken."""
    # Because of the sticky bit, systemd's cleaner of temporary files keeps the file. If it were
    # removed during a job of many days, another job could lock a new file of this name. Python
    # sets O_CLOEXEC.
    file = os.open(path, os.O_CREAT | os.O_RDWR, 0o1600)
    try:
        fcntl.flock(file, how)
    except BaseException:
        os.close(file)
        raise
    return file
