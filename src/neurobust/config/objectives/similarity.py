"""Settings of similarity: images that are similar for neurons are similar for the network."""

from typing import ClassVar, Literal

from pydantic import Field

from neurobust.config.objective import ObjectiveSettings


class Similarity(ObjectiveSettings):
    """Similarities of images that match those of predicted neural responses (Li et al. 2019)."""

    uses: ClassVar[Literal["similarity"]] = "similarity"

    kind: Literal["similarity"]
    source: str = Field(description="a network that predicts a recording")
    layers: list[str] | None = Field(
        None, description="layers to compare with; null: the first and the last of each stage"
    )
    weight: float = Field(20.0, gt=0, description="Li et al. 2019: 20")
    batch_size: int = Field(
        16, ge=2, description="images per batch, all pairs of which are compared"
    )
    shuffled: bool = Field(False, description="similarities permuted across images (the control)")
