"""A network is a recipe: what it sees, what it is made of, what it is trained for, and how.

Everything that the workflow trains is a point in this space; sweeps and inheritance are expanded
here, statically, before a single rule is planned.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from neurobust.config.model import Model, nearest, validate
from neurobust.errors import InputError

LARGEST_RATIO = 20.0


def _parse_ratio(value: object) -> object:
    """Read "1:15" as 1/15 and pass on numbers."""
    if isinstance(value, str):
        parts = re.fullmatch(r"(\d+):(\d+)", value)
        if not parts or int(parts[2]) == 0:
            raise ValueError('expected a positive number or "a:b" in quotes, such as "1:15"')
        return int(parts[1]) / int(parts[2])
    return value


def _check_ratio(value: float) -> float:
    if not 0 < value <= LARGEST_RATIO:
        raise ValueError(
            f"{value:g} is not in (0, {LARGEST_RATIO:g}]; YAML reads an unquoted 1:15 as the "
            'number 75, so write it as "1:15"'
        )
    return value


Ratio = Annotated[float, BeforeValidator(_parse_ratio), AfterValidator(_check_ratio)]
"""Batches of this objective for each batch of the first one; "1:15" is one every fifteenth."""


class Augmentation(Model):
    """Geometric augmentation of classification batches (Safarani 2021, section 2)."""

    padding_px: int = Field(4, ge=0)
    flip: bool = True
    rotation_deg: float = Field(15.0, ge=0, le=180)


def _parse_size(value: object) -> object:
    """Read "8/255" as 8 of 255 levels and pass on numbers."""
    if isinstance(value, str):
        parts = re.fullmatch(r"(\d+(?:\.\d+)?)/255", value)
        if not parts:
            raise ValueError('expected a number or, in levels of 255, "8/255" in quotes')
        return float(parts[1]) / 255
    return value


class Adversarial(Model):
    """Images perturbed against the network while it learns them (Madry et al. 2018)."""

    norm: Literal["linf", "l2"]
    size: Annotated[float, BeforeValidator(_parse_size)] = Field(
        gt=0, description='largest perturbation, where pixels run from 0 to 1; such as "8/255"'
    )
    steps: int = Field(7, ge=1, description="gradients per batch; Madry et al. 2018: 7")
    step_size: float = Field(
        2.5, gt=0, description="of all steps together, in units of the size; Madry et al. 2018: 2.5"
    )


class AugMix(Model):
    """Mixed chains of simple operations, and consistency of the answers (Hendrycks et al. 2020).

    None of the operations is one of the corruptions of ImageNet-C.
    """

    severity: int = Field(3, ge=1, le=10)
    chains: int = Field(3, ge=1)
    alpha: float = Field(1.0, gt=0, description="of the Dirichlet and Beta distributions")
    consistency: float = Field(12.0, ge=0, description="weight of the Jensen-Shannon divergence")


class Classification(Model):
    """Cross-entropy on the image set's labels; an epoch is one pass over its training images."""

    kind: Literal["classification"] = "classification"
    corrupted: float = Field(0.0, ge=0, le=1, description="fraction of corrupted training images")
    augmentation: Augmentation = Augmentation()
    adversarial: Adversarial | None = None
    augmix: AugMix | None = None
    ratio: Ratio = 1.0

    @model_validator(mode="after")
    def _one_defence(self) -> "Classification":
        if self.adversarial and self.augmix:
            raise ValueError("give either 'adversarial' or 'augmix', not both")
        return self


class Matching(Model):
    """Distance between one layer's outputs for two views of an image, one always corrupted."""

    kind: Literal["matching"]
    layer: str = "conv-3-1"
    weight: float = Field(1.0, gt=0)
    corrupted: float = Field(0.5, ge=0, le=1, description="corrupted fraction of the first view")
    augmentation: Augmentation = Augmentation()
    ratio: Ratio = 1.0


class Responses(Model):
    """Prediction of neural responses: of a recording, or synthesised by another network."""

    kind: Literal["responses"]
    source: str = Field(description="a recording, or a network that predicts one")
    loss: Literal["likelihood", "mse"] = Field(
        "mse", description="likelihood: Poisson for counts, Gaussian for continuous responses"
    )
    shuffled: bool = Field(False, description="responses permuted across images (the control)")
    l1: float = Field(0.0, ge=0, description="weight of the L1 norm of the readout's features")
    sessions_per_step: int | None = Field(
        None, ge=1, description="recorded sessions in one batch, in turn; null: all of them"
    )
    ratio: Ratio = 1.0


class Similarity(Model):
    """Similarity of images as that of predicted neural responses to them (Li et al. 2019)."""

    kind: Literal["similarity"]
    source: str = Field(description="a network that predicts a recording")
    layers: list[str] | None = Field(
        None, description="compared with the neural ones; null: the first, and each stage's last"
    )
    weight: float = Field(20.0, gt=0, description="Li et al. 2019: 20")
    batch_size: int = Field(16, ge=2, description="images, of which all pairs are compared")
    shuffled: bool = Field(False, description="similarities permuted across images (the control)")
    ratio: Ratio = 1.0


Objective = Annotated[
    Classification | Matching | Responses | Similarity, Field(discriminator="kind")
]


class Blur(Model):
    """A fixed Gaussian blur of the images (Li et al. 2023)."""

    kind: Literal["blur"]
    sigma_px: float = Field(1.5, gt=0, description="Li et al. 2023: 1.5")


class PCA(Model):
    """A projection of the images on their first principal components (Li et al. 2023)."""

    kind: Literal["pca"]
    components: int = Field(512, ge=1, description="Li et al. 2023: 512")


Frontend = Annotated[Blur | PCA, Field(discriminator="kind")]


Trunk = Literal[
    "vgg11", "vgg13", "vgg16", "vgg19", "resnet18", "cornet-s", "cornet-z", "robustbench"
]


class Stage(Model):
    """One stage of training: objectives under one schedule."""

    objectives: dict[str, Objective] = {}
    schedule: str = "classification"
    weighting: Literal["fixed", "uncertainty"] = Field(
        "fixed", description="uncertainty: learned observation noise (Kendall et al. 2018)"
    )
    freeze_to: str | None = Field(None, description="freeze the trunk up to this layer")
    reset: bool = Field(False, description="initialise anew whatever is not frozen")


class Recipe(Stage):
    """A network. Training is the recipe's own stage, or ``stages`` when there are several."""

    label: str = Field("", description="display name; the network's name if left out")
    images: str = Field("", description="the image set that it classifies, or is applied to")
    colour: Literal["gray", "rgb"] = "gray"
    frontend: Frontend | None = Field(None, description="fixed processing before the trunk")
    trunk: Trunk = "vgg19"
    architecture: str | None = Field(
        None, description="of trunk 'robustbench': a model's name, such as Carmon2019Unlabeled"
    )
    width: float = Field(1.0, gt=0, le=4, description="factor on every number of channels")
    readout_layer: str = "conv-3-1"
    seeds: list[int] | None = Field(None, min_length=1, description="null: the study's seeds")
    start_from: str | None = Field(None, description="a network whose weights it starts from")
    weights: Path | None = Field(
        None,
        description="a file of trained weights of this trunk, named as by torchvision, CORnet "
        "or RobustBench, that it starts from; without objectives it is used as it is",
    )
    stages: list[Stage] = []

    @model_validator(mode="after")
    def _train_somehow(self) -> "Recipe":
        if self.stages and self.objectives:
            raise ValueError("give either 'objectives' or 'stages', not both")
        if self.weights and self.start_from:
            raise ValueError("give either 'weights' or 'start_from', not both")
        if (self.trunk == "robustbench") != bool(self.architecture):
            raise ValueError("'architecture' belongs to trunk 'robustbench', and to no other")
        if self.trunk == "robustbench" and (self.weights is None or self.training()):
            raise ValueError("trunk 'robustbench' needs 'weights', and is not trained here")
        return self

    def training(self) -> list[Stage]:
        """Return the stages of training, in order; none for a network that is used as it is."""
        own = {name: getattr(self, name) for name in Stage.model_fields}
        return self.stages or ([Stage.model_construct(**own)] if self.objectives else [])

    def objectives_of_kind(self, kind: type) -> list[Any]:
        """Return the objectives of one kind over all stages."""
        return [o for s in self.training() for o in s.objectives.values() if isinstance(o, kind)]

    def response_source(self) -> str | None:
        """Return the recording or network whose responses it learns, None without a readout."""
        sources = [o.source for o in self.objectives_of_kind(Responses)]
        return sources[0] if sources else None

    def similarity_source(self) -> str | None:
        """Return the network whose predicted similarities it learns, if any."""
        sources = [o.source for o in self.objectives_of_kind(Similarity)]
        return sources[0] if sources else None

    def classifies(self) -> bool:
        """Say whether the network has a classifier."""
        return self.trunk == "robustbench" or bool(self.objectives_of_kind(Classification))


class Sweep(Model):
    """One recipe over a list of values of one field."""

    field: str = Field(description="path of the field, such as objectives.v1.ratio")
    values: list[bool | int | float | str] = Field(min_length=1)


class Entry(Recipe):
    """A recipe as written in the configuration: with inheritance and a sweep, to be expanded."""

    like: str | None = Field(None, description="another network, whose recipe is the base")
    sweep: Sweep | None = None


class Member(Model):
    """A network's place in a sweep."""

    sweep: str
    value: bool | int | float | str


def expand(
    entries: Mapping[str, Entry], defaults: Recipe
) -> tuple[dict[str, Recipe], dict[str, Member]]:
    """Resolve defaults, inheritance and sweeps.

    Returns
    -------
    The recipes by network name, and for the members of sweeps their sweep and value. The members
    of the sweep ``s`` are named ``s-<value>``, with "1:15" written ``1to15``.

    Raises
    ------
    InputError
        If ``like`` names no network or goes in circles, a sweep's field or value is wrong,
        or two networks have one name.
    """
    recipes: dict[str, Recipe] = {}
    members: dict[str, Member] = {}
    for name, entry in entries.items():
        fields = _merge(defaults.model_dump(exclude_unset=True), _inherited(name, entries))
        fields["label"] = fields.get("label") or name
        if entry.sweep is None:
            place = f"networks.{name}"
            _add(recipes, name, validate(Recipe, fields, place), place)
            continue
        for value in entry.sweep.values:
            slug = re.sub(r"[^A-Za-z0-9.]+", "-", str(value).replace(":", "to"))
            place = f"networks.{name}.sweep"
            swept = _merge(fields, _nested(entry.sweep.field, value))
            recipe = validate(Recipe, swept, place)
            _require_field(place, recipe, entry.sweep.field)
            _add(recipes, f"{name}-{slug}", recipe, place)
            members[f"{name}-{slug}"] = Member(sweep=name, value=value)
    return recipes, members


def _add(recipes: dict[str, Recipe], name: str, recipe: Recipe, place: str) -> None:
    if name in recipes:
        raise InputError(
            place,
            f"gives a second network the name {name!r}",
            expected="a name of its own for each network, members of sweeps included",
            fix="rename the network, or list the value once",
        )
    recipes[name] = recipe


def _inherited(name: str, entries: Mapping[str, Entry], seen: tuple[str, ...] = ()) -> dict:
    """Return the fields that an entry sets, over those of the entry it is like."""
    place = f"networks.{(*seen, name)[0]}.like"
    if name in seen:
        raise InputError(
            place,
            f"goes in a circle: {' -> '.join((*seen, name))}",
            expected="a chain that ends",
            fix="remove one 'like'",
        )
    if name not in entries:
        raise InputError(
            place,
            f"names no network: {name!r}",
            expected=nearest(name, entries),
            fix="correct the name",
        )
    entry = entries[name]
    own = entry.model_dump(exclude_unset=True, exclude={"like", "sweep"})
    base = _inherited(entry.like, entries, (*seen, name)) if entry.like else {}
    return _merge(base, own)


def _merge(base: dict, over: dict) -> dict:
    """Merge nested dictionaries; what lies ``over`` wins."""
    merged = dict(base)
    for key, value in over.items():
        both = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = _merge(merged[key], value) if both else value
    return merged


def _nested(path: str, value: object) -> dict:
    for part in reversed(path.split(".")):
        value = {part: value}
    return value  # type: ignore[return-value] # a path has at least one part


def _require_field(place: str, recipe: Recipe, path: str) -> None:
    """Check that the swept path was there before: a sweep varies a field, it adds none."""
    *parents, last = path.split(".")
    node: Any = recipe
    for part in parents:
        node = node[part] if isinstance(node, dict) else getattr(node, part)
    if isinstance(node, dict):
        raise InputError(
            place,
            f"field {path!r} is not a value but a whole part of the recipe",
            expected="a path to one value, such as objectives.v1.ratio",
            fix=f"choose a field below {last!r}",
        )
