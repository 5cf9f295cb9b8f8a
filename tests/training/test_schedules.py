"""When batches are due, the learning rate falls, and training ends."""

import math
import subprocess
import sys
from fractions import Fraction
from functools import partial

import pytest
import torch

from neurobust.config.schedules import Schedule
from neurobust.training.loop import schedule_step
from neurobust.training.schedules import Phases, Plateau, begin, build_optimiser

# 49 times the float nearest to 1/49 is less than 1.
RATIOS = [Fraction(ratio) for ratio in ("1/15", "1/49", "2/7", "1/2", "1", "5/2", "3")]


@pytest.mark.parametrize("ratio", RATIOS, ids=str)
def test_batches_come_once_in_order_and_as_often_as_the_ratio_says(ratio):
    given = []
    for step in range(1000):
        due = schedule_step(step, float(ratio))
        assert len(due) in {math.floor(ratio), math.ceil(ratio)}
        given.extend(due)
        assert len(given) == math.floor((step + 1) * ratio)  # exact, in fractions
    assert given == list(range(len(given)))


def test_later_epochs_do_not_drift():
    # 400 epochs of 782 steps at 1:15: the paper's longest run.
    step = 400 * 782
    assert schedule_step(step - 1, 1 / 15).stop == step // 15


def follow(scores, **settings):
    """Return the learning rate after each score, and which epochs were plateaus."""
    plateau = Plateau(Schedule(**settings))
    rates, plateaus = [], []
    for epoch, score in enumerate(scores, 1):
        if not plateau.improved(score) and plateau.reached():
            plateaus.append(epoch)
        rates.append(plateau.lr)
        if plateau.ended:
            break
    return rates, plateaus


def test_patience_of_five_acts_after_the_sixth_bad_epoch():
    rates, plateaus = follow([0.5] * 8, patience=5)
    assert plateaus == [7]  # the first epoch is good
    assert rates == [0.1] * 6 + [pytest.approx(0.04)] * 2


def test_an_improvement_starts_the_count_anew():
    rates, plateaus = follow([0.5] * 6 + [0.6] + [0.5] * 6, patience=5)
    assert plateaus == [13]
    assert rates[11] == 0.1


def test_five_plateaus_end_training():
    rates, plateaus = follow([0.5] * 100, patience=5, lr_steps=5)
    assert plateaus == [7, 13, 19, 25, 31]
    assert len(rates) == 31


def test_the_learning_rate_has_a_floor():
    rates, _ = follow([0.0] * 100, patience=0, lr_steps=9, lr=1e-3, lr_factor=0.3, min_lr=1e-4)
    expected = [max(1e-3 * 0.3**step, 1e-4) for step in range(10)]
    assert rates == pytest.approx(expected)


def test_the_threshold_is_absolute():
    plateau = Plateau(Schedule(threshold=0.25))
    assert plateau.improved(10.0)
    assert not plateau.improved(10.25)  # 2.5 % more, but not more than the threshold
    assert plateau.best == 10.0
    assert plateau.improved(10.5)
    assert plateau.best == 10.5


def test_slow_progress_counts_against_the_best_and_not_the_last():
    plateau = Plateau(Schedule(threshold=0.25))
    found = [plateau.improved(score) for score in (0.0, 0.125, 0.25, 0.375)]
    assert found == [True, False, False, True]


def test_a_score_that_is_no_number_is_bad():
    plateau = Plateau(Schedule(patience=0))
    assert not plateau.improved(math.nan)
    assert plateau.reached()


def test_optimisers_have_the_schedule_s_settings():
    weights = [torch.nn.Parameter(torch.ones(2))]
    settings = {"lr": 0.3, "weight_decay": 0.01, "momentum": 0.6}
    sgd = build_optimiser(Schedule(**settings), weights)
    assert isinstance(sgd, torch.optim.SGD)
    assert {name: sgd.param_groups[0][name] for name in settings} == settings
    assert not sgd.param_groups[0]["nesterov"]
    adam = build_optimiser(Schedule(**settings, optimiser="adam"), weights)
    assert isinstance(adam, torch.optim.Adam)
    assert adam.param_groups[0]["lr"] == 0.3
    assert adam.param_groups[0]["weight_decay"] == 0.01


@pytest.mark.parametrize("name", ["adam", "sgd"])
def test_optimisers_step_as_torch_s_do(name):
    settings = Schedule(optimiser=name, lr=0.1, momentum=0.5, weight_decay=0.01)
    others = {"adam": torch.optim.Adam, "sgd": partial(torch.optim.SGD, momentum=0.5)}
    weights = []
    for build in (
        partial(build_optimiser, settings),
        partial(others[name], lr=0.1, weight_decay=0.01),
    ):
        weight = torch.nn.Parameter(torch.linspace(-1, 1, 5))
        optimiser = build([weight])
        for step in range(6):
            if step == 3:  # an interruption
                state = optimiser.state_dict()
                optimiser = build([weight])
                optimiser.load_state_dict(state)
            optimiser.zero_grad(set_to_none=True)
            weight.pow(4).sum().backward()
            optimiser.step()
        weights.append(weight)
    assert torch.equal(*weights)  # the same code runs
    assert weights[0].requires_grad


def test_training_does_not_load_the_compiler():
    code = """if True:
        import sys, torch
        from neurobust.config.schedules import Schedule
        from neurobust.training.schedules import build_optimiser
        for name in ("adam", "sgd"):
            weight = torch.nn.Parameter(torch.ones(2))
            optimiser = build_optimiser(Schedule(optimiser=name), [weight])
            optimiser.load_state_dict(optimiser.state_dict())
            optimiser.zero_grad(set_to_none=True)
            weight.sum().backward()
            optimiser.step()
        sys.exit("torch._dynamo" in sys.modules)
    """
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_phases_lower_the_rate_by_the_clock_and_cycles_raise_it_again():
    # Li et al. 2023: 2 cycles x 3 phases x 4 epochs, times .3 from phase to phase.
    course = begin(Schedule(lr=0.01, lr_factor=0.3, lr_steps=3, phase_epochs=4, cycles=2))
    rates = []
    while not course.ended:
        rates.append(course.lr)
        assert not course.improved(-len(rates)) or len(rates) == 1  # worse and worse
        assert not course.reached()
    cycle = [0.01] * 4 + [0.003] * 4 + [0.0009] * 4
    assert rates == pytest.approx(cycle * 2)


def test_phases_keep_the_best_epoch():
    course = Phases(Schedule(phase_epochs=2))
    assert [course.improved(score) for score in (0.1, 0.3, 0.2, 0.4)] == [True, True, False, True]
    assert course.best == 0.4


@pytest.mark.parametrize(
    "settings", [{"patience": 2, "lr_steps": 3}, {"phase_epochs": 2, "lr_steps": 3, "cycles": 2}]
)
def test_a_course_that_is_taken_up_again_goes_on_as_it_would_have(settings):
    scores = [0.1, 0.5, 0.4, 0.4, 0.6, 0.5, 0.5, 0.4, 0.3, 0.3, 0.2, 0.7, 0.1]
    alone, taken_up = begin(Schedule(**settings)), begin(Schedule(**settings))
    for score in scores:
        state, taken_up = taken_up.state_dict(), begin(Schedule(**settings))
        taken_up.load_state_dict(state)
        assert taken_up.improved(score) == alone.improved(score)
        assert taken_up.reached() == alone.reached()
        assert (taken_up.lr, taken_up.best) == (alone.lr, alone.best)
        assert taken_up.ended == alone.ended
