"""What a plan comes to: the jobs, GPU hours and disk that each study needs, before any is run.

A job knows what needs it, and which studies name its files as their own; what a study needs is
all that leads there. Costs are what the configuration states, and what it does not state is
counted, never taken for nothing.
"""

from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

ANY = "any"
"""The name, in a rule's costs, for what is not named."""

TOTAL = "all, each job once"
UNKNOWN = "?"


class Cost(Protocol):
    """What a job takes for one seed of a network."""

    @property
    def gpu_hours(self) -> float:
        """Hours for which a GPU is held."""

    @property
    def disk_mb(self) -> float:
        """Size of the output, in megabytes (10^6 bytes)."""


Costs = Mapping[str, Mapping[str, Cost]]
"""By rule, then by one of the names of a job's share (`PlannedJob`) or ``ANY``."""


@dataclass(frozen=True)
class PlannedJob:
    """A job that will run.

    Attributes
    ----------
    key
        Its own.
    rule
        The name of its rule.
    shares
        For each seed of each network that it trains or evaluates, what a cost may be stated for,
        the most particular first, such as the network, the sweep that this belongs to, and its
        image set. A job without networks has one share.
    gpu
        Whether it is given a GPU.
    needed_by
        The keys of the jobs that read its files; those of jobs that will not run do no harm.
    wanted_by
        The studies that name files of it as their own.
    """

    key: Hashable
    rule: str
    shares: Sequence[tuple[str, ...]] = ((),)
    gpu: bool = False
    needed_by: tuple[Hashable, ...] = ()
    wanted_by: tuple[str, ...] = ()


@dataclass(frozen=True)
class Summary:
    """What a study's jobs come to.

    Attributes
    ----------
    name
        Of the study, or ``TOTAL``.
    jobs, gpu_jobs
        How many, and how many of these are given a GPU.
    gpu_hours, disk_mb
        Of the jobs whose cost is stated; those that are given no GPU hold none.
    unstated, unstated_gpu
        How many of the jobs, and of those with a GPU, have no stated cost.
    """

    name: str
    jobs: int
    gpu_jobs: int
    gpu_hours: float
    disk_mb: float
    unstated: int
    unstated_gpu: int


def summarise_plan(
    planned: Iterable[PlannedJob], costs: Costs, studies: Sequence[str]
) -> list[Summary]:
    """Count what each study needs, and all of them together.

    Parameters
    ----------
    planned
        The jobs that will run.
    costs
        What a seed of a job takes.
    studies
        In the order of the result.

    Returns
    -------
    One summary for each study that needs any of the jobs, then one over all jobs. A job that
    several studies need is in each of theirs, and in the last once.
    """
    jobs = {job.key: job for job in planned}
    needs: dict[Hashable, list[Hashable]] = defaultdict(list)
    for job in jobs.values():
        for other in job.needed_by:
            needs[other].append(job.key)
    summaries = []
    for study in studies:
        own = [job.key for job in jobs.values() if study in job.wanted_by]
        if reached := _reach(own, needs):
            found = [job for job in jobs.values() if job.key in reached]
            summaries.append(_add_up(study, found, costs))
    return [*summaries, _add_up(TOTAL, list(jobs.values()), costs)]


def format_plan(summaries: Sequence[Summary]) -> str:
    """Write summaries as an aligned table; the lines below it say how to read it.

    Amounts that lack those of some jobs, whose cost is not stated, end in "+"; where no cost is
    stated there is a question mark.
    """
    unit, megabytes = ("GB", 1000) if summaries[-1].disk_mb >= 1000 else ("MB", 1)
    rows = [("", "jobs", "GPU jobs", "GPU hours", f"disk ({unit})")]
    rows += [
        (
            each.name,
            str(each.jobs),
            str(each.gpu_jobs),
            _amount(each.gpu_hours, each.gpu_jobs, each.unstated_gpu),
            _amount(each.disk_mb / megabytes, each.jobs, each.unstated),
        )
        for each in summaries
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(
            [row[0].ljust(widths[0])]
            + [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        )
        for row in rows
    ]
    if len(summaries) > 1:
        lines.append("A job that several studies need is counted in each of them.")
    total = summaries[-1]
    if total.unstated:
        jobs = "job" if total.unstated == 1 else "jobs"
        on_gpu = f"{total.unstated_gpu or 'none'} of them on a GPU"
        lines.append(f"+ {total.unstated} {jobs} without a stated cost, {on_gpu}")
    return "\n".join(lines)


def _reach(
    start: Collection[Hashable], needs: Mapping[Hashable, Collection[Hashable]]
) -> set[Hashable]:
    """Return the jobs to start from and all that these need."""
    found: set[Hashable] = set()
    waiting = list(start)
    while waiting:
        key = waiting.pop()
        if key not in found:
            found.add(key)
            waiting.extend(needs.get(key, ()))
    return found


def _add_up(name: str, jobs: Collection[PlannedJob], costs: Costs) -> Summary:
    stated = [(job, found) for job in jobs if (found := _find(job, costs)) is not None]
    return Summary(
        name,
        jobs=len(jobs),
        gpu_jobs=sum(job.gpu for job in jobs),
        gpu_hours=sum(cost.gpu_hours for job, found in stated if job.gpu for cost in found),
        disk_mb=sum(cost.disk_mb for _, found in stated for cost in found),
        unstated=len(jobs) - len(stated),
        unstated_gpu=sum(job.gpu for job in jobs) - sum(job.gpu for job, _ in stated),
    )


def _find(job: PlannedJob, costs: Costs) -> list[Cost] | None:
    """Return the most particular cost of each share of a job, None if one has none."""
    of_rule = costs.get(job.rule, {})
    found = [
        next((of_rule[name] for name in (*names, ANY) if name in of_rule), None)
        for names in job.shares
    ]
    stated = [cost for cost in found if cost is not None]
    return stated if len(stated) == len(found) else None


def _amount(value: float, jobs: int, unstated: int) -> str:
    """Write what some jobs take; "+" marks that others of them take something, too."""
    if not jobs:
        return "0"
    if unstated == jobs:
        return UNKNOWN
    told = "<0.1" if 0 < value < 0.05 else f"{value:.1f}"
    return f"{told}+" if unstated else told
