"""Where a result comes from: every file that a job writes carries the record of the job.

While a job runs (`recording`), readers note what the files that they read say of themselves
and writers put the job's record into what they write: into the file where its format has a place
for it (netCDF, networks, figures), else into a file beside it, ``NAME.provenance.json``. The
commits behind a result are so handed down from the raw data to the figure.

There is no time in a record, so that the same run on the same machine gives the same bytes.
"""

import hashlib
import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import Any

from neurobust.errors import InputError
from neurobust.files.whole import whole

PACKAGES = ("neurobust", "numpy", "scipy", "torch", "xarray", "snakemake")
"""Whose versions a record names."""
EMBEDDED = frozenset({".nc", ".pt", ".png", ".pdf", ".svg"})
"""Endings of files that carry their record in themselves."""
UNKNOWN = "unknown"


def describe_run(config: Mapping[str, Any], seeds: list[int], repository: Path) -> dict[str, str]:
    """Say what all jobs of a run have in common.

    Parameters
    ----------
    config
        The resolved configuration, defaults included, as plain values.
    seeds
        Those of its networks.
    repository
        The folder of the Snakefile.
    """
    return {
        "commit": commit_of(repository),
        "configuration": digest_of(config),
        "seeds": " ".join(map(str, seeds)),
    }


def digest_of(config: Mapping[str, Any]) -> str:
    """Return 16 digits that tell a resolved configuration from others, in whatever order given."""
    return hashlib.sha256(json.dumps(config, sort_keys=True).encode()).hexdigest()[:16]


def commit_of(repository: Path) -> str:
    """Return the commit of a checkout, with ``+changes`` where tracked files differ from it.

    Without git or a checkout it is what the environment variable ``NEUROBUST_COMMIT`` says (a
    container has it), else ``unknown``.
    """

    def git(*arguments: str) -> str:
        ran = subprocess.run(
            ["git", "-C", str(repository), *arguments], capture_output=True, text=True, check=True
        )
        return ran.stdout.strip()

    try:
        # A folder within some other repository is no checkout of this one.
        if Path(git("rev-parse", "--show-toplevel")).resolve() != repository.resolve():
            raise FileNotFoundError(repository)
        changes = git("status", "--porcelain", "--untracked-files=no")
        return git("rev-parse", "HEAD") + ("+changes" if changes else "")
    except (OSError, subprocess.CalledProcessError):
        return os.environ.get("NEUROBUST_COMMIT", UNKNOWN)


def describe_job(job: Any) -> dict[str, str]:  # noqa: ANN401 - Snakemake's object, untyped
    """Return the record of a job: what a file that it writes is to say of itself.

    Parameters
    ----------
    job
        What Snakemake gives a script; ``config["provenance"]`` is that of `describe_run`.

    Returns
    -------
    ``made_by``, ``code`` (fingerprint of the library behind the rule), ``commit``,
    ``configuration``, ``seeds`` (the job's own, if it has one, else those of the run) and
    ``versions``.
    """
    record = {"made_by": f"rule {job.rule}", "code": job.params.get("code", UNKNOWN)}
    record |= job.config.get("provenance", {})
    if (seed := job.wildcards.get("seed")) is not None:
        record["seeds"] = str(seed)
    return record | {"versions": versions()}


def versions() -> str:
    """Return the versions of Python and the packages that results depend on."""
    named = [f"{name} {_version(name)}" for name in PACKAGES]
    return " ".join([f"python {platform.python_version()}", *named])


def _version(name: str) -> str:
    """Return a distribution's version; an environment need not have all of them."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "absent"


def hardware() -> str:
    """Return the kind of processor, and of the GPU where this process uses one."""
    processors = {
        line.partition(":")[2].strip()
        for line in _lines_of(Path("/proc/cpuinfo"))
        if line.startswith("model name")
    }
    named = [", ".join(sorted(processors)) or platform.processor() or platform.machine()]
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        named.append(torch.cuda.get_device_name())
    return "; ".join(named)


def _lines_of(file: Path) -> list[str]:
    return file.read_text().splitlines() if file.exists() else []


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


def note(said: Mapping[Any, Any]) -> None:
    """Take what a file that was read says of itself, so that its commits are handed down."""
    _Job.commits |= set(str(said.get("commits", "")).split())


def stamp() -> dict[str, str]:
    """Return what a file written now is to carry; nothing outside a job.

    To the record it adds ``hardware``, and ``commits``: those of the job and of all that it has
    read, and so of all that they were made from.
    """
    if _Job.record is None:
        return {}
    commits = _Job.commits | {_Job.record.get("commit", UNKNOWN)}
    return {**_Job.record, "hardware": hardware(), "commits": " ".join(sorted(commits))}


def mixture() -> str | None:
    """Say that what this job has read and writes comes from different commits, if it does."""
    commits = stamp().get("commits", "").split()
    if len(commits) < 2:
        return None
    named = ", ".join(commit[:12] + commit[40:] for commit in commits)
    return (
        f"what it shows comes from {len(commits)} commits ({named}); where the code of a rule did "
        "not change between them that is harmless; --forceall builds all from one"
    )


def write_sidecar(path: str | Path) -> None:
    """Put the record of a file without a place for it beside it."""
    with whole(sidecar_of(path)) as part:
        part.write_text(json.dumps(stamp(), indent=2) + "\n")


def note_sidecar(path: str | Path) -> None:
    """Note what stands beside a file that was read, if anything does.

    Raises
    ------
    InputError
        If what stands there is no record.
    """
    sidecar = sidecar_of(path)
    if not sidecar.exists():
        return
    try:
        note(json.loads(sidecar.read_text()))
    except (OSError, ValueError, AttributeError) as error:
        raise InputError(
            sidecar,
            f"cannot be read as the record of {Path(path).name} ({error})",
            expected="a JSON object, as every job writes it beside its tables",
            fix=f"delete {Path(path).name} and run again",
        ) from error


def sidecar_of(path: str | Path) -> Path:
    """Return the file that says where another one comes from."""
    return Path(f"{path}.provenance.json")
