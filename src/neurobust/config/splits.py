"""Settings of the division of stimuli into train, validation and test."""

from pydantic import Field

from neurobust.config.model import Model

SPLIT_SEED = 1000  # as in the released code of Safarani et al. 2021: one split for all networks


class Split(Model):
    """The division of a recording's stimuli, in which groups stay together."""

    by: str = Field("stimulus_id", description="column of the stimulus set that defines groups")
    column: str | None = Field(None, description="column that names the split of each stimulus")
    test: float = Field(0.2, gt=0, lt=1, description="fraction of the groups")
    validation: float = Field(
        0.2, gt=0, lt=1, description="fraction of the other groups; Safarani et al. 2021: .2"
    )
