"""Uncertainty weighting against the paper's formula, its gradient and its optimum."""

import math
from types import SimpleNamespace

import pytest
import torch

from neurobust.training.weighting import Weighting


def objectives(weight=1.0):
    return {
        "classification": SimpleNamespace(gaussian=False, weight=1.0),
        "v1": SimpleNamespace(gaussian=True, weight=weight),
    }


def total(weighting, ce, mse):
    return weighting("classification", torch.tensor(ce)) + weighting("v1", torch.tensor(mse))


@pytest.mark.parametrize(("s_c", "s_n"), [(1.0, 1.0), (0.5, 2.0), (3.0, 0.1)])
def test_the_published_formula_and_its_gradient(s_c, s_n):
    ce, mse = 2.3, 0.7
    weighting = Weighting(objectives(), learned=True).double()
    with torch.no_grad():
        weighting.log_variances["classification"].fill_(math.log(s_c**2))
        weighting.log_variances["v1"].fill_(math.log(s_n**2))
    loss = total(weighting, ce, mse)
    expected = ce / s_c**2 + mse / (2 * s_n**2) + math.log(s_c) + math.log(s_n)
    assert loss.item() == pytest.approx(expected, rel=1e-6)  # the losses are float32
    loss.backward()
    # d/d log s^2: -CE / s_c^2 + 1/2 and -MSE / (2 s_n^2) + 1/2
    gradients = {name: p.grad.item() for name, p in weighting.log_variances.items()}
    assert gradients["classification"] == pytest.approx(-ce / s_c**2 + 0.5, rel=1e-5)
    assert gradients["v1"] == pytest.approx(-mse / (2 * s_n**2) + 0.5, rel=1e-5)


def test_the_noise_starts_at_one():
    weighting = Weighting(objectives(), learned=True)
    assert [p.item() for p in weighting.log_variances.values()] == [0, 0]
    assert total(weighting, 2.0, 3.0).item() == pytest.approx(2.0 + 1.5)


def test_the_noise_is_learned():
    ce, mse = 0.8, 0.3
    weighting = Weighting(objectives(), learned=True)
    optimiser = torch.optim.SGD(weighting.parameters(), lr=0.3)
    for _ in range(200):
        optimiser.zero_grad()
        total(weighting, ce, mse).backward()
        optimiser.step()
    variances = {name: p.exp().item() for name, p in weighting.log_variances.items()}
    # Setting the gradients above to zero: s_c^2 = 2 CE, s_n^2 = MSE.
    assert variances["classification"] == pytest.approx(2 * ce, rel=1e-3)
    assert variances["v1"] == pytest.approx(mse, rel=1e-3)


def test_the_gradient_of_the_loss_is_weighted():
    weighting = Weighting(objectives(), learned=True)
    with torch.no_grad():
        weighting.log_variances["v1"].fill_(math.log(4.0))
    loss = torch.tensor(1.0, requires_grad=True)
    weighting("v1", loss).backward()
    assert loss.grad.item() == pytest.approx(1 / 8)


def test_fixed_weights_are_factors_alone():
    weighting = Weighting(objectives(weight=2.5), learned=False)
    assert list(weighting.parameters()) == []
    assert total(weighting, 2.0, 3.0).item() == pytest.approx(2.0 + 7.5)
