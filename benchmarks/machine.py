"""What a benchmark ran on, as it prints it."""

import os
import platform
import sys
from importlib.metadata import version

from neurobust.provenance import hardware


def describe_machine(*packages: str) -> str:
    """Name processor, cores, load and threads, and the versions of Python and some packages."""
    torch = sys.modules.get("torch")
    threads = "" if torch is None else f", {torch.get_num_threads()} torch threads"
    versions = [f"Python {platform.python_version()}", *(f"{n} {version(n)}" for n in packages)]
    return (
        f"{hardware()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.0f}{threads}, "
        f"OMP_NUM_THREADS={os.environ.get('OMP_NUM_THREADS', 'not set')}; {', '.join(versions)}"
    )
