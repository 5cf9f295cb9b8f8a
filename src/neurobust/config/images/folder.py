"""Settings of a folder of pictures."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from neurobust.config.model import Model


class Folder(Model):
    """Pictures in a folder for each class, train/CLASS/ and test/CLASS/, like those of ImageNet."""

    source: Literal["folder"]
    path: Path
    classes: list[str] | int | None = Field(None, description="folders or their number; null: all")
    size_px: int = Field(224, ge=32, description="side of the central square")
    short_side_px: int = Field(256, ge=32, description="shorter side of the resized picture")
    validation: float = Field(0.1, gt=0, lt=1, description="fraction of train")
