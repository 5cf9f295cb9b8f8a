"""The history of a results folder: ``provenance.json`` lists every run that wrote into it."""

import json
import logging
import os
import platform
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from neurobust.files.provenance import digest_of, hardware
from neurobust.files.whole import whole

log = logging.getLogger(__name__)

FILE = "provenance.json"
RUNNING, COMPLETE, FAILED = "running", "complete", "failed"


def begin_run(
    results: Path, described: Mapping[str, str], config: Mapping[str, Any], command: list[str]
) -> None:
    """Add a run to the history of a results folder.

    Parameters
    ----------
    results
        The folder.
    described
        The description of the run by `neurobust.files.provenance.describe_run`.
    config
        The resolved configuration; kept once, however many runs have it.
    command
        The command line of the run.
    """
    history = _read(results / FILE)
    history["configurations"][digest_of(config)] = config
    packages = sorted({each.name: each.version for each in metadata.distributions()}.items())
    run = {
        "status": RUNNING,
        "started": _now(),
        "ended": None,
        **described,
        "command": command,
        "hardware": hardware(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "packages": dict(packages),
    }
    history["runs"].append(run)
    _write(history, results / FILE)


def end_run(results: Path, status: str) -> None:
    """Record how the last run of a results folder ended."""
    history = _read(results / FILE)
    if history["runs"]:
        history["runs"][-1] |= {"status": status, "ended": _now()}
        _write(history, results / FILE)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _read(file: Path) -> dict[str, Any]:
    """Return the history; a file that cannot be read as one is kept aside, and a new one begun."""
    if file.exists():
        try:
            return json.loads(file.read_text())
        except ValueError:
            aside = file.rename(file.with_suffix(".damaged.json"))
            log.warning("%s is no history of runs: kept as %s, a new one begins", file, aside.name)
    return {"runs": [], "configurations": {}}


def _write(history: Mapping[str, Any], file: Path) -> None:
    with whole(file) as part:
        part.write_text(json.dumps(history, indent=2) + "\n")
