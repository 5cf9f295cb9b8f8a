"""Settings of Tiny ImageNet."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from neurobust.config.model import Model


class TinyImageNet(Model):
    """Tiny ImageNet from the official zip or folder; its official validation set is the test."""

    source: Literal["tiny-imagenet"]
    path: Path = Path("resources/tiny-imagenet-200.zip")
    classes: list[str] | int | None = Field(None, description="WordNet ids, or how many; null: all")
    validation: float = Field(0.1, gt=0, lt=1, description="fraction of train; released code")
