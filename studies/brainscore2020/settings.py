"""Settings of Brain-Score against corruption error, on published numbers (2020)."""

from typing import ClassVar

from pydantic import Field

from neurobust.config.studies import StudySettings


class Settings(StudySettings):
    """Brain-Score against corruption error on published numbers; no network is needed."""

    title: ClassVar[str] = "Brain-Score 2020"
    data: ClassVar[str | None] = "published numbers, no network is trained"

    resampling_seed: int = Field(1000, description="seed of the bootstrap and the permutations")
