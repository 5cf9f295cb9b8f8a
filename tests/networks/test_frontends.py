"""Frontends against scipy."""

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter

from neurobust.networks.frontends import GaussianBlur, build_frontend
from neurobust.networks.network import Heads, build_network
from neurobust.recipes import Blur, Recipe


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
    assert torch.equal(build_frontend(None)(images), images)


def test_a_network_sees_the_images_through_its_frontend():
    plain = Recipe(images="a", trunk="vgg11", width=1 / 32)
    blurring = plain.model_copy(update={"frontend": Blur(kind="blur", sigma_px=2.0)})
    networks = [build_network(recipe, Heads(3), seed=1).eval() for recipe in (plain, blurring)]
    images = torch.randn(2, 1, 32, 32)
    seen = GaussianBlur(2.0)(images)
    torch.testing.assert_close(networks[1].classify(images), networks[0].classify(seen))
    assert networks[0].state_dict().keys() == networks[1].state_dict().keys()
