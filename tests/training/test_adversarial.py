"""Adversarial training: attacks equal foolbox's and closed forms, and change nothing else."""

import copy
import math
import warnings

import eagerpy
import numpy as np
import pytest
import torch
from torch import nn

from neurobust.config.objectives import classification as config
from neurobust.config.recipes import Recipe
from neurobust.config.schedules import Schedule
from neurobust.images.batches import LabelledPictures, Standard
from neurobust.training.losses.adversarial import (
    BALLS,
    AdversarialLoss,
    evaluation_mode,
    perturb,
)
from neurobust.training.objective import TrainingData
from neurobust.training.train import train_network

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # from scipy, in unused attacks
    import foolbox

CPU = torch.device("cpu")
SIZES = {"linf": 8 / 255, "l2": 0.5}
STILL = {"padding_px": 0, "flip": False, "rotation_deg": 0}


def attack(norm, **fields):
    return config.Adversarial(**{"norm": norm, "size": SIZES[norm]} | fields)


def lengths(differences, norm):
    order = math.inf if norm == "linf" else 2
    return torch.linalg.vector_norm(differences.double().flatten(1), ord=order, dim=1)


def train(image_set, classification, max_epochs=3):
    recipe = Recipe(
        trunk="vgg11",
        width=1 / 32,
        objectives={"c": {"kind": "classification", "augmentation": STILL, **classification}},
    )
    schedule = Schedule(lr=0.003, batch_size=8, max_epochs=max_epochs)
    data = TrainingData(images=image_set)
    return train_network(recipe, {"classification": schedule}, data, seed=1, device=CPU)


@pytest.fixture(scope="module")
def trained(image_set):
    network, history = train(image_set, {}, max_epochs=10)
    assert max(history["validation_score"]) > 0.9
    return network


@pytest.fixture
def images(pictures):
    return pictures.seen().float() / 255


def perturbed_by_loss(loss, watched, pictures, number=0):
    """Return what the network is last shown: the images that it learns from."""
    value = loss(watched, pictures.seen(), pictures.labels, number)
    return watched.calls[-1][0] * pictures.standard.std + pictures.standard.mean, value


class Linear(nn.Module):
    """Two classes, separated along fixed weights."""

    def __init__(self, weights):
        super().__init__()
        self.weights = nn.Parameter(weights)

    def classify(self, images):
        score = (images * self.weights).flatten(1).sum(1)
        return torch.stack([-score / 2, score / 2], 1)


class ForFoolbox(nn.Module):
    """A network that takes pixels."""

    def __init__(self, network, standard):
        super().__init__()
        self.network, self.standard = network, standard

    def forward(self, pixels):
        return self.network.classify((pixels - self.standard.mean) / self.standard.std)


@pytest.mark.parametrize("steps", [1, 2, 5])
@pytest.mark.parametrize("norm", BALLS)
def test_the_ascent_is_that_of_foolbox(norm, steps, trained, pictures, images):
    settings = attack(norm, steps=steps)
    drawn = BALLS[norm].draw(images.shape, torch.Generator().manual_seed(1))
    start = (images + settings.size * drawn).clamp(0, 1)
    found = perturb(
        trained, images, pictures.labels, standard=pictures.standard, settings=settings, start=start
    )
    kinds = {"linf": foolbox.attacks.LinfPGD, "l2": foolbox.attacks.L2PGD}
    oracle = kinds[norm](rel_stepsize=2.5 / steps, steps=steps, random_start=True)
    oracle.get_random_start = lambda *_: eagerpy.astensor(start)
    model = foolbox.PyTorchModel(ForFoolbox(trained, pictures.standard).eval(), (0, 1), device=CPU)
    expected = oracle.run(model, images, pictures.labels, epsilon=settings.size)
    assert not torch.equal(found, start)
    # Rounding of float32 near 1; a gradient near 0 may change its sign, in few pixels.
    assert ((found - expected).abs() < 1e-5).float().mean() > 0.999


@pytest.mark.parametrize("margin", [1, 60])
@pytest.mark.parametrize("norm", BALLS)
def test_a_linear_classifier_is_perturbed_along_its_weights(norm, margin):
    weights = torch.randn((1, 6, 6), generator=torch.Generator().manual_seed(2))
    images = torch.rand((5, 1, 6, 6), generator=torch.Generator().manual_seed(3)) * 0.4 + 0.3
    standard = Standard(0.5, 0.3)
    scores = (standard.standardise(images) * weights).flatten(1).sum(1)
    labels = (scores > 0).long()
    assert 0 < labels.sum() < 5
    # At the larger margin gradients are as small as e^-60, and their squares 0 in float32.
    network = Linear(weights * margin / scores.abs().max())
    # Many long steps: what the start has beside the weights shrinks by each projection.
    settings = attack(norm, size=0.2, steps=30, step_size=75.0)
    drawn = BALLS[norm].draw(images.shape, torch.Generator().manual_seed(4))
    start = images + 0.2 * drawn
    found = perturb(network, images, labels, standard=standard, settings=settings, start=start)
    direction = weights.sign() if norm == "linf" else weights / weights.norm()
    away = torch.where(labels == 1, -1.0, 1.0)[:, None, None, None]
    # float32; within the pixels' range throughout, as images keep .3 from its ends.
    torch.testing.assert_close(found, images + 0.2 * away * direction, rtol=0, atol=1e-6)


@pytest.mark.parametrize("scale", [1e-30, 1.0, 1e30])
@pytest.mark.parametrize("norm", BALLS)
def test_the_ascent_is_of_norm_one_however_small_or_large_the_gradient(norm, scale):
    drawn = torch.randn((3, 2, 4, 5), generator=torch.Generator().manual_seed(6))
    gradient = drawn * scale
    gradient[0] = 0
    gradient[1, 0, 0, 0] = math.nan
    found = BALLS[norm].ascend(gradient)
    assert (found[0] == 0).all()
    assert found[1].isnan().any()
    direction = drawn[2].sign() if norm == "linf" else drawn[2] / drawn[2].norm()
    torch.testing.assert_close(found[2], direction)  # float32


@pytest.mark.parametrize("norm", BALLS)
def test_random_starts_fill_the_ball(norm):
    drawn = BALLS[norm].draw(torch.Size([4000, 1, 1, 2]), torch.Generator().manual_seed(5))
    radii = lengths(drawn, norm).numpy()
    # In two dimensions a fraction r^2 of the square, or of the disc, lies within r; the largest
    # deviation of 4000 draws from it exceeds .031 once in a thousand times (Kolmogorov).
    assert radii.max() <= 1 + 1e-6
    expected = (np.arange(4000) + 1) / 4000
    assert abs(np.sort(radii) ** 2 - expected).max() < 0.031
    assert abs(drawn.mean(0)).max() < 0.05  # five standard errors and more


@pytest.mark.parametrize("norm", BALLS)
def test_perturbed_images_are_in_the_ball_and_in_range_and_harder(norm, trained, image_set):
    pictures = LabelledPictures.of_split(image_set, "test", colour="gray", device=CPU)
    pixels = pictures.seen()
    # Black and white ones, too: their perturbations end at the range.
    pixels[0], pixels[1] = 0, 255
    images, labels = pixels.float() / 255, pictures.labels
    settings = attack(norm)
    found = perturb(
        trained, images, labels, standard=pictures.standard, settings=settings, start=images
    )
    assert found.min() >= 0
    assert found.max() <= 1
    sizes = lengths(found - images, norm)
    assert sizes.max() <= settings.size * (1 + 1e-5)  # float32
    assert sizes.max() > settings.size * 0.99
    noisy = images + settings.size * BALLS[norm].draw(images.shape, torch.Generator())

    @torch.no_grad()
    def losses(shown):
        logits = trained.classify(pictures.standard.standardise(shown))
        return nn.functional.cross_entropy(logits, labels, reduction="none")

    assert losses(found).mean() > losses(noisy.clamp(0, 1)).mean() + 0.1
    assert (losses(found) > losses(images)).float().mean() > 0.9


@pytest.mark.parametrize("norm", BALLS)
def test_an_image_does_not_depend_on_its_batch(norm, trained, pictures, images):
    def alone(part):
        return perturb(
            trained,
            images[part],
            pictures.labels[part],
            standard=pictures.standard,
            settings=attack(norm, steps=2),
            start=images[part],
        )

    together = alone(slice(0, 6))
    for number in range(6):
        one = alone(slice(number, number + 1))
        # Convolutions add in another order; a gradient near 0 may change its sign.
        assert ((one[0] - together[number]).abs() < 1e-5).float().mean() > 0.99


@pytest.mark.parametrize("norm", BALLS)
def test_the_attack_leaves_no_trace_in_the_network(norm, network, pictures, images):
    network.train()
    network.up_to("conv-1-1").eval()  # a frozen part
    network.requires_grad_(True)
    modes = [module.training for module in network.modules()]
    assert len(set(modes)) == 2
    before = copy.deepcopy(network.state_dict())
    state = torch.get_rng_state()
    perturb(
        network,
        images,
        pictures.labels,
        standard=pictures.standard,
        settings=attack(norm),
        start=images,
    )
    assert [module.training for module in network.modules()] == modes
    assert all(parameter.grad is None for parameter in network.parameters())
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    assert torch.equal(torch.get_rng_state(), state)


def test_modes_come_back_after_an_error(network):
    network.train()
    with pytest.raises(AssertionError), evaluation_mode(network):
        assert network.training
    assert all(module.training for module in network.modules())


@pytest.mark.parametrize("norm", BALLS)
def test_the_loss_is_that_of_perturbed_images_in_training_mode(norm, network, watched, pictures):
    network.train()
    loss = AdversarialLoss(attack(norm, steps=2), pictures.standard, seed=1, purpose="c")
    tracked = network.trunk[1].num_batches_tracked.item()
    shown, value = perturbed_by_loss(loss, watched, pictures)
    assert len(watched.calls) == 3
    assert network.trunk[1].num_batches_tracked == tracked + 1  # only the last pass counts
    logits = watched.calls[-1][2]
    expected = nn.functional.cross_entropy(logits.double(), pictures.labels)
    np.testing.assert_allclose(value.item(), expected.item(), rtol=1e-5)  # float32 against float64
    value.backward()
    assert all(p.grad.isfinite().all() for p in network.trunk.parameters())
    assert lengths(shown - pictures.seen() / 255, norm).max() <= SIZES[norm] * (1 + 1e-4)


@pytest.mark.parametrize("norm", BALLS)
def test_a_batch_follows_from_seed_purpose_and_number(norm, watched, pictures):
    def shown(seed=1, purpose="c", number=0):
        loss = AdversarialLoss(attack(norm, steps=1), pictures.standard, seed=seed, purpose=purpose)
        return perturbed_by_loss(loss, watched, pictures, number)[0]

    first = shown()
    torch.rand(3)  # the global generator must not matter
    assert torch.equal(shown(), first)
    for change in ({"seed": 2}, {"purpose": "d"}, {"number": 1}):
        assert not torch.equal(shown(**change), first)


@pytest.mark.parametrize("norm", BALLS)
def test_what_is_not_a_number_stays_visible(norm, watched, network, pictures):
    with torch.no_grad():
        network.classifier[-3].weight[0] = math.nan
    loss = AdversarialLoss(attack(norm, steps=1), pictures.standard, seed=1, purpose="c")
    assert perturbed_by_loss(loss, watched, pictures)[1].isnan()


@pytest.mark.parametrize(
    "defence",
    [
        {"adversarial": {"norm": "linf", "size": "8/255", "steps": 2}},
        {"adversarial": {"norm": "l2", "size": 0.5, "steps": 2}, "corrupted": 0.5},
        {"augmix": {}, "corrupted": 0.5},
    ],
)
def test_trainings_can_be_repeated(defence, image_set):
    first, history = train(image_set, defence)
    torch.manual_seed(99)  # the global generator must not matter
    second, repeated = train(image_set, defence)
    assert history == repeated
    weights = second.state_dict()
    assert all(torch.equal(value, weights[name]) for name, value in first.state_dict().items())
    assert np.isfinite(history["c_loss"]).all()
    plain = train(image_set, {"corrupted": defence.get("corrupted", 0.0)})[1]
    assert history["c_loss"][0] != plain["c_loss"][0]
