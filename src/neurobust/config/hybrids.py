"""Settings of hybrid images."""

from pydantic import Field

from neurobust.config.model import Model


class Hybrids(Model):
    """Hybrid images: low frequencies of one image, high ones of another (Li et al. 2023)."""

    permutations: int = Field(4, ge=1, description="pairings of the test images; Li et al.: 4")
    batch_size: int = Field(256, ge=1)
    seed: int = 1000
