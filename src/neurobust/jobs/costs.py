"""What a plan comes to: the jobs, GPU hours and disk that each study needs, before any is run."""

from collections.abc import Collection, Hashable, Mapping

import pandas as pd

TOTAL = "all, each job once"


def format_plan(jobs: pd.DataFrame, needed: Mapping[str, Collection[Hashable]]) -> str:
    """Write what studies need as an aligned table; the lines below it explain it.

    An amount that lacks that of some jobs, whose cost is unknown, ends in "+"; where no cost is
    known there is a question mark.

    Parameters
    ----------
    jobs
        The jobs that will run: whether each is given a GPU (``gpu``), and its cost (``gpu_hours``,
        ``disk_mb``), NaN where it is unknown.
    needed
        The jobs that each study needs. A job that several studies need is counted in each.
    """
    groups = {name: jobs.loc[[*keys]] for name, keys in needed.items() if keys} | {TOTAL: jobs}
    unit, megabytes = ("GB", 1000) if jobs["disk_mb"].sum() >= 1000 else ("MB", 1)
    table = pd.DataFrame(
        {
            "jobs": {name: len(group) for name, group in groups.items()},
            "GPU jobs": {name: group["gpu"].sum() for name, group in groups.items()},
            "GPU hours": {n: _amount(g.loc[g["gpu"], "gpu_hours"]) for n, g in groups.items()},
            f"disk ({unit})": {n: _amount(g["disk_mb"] / megabytes) for n, g in groups.items()},
        }
    )
    lines = table.to_string(col_space=10).splitlines()
    if len(groups) > 1:
        lines.append("A job that several studies need is counted in each of them.")
    unknown = jobs[jobs["disk_mb"].isna()]
    if len(unknown):
        on_gpu = f"{unknown['gpu'].sum() or 'none'} of them on a GPU"
        lines.append(f"+ {len(unknown)} job{'s'[: len(unknown) > 1]} of unknown cost, {on_gpu}")
    return "\n".join(lines)


def _amount(values: "pd.Series[float]") -> str:
    """Write what some jobs take together."""
    if values.empty:
        return "0"
    if values.isna().all():
        return "?"
    total = values.sum()
    return ("<0.1" if 0 < total < 0.05 else f"{total:.1f}") + "+" * bool(values.hasnans)
