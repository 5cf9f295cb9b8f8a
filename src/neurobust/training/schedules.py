"""Learning rates that fall at plateaus of the validation score, or after so many epochs."""

from collections.abc import Callable
from inspect import unwrap

import torch

from neurobust.config.schedules import Schedule


class Plateau:
    """Learning rate, best epoch and end of training from one validation score per epoch.

    An epoch is good if it improves on the best by more than the threshold. More than ``patience``
    bad epochs since then make a plateau: the best weights are to be restored, and the learning rate
    falls, at most to its floor. The last of ``lr_steps`` plateaus ends training (released code of
    Safarani 2021).
    """

    def __init__(self, settings: Schedule) -> None:
        self._settings = settings
        self.best = -float("inf")
        self.lr = settings.lr
        self._bad = 0
        self._steps = 0

    @property
    def ended(self) -> bool:
        """Whether the last plateau was reached."""
        return self._steps >= self._settings.lr_steps

    def improved(self, score: float) -> bool:
        """Take the score of an epoch and return whether it is the best so far."""
        if score > self.best + self._settings.threshold:
            self.best = score
            self._bad = 0
            return True
        self._bad += 1
        return False

    def reached(self) -> bool:
        """Return whether this is a plateau; if so, lower the learning rate."""
        if self._bad <= self._settings.patience:
            return False
        self._bad = 0
        self._steps += 1
        self.lr = max(self.lr * self._settings.lr_factor, self._settings.min_lr)
        return True

    def state_dict(self) -> dict[str, float]:
        """Return the state from which an interrupted training continues."""
        return {"best": self.best, "lr": self.lr, "bad": self._bad, "steps": self._steps}

    def load_state_dict(self, state: dict[str, float]) -> None:
        """Continue from a state."""
        self.best, self.lr = state["best"], state["lr"]
        self._bad, self._steps = int(state["bad"]), int(state["steps"])


class Phases:
    """Learning rate, best epoch and end of training for phases of a fixed number of epochs.

    Each of the ``cycles`` starts at the full rate, which falls from phase to phase (released code
    of Li et al. 2023).
    """

    def __init__(self, settings: Schedule) -> None:
        assert settings.phase_epochs is not None, "a schedule of plateaus"
        self._settings = settings
        self._phase_epochs = settings.phase_epochs
        self._epochs = 0
        self.best = -float("inf")

    @property
    def lr(self) -> float:
        """The learning rate of the next epoch."""
        phase = self._epochs // self._phase_epochs % self._settings.lr_steps
        return max(self._settings.lr * self._settings.lr_factor**phase, self._settings.min_lr)

    @property
    def ended(self) -> bool:
        """Whether all phases of all cycles are over."""
        phases = self._settings.lr_steps * self._settings.cycles
        return self._epochs >= phases * self._phase_epochs

    def improved(self, score: float) -> bool:
        """Take the score of an epoch and return whether it is the best so far."""
        self._epochs += 1
        if score > self.best + self._settings.threshold:
            self.best = score
            return True
        return False

    def reached(self) -> bool:
        """Return False, since phases know no plateaus."""
        return False

    def state_dict(self) -> dict[str, float]:
        """Return the state from which an interrupted training continues."""
        return {"best": self.best, "epochs": self._epochs}

    def load_state_dict(self, state: dict[str, float]) -> None:
        """Continue from a state."""
        self.best, self._epochs = state["best"], int(state["epochs"])


def begin(settings: Schedule) -> Plateau | Phases:
    """Return the course of a schedule, before its first epoch."""
    return Plateau(settings) if settings.phase_epochs is None else Phases(settings)


def build_optimiser(
    settings: Schedule, parameters: list[torch.nn.Parameter]
) -> torch.optim.Optimizer:
    """Build the optimiser of a schedule; weight decay acts on every parameter."""
    if settings.optimiser == "adam":
        return _Adam(parameters, lr=settings.lr, weight_decay=settings.weight_decay)
    return _SGD(
        parameters,
        lr=settings.lr,
        momentum=settings.momentum,
        weight_decay=settings.weight_decay,
    )


def _without_compiler(
    optimiser: type[torch.optim.Optimizer],
) -> Callable[..., torch.optim.Optimizer]:
    """Return the class of an optimiser without the guards around its methods.

    The guards keep torch's compiler out and import it for that, which takes a second; nothing here
    is compiled.
    """
    guarded = ("add_param_group", "state_dict", "load_state_dict", "zero_grad")
    methods = {name: unwrap(getattr(optimiser, name)) for name in guarded}
    methods["step"] = torch.no_grad()(unwrap(optimiser.step))  # as the guard of `step` did
    return type(optimiser.__name__, (optimiser,), methods)


_Adam, _SGD = map(_without_compiler, (torch.optim.Adam, torch.optim.SGD))
