"""Settings of the comparison of neural predictivity and robustness over networks."""

from typing import ClassVar

from pydantic import Field

from neurobust.config.checks import check_network
from neurobust.config.experiment import Experiment
from neurobust.config.model import nearest, require_known
from neurobust.config.studies import StudySettings
from neurobust.errors import InputError

ALEXNET = "alexnet"  # the reference whose corruption errors were published


class Settings(StudySettings):
    """Neural predictivity and robustness of all classifiers of one image set."""

    title: ClassVar[str] = "Brain-likeness"

    predictivity: str = Field(
        "v1", description="the entry of 'predictivity' that robustness is compared with"
    )
    reference: str = Field(
        "baseline",
        description="the network whose corruption errors are 100 %, or 'alexnet' for the published "
        "errors of AlexNet on ImageNet-C",
    )
    images: str | None = Field(None, description="image set; null: that of the reference network")
    bootstrap: int = Field(
        250, ge=10, description="repetitions of the bootstrap of corruption errors"
    )
    bootstrap_seed: int = Field(1000, description="seed of all bootstraps")

    def reference_network(self) -> str | None:
        """Return the network whose corruption errors are 100 %, None for AlexNet's published."""
        return None if self.reference == ALEXNET else self.reference

    def compared(self, experiment: Experiment) -> list[str]:
        """Return the classifiers of the image set whose layers can be read."""
        images = self.images or experiment.networks[self.reference].images
        return [
            name
            for name, recipe in experiment.networks.items()
            if recipe.classifies() and recipe.images == images and recipe.architecture is None
        ]

    def simulated(self, experiment: Experiment) -> bool:
        """Return whether the recording that features are to predict is simulated."""
        scored = experiment.config.predictivity[self.predictivity]
        return experiment.config.recordings[scored.recording].simulated

    def check(self, place: str, experiment: Experiment) -> None:
        """Check that there is what is compared; see `StudySettings.check`."""
        known = experiment.config.predictivity
        require_known(f"{place}.predictivity", self.predictivity, known, "entry of 'predictivity'")
        reference = self.reference_network()
        if reference is not None:
            check_network(experiment, f"{place}.reference", reference)
        elif self.images is None:
            raise InputError(
                f"{place}.images",
                "is not given, and no network is the reference",
                expected="the image set on which networks are compared",
                fix=f"name one of {', '.join(experiment.config.images)}",
            )
        if self.images is not None:
            require_known(f"{place}.images", self.images, experiment.config.images, "image set")
        if reference is not None and reference not in self.compared(experiment):
            raise InputError(
                f"{place}.reference",
                f"{reference!r} does not classify the image set on which others are compared",
                expected=nearest(reference, self.compared(experiment)),
                fix="name a classifier of this image set",
            )
