"""Settings of the photographs that come with foolbox."""

from typing import Literal

from pydantic import Field

from neurobust.config.model import Model


class Photographs(Model):
    """Patches of the ImageNet photographs that come with the package foolbox."""

    source: Literal["photographs"]
    photographs: list[int] = Field(min_length=2, description="numbers of the photographs, 0-19")
    short_side_px: int = Field(768, ge=64)
    tile_px: int = Field(64, ge=32)
    test: float = Field(0.2, gt=0, lt=1, description="fraction of tiles")
    validation: float = Field(0.1, gt=0, lt=1, description="fraction of the other tiles")
