"""Classification and matching: the shown pictures and the loss."""

import numpy as np
import pytest
import torch
from scipy.special import log_softmax

from neurobust.config.objective import Augmentation
from neurobust.config.objectives import classification as classification_config
from neurobust.config.objectives import matching as matching_config
from neurobust.images.augmentation import augment
from neurobust.images.batches import as_channels
from neurobust.randomness import seed_for
from neurobust.training import corrupted
from neurobust.training.batches import BatchOrder
from neurobust.training.objectives.classification import Classification
from neurobust.training.objectives.matching import Matching

STILL = Augmentation(padding_px=0, flip=False, rotation_deg=0)


def classification(pictures, augmentation=STILL, batch_size=10, seed=1, **fields):
    settings = classification_config.Classification(augmentation=augmentation, **fields)
    return Classification(settings, pictures, batch_size=batch_size, seed=seed, purpose="c")


def matching(pictures, augmentation=STILL, **fields):
    settings = matching_config.Matching(kind="matching", augmentation=augmentation, **fields)
    return Matching(settings, pictures, batch_size=10, seed=1, purpose="m")


def bytes_of(pictures):
    return as_channels(pictures.pixels, "gray").numpy()[:, 0]


def test_cross_entropy_of_the_right_labels(pictures, watched, find):
    objective = classification(pictures)
    assert len(objective) == 3
    seen = []
    for number in range(3):
        (loss,) = objective.losses(watched, number)
        images, _, logits = watched.calls[-1]
        shown = find(images, bytes_of(pictures))
        labels = pictures.labels.numpy()[shown]
        log_p = log_softmax(logits.detach().numpy().astype(np.float64), axis=1)
        # float32 against float64.
        np.testing.assert_allclose(
            loss.item(), -log_p[np.arange(len(labels)), labels].mean(), rtol=1e-5
        )
        seen += shown.tolist()
    assert sorted(seen) == list(range(24))


def test_plain_classification_is_the_cross_entropy_of_augmented_images_to_the_bit(
    pictures, network
):
    augmentation = Augmentation()
    objective = classification(pictures, augmentation)
    order = BatchOrder(24, 10, seed=1, purpose="c", device=pictures.labels.device)
    network.train()
    for number in (0, 2, 4):
        state = torch.get_rng_state()
        (loss,) = objective.losses(network, number)
        after = torch.get_rng_state()
        # Weights of earlier runs followed from these streams, and a seed must keep its network.
        draws = torch.Generator().manual_seed(seed_for(1, "augmentation", "c", number))
        shown = augment(pictures.seen()[order[number]], generator=draws)
        torch.set_rng_state(state)
        logits = network.classify(pictures.standard(shown))
        expected = torch.nn.functional.cross_entropy(logits, pictures.labels[order[number]])
        assert torch.equal(loss, expected)
        assert torch.equal(torch.get_rng_state(), after)  # dropout alone drew from it


@pytest.mark.parametrize(
    ("defence", "passes", "factor"),
    [
        ({"adversarial": {"norm": "linf", "size": "8/255", "steps": 3}}, 4, 1),
        ({"adversarial": {"norm": "l2", "size": 0.5, "steps": 1}}, 2, 1),
        ({"augmix": {}}, 1, 3),
    ],
)
def test_defences_see_the_same_augmented_batches(pictures, watched, defence, passes, factor):
    fields = {"augmentation": Augmentation(), "corrupted": 0.5}
    next(classification(pictures, **fields).losses(watched, 2))
    plain = watched.calls.pop()[0]
    (loss,) = classification(pictures, **fields, **defence).losses(watched, 2)
    assert loss.isfinite()
    assert len(watched.calls) == passes
    shown = watched.calls[-1][0]
    assert len(shown) == factor * len(plain) == factor * 4
    if factor == 3:
        assert torch.equal(shown[:4], plain)
    else:
        # Perturbed, but by less than 8 levels, or half in L2, which no pixel can exceed.
        difference = (shown - plain).abs().max() * pictures.standard.std
        assert 0 < difference < 0.51


def test_an_augmented_batch_follows_from_its_number(pictures, watched):
    def shown(objective, number):
        next(objective.losses(watched, number))
        return watched.calls[-1][0]

    augmentation = Augmentation()
    objective = classification(pictures, augmentation, batch_size=24)
    first = shown(objective, 0)
    shown(objective, 1)
    assert torch.equal(shown(objective, 0), first)
    assert torch.equal(shown(classification(pictures, augmentation, batch_size=24), 0), first)
    other = shown(classification(pictures, augmentation, batch_size=24, seed=2), 0)
    assert not torch.equal(other, first)
    still = shown(classification(pictures, batch_size=24), 0)
    assert (first != still).flatten(1).any(1).float().mean() > 0.9


def test_a_fraction_of_each_pass_is_corrupted(pictures, watched):
    standard = pictures.standard(pictures.seen())
    objective = classification(pictures, corrupted=0.5)
    clean = [[], []]
    for number in range(6):
        next(objective.losses(watched, number))
        for image in watched.calls[-1][0]:
            clean[number // 3] += (standard == image).flatten(1).all(1).nonzero().flatten().tolist()
    assert [len(set(images)) for images in clean] == [12, 12]
    assert set(clean[0]) != set(clean[1])  # chosen anew for each pass


def test_objectives_have_their_ratio_and_weight(pictures):
    assert classification(pictures, ratio="1:3").ratio == pytest.approx(1 / 3)
    assert classification(pictures).weight == 1
    assert not classification(pictures).gaussian
    match = matching(pictures, ratio=2, weight=0.5)
    assert (match.ratio, match.weight, match.gaussian, len(match)) == (2, 0.5, True, 3)


def test_matching_is_the_mean_squared_distance_of_two_views(pictures, watched, find):
    (loss,) = matching(pictures, layer="conv-2-1", corrupted=0.0).losses(watched, 0)
    images, layer, features = watched.calls[-1]
    assert layer == "conv-2-1"
    first, second = images.chunk(2)
    shown = find(first, bytes_of(pictures))  # clean
    clean = pictures.standard(pictures.seen())[torch.from_numpy(shown)]
    assert (second != clean).flatten(1).any(1).all()  # corrupted, every one
    # Views of the same images: nearer to their own than to another's, on the whole.
    own = (second - clean).abs().mean()
    assert own < (second - clean.roll(1, 0)).abs().mean()
    maps = features.detach().numpy().astype(np.float64)
    expected = ((maps[:10] - maps[10:]) ** 2).mean()
    np.testing.assert_allclose(loss.item(), expected, rtol=1e-5)


def test_the_views_are_augmented_apart(pictures, watched, monkeypatch):
    # Without corruption, what differs between the views is their augmentation.
    monkeypatch.setattr(corrupted, "corrupt", lambda images, *_, **__: images)
    for augmentation, same in ((STILL, True), (Augmentation(), False)):
        (loss,) = matching(pictures, augmentation).losses(watched, 0)
        first, second = watched.calls[-1][0].chunk(2)
        assert torch.equal(first, second) == same
        assert (loss.item() == 0) == same
