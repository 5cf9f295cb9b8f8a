"""What a plan comes to: the jobs, GPU hours and disk that each study needs, before any is run."""

from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from math import nan
from typing import Protocol

import pandas as pd

ANY = "any"
"""The name, in a rule's costs, for what is not named."""

TOTAL = "all, each job once"


class Cost(Protocol):
    """What a job takes for one seed of a network."""

    @property
    def gpu_hours(self) -> float:
        """Hours for which a GPU is held."""

    @property
    def disk_mb(self) -> float:
        """Size of the output, in megabytes (10^6 bytes)."""


def cost_of_job(costs: Mapping[str, Cost], shares: Iterable[Sequence[str]]) -> tuple[float, float]:
    """Return the GPU hours and megabytes of a job, NaN if the cost of one of its shares is unknown.

    Parameters
    ----------
    costs
        The costs of the job's rule, by what they are stated for.
    shares
        For each seed of each network of the job: the names that a cost may be stated for, the most
        particular first. `ANY` comes after them all.
    """
    found = [
        next((costs[name] for name in (*names, ANY) if name in costs), None) for names in shares
    ]
    stated = [cost for cost in found if cost is not None]
    if len(stated) < len(found):
        return nan, nan
    return sum(cost.gpu_hours for cost in stated), sum(cost.disk_mb for cost in stated)


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
