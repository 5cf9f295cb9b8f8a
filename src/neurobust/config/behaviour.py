"""Settings of behavioural benchmarks."""

from pathlib import Path

from pydantic import Field

from neurobust.config.model import Model


class Behaviour(Model):
    """Choices of observers between two objects, with which networks are compared (i2n)."""

    assembly: Path
    stimulus_set: Path
    stimuli: Path
    truth: str = Field("object_name", description="column that names each picture's object")
    layer: str | None = Field(None, description="layer that predicts choices; null: the last")
    size_px: int = Field(64, ge=16, description="side of the network's input")
    crop_px: int = Field(0, ge=0, description="pixels to remove at each side before resizing")
    fit_share: float = Field(
        0.0,
        ge=0,
        lt=1,
        description="share of each object's shown pictures that choices are fitted to instead of "
        "scored; 0: they are fitted to the pictures of the stimulus set that no trial shows",
    )
    halves: int = Field(10, ge=2, description="random halves of the trials")
    seed: int = Field(1000, description="seed of the halves and of the share")
