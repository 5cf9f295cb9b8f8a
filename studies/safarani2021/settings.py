"""Settings of the main study (Safarani et al. 2021): which network plays which part."""

from typing import ClassVar, Literal

from pydantic import Field

from neurobust.config.checks import check_network, check_sweep
from neurobust.config.experiment import Experiment
from neurobust.config.studies import StudySettings
from neurobust.errors import InputError

Role = Literal["baseline", "oracle", "mtl-oracle", "mtl-monkey", "mtl-shuffled", "mtl-real"]
NEEDED = ("baseline", "mtl-monkey")  # scores are relative to the one and about the other


class Settings(StudySettings):
    """The main study: which network plays which part."""

    title: ClassVar[str] = "Safarani 2021"

    roles: dict[Role, str] = Field(description="networks compared, in the order of the figures")
    predictor: str = "monkey-predictor"
    ratios: dict[Literal["mtl-monkey", "mtl-shuffled"], str] = Field(
        {}, description="sweeps over the batch ratio for Fig. 3C"
    )
    bootstrap: int = Field(250, ge=10, description="repetitions; Safarani 2021, section 2: 250")
    bootstrap_seed: int = 1000
    example_image: int = Field(0, ge=0, description="test image shown in Fig. 9")
    example_severity: int = Field(2, ge=1, le=5, description="Safarani 2021, Fig. 9: 2")

    def check(self, place: str, experiment: Experiment) -> None:
        """Check that every part is played by a network; see `StudySettings.check`."""
        for role, name in [*self.roles.items(), ("predictor", self.predictor)]:
            check_network(experiment, f"{place}.{role}", name)
        for needed in NEEDED:
            if needed not in self.roles:
                raise InputError(
                    f"{place}.roles",
                    f"names no {needed}",
                    expected="a network for the roles " + " and ".join(map(repr, NEEDED)),
                    fix="add it: scores are relative to the one and about the other",
                )
        for role, sweep in self.ratios.items():
            check_sweep(experiment, f"{place}.ratios.{role}", sweep)
