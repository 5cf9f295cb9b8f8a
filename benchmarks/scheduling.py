"""Time what Snakemake itself takes for many networks: planning, steering, starting a job.

The workflow is copied to a temporary folder, and the default experiment gets a sweep of as many
more networks as wanted, each with ten seeds or other numbers of them, which brain-likeness compares
with the others. Then:

- planning: a dry run; its phases, and what it takes more to print every job;
- steering: a run whose jobs only pretend (``pretend/``), less its planning, by scheduler and by
  the number of jobs at once;
- starting: jobs of the simplest script, one after the other, and what their imports take.

The CPU seconds of all processes come first: other work on the machine counts little in them.
"""

import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import yaml
from report import Row, describe_machine, middle, parse_output, run_python, write_rows

ROOT = Path(__file__).parents[1]
PRETEND = Path(__file__).parent / "pretend"
COPIED_FOLDERS = ("docs", "envs", "profiles", "reference", "rules", "src", "workflow_scripts")
EXPERIMENT, TEN_THOUSAND_JOBS = 100, 700  # networks
SEEDS = 10
PLANNED = [  # networks, seeds
    *((networks, SEEDS) for networks in (25, EXPERIMENT, 300, TEN_THOUSAND_JOBS)),
    *((EXPERIMENT, seeds) for seeds in (1, 3, 30)),
]
REPETITIONS = 3
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
    "what draw_robustness imports": "import studies.safarani2021.figures.fig3",
}


class Taken(NamedTuple):
    """What a command took and said."""

    cpu: float
    wall: float
    said: str
    phases: Mapping[str, float]


class Workflow(NamedTuple):
    """A copy of the workflow with the default experiment and a sweep of further networks."""

    folder: Path
    networks: int
    seeds: int

    def snakemake(self, *arguments: str, module: tuple[str, ...] = ("-m", "snakemake")) -> Taken:
        """Run Snakemake in the copy."""
        command = [*module, *arguments, "--configfile", "many.yaml"]
        return run(command, self.folder, f"{self.folder / 'src'}{os.pathsep}{PRETEND}")

    def plan(self) -> Taken:
        """Plan everything, quietly, with the time of each phase."""
        return self.snakemake("-n", "-q", module=(str(PRETEND / "phases.py"),))

    def pretend(self, scheduler: str, jobs: int, considered: int | None) -> Taken:
        """Pretend to run everything, from the beginning."""
        for name in ("results", ".snakemake"):
            shutil.rmtree(self.folder / name, ignore_errors=True)
        subsample = [] if considered is None else ["--scheduler-subsample", str(considered)]
        options = ["--executor", "pretend", "--scheduler", scheduler, "--jobs", str(jobs)]
        return self.snakemake("-q", *options, *subsample)


def run(command: list[str], folder: Path, path: str) -> Taken:
    """Run Python to its end in a folder; read the phases that `phases.py` may have told."""
    ended = run_python(command, folder, path)
    *_, last = ended.err.splitlines() or [""]
    phases = json.loads(last) if last.startswith('{"imports"') else {}
    return Taken(ended.cpu, ended.wall, ended.out + ended.err, phases)


def copy_workflow(folder: Path, networks: int, seeds: int) -> Workflow:
    """Copy the workflow and write an overlay with many networks and seeds beside it."""
    folder.mkdir()
    for name in COPIED_FOLDERS:
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, folder / name, ignore=ignored)
    shutil.copytree(ROOT / "tests/results", folder / "tests/results")
    for name in ("Snakefile", "config.yaml"):
        shutil.copy(ROOT / name, folder)
    sigmas = [number / 100 for number in range(1, networks + 1)]
    many = {
        "like": "baseline",
        "label": "Many",
        "frontend": {"kind": "blur", "sigma_px": 1.0},
        "sweep": {"field": "frontend.sigma_px", "values": sigmas},
    }
    numbers = [1000 * number for number in range(1, seeds + 1)]
    overlay = {"device": "cpu", "seeds": numbers, "networks": {"many": many}}
    (folder / "many.yaml").write_text(yaml.safe_dump(overlay))
    return Workflow(folder, networks, seeds)


def time_planning(workflow: Workflow) -> list[Row]:
    """Print what planning takes; return its CPU seconds, with the number of jobs."""
    printed = workflow.snakemake("-n")  # compiles the library, too
    told = printed.said.rpartition("Job stats:")[2].splitlines()
    jobs = int(next(line.split()[1] for line in told if line.startswith("total")))
    plans = [workflow.plan() for _ in range(REPETITIONS)]
    printed = workflow.snakemake("-n")
    cpu = [plan.cpu for plan in plans]
    print(
        f"plan {workflow.networks} networks more, {workflow.seeds} seeds, {jobs} jobs: "
        f"{middle(cpu)} s CPU, "
        f"{middle([plan.wall for plan in plans])} s; with every job printed {printed.cpu:.1f} s CPU"
    )
    for phase in plans[0].phases:
        print(f"    {phase}: {middle([plan.phases[phase] for plan in plans])} s CPU")
    told = {"task": "planning", "varied": "jobs", "jobs": jobs, "unit": "s"}
    given = {"networks": workflow.networks, "seeds": workflow.seeds}
    return [{**told, **given, "value": seconds} for seconds in cpu]


def time_starting(folder: Path) -> None:
    """Print what a local job of the simplest script takes, and what imports add."""
    folder.mkdir()
    (folder / "Snakefile").write_text(
        "rule all:\n    input: expand('{n}.txt', n=range(config['jobs']))\n\n"
        "rule write:\n    output: '{n}.txt'\n    script: 'write.py'\n"
    )
    (folder / "write.py").write_text("open(snakemake.output[0], 'w').close()\n")
    each = []
    for _ in range(REPETITIONS):
        taken = []
        for jobs in (1, 1 + STARTED):
            for file in folder.glob("*.txt"):
                file.unlink()
            count = ["--config", f"jobs={jobs}"]
            taken.append(run(["-m", "snakemake", "--cores", "1", *count], folder, ""))
        each.append(np.subtract(taken[1][:2], taken[0][:2]) / STARTED)
    cpu, wall = np.transpose(each)
    print(f"start a local job of a script: {middle(cpu)} s CPU, {middle(wall)} s")
    for name, code in IMPORTS.items():
        taken = [run(["-c", code], folder, str(ROOT / "src")) for _ in range(REPETITIONS + 1)]
        cpu, wall = np.transpose([each[:2] for each in taken[1:]])  # the first reads the disk
        print(f"    {name}: {middle(cpu)} s CPU, {middle(wall)} s")


def main() -> None:
    """Time planning, steering and starting, and print them."""
    output = parse_output(__doc__)
    machine = describe_machine("snakemake", "torch")
    print(machine, flush=True)
    with tempfile.TemporaryDirectory() as temporary:
        time_starting(Path(temporary) / "start")
        workflows, planned = {}, {}
        for given in PLANNED:
            workflows[given] = copy_workflow(Path(temporary) / "-".join(map(str, given)), *given)
            planned[given] = time_planning(workflows[given])
        write_rows([row for rows in planned.values() for row in rows], machine, output)
        for networks, scheduler, at_once, considered in STEERED:
            rows = pd.DataFrame(planned[networks, SEEDS])
            jobs, planning = rows["jobs"][0], rows["value"].median()
            steered = workflows[networks, SEEDS].pretend(scheduler, at_once, considered)
            each = 1000 * (steered.cpu - planning) / jobs
            print(
                f"steer {jobs} jobs, {scheduler}, {at_once} at once, of "
                f"{considered or 'all'} ready: {steered.cpu:.1f} s CPU with planning, "
                f"{steered.wall:.1f} s; {each:.1f} ms CPU per job",
                flush=True,
            )


if __name__ == "__main__":
    main()
