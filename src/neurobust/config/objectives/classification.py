"""Settings of classification and its defences."""

import re
from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field, model_validator

from neurobust.config.model import Model
from neurobust.config.objective import Augmentation, ObjectiveSettings


def _parse_size(value: object) -> object:
    """Convert "8/255" to 8/255; leave numbers unchanged."""
    if isinstance(value, str):
        parts = re.fullmatch(r"(\d+(?:\.\d+)?)/255", value)
        if not parts:
            raise ValueError('expected a number, or levels of 255 in quotes, such as "8/255"')
        return float(parts[1]) / 255
    return value


class Adversarial(Model):
    """Adversarial training: perturbed images instead of the images (Madry et al. 2018)."""

    norm: Literal["linf", "l2"]
    size: Annotated[float, BeforeValidator(_parse_size)] = Field(
        gt=0, description='largest perturbation of pixels from 0 to 1, such as "8/255"'
    )
    steps: int = Field(7, ge=1, description="gradients per batch; Madry et al. 2018: 7")
    step_size: float = Field(
        2.5, gt=0, description="sum of all steps, in units of the size; Madry et al. 2018: 2.5"
    )


class AugMix(Model):
    """Images mixed with chains of operations, and consistent answers (Hendrycks et al. 2020).

    None of the operations is a corruption of ImageNet-C.
    """

    severity: int = Field(3, ge=1, le=10)
    chains: int = Field(3, ge=1)
    alpha: float = Field(1.0, gt=0, description="parameter of the Dirichlet and Beta distributions")
    consistency: float = Field(12.0, ge=0, description="weight of the Jensen-Shannon divergence")


class Classification(ObjectiveSettings):
    """Cross-entropy on the image set's labels; an epoch is one pass over its training images."""

    learns_labels: ClassVar[bool] = True

    kind: Literal["classification"] = "classification"
    corrupted: float = Field(0.0, ge=0, le=1, description="fraction of corrupted training images")
    augmentation: Augmentation = Augmentation()
    adversarial: Adversarial | None = None
    augmix: AugMix | None = None

    @model_validator(mode="after")
    def _one_defence(self) -> "Classification":
        if self.adversarial and self.augmix:
            raise ValueError("give either 'adversarial' or 'augmix', not both")
        return self

    def parts(self) -> list[str]:
        """Return the parts of the library that compute the objective and its defence."""
        chosen = {
            "training.corrupted": self.corrupted,
            "training.losses.adversarial": self.adversarial,
            "training.losses.augmix": self.augmix,
        }
        return [*super().parts(), *(part for part, used in chosen.items() if used)]
