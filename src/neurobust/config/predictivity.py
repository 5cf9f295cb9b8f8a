"""Settings of neural predictivity."""

from typing import Literal

from pydantic import Field

from neurobust.config.model import Model


class Predictivity(Model):
    """How well a network's features predict a recording, as Brain-Score defines it."""

    recording: str
    splits: Literal["held-out", "stratified", "groups"] = Field(
        "held-out",
        description="held-out: fitted to training stimuli, scored on the recording's test stimuli; "
        "stratified: shuffled, groups in proportion; groups: whole groups are scored",
    )
    n_splits: int = Field(10, ge=2, description="Schrimpf et al. 2018: 10")
    left_out: float = Field(
        0.1,
        gt=0,
        lt=1,
        description="share of stimuli, or groups, that a split is not fitted to; Schrimpf: .1",
    )
    components: int = Field(25, ge=1, description="of the PLS regression; Schrimpf et al. 2018: 25")
    halves: int = Field(10, ge=1, description="random halves of the repeats, for the ceiling")
    layers: list[str] | None = Field(None, description="to choose from; null: all of the trunk")
    fit_stimuli: int | None = Field(None, ge=2, description="most stimuli fitted to; null: all")
    seed: int = Field(1000, description="of the splits and the halves")
