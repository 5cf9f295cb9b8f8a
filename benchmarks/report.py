"""How a benchmark reports: rows of measurements, medians with ranges, Markdown, CSV.

A row is one measurement: what was varied, by name, then the measured ``value`` and its ``unit``.
"""

import os
import platform
import resource
import subprocess
import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from neurobust.files.provenance import hardware

if TYPE_CHECKING:
    import torch

Row = dict[str, object]


def describe_machine(*packages: str) -> str:
    """Name processor, cores, load, threads, allocator, and versions of Python and packages."""
    torch = sys.modules.get("torch")
    threads = "" if torch is None else f", {torch.get_num_threads()} torch threads"
    memory = "kept" if "MALLOC_TRIM_THRESHOLD_" in os.environ else "returned"
    versions = [f"Python {platform.python_version()}", *(f"{n} {version(n)}" for n in packages)]
    return (
        f"{hardware()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.0f}{threads}, "
        f"OMP_NUM_THREADS={os.environ.get('OMP_NUM_THREADS', 'not set')}, freed memory {memory}; "
        f"{', '.join(versions)}"
    )


def parse_output(description: str | None) -> Path | None:
    """Read the command line: where the measurements are to be written, if anywhere."""
    parser = ArgumentParser(description=description, formatter_class=RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, metavar="FILE", help="CSV of all measurements")
    return parser.parse_args().output


class Clock:
    """Seconds of wall time since it was made or last read."""

    def __init__(self) -> None:
        self._begin = perf_counter()

    def read(self) -> float:
        """Return the seconds and start anew."""
        begin, self._begin = self._begin, perf_counter()
        return self._begin - begin


class Ended(NamedTuple):
    """What running Python took, in seconds of CPU and of wall time, and what it printed."""

    cpu: float
    wall: float
    out: str
    err: str


def run_python(arguments: Sequence[str], folder: Path, path: str) -> Ended:
    """Run Python to its end in a folder, importing from ``path`` first.

    Raises
    ------
    RuntimeError
        If it fails, with what it printed.
    """
    clock, before = Clock(), resource.getrusage(resource.RUSAGE_CHILDREN)
    ended = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
    )
    wall, after = clock.read(), resource.getrusage(resource.RUSAGE_CHILDREN)
    if ended.returncode:
        raise RuntimeError(f"{' '.join(arguments)}\n{ended.stdout}\n{ended.stderr}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Ended(cpu, wall, ended.stdout, ended.stderr)


def synchronise(device: "torch.device") -> None:
    """Wait for a GPU."""
    import torch  # most benchmarks need it, those of starting and planning do not

    if device.type == "cuda":
        torch.cuda.synchronize(device)


def middle(values: Iterable[float]) -> str:
    """Write a median with the range."""
    values = list(values)
    low, median, high = (three_digits(f(values)) for f in (min, np.median, max))
    return f"{median} ({low}-{high})"


def three_digits(value: float) -> str:
    """Write a number with three digits or, if it is large, in full."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:#.3g}"


def slope(sizes: Sequence[float], values: Sequence[float]) -> float:
    """Return the power of the size that a value grows with: a line through their logarithms."""
    return float(np.polyfit(np.log(sizes), np.log(values), 1)[0])


def print_table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table in Markdown."""
    print()
    for row in (header, ["---"] * len(header), *rows):
        print(f"| {' | '.join(map(str, row))} |")


def write_rows(rows: Iterable[Row], machine: str, output: Path | None) -> None:
    """Write measurements to a CSV, if one is wanted; each row says what it was measured on."""
    if output is not None:
        pd.DataFrame([{**row, "machine": machine} for row in rows]).to_csv(output, index=False)
