"""Synthesised responses are the network's own, image by image."""

import numpy as np
import torch

from neurobust.files.storage import read_dataset, write_dataset
from neurobust.images.form import luma, select_split
from neurobust.networks.network import Heads, build_network
from neurobust.responses.synthesis import synthesise_responses

CPU = torch.device("cpu")


def test_each_image_has_the_network_s_response(network, image_set):
    found = synthesise_responses(network.train(), image_set, CPU)
    assert found["response"].dims == ("image", "neuroid")
    training = luma(select_split(image_set, "train")["pixels"].values) / 255
    pixels = luma(image_set["pixels"].values) / 255
    standard = (pixels - training.mean()) / training.std()
    network.eval()
    by_id = dict(zip(found["image_id"].values.tolist(), found["response"].values, strict=True))
    assert sorted(by_id) == sorted(image_set["image_id"].values.tolist())
    with torch.no_grad():
        for image, number in zip(standard, image_set["image_id"].values.tolist(), strict=True):
            expected = network.respond(torch.tensor(image[None, None], dtype=torch.float32))[0]
            # Convolutions of other batch sizes add in another order.
            np.testing.assert_allclose(by_id[number], expected, rtol=1e-4, atol=1e-5)


def test_a_colour_network_sees_colours(network, image_set):
    recipe = network.recipe.model_copy(update={"colour": "rgb"})
    colourful = build_network(recipe, network.heads, seed=0)
    swapped = image_set.assign(pixels=image_set["pixels"].copy(data=image_set["pixels"][..., ::-1]))
    first, second = (synthesise_responses(colourful, data, CPU) for data in (image_set, swapped))
    assert not first.equals(second)


def test_neuroids_keep_their_names_sessions_and_kind(network, image_set, tmp_path):
    found = synthesise_responses(network, image_set, CPU)
    names = [f"first-{n}" for n in range(3)] + [f"second-{n}" for n in range(2)]
    assert found["neuroid_id"].values.tolist() == names
    assert found["session"].values.tolist() == ["first"] * 3 + ["second"] * 2
    assert found.attrs["response_kind"] == "counts"
    assert (found["response"] > 0).all()
    write_dataset(found, tmp_path / "responses.nc")
    assert read_dataset(tmp_path / "responses.nc").identical(found)
    linear = build_network(network.recipe, Heads(0, {"s": ["a"]}, continuous=True), seed=0)
    continuous = synthesise_responses(linear, image_set, CPU)
    assert continuous.attrs["response_kind"] == "continuous"
