"""Show where the time of a finished run goes, by rule and stage, and what of it is start-up.

    python benchmarks/stages.py after=results --output after.csv

Seconds are those that Snakemake's `benchmark` directive leaves of each job, by the clock: they
include waiting for a processor. A stage is the file of ``rules/``, or the study, that has the rule.

Start-up is measured here, in CPU seconds: Python, Snakemake's part of a script, and what the script
and the function that its rule names import, in a process of its own for each rule. Where more jobs
ran than there are processors, its share comes out too small.
"""

import sys
from pathlib import Path

import pandas as pd
from report import ROOT, new_parser, print_table, run_python, three_digits

sys.path.insert(0, str(ROOT))  # for the tests
from tests.workflow.rules import Rule, read_rules

# Snakemake's objects are unpickled from its own modules; a script's last lines run its job.
SCRIPT = (
    "import importlib, pickle, runpy, sys; from snakemake.iocontainers import Snakemake; "
    "runpy.run_path(sys.argv[1], run_name='script'); "
    "[importlib.import_module(name) for name in sys.argv[2:]]"
)
GONE = "none now"  # the stage of a rule that was renamed or removed


def read_jobs(run: str) -> pd.DataFrame:
    """Return the jobs of a run, given as ``name=folder``: a row each, with its rule."""
    name, _, folder = run.partition("=")
    notes = Path(folder) / "benchmarks"
    files = sorted(notes.glob("**/*.tsv"))
    if not files:
        raise SystemExit(
            f"{notes}: no benchmarks of jobs\n"
            "  expected: RULE/*.tsv, which Snakemake writes beside results\n"
            "  to fix:   name a run as name=folder, with a folder of results"
        )
    rules = [file.relative_to(notes).parts[0].removesuffix(".tsv") for file in files]
    jobs = pd.concat([pd.read_csv(file, sep="\t") for file in files], ignore_index=True)
    return pd.DataFrame({"run": name, "rule": rules, "seconds": jobs["s"]})


def time_startup(rule: Rule, rounds: int) -> float:
    """Return the median CPU seconds that a job of a rule takes to start."""
    modules = [] if rule.call is None else [rule.call.partition(":")[0]]
    command = ["-c", SCRIPT, str(rule.script), *modules]
    path = f"{ROOT / 'src'}:{ROOT}"
    taken = [run_python(command, path=path).cpu for _ in range(rounds + 1)]
    return float(pd.Series(taken[1:]).median())  # the first reads the disk


def print_totals(rules: pd.DataFrame, by: list[str]) -> None:
    """Print what the jobs of each group took."""
    totals = rules.groupby(by, sort=False)[["jobs", "seconds", "startup_seconds"]].sum()
    share = totals["startup_seconds"] / totals["seconds"]
    totals = totals.assign(of_it=share.map("{:.1%}".format))
    for column in ("seconds", "startup_seconds"):
        totals[column] = totals[column].map(three_digits)
    print_table(totals)


def main() -> None:
    """Print where the time of each run went: by rule, by stage and altogether."""
    parser = new_parser(__doc__, rounds=3)
    parser.add_argument("runs", nargs="+", metavar="name=folder")
    given = parser.parse_args()
    jobs = pd.concat([read_jobs(run) for run in given.runs])
    known = read_rules({})
    stages = {
        name: rule.study or rule.file.stem
        for name, rule in known.items()
        if rule.script is not None
    }
    startup = {
        name: time_startup(known[name], given.rounds)
        for name in jobs["rule"].unique()
        if name in stages
    }
    rules = jobs.groupby(["run", "rule"], sort=False)["seconds"].agg(["size", "sum"]).reset_index()
    rules = rules.rename(columns={"size": "jobs", "sum": "seconds"})
    rules["startup_seconds"] = rules["jobs"] * rules["rule"].map(startup)
    rules.insert(1, "stage", rules["rule"].map(stages).fillna(GONE))
    for by in (["run", "stage", "rule"], ["run", "stage"], ["run"]):
        print_totals(rules, by)
    if given.output:
        rules.to_csv(given.output, index=False)


if __name__ == "__main__":
    main()
