"""The loop under scripted scores and losses: what is restored, frozen, reset and recorded."""

import contextlib
import copy
import math

import pytest
import torch

from neurobust.config.recipes import Recipe, Stage
from neurobust.config.schedules import Schedule
from neurobust.errors import InputError
from neurobust.jobs.signals import Interrupted
from neurobust.networks.network import Heads, build_network
from neurobust.training.loop import train_stage

CPU = torch.device("cpu")
LAYER = "conv-2-1"
SCALE = 1e-4


class Attraction:
    """An objective that pulls all weights to 1 and records what it sees."""

    weight = 1.0
    gaussian = False

    def __init__(self, steps=2, ratio=1.0):
        self._steps = steps
        self.ratio = ratio
        self.numbers = []
        self.starts = []
        self.training = []

    def __len__(self):
        return self._steps

    def losses(self, network, number):
        self.numbers.append(number)
        self.starts.append(weights(network))
        self.training.append({name: m.training for name, m in network.named_modules()})
        network.classify(torch.randn(4, 1, 32, 32))  # moves running statistics; draws dropout
        yield sum(((p - 1) ** 2).sum() for p in network.parameters())


def weights(network):
    return copy.deepcopy(network.state_dict())


def same(first, second):
    return all(torch.equal(first[name], second[name]) for name in first)


def make():
    return build_network(Recipe(trunk="vgg11", width=1 / 32), Heads(2, {"s": ["a"]}), seed=0)


def train(network, objectives, scores, stage=None, **settings):
    """Train under scripted scores; return the history and the weights after each epoch."""
    ends, history = [], {}
    script = iter(scores)

    def validate():
        ends.append(weights(network))
        return next(script)

    train_stage(
        network,
        objectives,
        stage=stage or Stage(),
        number=0,
        schedule=Schedule(**{"lr": 0.01, "patience": 1, "lr_steps": 2} | settings),
        validate=validate,
        seed=1,
        device=CPU,
        history=history,
    )
    return history, ends


def test_the_best_weights_are_restored_at_a_plateau_and_kept_in_the_end():
    network, objective = make(), Attraction()
    scores = [0.1, 0.5, 0.4, 0.4, 0.3, 0.2]
    history, ends = train(network, {"d": objective}, scores)
    assert history["validation_score"] == scores  # two plateaus, after epochs 4 and 6
    starts = objective.starts[::2]  # two steps make an epoch
    assert same(starts[2], ends[1])
    assert same(starts[3], ends[2])
    assert same(starts[4], ends[1])  # restored
    assert not same(starts[4], ends[3])
    assert same(weights(network), ends[1])  # epoch 2 was the best
    assert history["learning_rate"] == pytest.approx([0.01] * 4 + [0.004] * 2)
    assert not network.training


def test_training_ends_at_the_last_epoch_with_the_best():
    network = make()
    history, ends = train(network, {"d": Attraction()}, [0.1, 0.2, 0.3, 0.25], max_epochs=4)
    assert len(history["epoch"]) == 4
    assert same(weights(network), ends[2])


def test_a_network_that_never_scores_keeps_its_start():
    network = make()
    before = weights(network)
    train(network, {"d": Attraction()}, [math.nan] * 9)
    assert same(weights(network), before)


def test_objectives_are_interleaved_at_their_ratios():
    first, rare, frequent = Attraction(steps=3), Attraction(ratio=1 / 4), Attraction(ratio=2.5)
    history, _ = train(
        make(), {"a": first, "b": rare, "c": frequent}, [0.1, 0.2, 0.3], max_epochs=3
    )
    assert first.numbers == list(range(9))
    assert rare.numbers == [0, 1]
    assert frequent.numbers == list(range(22))
    # The first epoch of three steps had no batch of the rare objective: no loss instead of 0.
    assert math.isnan(history["b_loss"][0])
    assert not math.isnan(history["b_loss"][1])
    assert len({len(column) for column in history.values()}) == 1


def test_the_gradients_of_a_step_are_summed():
    # One SGD step without momentum on n times (p - 1)^2: p - 2 n lr (p - 1).
    network = make()
    before = weights(network)
    objectives = {"a": Attraction(steps=1), "b": Attraction(ratio=3.0)}
    settings = {"max_epochs": 1, "momentum": 0, "weight_decay": 0}
    train(network, objectives, [1.0], **settings)
    start = before["classifier.0.weight"]
    expected = start - 2 * 4 * 0.01 * (start - 1)
    # Four gradients added in float32.
    torch.testing.assert_close(network.state_dict()["classifier.0.weight"], expected)


def test_frozen_layers_stay_bit_for_bit():
    network, objective = make(), Attraction()
    before = weights(network)
    train(network, {"d": objective}, [0.1, 0.2], Stage(freeze_to=LAYER), max_epochs=2)
    after = weights(network)
    frozen = {f"trunk.{name}" for name in network.up_to(LAYER).state_dict()}
    assert len(frozen) == 14  # two convolutions and two batch normalisations
    for name in after:
        assert torch.equal(after[name], before[name]) == (name in frozen), name
    depth = len(network.up_to(LAYER))
    modes = objective.training[-1]
    assert not any(modes[f"trunk.{index}"] for index in range(depth))
    assert all(modes[f"trunk.{index}"] for index in range(depth, len(network.trunk)))
    assert modes["classifier.2"]
    assert all(parameter.requires_grad for parameter in network.parameters())


def test_a_reset_initialises_anew_what_is_not_frozen():
    network, objective = make(), Attraction()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.fill_(7.0)
    network.train().classify(torch.randn(4, 1, 32, 32))
    before = weights(network)
    stage = Stage(freeze_to=LAYER, reset=True)
    train(network, {"d": objective}, [0.1], stage, max_epochs=1)
    start = objective.starts[0]
    frozen = {f"trunk.{name}" for name in network.up_to(LAYER).state_dict()}
    for name, value in start.items():
        if name in frozen:
            assert torch.equal(value, before[name])
        elif name.endswith("num_batches_tracked"):
            assert value == 0
        elif name != "readout.bias":  # set from the responses, not at random
            assert not (value == 7).any(), name
    assert torch.equal(start["readout.features"], torch.full((1, 8), 1 / 8))
    again, second = make(), Attraction()
    train(again, {"d": second}, [0.1], stage, max_epochs=1)
    assert torch.equal(second.starts[0]["classifier.6.weight"], start["classifier.6.weight"])


def test_losses_that_are_not_finite_end_in_a_clear_message():
    class Explode(Attraction):
        def losses(self, network, number):
            (loss,) = super().losses(network, number)
            yield loss * (math.inf if number == 3 else 1)

    with pytest.raises(InputError, match=r"epoch 2.*'a': (inf|nan)"):
        train(make(), {"a": Explode()}, [0.1] * 5)


def test_learned_noise_is_trained_beside_the_weights():
    class Faint(Attraction):
        def losses(self, network, number):
            (loss,) = super().losses(network, number)
            yield loss * SCALE

    network = make()
    parameters = [p.detach().double() for p in make().parameters()]
    settings = {"max_epochs": 1, "momentum": 0, "weight_decay": 0, "lr": 0.1}
    train(network, {"a": Faint(steps=4)}, [1.0], Stage(weighting="uncertainty"), **settings)
    log_variance = 0.0
    for _ in range(4):  # gradient descent on loss / s^2 + log s, by hand
        loss = SCALE * sum(((p - 1) ** 2).sum().item() for p in parameters)
        precision = math.exp(-log_variance)
        parameters = [p - 0.1 * precision * SCALE * 2 * (p - 1) for p in parameters]
        log_variance -= 0.1 * (-precision * loss + 0.5)
    assert abs(log_variance) > 0.1  # what was learned matters
    for found, expected in zip(network.parameters(), parameters, strict=True):
        # Four steps in float32 against float64.
        torch.testing.assert_close(found.detach().double(), expected, rtol=1e-5, atol=1e-6)


def test_a_stage_continues_with_the_generator_where_it_was():
    """Training seeds each step; draws between two steps must not be repeated either."""

    def train_until(boundary, resumed=None):
        passed, states, history = [], [], {}

        def at_boundary(describe):
            passed.append(1)
            if len(passed) == boundary:
                states.append(copy.deepcopy(describe()))
                raise Interrupted("SIGTERM")

        with contextlib.suppress(Interrupted):
            train_stage(
                make(),
                {"d": Attraction()},
                stage=Stage(),
                number=0,
                schedule=Schedule(lr=0.01, max_epochs=2),
                validate=lambda: torch.rand(()).item(),  # it draws, unlike the real validation
                seed=1,
                device=CPU,
                history=history,
                resumed=resumed,
                at_boundary=at_boundary,
            )
        return states, history

    _, alone = train_until(None)
    (state,), _ = train_until(2)  # before the first validation
    torch.manual_seed(99)
    _, history = train_until(None, state)
    assert history == alone
    assert len(set(history["validation_score"])) == 2
