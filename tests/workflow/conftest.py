"""What the tests of the workflow share: its rules, and a copy to plan and run in."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.workflow.rules import REPOSITORY, all_rules

COPIED = ("config.yaml", "Snakefile")
COPIED_FOLDERS = (
    *("docs", "envs", "presets", "profiles", "rules", "src", "studies", "workflow_scripts"),
)
SMOKE = ("--configfile", "presets/smoke.yaml")
CONDA = ("--sdm", "conda")
CONDA_SHIM = Path(__file__).parent / "conda_shim" / "bin"

_JOB = re.compile(r"^(\w+) +(\d+)$", re.MULTILINE)


def pytest_generate_tests(metafunc):
    """Give a test every rule (``rule``), those of jobs (``running_rule``), or the bases."""
    chosen = {
        "rule": lambda rule: True,
        "running_rule": lambda rule: rule.runs,
        "base_rule": lambda rule: rule.is_base,
    }
    for argument in chosen.keys() & {*metafunc.fixturenames}:
        rules = [*filter(chosen[argument], all_rules().values())]
        metafunc.parametrize(argument, rules, ids=[rule.name for rule in rules])


@pytest.fixture(scope="session")
def running_rules():
    return [rule for rule in all_rules().values() if rule.runs]


class Run(NamedTuple):
    """A finished run of Snakemake: its exit status, and what it printed."""

    status: int
    printed: str

    @property
    def jobs(self):
        """Return how many jobs of each rule are planned, by the last table of jobs."""
        table = self.printed.rpartition("Job stats:\n")[2].partition("\n\n")[0]
        return {rule: int(count) for rule, count in _JOB.findall(table) if rule != "total"}


class Workflow(NamedTuple):
    """A copy of the repository's workflow, with no results and nothing under resources/."""

    folder: Path

    @classmethod
    def copy(cls, source, folder, copy_function=shutil.copy2):
        """Copy what the workflow consists of from one folder to another."""
        for name in COPIED_FOLDERS:
            shutil.copytree(
                source / name,
                folder / name,
                ignore=shutil.ignore_patterns("__pycache__"),
                copy_function=copy_function,
            )
        for name in COPIED:
            copy_function(source / name, folder)
        return cls(folder)

    def start(self, *arguments, folder=None, **options):
        """Start Snakemake in the copy or another folder; jobs import the copy's own library."""
        environment = {
            **os.environ,
            "PYTHONPATH": str(self.folder / "src"),
            "XDG_CACHE_HOME": str(self.folder / ".cache"),
            "PATH": f"{CONDA_SHIM}:{os.environ['PATH']}",
            "CONDA_SHIM_PYTHON": sys.executable,
        }
        return subprocess.Popen(
            [sys.executable, "-m", "snakemake", *arguments],
            cwd=folder or self.folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            **options,
        )

    def run(self, *arguments, folder=None, timeout_s=300):
        """Run Snakemake in the copy, or in another folder, to its end."""
        with self.start(*arguments, folder=folder) as process:
            printed, _ = process.communicate(timeout=timeout_s)
        return Run(process.returncode, printed)

    def build(self, *targets, options=()):
        """Build targets on two cores."""
        return self.run(*targets, "--cores", "2", *options)

    def plan(self, *targets, options=()):
        """Plan targets, without a run."""
        return self.run(*targets, "--dry-run", *options)


@pytest.fixture(scope="session")
def workflow(tmp_path_factory):
    """Return a copy that the tests share; each leaves its code as it was."""
    return Workflow.copy(REPOSITORY, tmp_path_factory.mktemp("workflow") / "neurobust")


@pytest.fixture(scope="session")
def smoke_results(tmp_path_factory):
    """Build the whole smoke preset in conda's environments; leave the copy as it is."""
    smoke = Workflow.copy(REPOSITORY, tmp_path_factory.mktemp("smoke") / "neurobust")
    built = smoke.run("--cores", "2", *SMOKE, *CONDA, timeout_s=3600)
    assert built.status == 0, built.printed
    return smoke


@pytest.fixture(scope="session")
def smoke_targets(workflow):
    """Build one figure and one network of the smoke preset; return their names."""
    targets = (
        "results/smoke/figures/safarani2021/reliability.png",
        "results/smoke/networks/baseline/seed1000.pt",
    )
    built = workflow.build(*targets, options=SMOKE)
    assert built.status == 0, built.printed
    assert all((workflow.folder / target).stat().st_size for target in targets)
    return targets
