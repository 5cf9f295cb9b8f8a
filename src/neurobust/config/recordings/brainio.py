"""Settings of a recording in the form of BrainIO."""

from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field

from neurobust.config.recording import RecordingSettings
from neurobust.config.splits import Split


class BrainIO(RecordingSettings):
    """A recording in the form of Brain-Score: netCDF assembly, stimulus CSV and zip."""

    files: ClassVar[tuple[str, ...]] = ("assembly", "stimulus_set", "stimuli")
    origin: ClassVar[str] = (
        "a BrainIO assembly: netCDF, CSV and zip, as Brain-Score distributes them"
    )

    source: Literal["brainio"]
    assembly: Path
    stimulus_set: Path
    stimuli: Path
    species: str
    region: str | None = Field(None, description="keep this region alone; null: all neuroids")
    response_kind: Literal["counts", "continuous"] = "counts"
    px_per_deg: float = Field(gt=0, description="of the stimuli at size_px")
    crop_px: int = Field(0, ge=0, description="cut off each side before the resize")
    size_px: int = Field(64, ge=16, description="side of the network's input")
    window_ms: tuple[float, float] = Field(description="counted after stimulus onset")
    split: Split = Split()
    missing_repeats: Literal["refuse", "close_up"] = Field(
        "refuse", description="close_up: number the repeats that each neuroid has anew"
    )
    reference: str = ""
    licence: str = "see the source"
    exclude_neuroids: list[str] = []
