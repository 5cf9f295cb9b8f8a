"""Settings of the similarity of images for a neural population."""

from typing import ClassVar, Literal

from pydantic import Field

from neurobust.config.objective import ObjectiveSettings


class Similarity(ObjectiveSettings):
    """Similarity of images as that of predicted neural responses to them (Li et al. 2019)."""

    uses: ClassVar[Literal["similarity"]] = "similarity"

    kind: Literal["similarity"]
    source: str = Field(description="a network that predicts a recording")
    layers: list[str] | None = Field(
        None, description="compared with the neural ones; null: the first, and each stage's last"
    )
    weight: float = Field(20.0, gt=0, description="Li et al. 2019: 20")
    batch_size: int = Field(16, ge=2, description="images, of which all pairs are compared")
    shuffled: bool = Field(False, description="similarities permuted across images (the control)")
