"""The history of a results folder: ``provenance.json`` tells of every run that wrote into it."""

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
        What `provenance.describe_run` says of the run.
    config
        The resolved configuration; kept once, however many runs have it.
    command
        How the run was started.
    """
    history = _read(results / FILE)
    history["configurations"][digest_of(config)] = config
    history["runs"].append(
        {
            "status": RUNNING,
            "started": _now(),
            "ended": None,
            **described,
            "command": command,
            "hardware": hardware(),
            "cores": os.cpu_count(),
            "python": platform.python_version(),
            "packages": {
                found.name: found.version
                for found in sorted(metadata.distributions(), key=lambda each: each.name.lower())
            },
        }
    )
    _write(history, results / FILE)


def end_run(results: Path, status: str) -> None:
    """Say how the last run of a results folder ended."""
    history = _read(results / FILE)
    if history["runs"]:
        history["runs"][-1] |= {"status": status, "ended": _now()}
        _write(history, results / FILE)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _read(file: Path) -> dict[str, Any]:
    """Return the history; a file that is none is kept aside, and a new one begun."""
    if file.exists():
        try:
            history = json.loads(file.read_text())
            if isinstance(history["runs"], list) and isinstance(history["configurations"], dict):
                return history
        except (ValueError, KeyError, TypeError):
            pass
        aside = file.rename(file.with_suffix(".damaged.json"))
        log.warning("%s is no history of runs: kept as %s, a new one begins", file, aside.name)
    return {"runs": [], "configurations": {}}


def _write(history: Mapping[str, Any], file: Path) -> None:
    with whole(file) as part:
        part.write_text(json.dumps(history, indent=2) + "\n")
