"""Measure what the jobs of the default experiment take to start, before any of them does its work.

That is Python, what Snakemake puts before each script, and what the script imports. Scripts are
executed in a process of their own, but for their last lines, which run a job. CPU seconds, because
other work on the machine counts little in them; jobs are those of a dry run of everything.
"""

import re
from collections import Counter
from pathlib import Path

import pandas as pd
from report import (
    Ended,
    Row,
    describe_machine,
    middle,
    parse_output,
    print_table,
    run_python,
    write_rows,
)

ROOT = Path(__file__).parents[1]
REPETITIONS = 3
UNIT = "start-up of one, s of CPU"
# Snakemake's objects are unpickled from its own modules.
PREAMBLE = "import pickle; from snakemake.iocontainers import Snakemake"
SCRIPT = f"{PREAMBLE}; import runpy, sys; runpy.run_path(sys.argv[1], run_name='script')"
JOBS = re.compile(r"^(\w+) +(\d+)$", re.MULTILINE)
TOGETHER = re.compile(r"_together_\d+$")  # of rules that do a rule's work for several networks


def count_jobs() -> Counter[str]:
    """Count the jobs of each script in a run of everything; it has the name of its rule."""
    arguments = ["-n", "-q", "rules", "--forceall"]
    ran = run(["-m", "snakemake", *arguments]).out
    jobs: Counter[str] = Counter()
    for rule, count in dict(JOBS.findall(ran)).items():  # a dry run prints its table twice
        script = TOGETHER.sub("", rule)
        if script_of(script).exists():
            jobs[script] += int(count)
    return jobs


def script_of(rule: str) -> Path:
    """Return the script of a rule."""
    return ROOT / "workflow_scripts" / f"{rule}.py"


def run(command: list[str]) -> Ended:
    """Run Python to its end, with this library."""
    return run_python(command, ROOT, str(ROOT / "src"))


def measure(jobs: Counter[str]) -> list[Row]:
    """Time starting a job of each rule, and what every job starts with."""
    commands = {rule: ["-c", SCRIPT, str(script_of(rule))] for rule in jobs}
    commands |= {"Python alone": ["-c", "pass"], "with Snakemake's part": ["-c", PREAMBLE]}
    # In turn, so that a busy minute slows no command alone; the first round reads the disk.
    rounds = [
        {name: run(command).cpu for name, command in commands.items()}
        for _ in range(REPETITIONS + 1)
    ]
    return [
        {"rule": name, "jobs": jobs[name], "value": one[name], "unit": UNIT}
        for name in commands
        for one in rounds[1:]
    ]


def print_startup(rows: list[Row]) -> None:
    """Print a table of rules, those first whose jobs together take longest to start."""
    data = pd.DataFrame(rows).groupby(["rule", "jobs"])["value"]
    medians = data.median().reset_index()
    totals = (medians["jobs"] * medians["value"]).set_axis(medians["rule"])
    print(f"all {medians['jobs'].sum()} jobs: {totals.sum():.0f} s of CPU")
    print_table(
        ["Rule", "Jobs", f"{UNIT}; median (range)", "of all its jobs, s", "share of all"],
        [
            [
                rule,
                jobs,
                middle(values),
                f"{totals[rule]:.1f}",
                f"{totals[rule] / totals.sum():.1%}",
            ]
            for (rule, jobs), values in sorted(data, key=lambda group: -totals[group[0][0]])
        ],
    )


def main() -> None:
    """Measure and print what starting takes."""
    output = parse_output(__doc__)
    rows = measure(count_jobs())
    machine = describe_machine("snakemake", "torch")
    print(f"{machine}\n")
    print_startup(rows)
    write_rows(rows, machine, output)


if __name__ == "__main__":
    main()
