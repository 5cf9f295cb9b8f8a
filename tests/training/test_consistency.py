"""AugMix training: the divergence equals scipy's and a naive loop's, and the parts of the loss."""

import math

import numpy as np
import pytest
import torch
from scipy.spatial.distance import jensenshannon
from scipy.special import log_softmax, rel_entr, softmax

from neurobust.config.objectives.classification import AugMix
from neurobust.training.losses.augmix import ConsistencyLoss, jensen_shannon_divergence

AUGMIX = AugMix()


def draw_logits(versions, seed=0):
    drawn = np.random.default_rng(seed).normal(0, 3, (versions, 5, 7))
    return torch.from_numpy(drawn)  # float64, so that scipy's result is met to its last digits


def test_the_divergence_of_two_answers_is_that_of_scipy():
    logits = draw_logits(2)
    first, second = softmax(logits.numpy(), -1)
    expected = jensenshannon(first, second, axis=1) ** 2
    np.testing.assert_allclose(jensen_shannon_divergence(logits), expected, rtol=1e-10)


def test_the_divergence_of_three_answers_is_that_of_a_naive_loop():
    logits = draw_logits(3)
    answers = softmax(logits.numpy(), -1)
    found = jensen_shannon_divergence(logits)
    for image in range(5):
        mean = answers[:, image].mean(0)
        expected = np.mean([rel_entr(answer, mean).sum() for answer in answers[:, image]])
        np.testing.assert_allclose(found[image], expected, rtol=1e-10)


def test_equal_answers_do_not_diverge_and_certain_ones_by_the_logarithm_of_their_number():
    same = draw_logits(1).expand(3, -1, -1)
    # Logarithms of three equal numbers, in float64.
    np.testing.assert_allclose(jensen_shannon_divergence(same), 0, atol=1e-14)
    certain = (1e4 * torch.eye(3)[:, None]).requires_grad_()
    divergence = jensen_shannon_divergence(certain)
    np.testing.assert_allclose(divergence.detach(), [math.log(3)], rtol=1e-6)  # float32
    divergence.sum().backward()
    assert certain.grad.isfinite().all()


@pytest.mark.parametrize("images", [1, 8])
def test_the_loss_is_cross_entropy_and_weighted_divergence(pictures, watched, images):
    pixels, labels = pictures.seen()[:images], pictures.labels[:images]
    loss = ConsistencyLoss(AugMix(consistency=2.5), pictures.standard, seed=1, purpose="c")(
        watched, pixels, labels, 4
    )
    ((shown, _, logits),) = watched.calls
    clean, first, second = shown.chunk(3)
    assert torch.equal(clean, pictures.standard(pixels))
    for version, other in ((first, clean), (second, clean), (first, second)):
        assert not torch.equal(version, other)
    answers = logits.detach().double().numpy().reshape(3, images, -1)
    log_p = log_softmax(answers, -1)
    cross_entropy = -log_p[0, np.arange(images), labels].mean()
    p = np.exp(log_p)
    divergence = rel_entr(p, p.mean(0)).sum(-1).mean()
    # float32 against float64.
    np.testing.assert_allclose(loss.item(), cross_entropy + 2.5 * divergence, rtol=1e-5)


def test_versions_follow_from_seed_purpose_and_number(pictures, watched):
    def shown(seed=1, purpose="c", number=0):
        loss = ConsistencyLoss(AUGMIX, pictures.standard, seed=seed, purpose=purpose)
        loss(watched, pictures.seen(), pictures.labels, number)
        return watched.calls[-1][0]

    state = torch.get_rng_state()
    first = shown()
    torch.rand(3)  # the global generator must not matter
    assert torch.equal(shown(), first)
    torch.set_rng_state(state)
    for change in ({"seed": 2}, {"purpose": "d"}, {"number": 1}):
        assert not torch.equal(shown(**change), first)
    assert torch.equal(torch.get_rng_state(), state)
