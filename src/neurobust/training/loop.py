"""The training loop: the losses of all objectives, then one optimiser step, epoch by epoch."""

import copy
import logging
import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

import torch
from torch import nn
from tqdm import tqdm

from neurobust.config.recipes import Stage
from neurobust.config.schedules import Schedule
from neurobust.errors import InputError
from neurobust.networks.architectures.trunk import initialise
from neurobust.networks.devices import mixed_precision
from neurobust.networks.network import Network
from neurobust.randomness import seed_for
from neurobust.training.checkpoints import Boundary, State
from neurobust.training.objective import Objective
from neurobust.training.schedules import Phases, Plateau, begin, build_optimiser
from neurobust.training.weighting import Weighting

log = logging.getLogger(__name__)
History = dict[str, list[float]]


@dataclass
class Progress:
    """The state of a training stage between two steps: all that the next step depends on.

    Attributes
    ----------
    modules
        The network, then everything else that is trained, on the device.
    optimiser, course
        The optimiser, whose state changes with each step, and the schedule's course, whose state
        changes with each epoch.
    best
        The network's weights in the best epoch.
    history
        Measures of all epochs so far.
    stage, epoch, step
        Index of the stage in the recipe, number of its finished epochs, and number of finished
        steps in the current epoch.
    sums, counts
        Sum and number of the losses of those steps, by objective.
    """

    modules: nn.ModuleList
    optimiser: torch.optim.Optimizer
    course: Plateau | Phases
    best: dict[str, torch.Tensor]
    history: History
    stage: int
    epoch: int = 0
    step: int = 0
    sums: dict[str, torch.Tensor] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def device(self) -> torch.device:
        """The device that the network is trained on."""
        return next(self.modules.parameters()).device

    def describe(self) -> State:
        """Return the whole state; its tensors change as the training goes on."""
        stateful = {name: getattr(self, name).state_dict() for name in _STATEFUL}
        plain = {name: getattr(self, name) for name in (*_PLAIN, "history")}
        return stateful | plain | {"generators": _generators(self.device)}

    def resume(self, state: State) -> None:
        """Continue from a state of `describe`, on a device of the same kind."""
        for name in _STATEFUL:
            getattr(self, name).load_state_dict(state[name])
        self.modules.to(self.device)  # loading may have added a running mean
        for name in _PLAIN:
            setattr(self, name, state[name])
        self.sums = {name: total.to(self.device) for name, total in self.sums.items()}
        self.history.update(state["history"])
        _set_generators(state["generators"], self.device)

    def begin_epoch(self, objectives: Iterable[str]) -> None:
        """Set the learning rate; reset the sums unless the epoch was interrupted."""
        for group in self.optimiser.param_groups:
            group["lr"] = self.course.lr
        if self.step == 0:
            self.sums = {name: torch.zeros((), device=self.device) for name in objectives}
            self.counts = dict.fromkeys(objectives, 0)

    def end_epoch(self, network: Network, score: float) -> None:
        """Take the validation score: keep the best weights, and restore them at a plateau."""
        if self.course.improved(score):
            self.best = copy.deepcopy(network.state_dict())
        elif self.course.reached():
            network.load_state_dict(self.best)
        self.epoch, self.step = self.epoch + 1, 0


_STATEFUL = ("modules", "optimiser", "course")
_PLAIN = ("best", "epoch", "step", "stage", "sums", "counts")


def go_on(describe: Callable[[], State]) -> None:
    """Do nothing between two steps of a training without a checkpoint."""


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
    resumed: State | None = None,
    at_boundary: Boundary = go_on,
) -> None:
    """Train a network through one stage, and leave it with the weights of its best epoch.

    Parameters
    ----------
    network
        The network on the device, changed in place.
    objectives
        Objectives by name. The first defines the epoch, and the others are interleaved at their
        ratios. An objective that is a module moves to the device, and its parameters are trained.
    stage, number, schedule
        The stage, which states what to freeze, reset and weigh; its index in the recipe; its
        optimiser and learning rates.
    validate
        Function that returns the score to maximise.
    seed
        Seed of initialisation, dropout and readout positions.
    history
        Measures by name, extended in place by one value per epoch: ``stage``, ``epoch``,
        ``learning_rate``, ``validation_score`` and the loss of each objective.
    resumed
        State of this stage when it was interrupted, from which it continues.
    at_boundary
        Function that is called after each step and each epoch with a function that returns the
        state.

    Raises
    ------
    InputError
        If a loss is not finite.
    """
    _prepare(network, stage, seed_for(seed, "reset", number))
    weighting = Weighting(objectives, learned=stage.weighting == "uncertainty")
    learning = [o for o in objectives.values() if isinstance(o, nn.Module)]
    modules = nn.ModuleList([network, weighting, *learning]).to(device)
    trained = [parameter for parameter in modules.parameters() if parameter.requires_grad]
    progress = Progress(
        modules,
        build_optimiser(schedule, trained),
        begin(schedule),
        best=copy.deepcopy(network.state_dict()),
        history=history,
        stage=number,
    )
    if resumed is not None:
        progress.resume(resumed)  # replaces what was initialised above
        position = (number, progress.epoch + 1, progress.step, len(next(iter(objectives.values()))))
        log.info("continuing from stage %d, epoch %d, step %d of %d", *position)
    noise = seed_for(seed, "noise", number)
    while progress.epoch < schedule.max_epochs and not progress.course.ended:
        progress.begin_epoch(objectives)
        _train_mode(network, stage)
        losses = _train_epoch(network, objectives, weighting, progress, noise, at_boundary)
        score = validate()
        _record(history, number, progress.epoch, progress.course.lr, score, losses)
        progress.end_epoch(network, score)
        at_boundary(progress.describe)
    network.load_state_dict(progress.best)
    network.requires_grad_(True).eval()


def schedule_step(step: int, ratio: float) -> range:
    """Return the numbers of an objective's batches in a step, at ``ratio`` batches per step.

    A ratio above 1 gives several batches per step, a ratio below 1 a batch every 1/ratio steps.
    """
    tiny = 1e-9  # 15 steps at 1/15 must not add up to 0.999...
    return range(math.floor(step * ratio + tiny), math.floor((step + 1) * ratio + tiny))


def _train_epoch(
    network: Network,
    objectives: dict[str, Objective],
    weighting: Weighting,
    progress: Progress,
    seed: int,
    at_boundary: Boundary,
) -> dict[str, float]:
    """Train for one epoch; return the mean loss of each objective that had a batch."""
    length = len(next(iter(objectives.values())))
    sums, counts, optimiser = progress.sums, progress.counts, progress.optimiser
    epoch = progress.epoch
    for index in tqdm(
        range(progress.step, length),
        initial=progress.step,
        total=length,
        leave=False,
        disable=None,
    ):
        step = epoch * length + index
        torch.manual_seed(seed_for(seed, step))  # for dropout and readout positions
        optimiser.zero_grad(set_to_none=True)
        for name, loss in _losses(network, objectives, step):
            weighting(name, loss).backward()
            sums[name] += loss.detach()
            counts[name] += 1
        optimiser.step()
        progress.step += 1
        at_boundary(progress.describe)
    means = {name: (sums[name] / count).item() for name, count in counts.items() if count}
    if not all(math.isfinite(value) for value in means.values()):
        raise InputError(
            f"training, epoch {epoch + 1}",
            f"the loss is not finite: {means}",
            expected="losses that stay finite",
            fix="lower the schedule's lr, or look for outliers in the responses",
        )
    return means


def _losses(
    network: Network, objectives: dict[str, Objective], step: int
) -> Iterator[tuple[str, torch.Tensor]]:
    device = next(network.parameters()).device
    for index, (name, objective) in enumerate(objectives.items()):
        batches = schedule_step(step, objective.ratio) if index else range(step, step + 1)
        for batch in batches:
            losses = objective.losses(network, batch)
            while (loss := _compute_next(losses, device)) is not None:
                yield name, loss  # to be backpropagated outside of mixed precision


def _compute_next(losses: Iterator[torch.Tensor], device: torch.device) -> torch.Tensor | None:
    with mixed_precision(device):
        return next(losses, None)


def _generators(device: torch.device) -> State:
    """Return the states of torch's generators; numpy's are created anew for each purpose."""
    states = {"cpu": torch.get_rng_state()}
    return states | ({"cuda": torch.cuda.get_rng_state(device)} if device.type == "cuda" else {})


def _set_generators(states: State, device: torch.device) -> None:
    torch.set_rng_state(states["cpu"])
    if device.type == "cuda":
        torch.cuda.set_rng_state(states["cuda"], device)


def _prepare(network: Network, stage: Stage, seed: int) -> None:
    """Freeze the trunk up to the stage's layer; initialise the rest anew if the stage resets."""
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
    """Set training mode, but keep frozen layers in evaluation mode for batch normalisation."""
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
    message = "  ".join(f"{name} {value:.4g}" for name, value in row.items())
    log.info("%s", message)
