"""Frontends against scipy and scikit-learn."""

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter
from sklearn import decomposition

from neurobust.config.frontends.blur import Blur
from neurobust.config.frontends.pca import PCA
from neurobust.config.recipes import Recipe
from neurobust.errors import InputError
from neurobust.images.batches import LabelledPictures, Standard, as_channels
from neurobust.networks.files import NetworkFile, load_network, save_network
from neurobust.networks.frontends import pca
from neurobust.networks.frontends.blur import GaussianBlur
from neurobust.networks.frontends.pca import Projection
from neurobust.networks.network import Heads, build_frontend, build_network
from neurobust.training.objective import TrainingData
from neurobust.training.train import train_network

CPU = torch.device("cpu")


@pytest.mark.parametrize(("sigma_px", "reach"), [(1.0, 3), (1.5, 4), (3.0, 8)])
def test_blur_is_that_of_scipy(sigma_px, reach):
    images = torch.randn(2, 3, 20, 24, generator=torch.Generator().manual_seed(0))
    blurred = GaussianBlur(sigma_px)(images)
    for image, result in zip(images.reshape(-1, 20, 24), blurred.reshape(-1, 20, 24), strict=True):
        expected = gaussian_filter(image.double().numpy(), sigma_px, mode="wrap", radius=reach)
        # float32 sums of at most 17 terms, twice.
        np.testing.assert_allclose(result.numpy(), expected, atol=2e-6)


def test_gradients_pass_and_the_kernel_is_not_trained():
    blur = GaussianBlur(1.5)
    images = torch.randn(1, 1, 16, 16, requires_grad=True)
    blur(images).square().sum().backward()
    assert images.grad is not None
    assert images.grad.abs().sum() > 0
    assert not list(blur.parameters())


def test_without_a_frontend_images_pass_as_they_are():
    images = torch.randn(1, 1, 8, 8)
    assert torch.equal(build_frontend(Recipe())(images), images)


def test_a_network_sees_the_images_through_its_frontend():
    plain = Recipe(images="a", trunk="vgg11", width=1 / 32)
    blurring = plain.model_copy(update={"frontend": Blur(kind="blur", sigma_px=2.0)})
    networks = [build_network(recipe, Heads(3), seed=1).eval() for recipe in (plain, blurring)]
    images = torch.randn(2, 1, 32, 32)
    seen = GaussianBlur(2.0)(images)
    torch.testing.assert_close(networks[1].classify(images), networks[0].classify(seen))
    assert networks[0].state_dict().keys() == networks[1].state_dict().keys()


def pictures_of(image_set, split, colour):
    return LabelledPictures.of_split(image_set, split, colour=colour, device=CPU)


def fitted(image_set, components, colour="gray"):
    projection = build_frontend(Recipe(frontend=PCA(kind="pca", components=components)))
    projection.fit(pictures_of(image_set, "train", colour))
    return projection


@pytest.mark.parametrize("images", [15, 200])  # fewer than values in an image, and more
@pytest.mark.parametrize(("colour", "components"), [("gray", 4), ("rgb", 14)])
def test_pca_is_that_of_scikit_learn(colour, components, images, monkeypatch):
    monkeypatch.setattr(pca, "_BATCH", 7)  # the last batch is smaller
    random = torch.Generator().manual_seed(images)
    # Correlated values, as in real images.
    mixing = torch.rand(4 * 5 * 3, 4 * 5 * 3, generator=random)
    mixed = (torch.rand(images + 9, 4 * 5 * 3, generator=random) - 0.5) @ (mixing - 0.5)
    levels = (128 + 60 * mixed).clamp(0, 255).to(torch.uint8).view(-1, 4, 5, 3)
    pixels = levels if colour == "rgb" else levels[..., 0]
    numbers = torch.arange(images)
    train = LabelledPictures(pixels[:images], numbers, numbers, colour, Standard(0.5, 0.25))
    new = train.standard(as_channels(pixels[images:], colour))
    projection = Projection(components)
    projection.fit(train)
    oracle = decomposition.PCA(components, svd_solver="full")
    oracle.fit(train.standard(train.seen()).flatten(1).double().numpy())
    expected = oracle.inverse_transform(oracle.transform(new.flatten(1).double().numpy()))
    result = projection(new)
    assert result.shape == new.shape
    # float32 sums of up to 60 products of numbers below 3.
    np.testing.assert_allclose(result.flatten(1).numpy(), expected, atol=5e-6)
    assert np.abs(expected - new.flatten(1).numpy()).max() > 0.1  # not the images themselves
    assert projection.components.shape == (components, new[0].numel())
    assert projection.components.dtype == torch.float32


def test_as_many_components_as_the_training_images_have_give_them_back(image_set):
    train = pictures_of(image_set, "train", "gray")
    shown = train.standard(train.seen())
    # 24 images about their mean span 23 dimensions; float32 sums of 1024 products.
    torch.testing.assert_close(fitted(image_set, 23)(shown), shown, rtol=0, atol=2e-5)


@pytest.mark.parametrize("components", [24, 512, 2000])
def test_more_components_than_the_images_have_are_refused(components, image_set):
    with pytest.raises(InputError, match=r"frontend\.components: asks for") as caught:
        fitted(image_set, components)
    assert "have 23" in caught.value.problem
    assert caught.value.expected == "at most 23 for these images"


def test_images_too_large_for_pca_are_refused(image_set, monkeypatch):
    monkeypatch.setattr(pca, "_MOST_VALUES", 3071)
    with pytest.raises(InputError, match="cannot be fitted to images of 3 x 32 x 32"):
        fitted(image_set, 5, "rgb")


def test_gradients_pass_through_pca_as_through_its_matrix(image_set):
    projection = fitted(image_set, 5)
    images = torch.randn(2, 1, 32, 32, requires_grad=True)
    given = torch.randn(2, 1, 32, 32)
    projection(images).backward(given)
    matrix = projection.components.double()
    # W^T W is its own transpose; float32 sums of 1024 products.
    expected = given.flatten(1).double() @ matrix.T @ matrix
    torch.testing.assert_close(images.grad.flatten(1).double(), expected, rtol=0, atol=2e-5)
    assert not list(projection.parameters())


def test_pca_is_exact_where_others_compute_in_bfloat16(image_set):
    projection = fitted(image_set, 5)
    images = torch.randn(2, 1, 32, 32)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(projection(images), projection(images.clone()))
        mixed = projection(images)
    assert mixed.dtype == torch.float32
    assert torch.equal(mixed, projection(images))


@pytest.mark.parametrize("shape", [(3, 32, 32), (1, 16, 64), (1, 64, 64)])
def test_pca_refuses_images_of_another_size_or_colour(shape, image_set):
    size = " x ".join(map(str, shape))
    with pytest.raises(InputError, match=f"images of 1 x 32 x 32 and is shown {size}"):
        fitted(image_set, 5)(torch.zeros(2, *shape))


def test_pca_that_saw_no_images_is_refused():
    with pytest.raises(InputError, match="has no principal components"):
        Projection(5)(torch.zeros(2, 1, 32, 32))


PROJECTED = Recipe(
    trunk="resnet18", width=1 / 32, colour="rgb", frontend=PCA(kind="pca", components=6)
)


def test_a_network_is_fitted_before_it_is_trained_and_its_file_gives_the_components(
    image_set, tmp_path
):
    recipe = PROJECTED.model_copy(update={"objectives": {}})
    network, _ = train_network(recipe, {}, TrainingData(images=image_set), seed=1, device=CPU)
    expected = fitted(image_set, 6, "rgb")
    assert torch.equal(network.frontend.components, expected.components)
    assert torch.equal(network.frontend.mean, expected.mean)
    save_network(NetworkFile(network, 1, {}), tmp_path / "network.pt")
    loaded = load_network(tmp_path / "network.pt").network
    images = torch.randn(2, 3, 32, 32)
    with torch.no_grad():
        assert torch.equal(
            loaded.features(images, "block-4-2"), network.features(images, "block-4-2")
        )


def test_a_file_whose_components_do_not_fit_is_refused(image_set, tmp_path):
    network = build_network(PROJECTED, Heads(3), seed=1)
    network.fit_to(pictures_of(image_set, "train", "rgb"))
    path = tmp_path / "network.pt"
    save_network(NetworkFile(network, 1, {}), path)
    content = torch.load(path, weights_only=True)
    for name, value in (("components", torch.zeros(5, 3072)), ("mean", torch.zeros(3, 16, 16))):
        weights = content["weights"] | {f"frontend.{name}": value}
        torch.save(content | {"weights": weights}, path)
        with pytest.raises(InputError, match=f"size mismatch for frontend.{name}"):
            load_network(path)
    weights = {name: v for name, v in content["weights"].items() if name != "frontend.mean"}
    torch.save(content | {"weights": weights}, path)
    with pytest.raises(InputError, match=r"frontend\.mean"):
        load_network(path)
