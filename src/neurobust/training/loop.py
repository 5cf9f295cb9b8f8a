"""The one training loop: objectives in turn, one step for all, a plateau schedule."""

import copy
import logging
import math
from collections.abc import Callable, Iterator

import torch
from torch import nn
from tqdm import tqdm

from neurobust.config import Schedule
from neurobust.errors import InputError
from neurobust.networks.devices import mixed_precision
from neurobust.networks.network import Network
from neurobust.networks.trunks import initialise
from neurobust.randomness import seed_for
from neurobust.recipes import Stage
from neurobust.training.objectives import Objective
from neurobust.training.schedules import begin, build_optimiser
from neurobust.training.weighting import Weighting

log = logging.getLogger(__name__)
History = dict[str, list[float]]


def train_stage(
    network: Network,
    objectives: dict[str, Objective],
    *,
    stage: Stage,
    number: int,
    schedule: Schedule,
    validate: Callable[[], float],
    seed: int,
    device: torch.device,
    history: History,
) -> None:
    """Train a network through one stage; its best validation epoch is what remains.

    Parameters
    ----------
    network
        Changed in place, on the device.
    objectives
        By name; the first defines the epoch and the others are interleaved at their ratios. One
        that is a module is moved to the device, and its parameters are trained too.
    stage, number, schedule
        What to freeze, reset and weigh; the stage's place in the recipe; optimiser and plateaus.
    validate
        Returns the score to be maximised.
    seed
        What initialisation, dropout and readout positions follow from.
    history
        One value per epoch is appended to ``stage``, ``epoch``, ``learning_rate``,
        ``validation_score`` and one measure per objective.

    Raises
    ------
    InputError
        If the loss is no longer finite.
    """
    _prepare(network, stage, seed_for(seed, "reset", number))
    weighting = Weighting(objectives, learned=stage.weighting == "uncertainty")
    learning = [o for o in objectives.values() if isinstance(o, nn.Module)]
    modules = nn.ModuleList([network, weighting, *learning]).to(device)
    trained = [parameter for parameter in modules.parameters() if parameter.requires_grad]
    optimiser = build_optimiser(schedule, trained)
    course = begin(schedule)
    best = copy.deepcopy(network.state_dict())
    for epoch in range(schedule.max_epochs):
        for group in optimiser.param_groups:
            group["lr"] = course.lr
        _train_mode(network, stage)
        losses = _train_epoch(
            network, objectives, weighting, optimiser, epoch, seed_for(seed, "noise", number)
        )
        score = validate()
        _record(history, number, epoch, course.lr, score, losses)
        if course.improved(score):
            best = copy.deepcopy(network.state_dict())
        elif course.reached():
            network.load_state_dict(best)
        if course.ended:
            break
    network.load_state_dict(best)
    network.requires_grad_(True).eval()


def schedule_step(step: int, ratio: float) -> range:
    """Return which batches of an objective belong to a step, at ``ratio`` batches per step.

    A ratio above 1 gives several batches per step, one below 1 a batch every 1/ratio steps.
    """
    tiny = 1e-9  # 15 steps at 1/15 must not make 0.999...
    return range(math.floor(step * ratio + tiny), math.floor((step + 1) * ratio + tiny))


def _train_epoch(
    network: Network,
    objectives: dict[str, Objective],
    weighting: Weighting,
    optimiser: torch.optim.Optimizer,
    epoch: int,
    seed: int,
) -> dict[str, float]:
    """Make one pass over the first objective; return the mean loss of each that had a batch."""
    first = next(iter(objectives.values()))
    device = next(network.parameters()).device
    sums = {name: torch.zeros((), device=device) for name in objectives}
    counts = dict.fromkeys(objectives, 0)
    for step in tqdm(
        range(epoch * len(first), (epoch + 1) * len(first)), leave=False, disable=None
    ):
        torch.manual_seed(seed_for(seed, step))  # dropout and readout positions of this step
        optimiser.zero_grad(set_to_none=True)
        for name, loss in _losses(network, objectives, step):
            weighting(name, loss).backward()
            sums[name] += loss.detach()
            counts[name] += 1
        optimiser.step()
    means = {name: (sums[name] / count).item() for name, count in counts.items() if count}
    if not all(math.isfinite(value) for value in means.values()):
        raise InputError(
            f"training, epoch {epoch + 1}",
            f"the loss is not finite: {means}",
            expected="losses that stay finite",
            mend="lower the schedule's lr, or look for outliers in the responses",
        )
    return means


def _losses(
    network: Network, objectives: dict[str, Objective], step: int
) -> Iterator[tuple[str, torch.Tensor]]:
    device = next(network.parameters()).device
    for place, (name, objective) in enumerate(objectives.items()):
        batches = schedule_step(step, objective.ratio) if place else range(step, step + 1)
        for batch in batches:
            losses = objective.losses(network, batch)
            while (loss := _compute_next(losses, device)) is not None:
                yield name, loss  # backpropagated outside of mixed precision


def _compute_next(losses: Iterator[torch.Tensor], device: torch.device) -> torch.Tensor | None:
    with mixed_precision(device):
        return next(losses, None)


def _prepare(network: Network, stage: Stage, seed: int) -> None:
    """Freeze the trunk up to the stage's layer and initialise the rest anew, as it says."""
    network.requires_grad_(True)
    frozen: set[nn.Module] = set()
    if stage.freeze_to is not None:
        layers = network.up_to(stage.freeze_to)
        layers.requires_grad_(False)
        frozen = set(layers.modules())
    if stage.reset:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            for module in network.modules():
                if module not in frozen:
                    initialise(module)
            if network.readout is not None:
                network.readout.initialise()


def _train_mode(network: Network, stage: Stage) -> None:
    """Set training mode, but keep the batch normalisation of frozen layers as it is."""
    network.train()
    if stage.freeze_to is not None:
        network.up_to(stage.freeze_to).eval()


def _record(
    history: History, number: int, epoch: int, lr: float, score: float, losses: dict[str, float]
) -> None:
    row = {
        "stage": number,
        "epoch": epoch + 1,
        "learning_rate": lr,
        "validation_score": score,
        **{f"{name}_loss": value for name, value in losses.items()},
    }
    length = len(history.get("epoch", []))
    for name in {**history, **row}:
        history.setdefault(name, [math.nan] * length).append(row.get(name, math.nan))
    told = "  ".join(f"{name} {value:.4g}" for name, value in row.items())
    log.info("%s", told)
