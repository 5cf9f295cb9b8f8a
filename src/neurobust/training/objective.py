"""The interface between objectives and the training loop, and what objectives are built from.

An objective yields the losses of its n-th batch. A batch may have parts (one per recorded session),
whose losses are yielded one by one, so that each is backpropagated and freed before the next.
Batch, augmentation and corruption follow from the seed and the number of the batch alone.
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
    """An objective as the training loop uses it."""

    ratio: float
    weight: float
    gaussian: bool
    """Whether the loss is a squared error, for the form of uncertainty weighting."""

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
    """The data that a recipe is trained on.

    Attributes
    ----------
    images
        The image set; None for a network that sees only a recording's stimuli.
    recordings, responses
        Recordings and synthesised responses, by the ``source`` of an objective.
    similarities
        Similarities from `neurobust.responses.similarity.measure_similarity`, by the ``source`` of
        an objective.
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
    """All that an objective is built from, besides its settings.

    Attributes
    ----------
    network
        The network to train, on the device.
    data
        The data that the recipe is trained on.
    pictures
        The training images, decoded, on the device; None for a network without an image set.
    schedule
        Schedule of the stage, for its batch size.
    seed, purpose
        Seed and name of the objective's random streams.
    device
        The device that the network is trained on.
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
