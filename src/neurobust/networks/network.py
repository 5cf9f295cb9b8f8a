"""A network: frontend and trunk, with a classifier, a readout of responses, or both."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from neurobust.config.model import nearest
from neurobust.config.recipes import Recipe
from neurobust.errors import InputError
from neurobust.images.batches import LabelledPictures
from neurobust.networks.architectures.trunk import Trunk, initialise
from neurobust.networks.fitted import FittedModule
from neurobust.networks.readouts import GaussianReadout
from neurobust.parts import load_part, module_name


@dataclass(frozen=True)
class Heads:
    """What a network predicts: classes, and the neuroids of sessions.

    Attributes
    ----------
    n_classes
        Number of classes, 0 for a network that does not classify.
    sessions
        The neuroids of each session, in the readout's order; empty without a readout.
    continuous
        Whether the responses may be negative (see `GaussianReadout`).
    """

    n_classes: int = 0
    sessions: dict[str, list[str]] | None = None
    continuous: bool = False

    def slices(self) -> dict[str, slice]:
        """Return the slice of the readout that holds each session's neuroids."""
        start = 0
        slices = {}
        for session, neuroids in (self.sessions or {}).items():
            slices[session] = slice(start, start + len(neuroids))
            start += len(neuroids)
        return slices

    def as_dict(self) -> dict[str, object]:
        """Return the heads as plain values."""
        return asdict(self)


class Network(nn.Module):
    """The network of a recipe, randomly initialised from torch's global generator.

    Parameters
    ----------
    recipe
        The recipe, for its frontend, trunk, width, colour and the readout's layer.
    heads
        Classes and neuroids that the network predicts.

    Raises
    ------
    InputError
        If the trunk lacks the readout's layer, or is a RobustBench model that cannot be built.
    """

    def __init__(self, recipe: Recipe, heads: Heads) -> None:
        super().__init__()
        self.recipe = recipe
        self.heads = heads
        self.frontend = build_frontend(recipe)
        trunk: Trunk = load_part(f"networks.trunks.{module_name(recipe.trunk)}").build(
            recipe, heads.n_classes
        )
        self.trunk, self._outputs, self.classifier, self.load_trunk = trunk
        self.readout: GaussianReadout | None = None
        if not self._outputs:
            return  # used whole, with weights of its own
        neuroids = sum(len(names) for names in (heads.sessions or {}).values())
        if neuroids:
            self.readout = GaussianReadout(
                neuroids,
                self._outputs[self.known_layer(recipe.readout_layer)][1],
                continuous=heads.continuous,
            )
        self.apply(initialise)

    def fit_to(self, pictures: LabelledPictures) -> None:
        """Fit those parts that are made from the training images of the image set.

        Raises
        ------
        InputError
            If the images do not fit a part.
        """
        for module in self.modules():
            if isinstance(module, FittedModule):
                module.fit(pictures)

    @property
    def layers(self) -> list[str]:
        """The names of the trunk's layers, in order."""
        return list(self._outputs)

    def stage_layers(self) -> list[str]:
        """Return the trunk's first layer and the last one of each stage, in order.

        Layers whose names differ only in their last number form a stage: a block of a VGG, a stage
        of a ResNet, an area of a CORnet. For ResNet18 these are convolutions 1, 5, 9, 13 and 17.
        """
        last = {name.rpartition("-")[0] or name: name for name in self.layers}
        return list(dict.fromkeys([self.layers[0], *last.values()]))

    def known_layer(self, name: str) -> str:
        """Return the name of a layer; raise an InputError if it cannot be read."""
        if not self._outputs:
            raise InputError(
                f"layer {name!r}",
                f"trunk {self.recipe.trunk!r} is used whole, and its layers cannot be read",
                expected="another trunk for features or responses",
                fix="leave the network out of what reads layers",
            )
        if name not in self._outputs:
            raise InputError(
                f"layer {name!r}",
                f"trunk {self.recipe.trunk!r} has no such layer",
                expected=nearest(name, self._outputs),
                fix="correct the readout_layer, freeze_to or layer that names it",
            )
        return name

    def up_to(self, layer: str) -> nn.Sequential:
        """Return the trunk up to a layer, its batch normalisation and ReLU included."""
        return self.trunk[: self._outputs[self.known_layer(layer)][0] + 1]

    def features(
        self, images: Float[Tensor, "image channel row column"], layer: str
    ) -> Float[Tensor, "image feature row_ column_"]:
        """Return a layer's output for standardised images."""
        return self.up_to(layer)(self.frontend(images))

    def features_of(
        self, images: Float[Tensor, "image channel row column"], layers: Sequence[str]
    ) -> list[Float[Tensor, "image ..."]]:
        """Return the outputs of several layers from a single pass."""
        ends = [self._outputs[self.known_layer(layer)][0] for layer in layers]
        outputs = {}
        maps = self.frontend(images)
        for index, module in enumerate(self.trunk[: max(ends) + 1]):
            maps = module(maps)
            if index in ends:
                outputs[index] = maps
        return [outputs[end] for end in ends]

    def classify(
        self, images: Float[Tensor, "image channel row column"]
    ) -> Float[Tensor, "image class"]:
        """Return the logits for standardised images."""
        assert self.classifier is not None, "this network has no classifier"
        return self.classifier(self.trunk(self.frontend(images)))

    def respond(
        self, images: Float[Tensor, "image channel row column"], session: str | None = None
    ) -> Float[Tensor, "image neuroid"]:
        """Return the predicted responses of one session's neuroids, or of all."""
        assert self.readout is not None, "this network has no readout"
        chosen = slice(None) if session is None else self.heads.slices()[session]
        return self.readout(self.features(images, self.recipe.readout_layer), chosen)


def build_frontend(recipe: Recipe) -> nn.Module:
    """Build a recipe's frontend; without one the images pass as they are."""
    if recipe.frontend is None:
        return nn.Identity()
    return load_part(f"networks.frontends.{module_name(recipe.frontend.kind)}").build(
        recipe.frontend
    )


def build_network(recipe: Recipe, heads: Heads, *, seed: int) -> Network:
    """Build a network whose initial weights follow from the seed alone.

    The state of torch's global generator does not change.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return Network(recipe, heads)
