"""Run Snakemake, and end with the CPU seconds of its phases as a line of JSON on stderr."""

import atexit
import functools
import json
import sys
from time import process_time

from snakemake.cli import main
from snakemake.workflow import Workflow

from neurobust.config.experiment import Experiment

taken = {"imports": process_time()}
within: set[str] = set()


def time_calls(owner: type, name: str, phase: str) -> None:
    """Add what calls of a method take to a phase; a file that includes others counts once."""
    method = getattr(owner, name)

    @functools.wraps(method)
    def timed(*arguments: object, **options: object) -> object:
        if phase in within:
            return method(*arguments, **options)
        within.add(phase)
        begin = process_time()
        try:
            return method(*arguments, **options)
        finally:
            taken[phase] = taken.get(phase, 0.0) + process_time() - begin
            within.remove(phase)

    setattr(owner, name, timed)


def print_phases() -> None:
    """Print the phases, each without those within it, and the rest."""
    taken["rules"] -= taken["configuration"]
    taken["rest"] = process_time() - sum(taken.values())
    print(json.dumps(taken), file=sys.stderr)


time_calls(Workflow, "include", "rules")
time_calls(Experiment, "__init__", "configuration")
time_calls(Workflow, "_build_dag", "graph")
atexit.register(
    print_phases
)  # first registered, last called: what the workflow does at its end counts
main(sys.argv[1:])
