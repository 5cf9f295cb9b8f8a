"""Settings of hybrid images."""

from pydantic import Field

from neurobust.config.model import Model


class Hybrids(Model):
    """Images with low frequencies of one image and high ones of another (Li et al. 2023)."""

    permutations: int = Field(4, ge=1, description="pairings of the test images; Li: 4")
    batch_size: int = Field(256, ge=1)
    seed: int = 1000
