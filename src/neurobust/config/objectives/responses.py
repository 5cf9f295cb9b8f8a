"""Settings of the prediction of neural responses."""

from typing import ClassVar, Literal

from pydantic import Field

from neurobust.config.objective import ObjectiveSettings


class Responses(ObjectiveSettings):
    """Prediction of neural responses, recorded or synthesised by another network."""

    uses: ClassVar[Literal["responses"]] = "responses"

    kind: Literal["responses"]
    source: str = Field(description="a recording, or a network that predicts one")
    loss: Literal["likelihood", "mse"] = Field(
        "mse", description="likelihood: Poisson for counts, Gaussian for continuous responses"
    )
    shuffled: bool = Field(False, description="responses permuted across images (the control)")
    l1: float = Field(0.0, ge=0, description="weight of the L1 norm of the readout's features")
    sessions_per_step: int | None = Field(
        None, ge=1, description="number of recorded sessions per batch, in turn; null: all"
    )
