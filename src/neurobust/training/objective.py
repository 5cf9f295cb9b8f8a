"""What an objective is to the training loop, and what objectives are built from.

An objective yields the losses of its n-th batch; a batch may come in parts (one per recorded
session), which are yielded one after the other so that each is backpropagated and freed before the
next. Batch, augmentation and corruption follow from (seed, number of the batch) alone.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import torch
import xarray as xr
from jaxtyping import Float
from torch import Tensor

from neurobust.config.schedules import Schedule
from neurobust.images.batches import LabelledPictures
from neurobust.networks.network import Network


class Objective(Protocol):
    """What the loop needs of an objective."""

    ratio: float
    weight: float
    gaussian: bool
    """Whether the loss is a squared error (it decides the form of uncertainty weighting)."""

    def __len__(self) -> int:
        """Return the number of batches in one pass over its examples."""

    def losses(self, network: Network, number: int) -> Iterator[Float[Tensor, ""]]:
        """Yield the losses of the parts of a batch, to be backpropagated one by one."""


@runtime_checkable
class PredictsResponses(Protocol):
    """An objective that trains a readout."""

    def mean_responses(self) -> Float[Tensor, " neuroid"]:
        """Return the neuroids' mean training responses, in the readout's order."""


@dataclass
class TrainingData:
    """What a recipe is trained on.

    Attributes
    ----------
    images
        The image set, None for a network that sees a recording's stimuli alone.
    recordings, responses
        By the name that an objective's ``source`` gives: a recording, or synthesised responses.
    similarities
        By the name that a similarity objective's ``source`` gives: see
        `neurobust.responses.similarity.measure_similarity`.
    start
        The network whose trunk the training starts from, if any.
    """

    images: xr.Dataset | None = None
    recordings: Mapping[str, xr.DataTree] = field(default_factory=dict)
    responses: Mapping[str, xr.Dataset] = field(default_factory=dict)
    similarities: Mapping[str, xr.Dataset] = field(default_factory=dict)
    start: Network | None = None


@dataclass(frozen=True)
class Task:
    """What an objective is built from, besides its settings.

    Attributes
    ----------
    network
        The one to be trained, on the device.
    data
        All that the recipe is trained on.
    pictures
        The training images, decoded, on the device; None for a network without an image set.
    schedule
        Of the stage, for the size of its batches.
    seed, purpose
        What the objective's random draws follow from.
    device
        Where the network is trained.
    """

    network: Network
    data: TrainingData
    pictures: LabelledPictures | None
    schedule: Schedule
    seed: int
    purpose: str
    device: torch.device

    @property
    def shown(self) -> LabelledPictures:
        """The training images of a network that has an image set."""
        assert self.pictures is not None, "this objective needs an image set"
        return self.pictures
