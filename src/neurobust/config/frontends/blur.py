"""Settings of a blur before the trunk."""

from typing import Literal

from pydantic import Field

from neurobust.config.model import Model


class Blur(Model):
    """A fixed Gaussian blur of the images (Li et al. 2023)."""

    kind: Literal["blur"]
    sigma_px: float = Field(1.5, gt=0, description="Li et al. 2023: 1.5")
