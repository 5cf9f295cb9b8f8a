"""What benchmarks share: timing in turn, medians with ranges, tables in Markdown, CSV."""

import os
import platform
import resource
import subprocess
import sys
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

import numpy as np
import pandas as pd

from neurobust.files.provenance import hardware

ROOT = Path(__file__).parents[1]


def new_parser(description: str | None, rounds: int | None = None) -> ArgumentParser:
    """Return a parser with the options of every benchmark: rounds, unless None, and the CSV."""
    parser = ArgumentParser(description=description, formatter_class=RawDescriptionHelpFormatter)
    if rounds is not None:
        parser.add_argument("--rounds", type=int, default=rounds, help=f"default: {rounds}")
    parser.add_argument("--output", type=Path, metavar="FILE", help="CSV of all measurements")
    return parser


def begin(description: str | None, rounds: int, *packages: str) -> Namespace:
    """Read the command line, and print what this runs on, with the versions of some packages."""
    given = new_parser(description, rounds).parse_args()
    memory = "kept" if "MALLOC_TRIM_THRESHOLD_" in os.environ else "returned"
    versions = [f"Python {platform.python_version()}", *(f"{n} {version(n)}" for n in packages)]
    print(
        f"{hardware()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.0f}, "
        f"OMP_NUM_THREADS={os.environ.get('OMP_NUM_THREADS', 'not set')}, freed memory {memory}; "
        f"{', '.join(versions)}",
        flush=True,
    )
    return given


def time_in_turn(
    runs: Mapping[Hashable, tuple[float, Callable[[], object]]],
    names: Sequence[str],
    rounds: int,
    clock: Callable[[], float] = perf_counter,
) -> pd.DataFrame:
    """Time some runs in turn, so that a busy minute slows none of them alone.

    Parameters
    ----------
    runs
        What is called, and how many things it handles, by key.
    names
        The columns that the parts of a key fill.
    rounds
        Calls of each, besides one that warms up.
    clock
        Returns seconds; `time.process_time` for those of the CPU.

    Returns
    -------
    ``round`` (0 warms up), ``count`` and ``seconds``, besides the columns of the keys.
    """
    rows = []
    for number in range(rounds + 1):
        for key, (count, run) in runs.items():
            _synchronise()
            start = clock()
            run()
            _synchronise()
            own = key if isinstance(key, tuple) else (key,)
            rows.append((*own, number, count, clock() - start))
    return pd.DataFrame(rows, columns=[*names, "round", "count", "seconds"])


def _synchronise() -> None:
    """Wait for the GPU, if one is in use."""
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        torch.cuda.synchronize()


class Ended(NamedTuple):
    """Seconds of CPU and of wall time that running Python took, and what it printed."""

    cpu: float
    wall: float
    out: str
    err: str


def run_python(arguments: Sequence[str], folder: Path = ROOT, path: str = "src") -> Ended:
    """Run Python to its end in a folder, importing from ``path`` first; raise if it fails."""
    start, before = perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    ended = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
    )
    wall, after = perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    if ended.returncode:
        raise RuntimeError(f"{' '.join(arguments)}\n{ended.stdout}\n{ended.stderr}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Ended(cpu, wall, ended.stdout, ended.stderr)


def middle(values: Iterable[float]) -> str:
    """Write a median with the range."""
    values = [*values]
    low, median, high = (three_digits(f(values)) for f in (min, np.median, max))
    return f"{median} ({low}-{high})"


def three_digits(value: float) -> str:
    """Write a number with three digits or, if it is large, in full."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:#.3g}"


def slope(sizes: Sequence[float], values: Sequence[float]) -> float:
    """Return the power of the size that a value grows with: a line through their logarithms."""
    return float(np.polyfit(np.log(sizes), np.log(values), 1)[0])


def print_table(table: pd.DataFrame) -> None:
    """Print a table in Markdown, its index first."""
    text = table.reset_index().to_markdown(index=False, disable_numparse=True)
    print(f"\n{text}", flush=True)
