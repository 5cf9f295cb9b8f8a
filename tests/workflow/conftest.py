"""What the tests of the workflow share: its rules as written, and a copy to plan and run in."""

import os
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import NamedTuple

import pytest

REPOSITORY = Path(__file__).parents[2]
COPIED = ("config.yaml", "Snakefile")
COPIED_FOLDERS = (
    *("docs", "envs", "presets", "profiles", "reference", "rules", "src", "workflow_scripts"),
    "tests/results",  # what the rule test_results runs
)
SMOKE = ("--configfile", "presets/smoke.yaml")
CONDA = ("--sdm", "conda")
CONDA_SHIM = Path(__file__).parent / "conda_shim" / "bin"

# snakefmt, which CI runs, puts rules at column 0, their directives at 4 and values from 8 on; what
# a loop makes lies 4 deeper and has its name, which ends in a number, as a directive.
_RULE = re.compile(r"^rule (\w+):\n((?:    .*\n|\n)+)", re.MULTILINE)
_RULE_IN_LOOP = re.compile(r"^    rule:\n((?:        .*\n|\n)+)", re.MULTILINE)
_DOCSTRING = re.compile(r'^    """(.+?)"""$', re.MULTILINE | re.DOTALL)
_DIRECTIVE = re.compile(r"^    (\w+):(.*(?:\n {8}.*|\n(?=\n))*)", re.MULTILINE)
_JOB = re.compile(r"^(\w+) +(\d+)$", re.MULTILINE)


class Rule(NamedTuple):
    """A rule as its file says it: the text of each directive."""

    name: str
    docstring: str
    directives: dict[str, str]

    @property
    def script(self):
        return self.path("script")

    @property
    def environment(self):
        return self.path("conda")

    def path(self, directive):
        """Return the one file that a directive names, relative to ``rules/``."""
        (file,) = re.findall(r'"\.\./(.+?)"', self.directives[directive])
        return REPOSITORY / file


def read_rules():
    """Return the rules of the workflow by name."""
    rules = {}
    for file in (REPOSITORY / "Snakefile", *sorted((REPOSITORY / "rules").glob("*.smk"))):
        text = file.read_text() + "\n"
        looped = map(textwrap.dedent, _RULE_IN_LOOP.findall(text))
        looped = [textwrap.indent(body, "    ") for body in looped]
        named = [(re.search(r'f"(\w+)_\{', body)[1], body) for body in looped]
        for name, body in [*_RULE.findall(text), *named]:
            docstring = _DOCSTRING.search(body)
            rules[name] = Rule(name, docstring[1] if docstring else "", {})
            rules[name].directives.update(_DIRECTIVE.findall(body))
    return rules


RULES = read_rules()


def pytest_generate_tests(metafunc):
    """Give a test with the argument ``rule`` every rule, with ``scripted_rule`` those that run."""
    scripted = {name: rule for name, rule in RULES.items() if "script" in rule.directives}
    for argument, rules in (("rule", RULES), ("scripted_rule", scripted)):
        if argument in metafunc.fixturenames:
            metafunc.parametrize(argument, rules.values(), ids=[*rules])


@pytest.fixture(scope="session")
def scripted_rules():
    return [rule for rule in RULES.values() if "script" in rule.directives]


class Run(NamedTuple):
    """What a run of Snakemake came to."""

    status: int
    said: str

    @property
    def jobs(self):
        """Return how many jobs of each rule are planned, as the last table of jobs counts them."""
        table = self.said.rpartition("Job stats:\n")[2].partition("\n\n")[0]
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

    def start(self, *arguments, **options):
        """Start Snakemake in the copy, whose own library the jobs import."""
        environment = {
            **os.environ,
            "PYTHONPATH": str(self.folder / "src"),
            "XDG_CACHE_HOME": str(self.folder / ".cache"),
            "PATH": f"{CONDA_SHIM}:{os.environ['PATH']}",
            "CONDA_SHIM_PYTHON": sys.executable,
        }
        return subprocess.Popen(
            [sys.executable, "-m", "snakemake", *arguments],
            cwd=self.folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            **options,
        )

    def run(self, *arguments, timeout_s=300):
        """Run Snakemake in the copy to its end."""
        with self.start(*arguments) as process:
            said, _ = process.communicate(timeout=timeout_s)
        return Run(process.returncode, said)

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
    assert built.status == 0, built.said
    return smoke


@pytest.fixture(scope="session")
def smoke_targets(workflow):
    """Build one figure and one network of the smoke preset; return their names."""
    targets = (
        "results/smoke/figures/safarani2021/reliability.png",
        "results/smoke/networks/baseline/seed1000.pt",
    )
    built = workflow.build(*targets, options=SMOKE)
    assert built.status == 0, built.said
    assert all((workflow.folder / target).stat().st_size for target in targets)
    return targets
