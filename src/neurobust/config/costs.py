"""What jobs take, as a dry run adds it up."""

from pydantic import Field

from neurobust.config.model import Model


class Cost(Model):
    """What one seed of a job takes: estimated, or measured by an earlier run."""

    gpu_hours: float = Field(0.0, ge=0, description="for which a GPU is held")
    disk_mb: float = Field(ge=0, description="output, in megabytes (10^6 bytes)")
