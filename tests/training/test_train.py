"""Whole trainings of tiny networks: they can be repeated, and they learn."""

import numpy as np
import pytest
import torch

from neurobust.config.recipes import Recipe
from neurobust.config.schedules import Schedule
from neurobust.errors import InputError
from neurobust.images.batches import LabelledPictures
from neurobust.networks.inference import trial_correlation
from neurobust.networks.network import Heads, build_network
from neurobust.training.objective import TrainingData
from neurobust.training.objectives.similarity import Similarity
from neurobust.training.train import heads_for, train_network

CPU = torch.device("cpu")
STILL = {"padding_px": 0, "flip": False, "rotation_deg": 0}
CLASSIFY = {"kind": "classification", "augmentation": STILL}
CALM = {"lr": 0.01, "batch_size": 8, "max_epochs": 2}


def recipe(**fields):
    return Recipe(**{"trunk": "vgg11", "width": 1 / 32} | fields)


def train(made, data, seed=1, schedules=None, **settings):
    calm = Schedule(**CALM | settings)
    given = dict.fromkeys(("classification", "cotraining", "prediction"), calm)
    return train_network(made, given | (schedules or {}), data, seed=seed, device=CPU)


def same(first, second):
    names = first.state_dict()
    return all(torch.equal(value, second.state_dict()[name]) for name, value in names.items())


COTRAINED = recipe(
    schedule="cotraining",
    weighting="uncertainty",
    objectives={
        "classification": {"kind": "classification"},
        "v1": {"kind": "responses", "source": "p", "ratio": "1:2"},
    },
)


def test_the_same_seed_gives_the_same_network_and_losses(image_set, predicted_responses):
    data = TrainingData(images=image_set, responses={"p": predicted_responses})
    first, history = train(COTRAINED, data, max_epochs=4)
    torch.manual_seed(99)  # the global generator must not matter
    second, repeated = train(COTRAINED, data, max_epochs=4)
    assert same(first, second)
    assert len(history["classification_loss"]) == 4
    assert history == repeated
    third, other = train(COTRAINED, data, max_epochs=4, seed=2)
    assert not same(first, third)
    assert other["classification_loss"] != history["classification_loss"]
    assert len({len(column) for column in history.values()}) == 1
    assert history["epoch"] == [1, 2, 3, 4]
    assert not first.training


ORACLE = [
    {
        "schedule": "oracle",
        "objectives": {
            "classification": {"kind": "classification", "corrupted": 0.5},
            "matching": {"kind": "matching"},
        },
    },
    {
        "freeze_to": "conv-3-1",
        "reset": True,
        "objectives": {"classification": {"kind": "classification"}},
    },
]


def test_the_second_stage_of_the_oracle_keeps_the_first_one_s_early_layers(image_set):
    data = TrainingData(images=image_set)
    schedules = {"oracle": Schedule(**CALM)}
    first, _ = train(recipe(stages=ORACLE[:1]), data, schedules=schedules)
    # A rate too small to move anything shows the weights that the second stage began with.
    settings = {"lr": 1e-30, "min_lr": 0, "max_epochs": 3}
    second, history = train(recipe(stages=ORACLE), data, schedules=schedules, **settings)
    early = {f"trunk.{name}" for name in first.up_to("conv-3-1").state_dict()}
    assert sum("running" in name for name in early) == 6
    before, after = first.state_dict(), second.state_dict()
    for name in early:
        assert torch.equal(before[name], after[name]), name
    for name in set(before) - early:
        if before[name].ndim == 4:
            pair = torch.stack([before[name].flatten(), after[name].flatten()])
            # Independent draws correlate with a standard error of 1 / sqrt(n).
            assert abs(torch.corrcoef(pair)[0, 1]) < 5 / pair.shape[1] ** 0.5, name
    assert torch.equal(after["trunk.12.weight"], torch.ones(8))  # batch normalisation anew
    assert history["stage"] == [0, 0, 1, 1, 1]
    assert history["epoch"] == [1, 2, 1, 2, 3]
    assert np.isnan(history["matching_loss"]).tolist() == [False] * 2 + [True] * 3
    assert len({len(column) for column in history.values()}) == 1


PREDICT = {
    "schedule": "prediction",
    "readout_layer": "conv-1-1",
    "objectives": {"v1": {"kind": "responses", "source": "r", "loss": "likelihood"}},
}


def test_a_network_can_start_from_another_and_freeze_it(image_set, recording):
    start, _ = train(recipe(objectives={"c": CLASSIFY}), TrainingData(images=image_set))
    made = recipe(**PREDICT, start_from="x", freeze_to="conv-5-2")
    data = TrainingData(recordings={"r": recording}, start=start)
    network, _ = train(made, data, optimiser="adam")
    assert same(network.trunk, start.trunk)
    assert not torch.equal(network.readout.features, torch.full((5, 2), 1 / 2))
    free, _ = train(recipe(**PREDICT, start_from="x"), data, lr=1e-30, min_lr=0, momentum=0)
    trunk, own = free.trunk.state_dict(), start.trunk.state_dict()
    assert all(torch.equal(trunk[name], own[name]) for name in own if "weight" in name)
    assert not same(free.trunk, start.trunk)  # its running statistics follow the new stimuli


def test_a_network_learns_to_classify(image_set):
    made = recipe(width=1 / 8, objectives={"c": CLASSIFY})
    settings = {"optimiser": "adam", "lr": 0.003, "max_epochs": 8, "batch_size": 6}
    network, history = train(made, TrainingData(images=image_set), **settings)
    # Chance is a third; with 24 images its standard deviation is .1.
    assert max(history["validation_score"]) > 0.8
    assert history["c_loss"][-1] < history["c_loss"][0] / 2
    images = torch.zeros(1, 1, 32, 32)
    assert network.classify(images).shape == (1, 3)


@pytest.mark.parametrize("kind", ["counts", "continuous"])
def test_a_predictor_learns_to_predict(kind, make_recording):
    recording = make_recording(kind)
    data = TrainingData(recordings={"r": recording})
    made = recipe(**PREDICT | {"width": 1 / 8})
    settings = {"optimiser": "adam", "lr": 0.02, "max_epochs": 25, "patience": 30}
    network, history = train(made, data, **settings)
    start, _ = train(made, data, lr=1e-30, min_lr=0, max_epochs=1)
    before, after = (trial_correlation(n, recording, "train", CPU) for n in (start, network))
    assert after > before + 0.2
    assert history["v1_loss"][-1] < history["v1_loss"][0]
    best = max(history["validation_score"])
    assert trial_correlation(network, recording, "validation", CPU) == pytest.approx(best)


def test_the_readout_starts_at_the_mean_responses(recording):
    made = recipe(**PREDICT)
    settings = {"lr": 1e-30, "min_lr": 0, "max_epochs": 1}
    network, _ = train(made, TrainingData(recordings={"r": recording}), **settings)
    assert network.readout.bias.min() > 1
    assert network.classifier is None


def test_heads_follow_the_data(image_set, recording, continuous_recording, predicted_responses):
    neuroids = {"first": [f"first-{n}" for n in range(3)], "second": ["second-0", "second-1"]}
    predictor = recipe(**PREDICT)
    for kind, given in (("counts", recording), ("continuous", continuous_recording)):
        heads = heads_for(predictor, TrainingData(recordings={"r": given}))
        assert heads.sessions == neuroids
        assert heads.n_classes == 0
        assert heads.continuous == (kind == "continuous")
    data = TrainingData(images=image_set, responses={"p": predicted_responses})
    heads = heads_for(COTRAINED, data)
    assert heads.n_classes == 3
    assert heads.sessions == {"first": ["n0", "n1", "n2"], "second": ["n3", "n4"]}
    assert heads_for(recipe(objectives={"c": CLASSIFY}), data).sessions is None


def test_a_learning_rate_that_explodes_is_refused(image_set):
    made = recipe(objectives={"c": CLASSIFY})
    with pytest.raises(InputError, match="the loss is not finite"):
        train(made, TrainingData(images=image_set), lr=1e20)


SIMILAR = {"kind": "similarity", "source": "p", "batch_size": 20}  # all


def similar(**fields):
    still = {"classification": CLASSIFY, "similarity": SIMILAR | fields}
    return recipe(width=1 / 16, objectives=still)


def test_a_similarity_lowers_its_own_loss_and_its_gamma_is_trained(
    image_set, similarities, monkeypatch
):
    made = []
    build = Similarity.__init__

    def remember(self, *args, **kwargs):
        build(self, *args, **kwargs)
        made.append(self)

    monkeypatch.setattr(Similarity, "__init__", remember)
    data = TrainingData(images=image_set, similarities={"p": similarities})
    settings = {"optimiser": "adam", "lr": 0.01, "max_epochs": 6}
    network, history = train(similar(), data, **settings)
    losses = history["similarity_loss"]
    assert losses[-1] < losses[0] / 2
    assert len(made[0].gamma) == 5  # of VGG11's stages
    assert (made[0].gamma != 0).all()
    # The same seed repeats it, running means included; the control has a harder task.
    again, repeated = train(similar(), data, **settings)
    assert history == repeated
    assert same(network, again)
    _, shuffled = train(similar(shuffled=True), data, **settings)
    assert shuffled["similarity_loss"][-1] > 2 * losses[-1]


def test_principal_components_stay_as_they_were_fitted_before_training(image_set):
    made = recipe(
        trunk="resnet18",
        frontend={"kind": "pca", "components": 10},
        objectives={"c": CLASSIFY},
    )
    network, history = train(made, TrainingData(images=image_set))
    fitted = build_network(made, Heads(3), seed=0)
    fitted.fit_to(LabelledPictures.of_split(image_set, "train", colour="gray", device=CPU))
    assert same(network.frontend, fitted.frontend)
    assert network.frontend.components.shape == (10, 32 * 32)
    assert np.isfinite(history["c_loss"]).all()
