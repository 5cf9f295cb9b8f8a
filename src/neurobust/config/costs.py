"""Costs of jobs, which a dry run adds up."""

from collections.abc import Iterable, Mapping, Sequence
from math import nan

from pydantic import Field

from neurobust.config.model import Model

ANY = "any"
"""The name, in a rule's costs, for what is not named."""


class Cost(Model):
    """Costs of a job per seed, estimated or measured by an earlier run."""

    gpu_hours: float = Field(0.0, ge=0, description="time on a GPU")
    disk_mb: float = Field(ge=0, description="output, in megabytes (10^6 bytes)")


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
