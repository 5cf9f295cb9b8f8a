"""Time what Snakemake itself takes for many networks: planning, steering, starting a job.

The default experiment gets a sweep of as many more networks as wanted, each with ten seeds or other
numbers of them, which brain_likeness compares with the others. Then:

- planning: a dry run; its phases, and what it takes more to print every job;
- steering: a run whose jobs only pretend (``pretend/``), less its planning, by scheduler and by
  the number of jobs at once;
- starting: jobs of the simplest script, one after the other, and what their imports take.

The CPU seconds of all processes come first: other work on the machine counts little in them.
"""

import json
import os
import re
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import numpy as np
import pandas as pd
import yaml
from report import ROOT, Ended, begin, middle, run_python

PRETEND = Path(__file__).parent / "pretend"
PATH = os.pathsep.join(map(str, (ROOT / "src", PRETEND)))
EXPERIMENT, TEN_THOUSAND_JOBS = 100, 700  # networks
SEEDS = 10
PLANNED = [  # networks, seeds
    *((networks, SEEDS) for networks in (25, EXPERIMENT, 300, TEN_THOUSAND_JOBS)),
    *((EXPERIMENT, seeds) for seeds in (1, 3, 30)),
]
STEERED = [  # networks, scheduler, jobs at once, ready jobs that are considered
    (EXPERIMENT, "greedy", 8, None),
    (EXPERIMENT, "greedy", 100, None),
    (EXPERIMENT, "ilp", 8, None),
    (EXPERIMENT, "ilp", 100, None),
    (EXPERIMENT, "greedy", 8, 100),
    (TEN_THOUSAND_JOBS, "greedy", 100, None),
    (TEN_THOUSAND_JOBS, "greedy", 100, 100),
]
STARTED = 10  # jobs
IMPORTS = {
    "Python alone": "pass",
    "torch": "import torch",
    "what train_network imports": "import neurobust.training.train",
    "what a figure imports": "import neurobust.plotting.style, neurobust.files.storage",
}


class Workflow(NamedTuple):
    """A folder in which the default experiment runs with a sweep of further networks."""

    folder: Path
    networks: int
    seeds: int

    @classmethod
    def prepare(cls, folder: Path, networks: int, seeds: int) -> "Workflow":
        """Make the folder with its overlay."""
        folder.mkdir()
        many = {
            "like": "baseline",
            "display": {"label": "Many"},
            "frontend": {"kind": "blur", "sigma_px": 1.0},
            "sweep": {
                "field": "frontend.sigma_px",
                "values": [number / 100 for number in range(1, networks + 1)],
            },
        }
        numbers = [1000 * number for number in range(1, seeds + 1)]
        overlay = {"device": "cpu", "seeds": numbers, "networks": {"many": many}}
        (folder / "many.yaml").write_text(yaml.safe_dump(overlay))
        return cls(folder, networks, seeds)

    def snakemake(self, *arguments: str, program: tuple[str, ...] = ("-m", "snakemake")) -> Ended:
        """Run Snakemake in the folder."""
        profile = ("--workflow-profile", "none", "--configfile", "many.yaml")
        command = [*program, "-s", str(ROOT / "Snakefile"), *profile, *arguments]
        return run_python(command, self.folder, PATH)

    def pretend(self, scheduler: str, jobs: int, considered: int | None) -> Ended:
        """Pretend to run everything, from the beginning."""
        for name in ("results", ".snakemake"):
            shutil.rmtree(self.folder / name, ignore_errors=True)
        subsample = [] if considered is None else ["--scheduler-subsample", str(considered)]
        options = ["--executor", "pretend", "--scheduler", scheduler, "--jobs", str(jobs)]
        return self.snakemake("-q", *options, *subsample)


def time_planning(workflow: Workflow, rounds: int) -> pd.DataFrame:
    """Print what planning takes; return its CPU seconds, with the number of jobs."""
    listed = workflow.snakemake("-n").out  # compiles the library, too
    jobs = int(re.findall(r"^total +(\d+)", listed, re.MULTILINE)[-1])
    program = (str(PRETEND / "phases.py"),)
    plans = [workflow.snakemake("-n", "-q", program=program) for _ in range(rounds)]
    phases = pd.DataFrame([json.loads(plan.err.splitlines()[-1]) for plan in plans])
    cpu = [plan.cpu for plan in plans]
    print(
        f"plan {workflow.networks} networks more, {workflow.seeds} seeds, {jobs} jobs: "
        f"{middle(cpu)} s CPU, {middle([plan.wall for plan in plans])} s; "
        f"with every job printed {workflow.snakemake('-n').cpu:.1f} s CPU\n"
        f"    {', '.join(f'{phase} {seconds:.2f}' for phase, seconds in phases.median().items())}",
        flush=True,
    )
    return pd.DataFrame({"task": "planning", "varied": "jobs", "count": jobs, "value": cpu})


def time_starting(folder: Path, rounds: int) -> None:
    """Print what a local job of the simplest script takes, and what imports add."""
    folder.mkdir()
    (folder / "Snakefile").write_text(
        "rule all:\n    input: expand('{n}.txt', n=range(config['jobs']))\n\n"
        "rule write:\n    output: '{n}.txt'\n    script: 'write.py'\n"
    )
    (folder / "write.py").write_text("open(snakemake.output[0], 'w').close()\n")
    each = []
    for _ in range(rounds):
        taken = []
        for jobs in (1, 1 + STARTED):
            for file in folder.glob("*.txt"):
                file.unlink()
            command = ["-m", "snakemake", "--cores", "1", "--config", f"jobs={jobs}"]
            taken.append(run_python(command, folder))
        each.append(np.subtract(taken[1][:2], taken[0][:2]) / STARTED)
    cpu, wall = np.transpose(each)
    print(f"start a local job of a script: {middle(cpu)} s CPU, {middle(wall)} s")
    for name, code in IMPORTS.items():
        cpu = [run_python(["-c", code], path=PATH).cpu for _ in range(rounds + 1)]
        print(f"    {name}: {middle(cpu[1:])} s CPU")  # the first reads the disk


def main() -> None:
    """Time planning, steering and starting, and print them."""
    given = begin(__doc__, 3, "snakemake", "torch")
    with TemporaryDirectory() as temporary:
        time_starting(Path(temporary) / "start", given.rounds)
        workflows, planned = {}, {}
        for asked in PLANNED:
            workflows[asked] = Workflow.prepare(Path(temporary) / "-".join(map(str, asked)), *asked)
            planned[asked] = time_planning(workflows[asked], given.rounds)
        if given.output:
            pd.concat(planned.values()).to_csv(given.output, index=False)
        for networks, scheduler, at_once, considered in STEERED:
            plan = planned[networks, SEEDS]
            jobs, planning = plan["count"][0], plan["value"].median()
            steered = workflows[networks, SEEDS].pretend(scheduler, at_once, considered)
            print(
                f"steer {jobs} jobs, {scheduler}, {at_once} at once, {considered or 'all'} ready "
                f"ones considered: {1000 * (steered.cpu - planning) / jobs:.1f} ms CPU per job",
                flush=True,
            )


if __name__ == "__main__":
    main()
