"""An experiment: a valid configuration with expanded recipes, and questions about its networks."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, Field, create_model

from neurobust.config.attacks import Attacks
from neurobust.config.behaviour import Behaviour
from neurobust.config.corruptions import Corruptions
from neurobust.config.costs import Cost
from neurobust.config.frontends.blur import Blur
from neurobust.config.hybrids import Hybrids
from neurobust.config.kinds import one_of
from neurobust.config.model import Model, nearest, require_known, validate
from neurobust.config.networks import Entry, Member, expand
from neurobust.config.predictivity import Predictivity
from neurobust.config.recipes import Recipe
from neurobust.config.recording import RecordingSettings
from neurobust.config.reliability import Reliability
from neurobust.config.schedules import SCHEDULES, Schedule
from neurobust.config.studies import StudySettings
from neurobust.errors import InputError

if TYPE_CHECKING:
    ImageSet = Any
    Recording = RecordingSettings
else:
    ImageSet = one_of("neurobust.config.images", "source")
    Recording = one_of("neurobust.config.recordings", "source")

SLOTS = 12  # parts of a GPU, which the jobs that share it divide evenly (`neurobust.jobs.gpus`)


def _check_share(value: int) -> int:
    shares = [number for number in range(1, SLOTS + 1) if SLOTS % number == 0]
    if value not in shares:
        raise ValueError(f"is {value}; expected one of {', '.join(map(str, shares))}")
    return value


Share = Annotated[int, AfterValidator(_check_share)]


class Config(Model):
    """One experiment. The settings of its studies are further keys (`config_model`)."""

    scale: str = Field(description="scale of the run in one line, which is part of its results")
    studies: list[str] = Field([], description="studies to run, by their folders in studies/")
    seeds: list[int] = Field([1000, 2000, 3000, 4000, 5000], min_length=1)
    pathvars: dict[str, str] = Field({}, description="folders; see Snakemake's path variables")
    device: Literal["auto", "cpu", "gpu"] = Field("auto", description="auto: a GPU if there is one")
    jobs_per_gpu: dict[str, Share] = Field(
        {}, description="number of an image set's networks that share a GPU; by default 1"
    )
    checkpoint_minutes: float = Field(10, ge=0, description="time between saves of a training")
    costs: dict[str, dict[str, Cost]] = Field(
        {},
        description="costs of one seed by rule, then by network, sweep, trunk, image set, "
        "recording or 'any'; a dry run adds them up",
    )
    images: dict[str, ImageSet]
    recordings: dict[str, Recording] = {}
    reliability: Reliability = Reliability()
    schedules: dict[str, Schedule] = {}
    network_defaults: Recipe = Recipe()
    networks: dict[str, Entry] = {}
    corruptions: Corruptions = Corruptions()
    evaluate_together: list[Annotated[list[str], Field(min_length=1)]] = Field(
        [],
        description="lists of classifiers or sweeps of one image set; one job evaluates a list and "
        "corrupts each image once for all",
    )
    predictivity: dict[str, Predictivity] = {}
    behaviour: dict[str, Behaviour] = {}
    attacks: Attacks = Attacks()
    hybrids: Hybrids = Hybrids()


def config_model(studies: Mapping[str, type[StudySettings]]) -> type[Config]:
    """Return the model of a configuration with a key for each of these studies."""
    for name in studies.keys() & Config.model_fields.keys():
        raise InputError(
            f"studies/{name}",
            "has the name of a key of the configuration",
            expected="another name, since it is the key of the study's settings",
            fix="rename the folder",
        )
    fields: dict[str, Any] = {name: (settings, ...) for name, settings in studies.items()}
    return create_model("Config", __base__=Config, __doc__=Config.__doc__, **fields)


class Networks(dict[str, Recipe]):
    """Recipes by the names of their networks; an unknown name raises an InputError."""

    def __missing__(self, name: str) -> Recipe:
        raise InputError(
            "networks",
            f"there is no network {name!r}",
            expected=nearest(name, self),
            fix="correct the name, or add the network to the configuration",
        )


class Experiment:
    """A configuration with valid keys and values and with expanded recipes.

    `neurobust.config.checks.load_experiment` also checks that names refer to something suitable.

    Parameters
    ----------
    given
        The merged mapping of ``config.yaml`` and its overlays.
    known
        Settings of all studies that exist, by name. A study that ``given["studies"]`` does not name
        needs no key; if it has one, its value is ignored.

    Raises
    ------
    InputError
        If a key is unknown, a value is wrong, or networks cannot be expanded.
    """

    def __init__(
        self, given: Mapping[str, Any], known: Mapping[str, type[StudySettings]] | None = None
    ) -> None:
        known = known or {}
        asked = _asked(given, known)
        left_out = known.keys() - asked
        kept = {name: value for name, value in given.items() if name not in left_out}
        kept["schedules"] = _with_defaults(given.get("schedules"))
        model = config_model({name: known[name] for name in asked})
        self.config = validate(model, {**{name: {} for name in asked}, **kept}, "configuration")
        self.members: dict[str, Member]
        recipes, self.members = expand(self.config.networks, self.config.network_defaults)
        self.networks = Networks(recipes)

    @property
    def studies(self) -> dict[str, StudySettings]:
        """The settings of the studies to run, by name, in the order of the configuration."""
        return {name: getattr(self.config, name) for name in self.config.studies}

    def seeds(self, network: str) -> list[int]:
        """Return the seeds with which a network is trained."""
        return self.networks[network].seeds or self.config.seeds

    def sweep_members(self, sweep: str) -> list[str]:
        """Return the networks of a sweep, in its order."""
        return [name for name, member in self.members.items() if member.sweep == sweep]

    def evaluated_together(self) -> list[list[str]]:
        """Return the networks of each job that evaluates several on corrupted images."""
        return [
            [network for name in names for network in self.sweep_members(name) or [name]]
            for names in self.config.evaluate_together
        ]

    def schedules_of(self, network: str) -> dict[str, dict[str, Any]]:
        """Return the identities of the schedules of a network's training, by name."""
        names = {stage.schedule for stage in self.networks[network].training()}
        return {name: self.config.schedules[name].identity() for name in sorted(names)}

    def recording_of(self, network: str) -> str | None:
        """Return the recording that a network's readout predicts, directly or by another one."""
        source = self.networks[network].source("responses")
        if source is None or source in self.config.recordings:
            return source
        return self.recording_of(source)

    def simulated(self, network: str) -> bool:
        """Return whether a network was trained with simulated responses, directly or not."""
        similar = self.networks[network].source("similarity")
        recording = self.recording_of(network if similar is None else similar)
        return recording is not None and self.config.recordings[recording].simulated

    def trains_on_images(self, network: str) -> bool:
        """Return whether training needs the image set, not only a recording's stimuli."""
        recipe = self.networks[network]
        objectives = recipe.all_objectives()
        recorded = [
            each
            for each in objectives
            if each.uses == "responses" and vars(each)["source"] in self.config.recordings
        ]
        return recipe.classifies() or len(recorded) < len(objectives)

    def available(self, network: str) -> bool:
        """Return whether a network can be used: its file of weights, if it has one, exists."""
        weights = self.networks[network].weights
        return weights is None or weights.exists()

    def display(self, network: str) -> dict[str, str | None]:
        """Return a network's label, colour, marker and line in figures and tables."""
        return self.networks[network].display.model_dump()

    def attributes(self, network: str) -> dict[str, str | int | float]:
        """Return the attributes that every evaluation of a network records."""
        recipe = self.networks[network]
        attributes: dict[str, str | int | float] = {
            "network": network,
            "simulated": int(self.simulated(network)),
        }
        if network in self.members:
            attributes |= {"sweep": self.members[network].sweep}
        if isinstance(recipe.frontend, Blur):
            attributes |= {"sigma_px": recipe.frontend.sigma_px}
        ratios = [each.ratio for each in recipe.all_objectives() if each.uses == "responses"]
        if recipe.classifies() and ratios:
            attributes |= {"ratio": ratios[0]}
        return attributes


def _asked(given: Mapping[str, Any], known: Mapping[str, type[StudySettings]]) -> list[str]:
    """Return the studies of a configuration; validation refuses a value that is not a list."""
    asked = given.get("studies", [])
    if not isinstance(asked, list):
        return []
    for name in asked:
        require_known("studies", str(name), known, "study")
        if asked.count(name) > 1:
            raise InputError(
                "studies",
                f"names {name!r} twice",
                expected="each study once",
                fix="remove one of the two",
            )
    return [str(name) for name in asked]


def _with_defaults(schedules: object) -> object:
    """Merge schedules into the built-in ones; validation refuses values that are not mappings."""
    over = {} if schedules is None else schedules
    if not isinstance(over, Mapping):
        return over
    laid: dict[str, object] = dict(SCHEDULES)
    for name, fields in over.items():
        own = {} if fields is None else fields
        laid[name] = {**SCHEDULES.get(name, {}), **own} if isinstance(own, Mapping) else own
    return laid
