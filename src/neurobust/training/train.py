"""Training of a network from its recipe and data."""

from collections.abc import Mapping
from contextlib import nullcontext
from functools import partial

import torch

from neurobust.config.recipes import Recipe, Stage
from neurobust.config.schedules import Schedule
from neurobust.dims import TRAIN, VALIDATION
from neurobust.images.batches import LabelledPictures
from neurobust.networks.devices import to_device
from neurobust.networks.inference import correctness, trial_correlation
from neurobust.networks.network import Heads, Network, build_network
from neurobust.parts import load_part, module_name
from neurobust.randomness import seed_for
from neurobust.recordings.form import sessions_of
from neurobust.training.checkpoints import Checkpoint
from neurobust.training.loop import History, go_on, train_stage
from neurobust.training.objective import Objective, PredictsResponses, Task, TrainingData


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
        The recipe: architecture, objectives and stages.
    schedules
        Schedules by the names that the recipe's stages give.
    data
        The data that the recipe's objectives need.
    seed
        Seed of all random draws. On one machine's CPU the same seed gives the same weights; on a
        GPU they are the same up to the order of atomic additions.
    device
        The device to train on.
    checkpoint
        File in which the state is saved from time to time and at a signal, and from which an
        interrupted training continues; on the CPU it gives the same weights as an uninterrupted
        one. The caller removes it after saving the network.

    Returns
    -------
    The network, in evaluation mode on the CPU, and its history, which is empty for a network that
    is used with the weights of its file.

    Raises
    ------
    InputError
        If the recipe's file of weights does not fit, a loss is not finite, or the state cannot be
        read, or cannot be saved at a signal.
    Interrupted
        After a signal, once the state is saved. Without a checkpoint signals are not caught.
    """
    network = build_network(recipe, heads_for(recipe, data), seed=seed_for(seed, "weights"))
    if recipe.weights is not None:
        load_part("networks.weights").load_weights(network, recipe.weights)
    if data.start is not None:
        network.trunk.load_state_dict(data.start.trunk.state_dict())
    network = to_device(network, device)
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
                name: load_part(f"training.objectives.{module_name(settings.kind)}").build(
                    settings,
                    Task(
                        network,
                        data,
                        shown.get(TRAIN),
                        schedule,
                        seed=seed,
                        purpose=f"{number} {name}",
                        device=device,
                    ),
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
    """Return the classes and neuroids of a recipe's network, from its data."""
    n_classes = 0
    if recipe.classifies():
        assert data.images is not None, "a classifier needs an image set"
        n_classes = data.images.sizes["class"]
    source = recipe.source("responses")
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


def _start_readout(network: Network, objectives: Mapping[str, Objective]) -> None:
    for objective in objectives.values():
        if isinstance(objective, PredictsResponses):
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
    """Return the validation score of a stage: accuracy if it learns labels, else correlation."""
    if any(objective.learns_labels for objective in stage.objectives.values()):
        return partial(_accuracy, network, shown[VALIDATION])
    recording = data.recordings[str(recipe.source("responses"))]
    return partial(trial_correlation, network, recording, VALIDATION, device)


def _accuracy(network: Network, pictures: LabelledPictures) -> float:
    return correctness(network, pictures).double().mean().item()
