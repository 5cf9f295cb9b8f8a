"""Settings of adversarial attacks."""

from typing import Literal

from pydantic import Field

from neurobust.config.model import Model


class Attacks(Model):
    """Smallest targeted perturbations (Li et al. 2023)."""

    images: int = Field(1000, ge=2, description="test images, the same for all; Li: 1000")
    attacks: list[Literal["fmn", "ddn", "pgd", "brendel-bethge"]] = Field(
        ["fmn"],
        min_length=1,
        description="attacks, of whose perturbations the smallest counts; Li: brendel-bethge, pgd",
    )
    steps: int = Field(100, ge=2, description="gradients of fmn and ddn; hard images get more")
    restarts: int = Field(1, ge=1, description="starts of each attack, the first at the image")
    batch_size: int = Field(256, ge=1, description="images attacked at once")
    seed: int = 1000
