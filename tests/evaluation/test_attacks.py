"""Which images are attacked, and the results for them."""

import logging

import numpy as np
import pytest
import torch
from torch import nn

from neurobust.config.recipes import Recipe
from neurobust.errors import InputError
from neurobust.evaluation.attacks.evaluate import evaluate_attacks
from neurobust.evaluation.attacks.perturb import ATTACKS
from neurobust.evaluation.attacks.results import median_distance
from neurobust.files.storage import read_dataset, write_dataset
from neurobust.images.form import luma, select_split
from neurobust.networks.network import Heads, build_network

CPU = torch.device("cpu")


def make(seed, **fields):
    fields = {"trunk": "vgg11", "width": 1 / 32} | fields
    return build_network(Recipe(**fields), Heads(3), seed=seed)


def evaluate(networks, image_set, **options):
    given = {
        "images": 8,
        "attacks": ["fmn"],
        "steps": 10,
        "restarts": 1,
        "batch_size": 8,
        "seed": 7,
        "device": CPU,
    } | options
    return evaluate_attacks(networks, image_set, **given)


class Linear(nn.Module):
    """Scores three classes by linear functions of the standardised image."""

    def __init__(self, seed=0, colour="gray"):
        super().__init__()
        self.recipe = Recipe(colour=colour)
        self.scores = nn.Linear(32 * 32 * (1 if colour == "gray" else 3), 3)
        torch.nn.init.normal_(
            self.scores.weight, std=0.01, generator=torch.Generator().manual_seed(seed)
        )
        nn.init.zeros_(self.scores.bias)

    def classify(self, images):
        return self.scores(images.flatten(1))


class Prejudiced(nn.Module):
    """Gives every image the same scores, which may be NaN."""

    recipe = Recipe(colour="gray")

    def __init__(self, *scores):
        super().__init__()
        self.scores = nn.Parameter(torch.tensor(scores))

    def classify(self, images):
        return self.scores + 0 * images.flatten(1)[:, :1]


@pytest.fixture(scope="module")
def networks():
    return {1000: make(1), 2000: make(2)}


@pytest.fixture(scope="module")
def together(networks, image_set):
    return evaluate(networks, image_set)


def test_networks_alone_or_together_are_the_same(networks, image_set, together):
    for seed, network in networks.items():
        alone = evaluate({seed: network}, image_set).drop_attrs(deep=False)  # counts of all
        assert alone.identical(together.sel(seed=[seed]).drop_attrs(deep=False))
    assert not together["distance"].sel(seed=1000).equals(together["distance"].sel(seed=2000))


def test_every_network_meets_the_same_images_and_targets(image_set, together):
    other = evaluate({1: Linear(colour="rgb")}, image_set, steps=2)
    for name in ("image_id", "label", "target"):
        np.testing.assert_array_equal(other[name], together[name])
    assert not np.array_equal(
        evaluate({1: Linear()}, image_set, steps=2, seed=8)["image_id"], together["image_id"]
    )
    test = select_split(image_set, "test")
    label = dict(zip(test["image_id"].values, test["label"].values, strict=True))
    assert [label[number] for number in together["image_id"].values] == together[
        "label"
    ].values.tolist()
    assert len(set(together["image_id"].values)) == 8
    assert (together["target"] != together["label"]).all()
    everything = evaluate({1: Linear()}, image_set, images=1000, steps=2)
    assert sorted(everything["image_id"].values) == sorted(label)


def test_an_image_has_its_target_whatever_else_is_attacked(image_set, together):
    more = evaluate({1: Linear()}, image_set, images=24, steps=2)
    target = dict(zip(more["image_id"].values, more["target"].values, strict=True))
    found = [target[number] for number in together["image_id"].values]
    assert found == together["target"].values.tolist()


@pytest.mark.parametrize("colour", ["gray", "rgb"])
def test_correctness_is_that_of_the_images_as_they_are(image_set, colour):
    network = make(5, colour=colour).eval()
    found = evaluate({1: network}, image_set, images=24, steps=2).sel(seed=1)
    test, training = (select_split(image_set, split) for split in ("test", "train"))
    pixels, reference = test["pixels"].values, training["pixels"].values
    if colour == "gray":
        pixels, reference = luma(pixels)[..., None], luma(reference)[..., None]
    shown = (pixels / 255 - (reference / 255).mean()) / (reference / 255).std()
    images = torch.tensor(shown.transpose(0, 3, 1, 2), dtype=torch.float32)
    with torch.no_grad():
        answers = network.classify(images).argmax(1).numpy()
    order = [test["image_id"].values.tolist().index(number) for number in found["image_id"].values]
    np.testing.assert_array_equal(found["correct"], answers[order] == found["label"])
    # Distance 0 means that the answer is the target without any perturbation.
    for norm in ("linf", "l2"):
        np.testing.assert_array_equal(
            found["distance"].sel(norm=norm) == 0, answers[order] == found["target"]
        )


@pytest.mark.parametrize("batch_size", [1, 5])
def test_the_size_of_the_batches_does_not_matter(image_set, batch_size):
    options = {"steps": 20, "restarts": 2}
    at_once = evaluate({1: Linear()}, image_set, **options)
    in_parts = evaluate({1: Linear()}, image_set, batch_size=batch_size, **options)
    assert at_once["found"].all()
    # Sums in float32 depend on the batch in their last digits, and steps follow from them.
    np.testing.assert_allclose(in_parts["distance"], at_once["distance"], rtol=1e-3)


def test_a_batch_of_one_image(image_set, together):
    one = evaluate({1: make(1)}, image_set, images=1)
    assert one["distance"].shape == (1, 2, 1)
    assert one["median_distance"].shape == (1, 2)


def test_further_restarts_only_ever_help(image_set):
    once = evaluate({1: make(4)}, image_set, images=24)
    thrice = evaluate({1: make(4)}, image_set, images=24, restarts=3)
    assert (thrice["distance"] <= once["distance"]).all()
    assert (thrice["distance"] < once["distance"]).any()


def test_an_image_has_its_starts_whatever_else_is_attacked(image_set, monkeypatch):
    starts = []

    def watch(search, start, steps):
        starts.append(start)
        yield from ()

    monkeypatch.setitem(ATTACKS, "brendel-bethge", watch)
    network = make(5)
    options = {"images": 24, "attacks": ["brendel-bethge"], "restarts": 2}
    evaluate({1: network}, image_set, batch_size=24, **options)
    first, second = starts[:2]  # of the first norm
    starts.clear()
    evaluate({1: network}, image_set, batch_size=5, **options)
    for restart, whole in enumerate((first, second)):
        parts = [start for start in starts if start.restart == restart]
        for name in ("noise", "examples"):
            per_norm = [getattr(part, name) for part in parts]
            together = torch.cat(per_norm[::2])
            np.testing.assert_array_equal(getattr(whole, name), together)
        assert whole.noise.abs().max() <= 1
        assert whole.noise.std().item() == pytest.approx(3**-0.5, rel=0.01)  # uniform; 24576 draws
    assert not first.noise.equal(second.noise)


def test_examples_are_images_of_other_labels_answered_with_the_target(image_set, monkeypatch):
    seen = []

    def watch(search, start, steps):
        seen.append((search.classifier, search.images, search.targets, start.examples))
        yield from ()

    monkeypatch.setitem(ATTACKS, "brendel-bethge", watch)
    options = {"images": 24, "attacks": ["brendel-bethge"], "batch_size": 24}
    labels = evaluate({1: make(5)}, image_set, **options)["label"].values
    classifier, images, targets, examples = seen[0]
    answers = classifier.answers(images)
    lacking = examples.flatten(1).isnan().any(1)
    assert classifier.answers(examples[~lacking]).equal(targets[~lacking])
    # All 24 test images are attacked, so each of them may be an example for another.
    for row, target in enumerate(targets):
        fit = {i for i in range(24) if answers[i] == target and labels[i] != labels[row]}
        same = (images == examples[row]).flatten(1).all(1)
        assert set(torch.nonzero(same).flatten().tolist()) <= fit
        assert lacking[row] == (not fit)
    assert not lacking.all()


def test_a_constant_network_is_never_fooled_and_the_log_says_so(image_set, caplog):
    network = Prejudiced(0.0, 1.0, 0.0)
    with caplog.at_level(logging.WARNING):
        found = evaluate({1: network}, image_set, images=24, restarts=2).sel(seed=1)
    unprompted = found["target"] == 1
    np.testing.assert_array_equal(found["correct"], found["label"] == 1)
    for norm in ("linf", "l2"):
        np.testing.assert_array_equal(found["found"].sel(norm=norm), unprompted)
        np.testing.assert_array_equal(
            found["distance"].sel(norm=norm), np.where(unprompted, 0, np.inf)
        )
        assert f"seed 1, {norm}: no perturbation found for 16 of 24 images" in caplog.text
    assert np.isinf(found["median_distance"]).all()
    assert found.attrs["not_found"] == 2 * 16
    assert found.attrs["unprompted"] == 8
    assert (found["attack"] == -1).all()
    assert (found["mean_distance"] == 0).all()  # of those that need no perturbation
    assert found["power"].isnull().all()
    assert found["radial_power"].isnull().all()


@pytest.mark.parametrize("attacks", [["pgd"], ["fmn", "brendel-bethge"]])
def test_other_attacks_on_a_constant_network_end_too(image_set, attacks):
    found = evaluate({1: Prejudiced(0.0, 1.0, 0.0)}, image_set, attacks=attacks)
    np.testing.assert_array_equal(found["found"].sel(norm="l2")[0], found["target"] == 1)


def test_fewer_images_than_asked_for_are_all_attacked_and_the_log_says_so(image_set, caplog):
    found = evaluate({1: Linear()}, image_set, images=25, steps=2)
    assert found.sizes["image"] == 24
    assert "25 images are asked for, there are 24 test images" in caplog.text


def test_the_number_of_the_attack_is_that_of_its_flag(image_set):
    found = evaluate({1: Linear()}, image_set, attacks=["fmn", "ddn"], steps=20)
    values, meanings = (found["attack"].attrs[f"flag_{name}"] for name in ("values", "meanings"))
    names = dict(zip(values, meanings.split(), strict=True))
    assert names == {-1: "none", 0: "fmn", 1: "ddn", 2: "pgd", 3: "brendel-bethge"}
    alone = evaluate({1: Linear()}, image_set, attacks=["ddn"], steps=20)
    assert (alone["attack"].sel(norm="linf") == -1).all()
    by = alone["attack"].sel(norm="l2").where(alone["distance"].sel(norm="l2") > 0, 1)
    assert (by == 1).all()
    assert (found["distance"].sel(norm="l2") <= alone["distance"].sel(norm="l2")).all()


def test_power_is_that_of_the_perturbations(image_set, monkeypatch):
    """A perturbation of one frequency has its power at this frequency alone, and Parseval holds."""
    wave = 0.2 * torch.cos(2 * torch.pi * 3 / 32 * torch.arange(32.0)).expand(1, 32, 32)

    def mark(search, start, steps):
        amplitudes = torch.ones(len(search.rows))
        amplitudes[::2] = 0.5
        search.images[:] = 0.5  # so that all pixels stay in [0, 1]
        yield search.rows, 0.5 + amplitudes[:, None, None, None] * wave

    class Seeing(nn.Module):
        recipe = Recipe(colour="gray")

        def classify(self, images):
            waves = (images * wave).sum((1, 2, 3)).abs() > 5
            return nn.functional.one_hot(torch.where(waves, 1, 0), 3).float()

    monkeypatch.setitem(ATTACKS, "fmn", mark)
    found = evaluate({1: Seeing()}, image_set).sel(seed=1)
    shown = found["distance"].sel(norm="l2")
    there = np.isfinite(shown) & (shown > 0)
    assert there.sum() > 1
    squares = (shown**2).where(there)
    for norm in ("linf", "l2"):
        power = found["power"].sel(norm=norm)
        # In float32, against 0.2 in each of 1024 pixels.
        assert power.sum().item() == pytest.approx(squares.mean().item(), rel=1e-5)
        at = power.sel(row_frequency=0, column_frequency=[-3 / 32, 3 / 32])
        assert at.sum().item() == pytest.approx(power.sum().item(), rel=1e-6)
        radial = found["radial_power"].sel(norm=norm)
        np.testing.assert_allclose(radial.sum("radial_frequency", skipna=False), squares, rtol=1e-5)
        peak = radial.isel(image=int(np.flatnonzero(there)[0])).idxmax("radial_frequency")
        assert peak.item() == 3 / 32
    for name in ("row_frequency", "column_frequency", "radial_frequency"):
        assert found[name].attrs["units"] == "cycles/pixel"
    assert "squared" in found["power"].attrs["units"]


def test_a_network_whose_scores_are_not_numbers_answers_nothing(image_set, caplog):
    network = Prejudiced(np.nan, np.nan, np.nan)
    with caplog.at_level(logging.WARNING):
        found = evaluate({1: network}, image_set)
    assert not found["correct"].any()
    assert not found["found"].any()
    assert found["median_distance"].isnull().all()
    assert "seed 1 classifies no image correctly" in caplog.text


@pytest.mark.parametrize("n_correct", range(1, 8))
def test_the_median_fools_half_of_the_correctly_classified_images(n_correct):
    random = np.random.default_rng(n_correct)
    correct = random.permutation(np.arange(10) < n_correct)
    distance = random.permutation([*random.uniform(0, 1, 7), 0, np.inf, np.inf])
    fooling = [size for size in distance if np.mean([d <= size for d in distance[correct]]) >= 0.5]
    assert median_distance(distance, correct) == min(fooling)


def test_no_size_fools_half_if_fewer_were_fooled():
    distance = np.array([0.1, np.inf, np.inf, 0.2])
    assert median_distance(distance, np.array([True, True, True, False])) == np.inf
    assert np.isnan(median_distance(distance, np.zeros(4, bool)))


def test_too_many_images_of_one_class_are_refused(image_set):
    test = image_set["split"].values == "test"
    few = image_set.isel(image=np.flatnonzero(~test | (image_set["label"].values == 1)))
    with pytest.raises(InputError, match="8 of the 8 images have the label 1"):
        evaluate({1: Linear()}, few)


def test_the_result_is_labelled(together):
    assert together["distance"].dims == ("seed", "norm", "image")
    assert together["found"].dims == ("seed", "norm", "image")
    assert together["correct"].dims == ("seed", "image")
    assert together["median_distance"].dims == ("seed", "norm")
    assert together["norm"].values.tolist() == ["linf", "l2"]
    assert together["seed"].values.tolist() == [1000, 2000]
    for name in ("distance", "median_distance", "mean_distance", "std_distance"):
        assert together[name].attrs == {"units": "1 (pixel range 0 to 1)"}
    np.testing.assert_array_equal(np.isfinite(together["distance"]), together["found"] == 1)
    found = together["distance"].where(together["found"] == 1)
    np.testing.assert_allclose(together["mean_distance"], found.mean("image"), rtol=1e-12)
    np.testing.assert_allclose(together["std_distance"], found.std("image"), rtol=1e-12)
    assert together["power"].dims == ("seed", "norm", "row_frequency", "column_frequency")
    assert together["radial_power"].dims == ("seed", "norm", "image", "radial_frequency")
    assert together.attrs == {
        "images": "gratings",
        "attacks": "fmn",
        "steps": 10,
        "restarts": 1,
        "not_found": int((together["found"] == 0).sum()),
        "unprompted": int((together["distance"].sel(norm="l2") == 0).sum()),
    }


def test_the_result_survives_a_file(together, tmp_path):
    write_dataset(together, tmp_path / "attacks.nc")
    found = read_dataset(tmp_path / "attacks.nc")
    assert found.equals(together)
    np.testing.assert_array_equal(found["attack"].attrs["flag_values"], [-1, 0, 1, 2, 3])
