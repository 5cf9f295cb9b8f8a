"""Show where the time of a run goes, by rule and by stage, from what Snakemake noted of each job.

    python benchmarks/stages.py before=results_old after=results --startup old.csv new.csv

A stage is the file of ``rules/`` that a rule is in. Seconds are the clock's: they include waiting
for a processor. CPU seconds are a lower bound, for Snakemake looks twice a second for the first
fifteen, then every thirty, and does not see what comes after its last look. Memory is the most
that it saw in a job.

With ``--startup``, what ``startup.py`` measured, once for all runs or once for each, tells how much
of it is start-up. Where more jobs ran than there are processors, this share comes out too small.
"""

import re
from argparse import ArgumentParser, ArgumentTypeError, RawDescriptionHelpFormatter
from functools import partial
from pathlib import Path
from typing import NamedTuple, TypeAlias

import pandas as pd
from report import print_table, three_digits

ROOT = Path(__file__).parents[1]
RULE = re.compile(r"^rule (\w+):", re.MULTILINE)
GONE = "none now"  # the stage of a rule that was renamed or removed
TOTALS = {
    "jobs": "sum",
    "seconds": "sum",
    "cpu_seconds": "sum",
    "startup_seconds": partial(pd.Series.sum, min_count=1),  # nan if nothing was measured
    "memory_mb": "max",
}
Startup: TypeAlias = "pd.Series[float]"


class Run(NamedTuple):
    """A folder of results and what it is called."""

    name: str
    folder: Path


def parse_run(text: str) -> Run:
    """Read ``name=folder``."""
    name, given, folder = text.partition("=")
    if not (name and given and folder):
        raise ArgumentTypeError(f"{text!r} is not name=folder, such as after=results")
    return Run(name, Path(folder))


def stage_of_rules() -> dict[str, str]:
    """Return the stage of each rule, stages in the order of the pipeline."""
    files = [*re.findall(r'include: "(.+)"', (ROOT / "Snakefile").read_text())]
    return {
        rule: Path(file).stem for file in files for rule in RULE.findall((ROOT / file).read_text())
    }


def read_jobs(run: Run) -> pd.DataFrame:
    """Read what Snakemake noted of the jobs of a run: a row each, with its rule."""
    noted = run.folder / "benchmarks"
    files = sorted(noted.glob("**/*.tsv"))
    if not files:
        raise SystemExit(
            f"{noted}: no benchmarks of jobs\n"
            "  expected: RULE/*.tsv, which Snakemake writes beside results\n"
            f"  to fix:   name a folder of results for {run.name!r} that a run has written"
        )
    jobs = pd.concat(
        [
            pd.read_csv(file, sep="\t").assign(rule=file.relative_to(noted).parts[0])
            for file in files
        ]
    )
    jobs["rule"] = jobs["rule"].str.removesuffix(".tsv")
    return jobs


def read_startup(file: str) -> Startup:
    """Read the seconds that a job of each rule takes to start."""
    if not Path(file).is_file():
        raise ArgumentTypeError(f"{file}: not there; startup.py writes it with --output")
    return pd.read_csv(file).groupby("rule")["value"].median()


def sum_rules(run: Run, startup: Startup) -> pd.DataFrame:
    """Sum up the jobs of each rule, in the order of the pipeline."""
    jobs = read_jobs(run).groupby("rule")
    rules = pd.DataFrame(
        {
            "jobs": jobs.size(),
            "seconds": jobs["s"].sum(),
            "cpu_seconds": jobs["cpu_time"].sum(),
            "memory_mb": jobs["max_rss"].max(),
        }
    )
    rules["startup_seconds"] = rules["jobs"] * startup.reindex(rules.index)
    stages = stage_of_rules()
    ordered = [rule for rule in stages if rule in rules.index]
    rules = rules.loc[[*ordered, *rules.index.difference(ordered)]].reset_index()
    return rules.assign(run=run.name, stage=[stages.get(rule, GONE) for rule in rules["rule"]])


def print_totals(data: pd.DataFrame, by: list[str]) -> None:
    """Print what the jobs of each group took, and its share of the run."""
    of_run = data.groupby("run")["seconds"].sum()
    totals = data.groupby(by, sort=False, as_index=False).agg(TOTALS)
    print_table(
        [
            *(name.capitalize() for name in by),
            *("Jobs", "s", "of the run", "s of CPU", "s of start-up", "of its s", "MB"),
        ],
        [
            [
                *one[by],
                one["jobs"],
                three_digits(one["seconds"]),
                f"{one['seconds'] / of_run[one['run']]:.1%}",
                three_digits(one["cpu_seconds"]),
                three_digits(one["startup_seconds"]),
                f"{one['startup_seconds'] / one['seconds']:.1%}",
                three_digits(one["memory_mb"]),
            ]
            for _, one in totals.iterrows()
        ],
    )


def main() -> None:
    """Print where the time of each run went: by rule, by stage and altogether."""
    parser = ArgumentParser(description=__doc__, formatter_class=RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="+", type=parse_run, metavar="name=folder")
    startup = {"type": read_startup, "metavar": "FILE", "default": [pd.Series(dtype=float)]}
    parser.add_argument("--startup", nargs="+", **startup, help="CSV of startup.py, one or each")
    parser.add_argument("--output", type=Path, metavar="FILE", help="CSV of all rules")
    given = parser.parse_args()
    if len(given.startup) not in (1, len(given.runs)):
        parser.error(f"--startup: one file, or one for each of {len(given.runs)} runs")
    startups = given.startup * (len(given.runs) // len(given.startup))
    data = pd.concat(map(sum_rules, given.runs, startups))
    for by in (["run", "rule"], ["run", "stage"], ["run"]):
        print_totals(data, by)
    if given.output is not None:
        data[["run", "rule", "stage", *TOTALS]].to_csv(given.output, index=False)


if __name__ == "__main__":
    main()
