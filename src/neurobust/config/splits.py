"""How stimuli and images are divided into training, validation and test."""

from pydantic import Field

from neurobust.config.model import Model

SPLIT_SEED = 1000  # released code: the data split is fixed across initialisations


class Split(Model):
    """How the stimuli of a recording are divided; groups are never torn apart."""

    by: str = Field("stimulus_id", description="column of the stimulus set that defines groups")
    column: str | None = Field(None, description="column that already names the splits")
    test: float = Field(0.2, gt=0, lt=1, description="fraction of the groups")
    validation: float = Field(0.2, gt=0, lt=1, description="fraction of the rest; released code")
