"""The origin of results: every file that a job writes carries the record of the job.

While a job runs (`recording`), readers note the records of the files that they read and writers put
the job's record into what they write: into the file where its format has room for it (netCDF,
networks, figures), else into a file beside it, ``NAME.provenance.json``. So the commits behind a
result are handed down from the raw data to the figure.

A record contains no time, so that the same run on the same machine gives the same bytes.
"""

import hashlib
import json
import os
import platform
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import Any

from neurobust.files.whole import whole

PACKAGES = ("neurobust", "numpy", "scipy", "torch", "xarray", "snakemake")
"""Packages whose versions a record names."""
EMBEDDED = frozenset({".nc", ".pt", ".png", ".pdf", ".svg"})
"""Endings of files that contain their record."""
UNKNOWN = "unknown"


def describe_run(config: Mapping[str, Any], seeds: list[int], repository: Path) -> dict[str, str]:
    """Return what all jobs of a run have in common: commit, configuration and seeds.

    Parameters
    ----------
    config
        The resolved configuration, defaults included, as plain values.
    seeds
        The seeds of its networks.
    repository
        The folder of the Snakefile.
    """
    return {
        "commit": commit_of(repository),
        "configuration": digest_of(config),
        "seeds": " ".join(map(str, seeds)),
    }


def digest_of(config: Mapping[str, Any]) -> str:
    """Return 16 digits that identify a resolved configuration, whatever the order of its keys."""
    return hashlib.sha256(json.dumps(config, sort_keys=True).encode()).hexdigest()[:16]


def commit_of(repository: Path) -> str:
    """Return the commit of a checkout, with ``+changes`` where tracked files differ from it.

    Without git or a checkout it is the environment variable ``NEUROBUST_COMMIT``, which a container
    sets, else ``unknown``.
    """

    def git(*arguments: str) -> str:
        command = ["git", "-C", str(repository), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    try:
        # A folder within some other repository is no checkout of this one.
        if Path(git("rev-parse", "--show-toplevel")).resolve() != repository.resolve():
            raise FileNotFoundError(repository)
        changes = git("status", "--porcelain", "--untracked-files=no")
        return git("rev-parse", "HEAD") + ("+changes" if changes else "")
    except (OSError, subprocess.CalledProcessError):
        return os.environ.get("NEUROBUST_COMMIT", UNKNOWN)


def describe_job(job: Any) -> dict[str, str]:  # noqa: ANN401 - Snakemake's object, untyped
    """Return the record of a job, from what Snakemake gives a script.

    Returns
    -------
    ``made_by``, ``code`` (fingerprint of the library behind the rule), ``commit``,
    ``configuration``, ``seeds`` (the job's own, if it has one, else those of the run) and
    ``versions``.
    """
    record = {"made_by": f"rule {job.rule}", "code": job.params.get("code", UNKNOWN)}
    record |= job.config.get("provenance", {})  # of `describe_run`
    if (seed := job.wildcards.get("seed")) is not None:
        record["seeds"] = str(seed)
    versions = [f"{name} {_version(name)}" for name in PACKAGES]
    return record | {"versions": " ".join([f"python {platform.python_version()}", *versions])}


def _version(package: str) -> str:
    """Return the version of a package; an environment need not have all of them."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "absent"


def hardware() -> str:
    """Return the kind of processor, and of the GPU where this process uses one."""
    cpuinfo = Path("/proc/cpuinfo")  # Linux; its `platform.processor` names none
    listed = cpuinfo.read_text() if cpuinfo.exists() else ""
    models = {*re.findall(r"^model name\s*: (.+)$", listed, re.MULTILINE)}
    named = [", ".join(sorted(models)) or platform.processor() or platform.machine()]
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        named.append(torch.cuda.get_device_name())
    return "; ".join(named)


class _Job:
    """The job that this process runs, if any: its record and the commits of what it read."""

    record: dict[str, str] | None = None
    commits: set[str] = set()


@contextmanager
def recording(record: Mapping[str, str]) -> Iterator[None]:
    """Let every file that is written meanwhile carry a record."""
    _Job.record, _Job.commits = dict(record), set()
    try:
        yield
    finally:
        _Job.record, _Job.commits = None, set()


def note(record: Mapping[Any, Any]) -> None:
    """Hand down the commits in the record of a file that was read."""
    _Job.commits |= set(str(record.get("commits", "")).split())


def stamp() -> dict[str, str]:
    """Return the record for a file that is written now; outside a job it is empty.

    It is the job's record with ``hardware`` and ``commits``: the job's own commit and those of all
    files that it has read, which include the commits of what these were made from.
    """
    if _Job.record is None:
        return {}
    commits = _Job.commits | {_Job.record.get("commit", UNKNOWN)}
    return {**_Job.record, "hardware": hardware(), "commits": " ".join(sorted(commits))}


def mixture() -> str | None:
    """Return a warning if what this job has read and writes comes from different commits."""
    commits = stamp().get("commits", "").split()
    if len(commits) < 2:
        return None
    named = ", ".join(commit[:12] + commit[40:] for commit in commits)
    return (
        f"its data come from {len(commits)} commits ({named}), which is harmless if no code of a "
        "rule changed between them; --forceall builds everything from one commit"
    )


def write_sidecar(path: str | Path) -> None:
    """Write the record of a file that cannot hold it into a file beside it."""
    with whole(_sidecar(path)) as part:
        part.write_text(json.dumps(stamp(), indent=2) + "\n")


def note_sidecar(path: str | Path) -> None:
    """Note the record beside a file that was read, if there is one."""
    if (sidecar := _sidecar(path)).exists():
        note(json.loads(sidecar.read_text()))


def _sidecar(path: str | Path) -> Path:
    return Path(f"{path}.provenance.json")
