"""Settings of the THINGS Ventral stream Spiking Dataset."""

from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field

from neurobust.config.recording import RecordingSettings


class TVSD(RecordingSettings):
    """THINGS Ventral stream Spiking Dataset (Papale et al. 2025): multi-unit z-scores."""

    files: ClassVar[tuple[str, ...]] = ("normalised_mua", "image_list", "photographs")
    origin: ClassVar[str] = (
        "TVSD (https://gin.g-node.org/paolo_papale/TVSD) or the THINGS photographs"
    )

    source: Literal["tvsd"]
    normalised_mua: Path
    image_list: Path
    photographs: Path
    monkey: Literal["F", "N"]
    region: Literal["V1", "V4", "IT"] = "V1"
    min_reliability: float = Field(0.3, ge=-1, le=1)
    size_px: int = Field(64, ge=16)
