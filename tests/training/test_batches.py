"""Orders and corrupted copies follow from seed and number, and cover all examples."""

import numpy as np
import pytest
import torch
from scipy.stats import chisquare

from neurobust.images.corruptions import SEVERITIES, TIN_TC
from neurobust.training import corrupted
from neurobust.training.batches import BatchOrder
from neurobust.training.corrupted import CorruptedView

CPU = torch.device("cpu")


def make_order(examples=10, batch_size=4, seed=1, purpose="v1"):
    return BatchOrder(examples, batch_size, seed=seed, purpose=purpose, device=CPU)


@pytest.mark.parametrize(("examples", "batch_size"), [(10, 4), (12, 4), (3, 8), (1, 1)])
def test_each_pass_is_a_permutation(examples, batch_size):
    order = make_order(examples, batch_size)
    assert order.per_pass == -(-examples // batch_size)
    for turn in range(3):
        numbers = range(turn * order.per_pass, (turn + 1) * order.per_pass)
        passed = torch.cat([order[number] for number in numbers])
        assert sorted(passed.tolist()) == list(range(examples))
        assert all(len(order[number]) <= batch_size for number in numbers)


def test_passes_differ_and_so_do_seeds_and_purposes():
    def passed(order, turn=0):
        return [i for n in range(turn * 25, turn * 25 + 25) for i in order[n].tolist()]

    orders = [make_order(100), make_order(100, seed=2), make_order(100, purpose="v2")]
    runs = [passed(order) for order in orders] + [passed(orders[0], 1), list(range(100))]
    assert len({tuple(run) for run in runs}) == len(runs)


def test_any_batch_can_be_asked_for_in_any_order():
    sequential = make_order()
    expected = [sequential[number].tolist() for number in range(30)]
    random_access = make_order()
    for number in (29, 0, 17, 3, 4, 29):
        assert random_access[number].tolist() == expected[number]


def differing(first, second):
    return (first != second).flatten(1).any(1)


@pytest.mark.parametrize(("fraction", "changed"), [(0.5, 12), (1.0, 24), (0.0, 0), (0.3, 7)])
def test_the_fraction_is_corrupted_and_the_rest_is_clean(pictures, fraction, changed):
    view = CorruptedView(pictures, fraction, seed=1, purpose="x")[0]
    clean = pictures.seen()
    assert view.shape == clean.shape
    assert view.dtype == torch.uint8
    assert differing(view, clean).sum() == changed


def test_the_pictures_themselves_stay_as_they_are(pictures):
    before = pictures.pixels.clone()
    CorruptedView(pictures, 1.0, seed=1, purpose="x")[0]
    assert torch.equal(pictures.pixels, before)


def test_each_pass_is_corrupted_anew_and_can_be_repeated(pictures):
    view = CorruptedView(pictures, 0.5, seed=1, purpose="x")
    first, second = view[0].clone(), view[1].clone()
    assert differing(first, second).sum() >= 12  # at least those corrupted in one pass alone
    assert not torch.equal(differing(first, pictures.seen()), differing(second, pictures.seen()))
    assert torch.equal(view[0], first)
    assert torch.equal(CorruptedView(pictures, 0.5, seed=1, purpose="x")[1], second)
    for other in ({"seed": 2, "purpose": "x"}, {"seed": 1, "purpose": "y"}):
        assert not torch.equal(CorruptedView(pictures, 0.5, **other)[0], first)


def test_corruptions_and_severities_are_uniform(pictures, monkeypatch):
    counts = np.zeros((len(TIN_TC), len(SEVERITIES)))
    seen = []

    def count(images, corruption, severity, *, image_ids, seed):
        counts[TIN_TC.index(corruption), severity - 1] += len(images)
        seen.extend(image_ids.tolist())
        return 255 - images

    monkeypatch.setattr(corrupted, "corrupt", count)
    view = CorruptedView(pictures, 0.5, seed=1, purpose="x")
    for turn in range(200):
        view[turn]
    assert counts.sum() == 200 * 12
    assert chisquare(counts.ravel()).pvalue > 1e-3
    _, per_image = np.unique(seen, return_counts=True)
    assert len(per_image) == 24
    assert chisquare(per_image).pvalue > 1e-3


def test_a_view_is_corrupted_by_the_library_s_corruptions(pictures, monkeypatch):
    calls = []

    def record(images, corruption, severity, *, image_ids, seed):
        calls.append((images, image_ids))
        return torch.zeros_like(images)

    monkeypatch.setattr(corrupted, "corrupt", record)
    view = CorruptedView(pictures, 0.5, seed=1, purpose="x")[0]
    ids = torch.cat([ids for _, ids in calls])
    black = (view == 0).flatten(1).all(1)
    assert sorted(pictures.image_ids[black].tolist()) == sorted(ids.tolist())
    for images, given in calls:
        positions = [pictures.image_ids.tolist().index(i) for i in given.tolist()]
        assert torch.equal(images, pictures.pixels[positions])
