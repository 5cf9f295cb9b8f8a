"""What a benchmark ran on, as it prints it."""

import os
import platform
import sys
from importlib.metadata import version

from neurobust.provenance import hardware


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
