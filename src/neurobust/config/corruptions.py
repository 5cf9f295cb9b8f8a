"""Settings of the evaluation on corrupted images."""

from typing import Annotated

from pydantic import Field

from neurobust.config.model import Model


class Corruptions(Model):
    """Corrupted images on which all classifiers are evaluated."""

    severities: list[Annotated[int, Field(ge=1, le=5)]] = [1, 2, 3, 4, 5]
    batch_size: int = Field(256, ge=1)
    seed: int = Field(1000, description="seed of the corruptions' random fields")
