"""Accuracy on corrupted images does not depend on how it is computed."""

import numpy as np
import pytest
import torch

from neurobust.config.recipes import Recipe
from neurobust.errors import InputError
from neurobust.evaluation.corruptions import evaluate as evaluation
from neurobust.evaluation.corruptions.evaluate import evaluate_corruptions
from neurobust.evaluation.corruptions.examples import corrupt_example
from neurobust.files import storage
from neurobust.files.storage import write_dataset
from neurobust.images import form
from neurobust.images.batches import as_channels
from neurobust.images.corruptions import TIN_TC, corrupt
from neurobust.images.form import luma, select_split
from neurobust.networks.network import Heads, build_network

CPU = torch.device("cpu")
SEVERITIES = (1, 5)


def make(seed, **fields):
    return build_network(
        Recipe(**{"trunk": "vgg11", "width": 1 / 32} | fields), Heads(3), seed=seed
    )


def evaluate_all(networks, image_set, **options):
    given = {"severities": SEVERITIES, "batch_size": 24, "seed": 7, "device": CPU} | options
    return evaluate_corruptions(networks, image_set, **given)


def evaluate(seeds, image_set, **options):
    return evaluate_all({"one": seeds}, image_set, **options)["one"]


@pytest.fixture(scope="module")
def networks():
    return {1000: make(1), 2000: make(2)}


@pytest.fixture(scope="module")
def together(networks, image_set):
    return evaluate(networks, image_set)


def test_the_size_of_the_batches_does_not_matter(networks, image_set, together):
    for batch_size in (5, 64):
        assert evaluate(networks, image_set, batch_size=batch_size).identical(together)


def test_networks_alone_or_together_are_the_same(networks, image_set, together):
    for seed, network in networks.items():
        alone = evaluate({seed: network}, image_set)
        assert alone.identical(together.sel(seed=[seed]))
    assert not together["correct"].sel(seed=1000).equals(together["correct"].sel(seed=2000))


def test_recipes_alone_or_together_are_the_same(networks, image_set, together):
    coloured = {1000: make(3, colour="rgb")}
    found = evaluate_all({"gray": networks, "rgb": coloured}, image_set)
    assert [*found] == ["gray", "rgb"]
    assert found["gray"].identical(together)
    assert found["rgb"].identical(evaluate(coloured, image_set))


def test_each_image_is_corrupted_once_for_all(networks, image_set, monkeypatch):
    corrupted = []

    def corrupt_and_count(pixels, *args, **options):
        corrupted.append(len(pixels))
        return corrupt(pixels, *args, **options)

    monkeypatch.setattr(evaluation, "corrupt", corrupt_and_count)
    evaluate_all({"a": networks, "b": {1000: make(3)}}, image_set)
    assert sum(corrupted) == 24 * len(TIN_TC) * len(SEVERITIES)


def test_no_more_of_an_open_image_set_is_read_than_a_batch(
    networks, image_set, together, tmp_path, monkeypatch
):
    read = []

    def load_and_count(data):
        read.append(data.sizes["image"])
        return storage.load(data)

    monkeypatch.setattr(form, "load", load_and_count)
    write_dataset(image_set, tmp_path / "images.nc")
    with storage.open_dataset(tmp_path / "images.nc") as opened:
        found = evaluate(networks, opened, batch_size=5)
    assert found.identical(together)
    assert read == [24, 5, 5, 5, 5, 4]  # training images are counted 1024 at a time


def test_another_seed_or_severity_gives_other_images(networks, image_set, together):
    other = evaluate(networks, image_set, seed=8)
    assert other["clean_correct"].identical(together["clean_correct"])
    assert not other["correct"].equals(together["correct"])
    only = evaluate(networks, image_set, severities=[5])
    assert only["correct"].equals(together["correct"].sel(severity=[5]))


def test_answers_are_those_of_each_corrupted_image(networks, image_set, together):
    test = select_split(image_set, "test")
    pixels = torch.from_numpy(test["pixels"].values)
    training = luma(select_split(image_set, "train")["pixels"].values) / 255
    network = networks[2000].eval()

    def answer(seen):
        standard = (seen.numpy() / 255 - training.mean()) / training.std()
        with torch.no_grad():
            return network.classify(torch.tensor(standard, dtype=torch.float32)).argmax(1).numpy()

    labels = test["label"].values
    found = together.sel(seed=2000)
    np.testing.assert_array_equal(
        found["clean_correct"], answer(as_channels(pixels, "gray")) == labels
    )
    for kind in ("contrast", "shot_noise"):
        ids = torch.from_numpy(test["image_id"].values)
        corrupted = corrupt(pixels, kind, 5, image_ids=ids, seed=7)
        expected = answer(as_channels(corrupted, "gray")) == labels
        np.testing.assert_array_equal(found["correct"].sel(corruption=kind, severity=5), expected)


@pytest.mark.parametrize("colour", ["gray", "rgb"])
def test_a_constant_classifier_is_right_as_often_as_its_class_occurs(image_set, colour):
    network = make(0, colour=colour)
    with torch.no_grad():
        network.classifier[6].weight.zero_()
        network.classifier[6].bias.copy_(torch.tensor([0.0, 1.0, 0.0]))
    kept = image_set.isel(image=np.flatnonzero(image_set["image_id"].values % 5 != 0))
    found = evaluate({1: network}, kept, severities=[3])
    label = select_split(kept, "test")["label"].values
    share = (label == 1).mean()
    assert found["clean_correct"].mean() == share
    assert (found["correct"].mean("image") == share).all()
    np.testing.assert_array_equal(found["correct"].max(["seed", "corruption"])[0], label == 1)


def test_the_result_is_labelled(image_set, together):
    assert together["correct"].dims == ("seed", "corruption", "severity", "image")
    assert together["clean_correct"].dims == ("seed", "image")
    assert set(np.unique(together["correct"])) <= {0, 1}
    assert together["corruption"].values.tolist() == list(TIN_TC)
    assert together["severity"].values.tolist() == list(SEVERITIES)
    assert together["group"].sel(corruption="fog").item() == "Weather"
    assert (together["group"] == "Digital").sum() == 4
    test = select_split(image_set, "test")
    np.testing.assert_array_equal(together["image_id"], test["image_id"])
    np.testing.assert_array_equal(together["label"], test["label"])
    assert together.attrs == {"n_classes": 3, "images": "gratings"}


def test_a_gray_image_set_is_refused(networks, image_set):
    gray_set = image_set.isel(channel=0, drop=True)
    with pytest.raises(InputError, match="is gray"):
        evaluate(networks, gray_set)
    with pytest.raises(InputError, match="is gray"):
        corrupt_example(gray_set, 0, severity=1, seed=0)
