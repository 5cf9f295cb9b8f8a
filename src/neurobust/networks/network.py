"""A network: frontend, trunk, a classifier where it classifies, a readout where it predicts."""

from dataclasses import asdict, dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from neurobust.errors import InputError
from neurobust.networks.frontends import build_frontend
from neurobust.networks.readouts import GaussianReadout
from neurobust.networks.trunks import build_classifier, build_trunk, initialise
from neurobust.recipes import Recipe
from neurobust.schema import nearest


@dataclass(frozen=True)
class Heads:
    """What a network answers: how many classes, which neuroids of which sessions.

    Attributes
    ----------
    n_classes
        0 for a network that does not classify.
    sessions
        The neuroids of each session, in the readout's order; empty without a readout.
    continuous
        Whether the responses may be negative (see :class:`GaussianReadout`).
    """

    n_classes: int = 0
    sessions: dict[str, list[str]] | None = None
    continuous: bool = False

    def slices(self) -> dict[str, slice]:
        """Return where each session's neuroids lie in the readout."""
        start = 0
        places = {}
        for session, neuroids in (self.sessions or {}).items():
            places[session] = slice(start, start + len(neuroids))
            start += len(neuroids)
        return places

    def as_dict(self) -> dict[str, object]:
        """Return the heads as plain values."""
        return asdict(self)


class Network(nn.Module):
    """The network of a recipe, randomly initialised from torch's global generator.

    Parameters
    ----------
    recipe
        Trunk, width, colour and the readout's layer.
    heads
        Classes and neuroids.

    Raises
    ------
    InputError
        If the trunk has no such layer.
    """

    def __init__(self, recipe: Recipe, heads: Heads) -> None:
        super().__init__()
        self.recipe = recipe
        self.heads = heads
        self.frontend = build_frontend(recipe.frontend)
        self.trunk, self._outputs = build_trunk(
            recipe.trunk, width=recipe.width, in_channels=1 if recipe.colour == "gray" else 3
        )
        last = list(self._outputs.values())[-1][1]
        self.classifier = (
            build_classifier(recipe.trunk, last, heads.n_classes, width=recipe.width)
            if heads.n_classes
            else None
        )
        neuroids = sum(len(names) for names in (heads.sessions or {}).values())
        self.readout = (
            GaussianReadout(
                neuroids,
                self._outputs[self.known_layer(recipe.readout_layer)][1],
                continuous=heads.continuous,
            )
            if neuroids
            else None
        )
        self.apply(initialise)

    @property
    def layers(self) -> list[str]:
        """The names of the trunk's layers, in order."""
        return list(self._outputs)

    def known_layer(self, name: str) -> str:
        """Return the name of a layer, or raise an InputError if there is none such."""
        if name not in self._outputs:
            raise InputError(
                f"layer {name!r}",
                f"trunk {self.recipe.trunk!r} has no such layer",
                expected=nearest(name, self._outputs),
                mend="correct the readout_layer, freeze_to or layer that names it",
            )
        return name

    def up_to(self, layer: str) -> nn.Sequential:
        """Return the trunk up to and with a layer (after batch normalisation and ReLU)."""
        return self.trunk[: self._outputs[self.known_layer(layer)][0] + 1]

    def features(
        self, images: Float[Tensor, "image channel row column"], layer: str
    ) -> Float[Tensor, "image feature row_ column_"]:
        """Return a layer's output for standardised images."""
        return self.up_to(layer)(self.frontend(images))

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


def build_network(recipe: Recipe, heads: Heads, *, seed: int) -> Network:
    """Build a network whose initial weights follow from the seed alone.

    The global generator of torch is left as it was.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return Network(recipe, heads)
