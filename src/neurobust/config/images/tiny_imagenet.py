"""Settings of Tiny ImageNet."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from neurobust.config.model import Model


class TinyImageNet(Model):
    """Tiny ImageNet from the official zip or folder; its validation set is the test split."""

    source: Literal["tiny-imagenet"]
    path: Path = Path("resources/tiny-imagenet-200.zip")
    classes: list[str] | int | None = Field(
        None, description="WordNet ids or their number; null: all"
    )
    validation: float = Field(
        0.1, gt=0, lt=1, description="fraction of train; Safarani et al. 2021: .1"
    )
