"""Settings of a simulated population."""

from typing import ClassVar, Literal

from pydantic import Field

from neurobust.config.recording import RecordingSettings


class Simulated(RecordingSettings):
    """A simulated population of V1 cells, and its responses to an image set."""

    simulated: ClassVar[bool] = True

    source: Literal["simulated"]
    species: Literal["macaque", "mouse"] = "macaque"
    stimuli: str = Field(description="image set that is shown")
    neuroids: int = Field(160, ge=1)
    sessions: int = Field(4, ge=1)
    test_stimuli: int = Field(75, ge=2, description="Safarani et al. 2021: 75")
    test_repeats: int = Field(40, ge=2, description="Safarani et al. 2021: 40-50")
    px_per_deg: float = Field(14.0, gt=0, description="Safarani et al. 2021: 14")
    size_px: int = Field(64, ge=16, description="side of the network's input")
    seed: int = 1000
    exclude_neuroids: list[str] = []
