"""Settings of the main study (Safarani et al. 2021): which network plays which role."""

from collections.abc import Iterable
from typing import ClassVar, Literal

from pydantic import Field

from neurobust.config.checks import check_network, check_sweep
from neurobust.config.experiment import Experiment
from neurobust.config.objectives.classification import Classification
from neurobust.config.objectives.responses import Responses
from neurobust.config.studies import StudySettings
from neurobust.errors import InputError

Role = Literal["baseline", "oracle", "mtl-oracle", "mtl-monkey", "mtl-shuffled", "mtl-real"]
NEEDED = ("baseline", "mtl-monkey")  # scores are relative to the first and about the second
PREDICTOR = "monkey-predictor"
TABLE_3_ALONE = "mtl-real"  # in no figure of the paper


class Settings(StudySettings):
    """The main study: which network plays which role."""

    title: ClassVar[str] = "Safarani 2021"

    roles: dict[Role, str] = Field(description="networks compared, in the order of the figures")
    predictor: str = Field("monkey-predictor", description="the network that predicts recordings")
    ratios: dict[Literal["mtl-monkey", "mtl-shuffled"], str] = Field(
        {}, description="sweeps over the batch ratio for Fig. 3C"
    )
    bootstrap: int = Field(250, ge=10, description="repetitions; Safarani 2021, section 2: 250")
    bootstrap_seed: int = 1000
    example_image: int = Field(0, ge=0, description="test image shown in Fig. 9")
    example_severity: int = Field(2, ge=1, le=5, description="Safarani 2021, Fig. 9: 2")

    def check(self, place: str, experiment: Experiment) -> None:
        """Check that a network plays every role; see `StudySettings.check`."""
        for role, name in [*self.roles.items(), ("predictor", self.predictor)]:
            check_network(experiment, f"{place}.{role}", name)
        for needed in NEEDED:
            if needed not in self.roles:
                raise InputError(
                    f"{place}.roles",
                    f"names no {needed}",
                    expected="a network for the roles " + " and ".join(map(repr, NEEDED)),
                    fix="add it: scores are relative to the first and about the second",
                )
        for role, sweep in self.ratios.items():
            check_sweep(experiment, f"{place}.ratios.{role}", sweep)

    def players(self) -> dict[str, str]:
        """Return the network of every role, the predictor of the recording first."""
        return dict([(PREDICTOR, self.predictor), *self.roles.items()])

    def drawn_roles(self) -> list[str]:
        """Return the roles that the figures of scores show."""
        return [role for role in self.roles if role != TABLE_3_ALONE]

    def predicting_roles(self, experiment: Experiment) -> list[str]:
        """Return the roles whose networks predict a recording, the predictor first."""
        players = self.players()
        return [role for role in players if experiment.recording_of(players[role]) is not None]

    def swept_networks(self, experiment: Experiment) -> dict[str, str]:
        """Return the role of every network of the sweeps over the batch ratio."""
        sweeps = self.ratios.items()
        return {name: role for role, sweep in sweeps for name in experiment.sweep_members(sweep)}

    def images(self, experiment: Experiment) -> str:
        """Return the image set that the networks classify."""
        return experiment.networks[self.roles["baseline"]].images

    def display(
        self, experiment: Experiment, roles: Iterable[str]
    ) -> dict[str, dict[str, str | None]]:
        """Return how figures and tables show roles: each as its network."""
        players = self.players()
        return {role: _display(experiment, players[role]) for role in roles}

    def validation_scores(self, experiment: Experiment) -> dict[str, str]:
        """Return what the validation score of each role's network is."""
        players = self.players().items()
        return {
            role: f"Validation {'accuracy' if recipe.classifies() else 'correlation'}"
            for role, recipe in ((role, experiment.networks[name]) for role, name in players)
        }

    def describe_training(self, experiment: Experiment) -> dict[str, dict[str, str]]:
        """Return in words what each role's network is trained for (Table 1).

        The keys are the roles, the predictor last; each has ``classification`` and
        ``neural_prediction``, empty for what the network is not trained for.
        """
        players = self.players()
        return {role: _describe(experiment, players[role]) for role in [*self.roles, PREDICTOR]}


def _display(experiment: Experiment, network: str) -> dict[str, str | None]:
    display = experiment.display(network)
    return {**display, "label": display["label"] or network}


def _describe(experiment: Experiment, network: str) -> dict[str, str]:
    recipe = experiment.networks[network]
    objectives = recipe.all_objectives()
    classified = [each for each in objectives if isinstance(each, Classification)]
    corrupted = any(each.corrupted for each in classified)
    images = f"{'corrupted and clean' if corrupted else 'clean'} {recipe.images}"
    predicted = [
        f"{_origin(experiment, each.source)} responses{' (shuffled)' if each.shuffled else ''}"
        for each in objectives
        if isinstance(each, Responses)
    ]
    return {
        "classification": images if classified else "",
        "neural_prediction": ", ".join(predicted),
    }


def _origin(experiment: Experiment, source: str) -> str:
    """Return whose responses a source gives: recorded, simulated, or a network's."""
    recording = experiment.config.recordings.get(source)
    if recording is not None:
        return "simulated" if recording.simulated else "recorded"
    return f"{_display(experiment, source)['label']}'s"
