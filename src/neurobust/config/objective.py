"""Settings that all objectives have in common."""

import re
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from neurobust.config.model import Model
from neurobust.parts import module_name

LARGEST_RATIO = 20.0


def _parse_ratio(value: object) -> object:
    """Convert "1:15" to 1/15; leave numbers unchanged."""
    if isinstance(value, str):
        parts = re.fullmatch(r"(\d+):(\d+)", value)
        if not parts or int(parts[2]) == 0:
            raise ValueError('expected a positive number or "a:b" in quotes, such as "1:15"')
        return int(parts[1]) / int(parts[2])
    return value


def _check_ratio(value: float) -> float:
    if not 0 < value <= LARGEST_RATIO:
        raise ValueError(
            f"{value:g} is not in (0, {LARGEST_RATIO:g}]; YAML reads an unquoted 1:15 as the "
            'number 75, so write it as "1:15"'
        )
    return value


Ratio = Annotated[float, BeforeValidator(_parse_ratio), AfterValidator(_check_ratio)]
"""Batches of an objective for each batch of the first one; "1:15" is one for fifteen batches."""


class Augmentation(Model):
    """Geometric augmentation of batches of images (Safarani et al. 2021, section 2)."""

    padding_px: int = Field(4, ge=0)
    flip: bool = True
    rotation_deg: float = Field(15.0, ge=0, le=180)


class ObjectiveSettings(Model):
    """Settings of an objective.

    A module of `neurobust.config.objectives` has the settings of one kind; the module of the same
    name in `neurobust.training.objectives` computes its loss.
    """

    learns_labels: ClassVar[bool] = False
    """Whether it trains the classifier."""
    uses: ClassVar[Literal["responses", "similarity"] | None] = None
    """What it takes from the recording or network that its ``source`` names."""

    kind: str
    ratio: Ratio = 1.0

    def parts(self) -> list[str]:
        """Return the parts of the library that compute the objective (`neurobust.parts`)."""
        return [f"training.objectives.{module_name(self.kind)}"]
