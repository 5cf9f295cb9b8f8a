"""Settings of the reliability of recordings."""

from pydantic import Field

from neurobust.config.model import Model


class Reliability(Model):
    """Split-half reliability and explainable variance of all recordings' neuroids."""

    seed: int = Field(1000, description="seed of the random halves")
