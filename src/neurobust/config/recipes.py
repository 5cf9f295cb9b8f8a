"""A network is a recipe: its images, its architecture, its objectives and its training."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, field_validator, model_validator

from neurobust.config.kinds import modules_in, one_of
from neurobust.config.model import Model, nearest
from neurobust.config.objective import ObjectiveSettings
from neurobust.parts import module_name

if TYPE_CHECKING:
    Objective = ObjectiveSettings
    Frontend = Any
else:
    Objective = one_of("neurobust.config.objectives", "kind")
    Frontend = one_of("neurobust.config.frontends", "kind")

ROBUSTBENCH = "robustbench"
"""Name of the trunk that is a complete model of RobustBench."""


class Stage(Model):
    """One stage of training: objectives and their schedule."""

    objectives: dict[str, Objective] = {}
    schedule: str = "classification"
    weighting: Literal["fixed", "uncertainty"] = Field(
        "fixed", description="uncertainty: learned observation noise (Kendall et al. 2018)"
    )
    freeze_to: str | None = Field(None, description="freeze the trunk up to this layer")
    reset: bool = Field(False, description="initialise layers that are not frozen anew")


class Display(Model):
    """The look of a network in figures and tables; a change reruns only these."""

    label: str = Field("", description="by default the network's name")
    colour: str | None = Field(
        None, pattern="^#[0-9A-Fa-f]{6}$", description='such as "#0072B2"; null: one that is unused'
    )
    marker: str | None = Field(
        None,
        pattern=r"^[.,ov^<>12348spP*hH+xXDd|_]$",
        description="a marker of matplotlib, such as s; null: one that is unused",
    )
    line: Literal["-", "--", "-.", ":"] | None = Field(None, description="null: one that is unused")


class Recipe(Stage):
    """A network. Its training is its own stage or, if there are several, ``stages``."""

    display: Display = Display()
    images: str = Field("", description="image set that it classifies or is applied to")
    colour: Literal["gray", "rgb"] = "gray"
    frontend: Frontend | None = Field(None, description="fixed processing before the trunk")
    trunk: str = Field("vgg19", description="a module of neurobust.networks.trunks")
    architecture: str | None = Field(
        None, description="model of the trunk 'robustbench', such as Carmon2019Unlabeled"
    )
    width: float = Field(1.0, gt=0, le=4, description="factor of all numbers of channels")
    readout_layer: str = "conv-3-1"
    seeds: list[int] | None = Field(None, min_length=1, description="null: the experiment's seeds")
    start_from: str | None = Field(None, description="network whose weights are its first ones")
    weights: Path | None = Field(
        None,
        description="file of trained weights of this trunk, with the names of torchvision, CORnet "
        "or RobustBench, as its first ones; without objectives it is used without training",
    )
    stages: list[Stage] = []

    @field_validator("trunk")
    @classmethod
    def _check_trunk(cls, name: str) -> str:
        known = [each.replace("_", "-") for each in modules_in("neurobust.networks.trunks")]
        if name not in known:
            raise ValueError(f"there is no trunk {name!r}; {nearest(name, known)}")
        return name

    @model_validator(mode="after")
    def _check_training(self) -> "Recipe":
        if self.stages and self.objectives:
            raise ValueError("give either 'objectives' or 'stages', not both")
        if self.weights and self.start_from:
            raise ValueError("give either 'weights' or 'start_from', not both")
        if (self.trunk == ROBUSTBENCH) != bool(self.architecture):
            raise ValueError(f"'architecture' belongs to trunk {ROBUSTBENCH!r} and to no other")
        if self.architecture and (self.weights is None or self.training()):
            raise ValueError(f"trunk {ROBUSTBENCH!r} needs 'weights' and cannot be trained")
        return self

    def training(self) -> list[Stage]:
        """Return the stages of training in order; none for a network that is not trained."""
        own = {name: getattr(self, name) for name in Stage.model_fields}
        return self.stages or ([Stage.model_construct(**own)] if self.objectives else [])

    def all_objectives(self) -> list[ObjectiveSettings]:
        """Return the objectives of all stages."""
        return [each for stage in self.training() for each in stage.objectives.values()]

    def sources(self, what: str) -> list[str]:
        """Return the sources of all objectives that use responses or similarities.

        Parameters
        ----------
        what
            ``responses`` or ``similarity``.
        """
        named = [str(vars(each)["source"]) for each in self.all_objectives() if each.uses == what]
        return list(dict.fromkeys(named))

    def source(self, what: str) -> str | None:
        """Return the source of responses or of similarities, if there is one (`sources`)."""
        return next(iter(self.sources(what)), None)

    def in_channels(self) -> int:
        """Return the number of channels of the images that it sees."""
        return 1 if self.colour == "gray" else 3

    def classifies(self) -> bool:
        """Return whether the network has a classifier."""
        learns = any(objective.learns_labels for objective in self.all_objectives())
        return learns or self.architecture is not None

    def training_key(self) -> dict[str, Any]:
        """Return the fields of the recipe that its training depends on.

        Two recipes with the same key give the same network (with the same files, code and seed).
        The key contains neither display nor seeds, nor fields that are off (`Model.identity`). The
        recipe can be validated from it.
        """
        return {k: v for k, v in self.identity().items() if k not in {"display", "seeds"}}

    def network_parts(self) -> list[str]:
        """Return the parts of the library that build the network (`neurobust.parts`)."""
        parts = [f"networks.trunks.{module_name(self.trunk)}"]
        if self.frontend is not None:
            parts.append(f"networks.frontends.{module_name(self.frontend.kind)}")
        return parts

    def training_parts(self) -> list[str]:
        """Return the parts of the library that build and train the network."""
        used = ["networks.weights"] if self.weights else []
        used += [part for objective in self.all_objectives() for part in objective.parts()]
        return [*self.network_parts(), *dict.fromkeys(used)]
