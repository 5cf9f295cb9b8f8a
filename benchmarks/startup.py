"""Measure what the jobs of the default experiment take to start, before any of them does its work.

That is Python, what Snakemake puts before each script, and what the script imports. Scripts are
executed in a process of their own, but for their last lines, which run a job. CPU seconds, because
other work on the machine counts little in them; jobs are those of a dry run of everything.
"""

import os
import re
import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
from machine import describe_machine

ROOT = Path(__file__).parents[1]
REPETITIONS = 3
# Snakemake's objects are unpickled from its own modules.
PREAMBLE = "import pickle; from snakemake.iocontainers import Snakemake"
SCRIPT = f"{PREAMBLE}; import runpy, sys; runpy.run_path(sys.argv[1], run_name='script')"
JOBS = re.compile(r"^(\w+) +(\d+)$", re.MULTILINE)


def count_jobs() -> dict[str, int]:
    """Count the jobs of each rule with a script, in a run of everything."""
    arguments = ["-n", "-q", "rules", "--forceall"]
    ran = run(["-m", "snakemake", *arguments])
    return {rule: int(count) for rule, count in JOBS.findall(ran) if script_of(rule).exists()}


def script_of(rule: str) -> Path:
    """Return the script of a rule."""
    return ROOT / "workflow_scripts" / f"{rule}.py"


def run(command: list[str]) -> str:
    """Run Python to its end, with this library, and return what it printed."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    return subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout


def cpu_seconds(command: list[str]) -> float:
    """Return the CPU seconds that running Python takes."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run(command)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Print a table of rules, those first whose jobs together take longest to start."""
    jobs = count_jobs()
    commands = {rule: ["-c", SCRIPT, str(script_of(rule))] for rule in jobs}
    commands |= {"Python alone": ["-c", "pass"], "with Snakemake's part": ["-c", PREAMBLE]}
    # In turn, so that a busy minute slows no command alone; the first round reads the disk.
    rounds = [
        {name: cpu_seconds(command) for name, command in commands.items()}
        for _ in range(REPETITIONS + 1)
    ]
    each = {name: [one[name] for one in rounds[1:]] for name in commands}
    seconds = {name: float(np.median(values)) for name, values in each.items()}
    total = sum(seconds[rule] * count for rule, count in jobs.items())
    print(f"{describe_machine('snakemake', 'torch')}\n")
    for name in seconds.keys() - jobs.keys():
        print(f"{name}: {seconds[name]:.2f} s")
    print(f"all {sum(jobs.values())} jobs: {total:.0f} s\n")
    print("| Rule | Jobs | Start-up of one (s of CPU; range) | Share of all |")
    print("|---|---|---|---|")
    for rule in sorted(jobs, key=lambda rule: -seconds[rule] * jobs[rule]):
        low, high = min(each[rule]), max(each[rule])
        share = seconds[rule] * jobs[rule] / total
        print(
            f"| {rule} | {jobs[rule]} | {seconds[rule]:.2f} ({low:.2f}-{high:.2f}) | {share:.1%} |"
        )


if __name__ == "__main__":
    main()
