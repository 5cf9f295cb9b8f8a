"""Settings of optimisers and learning rates."""

from typing import Any, Literal

from pydantic import Field

from neurobust.config.model import Model


class Schedule(Model):
    """Optimiser and learning rate of one stage.

    The rate is lowered at plateaus of the validation score, where the best epoch is restored
    (released code of Safarani et al. 2021), or, with ``phase_epochs``, after a fixed number of
    epochs (Li et al. 2023). Training ends after the last step or at ``max_epochs`` and keeps the
    best epoch.
    """

    optimiser: Literal["sgd", "adam"] = "sgd"
    lr: float = Field(0.1, gt=0)
    momentum: float = Field(0.75, ge=0, lt=1)
    weight_decay: float = Field(5e-4, ge=0)
    lr_factor: float = Field(0.4, gt=0, lt=1)
    min_lr: float = Field(1e-4, ge=0)
    patience: int = Field(
        5, ge=0, description="tolerated epochs without improvement; 5: a step after six"
    )
    lr_steps: int = Field(5, ge=1, description="plateaus or phases; the last ends the training")
    phase_epochs: int | None = Field(None, ge=1, description="null: plateaus; Li et al. 2023: 4")
    cycles: int = Field(
        1, ge=1, description="number of cycles of lr_steps phases; Li et al. 2023: 2"
    )
    threshold: float = Field(1e-4, ge=0, description="smallest improvement, absolute")
    max_epochs: int = Field(400, ge=1)
    batch_size: int = Field(128, ge=2)


# From the released code of Safarani et al. 2021. The parameters of their Oracle are not public:
# "oracle" has those of its nearest public relative. "readout" has the settings of "prediction" and
# the 10 epochs of the paper.
SCHEDULES: dict[str, dict[str, Any]] = {
    "classification": {},
    "cotraining": {"lr_factor": 0.3, "max_epochs": 407},
    "prediction": {
        "optimiser": "adam",
        "lr": 5e-4,
        "lr_factor": 0.5,
        "threshold": 1e-6,
        "max_epochs": 150,
    },
    "oracle": {
        "momentum": 0.8,
        "weight_decay": 5e-5,
        "lr_factor": 0.3,
        "patience": 10,
        "max_epochs": 100,
    },
    "readout": {
        "optimiser": "adam",
        "lr": 5e-4,
        "lr_factor": 0.5,
        "threshold": 1e-6,
        "max_epochs": 10,
    },
}
