"""Settings of a recording in the BrainIO form."""

from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field

from neurobust.config.recording import RecordingSettings
from neurobust.config.splits import Split


class BrainIO(RecordingSettings):
    """A recording in the BrainIO form of Brain-Score: assembly, stimulus set and pictures."""

    files: ClassVar[tuple[str, ...]] = ("assembly", "stimulus_set", "stimuli")
    origin: ClassVar[str] = (
        "a BrainIO assembly: netCDF, CSV and zip, as Brain-Score distributes them"
    )

    source: Literal["brainio"]
    assembly: Path
    stimulus_set: Path
    stimuli: Path
    species: str
    region: str | None = Field(None, description="region whose neuroids are kept; null: all")
    response_kind: Literal["counts", "continuous"] = "counts"
    px_per_deg: float = Field(gt=0, description="resolution of the stimuli at size_px")
    crop_px: int = Field(0, ge=0, description="pixels to remove at each side before resizing")
    size_px: int = Field(64, ge=16, description="side of the network's input")
    window_ms: tuple[float, float] = Field(description="start and stop after stimulus onset")
    split: Split = Split()
    missing_repeats: Literal["refuse", "close_up"] = Field(
        "refuse", description="close_up: each neuroid keeps as many repeats as all others have"
    )
    reference: str = ""
    licence: str = "see the source"
    exclude_neuroids: list[str] = []
