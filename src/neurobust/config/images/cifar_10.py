"""Settings of CIFAR-10."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from neurobust.config.model import Model


class CIFAR10(Model):
    """CIFAR-10 from the folder or tar of its python version; the test batch is the test split."""

    source: Literal["cifar-10"]
    path: Path = Path("resources/cifar-10-python.tar.gz")
    classes: list[str] | None = Field(None, description="names of classes; null: all ten")
    validation: float = Field(0.1, gt=0, lt=1, description="fraction of train; Li et al. 2023: .1")
