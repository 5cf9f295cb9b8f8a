"""Settings of neural predictivity."""

from typing import Literal

from pydantic import Field

from neurobust.config.model import Model


class Predictivity(Model):
    """How well a network's features predict a recording, as in Brain-Score."""

    recording: str
    splits: Literal["held-out", "stratified", "groups"] = Field(
        "held-out",
        description="held-out: fitted to training stimuli, scored on the recording's test stimuli; "
        "stratified: random, groups in proportion; groups: scored on groups that are left out",
    )
    n_splits: int = Field(10, ge=2, description="Schrimpf et al. 2018: 10")
    left_out: float = Field(
        0.1,
        gt=0,
        lt=1,
        description="share of stimuli, or groups, left out of a split's fit; Schrimpf: .1",
    )
    components: int = Field(25, ge=1, description="of the PLS regression; Schrimpf: 25")
    halves: int = Field(10, ge=1, description="random halves of repeats, for the ceiling")
    layers: list[str] | None = Field(
        None, description="layers to choose from; null: all of the trunk"
    )
    fit_stimuli: int | None = Field(
        None, ge=2, description="largest number of stimuli fitted to; null: all"
    )
    seed: int = Field(1000, description="seed of the splits and the halves")
