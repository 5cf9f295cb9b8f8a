"""From a recipe and its data to a trained network."""

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import torch
import xarray as xr

from neurobust.config import recipes
from neurobust.config.recipes import Recipe, Stage
from neurobust.config.settings import Schedule
from neurobust.dims import TRAIN, VALIDATION
from neurobust.images.batches import LabelledPictures
from neurobust.networks.devices import place
from neurobust.networks.inference import correctness, trial_correlation
from neurobust.networks.network import Heads, Network, build_network
from neurobust.networks.weights import load_weights
from neurobust.randomness import seed_for
from neurobust.recordings.form import sessions_of
from neurobust.training.checkpoints import Checkpoint
from neurobust.training.loop import History, go_on, train_stage
from neurobust.training.objectives.classification import Classification, Matching, Objective
from neurobust.training.objectives.responses import PredictedResponses, RecordedResponses
from neurobust.training.objectives.similarity import Similarity


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
        `neural_similarity.measure_similarity`.
    start
        The network whose trunk the training starts from, if any.
    """

    images: xr.Dataset | None = None
    recordings: Mapping[str, xr.DataTree] = field(default_factory=dict)
    responses: Mapping[str, xr.Dataset] = field(default_factory=dict)
    similarities: Mapping[str, xr.Dataset] = field(default_factory=dict)
    start: Network | None = None


def train_network(
    recipe: Recipe,
    schedules: Mapping[str, Schedule],
    data: TrainingData,
    *,
    seed: int,
    device: torch.device,
    checkpoint: Checkpoint | None = None,
) -> tuple[Network, History]:
    """Train the network of a recipe.

    Parameters
    ----------
    recipe
        What to build and to train for.
    schedules
        By the names that the recipe's stages give.
    data
        All that the recipe's objectives need.
    seed
        Everything random follows from it: on one machine the same seed gives the same weights
        on the CPU; on a GPU up to the order in which atomic additions happen.
    device
        Where to train.
    checkpoint
        Where the state is saved from time to time and at a signal, and continued from if it is
        there: on the CPU an interrupted training gives the same weights as one left alone. The
        caller removes it when it has saved the network.

    Returns
    -------
    The network, in evaluation mode on the CPU, and its history; a network that is used as its file
    of weights says has none.

    Raises
    ------
    InputError
        If the recipe's file of weights does not fit, the loss is no longer finite, or the state
        cannot be read, or not be saved at a signal.
    Interrupted
        After a signal, once the state is saved; without a checkpoint signals are not caught.
    """
    network = build_network(recipe, heads_for(recipe, data), seed=seed_for(seed, "weights"))
    if recipe.weights is not None:
        load_weights(network, recipe.weights)
    if data.start is not None:
        network.trunk.load_state_dict(data.start.trunk.state_dict())
    network = place(network, device)
    # Decoded and moved to the device once, for all objectives and stages.
    shown = {
        split: LabelledPictures.of_split(data.images, split, colour=recipe.colour, device=device)
        for split in (TRAIN, VALIDATION)
        if data.images is not None
    }
    if data.images is not None:
        network.fit_to(shown[TRAIN])
    history: History = {}
    resumed = None if checkpoint is None else checkpoint.load()
    first = 0 if resumed is None else resumed["stage"]
    with nullcontext(go_on) if checkpoint is None else checkpoint.boundaries() as at_boundary:
        for number, stage in enumerate(recipe.training()[first:], first):
            schedule = schedules[stage.schedule]
            objectives = {
                name: _build(
                    settings, network, data, shown, f"{number} {name}", schedule, seed, device
                )
                for name, settings in stage.objectives.items()
            }
            if number == 0:
                _start_readout(network, objectives)
            train_stage(
                network,
                objectives,
                stage=stage,
                number=number,
                schedule=schedule,
                validate=_monitor(network, recipe, stage, data, shown, device),
                seed=seed,
                device=device,
                history=history,
                resumed=resumed if number == first else None,
                at_boundary=at_boundary,
            )
    return network.cpu().eval(), history


def heads_for(recipe: Recipe, data: TrainingData) -> Heads:
    """Return the classes and neuroids that the data give a recipe's network."""
    n_classes = 0
    if recipe.classifies():
        assert data.images is not None, "a classifier needs an image set"
        n_classes = data.images.sizes["class"]
    source = recipe.response_source()
    if source is None:
        return Heads(n_classes)
    if source in data.recordings:
        recording = data.recordings[source]
        sessions = {
            name: session["neuroid_id"].values.tolist()
            for name, session in sessions_of(recording).items()
        }
        kind = recording.attrs["response_kind"]
    else:
        responses = data.responses[source]
        sessions = {}
        for session, neuroid in zip(
            responses["session"].values.tolist(),
            responses["neuroid_id"].values.tolist(),
            strict=True,
        ):
            sessions.setdefault(session, []).append(neuroid)
        kind = responses.attrs["response_kind"]
    return Heads(n_classes, sessions, continuous=kind == "continuous")


def _build(
    settings: recipes.Objective,
    network: Network,
    data: TrainingData,
    shown: Mapping[str, LabelledPictures],
    purpose: str,
    schedule: Schedule,
    seed: int,
    device: torch.device,
) -> Objective:
    drawn: Any = {"seed": seed, "purpose": purpose}
    if isinstance(settings, recipes.Similarity):
        similarities = data.similarities[settings.source]
        return Similarity(settings, similarities, network, device=device, **drawn)
    common = {"batch_size": schedule.batch_size, **drawn}
    if isinstance(settings, recipes.Responses) and settings.source in data.recordings:
        recording, colour = data.recordings[settings.source], network.recipe.colour
        return RecordedResponses(settings, recording, colour=colour, device=device, **common)
    pictures = shown[TRAIN]
    if isinstance(settings, recipes.Responses):
        responses = data.responses[settings.source]
        return PredictedResponses(settings, responses, pictures, **common)
    if isinstance(settings, recipes.Matching):
        return Matching(settings, pictures, **common)
    return Classification(settings, pictures, **common)


def _start_readout(network: Network, objectives: Mapping[str, Objective]) -> None:
    for objective in objectives.values():
        if isinstance(objective, RecordedResponses | PredictedResponses):
            assert network.readout is not None
            network.readout.start_at(objective.mean_responses())


def _monitor(
    network: Network,
    recipe: Recipe,
    stage: Stage,
    data: TrainingData,
    shown: Mapping[str, LabelledPictures],
    device: torch.device,
) -> partial:
    """Return what a stage is validated by: accuracy where it classifies, else correlation."""
    if any(isinstance(o, recipes.Classification) for o in stage.objectives.values()):
        return partial(_accuracy, network, shown[VALIDATION])
    recording = data.recordings[str(recipe.response_source())]
    return partial(trial_correlation, network, recording, VALIDATION, device)


def _accuracy(network: Network, pictures: LabelledPictures) -> float:
    return correctness(network, pictures).double().mean().item()
