"""Settings of matching: similar outputs of a layer for two views of an image."""

from typing import Literal

from pydantic import Field

from neurobust.config.objective import Augmentation, ObjectiveSettings


class Matching(ObjectiveSettings):
    """The distance between a layer's outputs for two views of an image, one always corrupted."""

    kind: Literal["matching"]
    layer: str = "conv-3-1"
    weight: float = Field(1.0, gt=0)
    corrupted: float = Field(0.5, ge=0, le=1, description="corrupted fraction of the first view")
    augmentation: Augmentation = Augmentation()

    def parts(self) -> list[str]:
        """Return the parts of the library that compute the objective."""
        return [*super().parts(), "training.corrupted"]
