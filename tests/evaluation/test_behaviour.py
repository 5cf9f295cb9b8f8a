"""Choices of a network equal those of a probe fitted by hand, and agree with like observers."""

import numpy as np
import pytest
import torch
import xarray as xr
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax

from neurobust.config.recipes import Recipe
from neurobust.errors import InputError
from neurobust.evaluation.behaviour.evaluate import evaluate_behaviour, probe_choices
from neurobust.evaluation.behaviour.i2n import score_consistency
from neurobust.images.form import luma
from neurobust.networks.network import Heads, build_network

CPU = torch.device("cpu")
OBJECTS = np.array(["level", "rising", "zigzag"])
SEEDS = (1000, 2000)


def fit_probe(features, labels, new):
    """Minimise the penalised likelihood of multinomial logistic regression itself."""
    std = features.std(0)
    features, new = (
        (part - features.mean(0)) / np.where(std > 0, std, 1) for part in (features, new)
    )
    target = labels[:, None] == OBJECTS

    def unpack(values):
        values = values.reshape(-1, len(OBJECTS))
        return values[:-1], values[-1]

    def loss(values):
        weights, intercept = unpack(values)
        logits = features @ weights + intercept
        value = -log_softmax(logits, axis=1)[target].sum() + (weights**2).sum() / 2 / 1e-3
        slope = softmax(logits, axis=1) - target
        gradient = np.vstack([features.T @ slope + weights / 1e-3, slope.sum(0)])
        return value, gradient.ravel()

    start = np.zeros((features.shape[1] + 1) * len(OBJECTS))
    options = {"gtol": 1e-9, "ftol": 1e-15, "maxiter": 5000}
    fit = minimize(loss, start, jac=True, method="L-BFGS-B", options=options)
    weights, intercept = unpack(fit.x)
    return softmax(new @ weights + intercept, axis=1)


@pytest.fixture(scope="module")
def stimuli(image_set):
    """Return 72 gratings of three objects in gray; trials will show those of the test split."""
    pixels, shown = luma(image_set["pixels"].values), image_set["split"].values == "test"
    # They have less contrast than the others, which standardise all of them.
    pixels[shown] = pixels[shown] // 2 + 20
    return xr.Dataset(
        {"pixels": (("stimulus", "row", "column"), pixels)},
        coords={
            "stimulus_id": ("stimulus", [f"s{i}" for i in image_set["image_id"].values]),
            "truth": ("stimulus", OBJECTS[image_set["label"].values]),
            "shown": ("stimulus", shown),
        },
    )


def run_trials(stimuli, probabilities, n=60, seed=0):
    """Let observers choose n times in each cell, with these probabilities of all objects."""
    random = np.random.default_rng(seed)
    shown = stimuli.isel(stimulus=stimuli["shown"].values)
    truth = np.searchsorted(OBJECTS, shown["truth"].values)
    row, column = np.nonzero(truth[:, None] != np.arange(len(OBJECTS)))
    row, column = np.repeat(row, n), np.repeat(column, n)
    own, other = probabilities[row, truth[row]], probabilities[row, column]
    wrong = random.random(len(row)) < other / (own + other)
    labels = {
        "stimulus_id": shown["stimulus_id"].values[row],
        "truth": OBJECTS[truth[row]],
        "distractor": OBJECTS[column],
    }
    return xr.Dataset(
        {"choice": ("presentation", OBJECTS[np.where(wrong, column, truth[row])])},
        coords={name: ("presentation", values) for name, values in labels.items()},
        attrs={"identifier": "lab.Choices"},
    )


@pytest.fixture(scope="module")
def trials(stimuli):
    return run_trials(stimuli, np.random.default_rng(1).dirichlet([2, 2, 2], 24))


def make_networks(**fields):
    recipe = Recipe(**{"trunk": "vgg11", "width": 1 / 32, "images": "gratings"} | fields)
    return {seed: build_network(recipe, Heads(3), seed=seed) for seed in SEEDS}


def evaluate(networks, trials, stimuli, **options):
    given = {"layer": None, "fit_share": 0.0, "halves": 4, "seed": 7, "device": CPU} | options
    return evaluate_behaviour(networks, trials, stimuli, **given)


def probe_by_hand(network, stimuli, last, channels=1):
    """Return the probabilities of a probe of the trunk's first modules for the shown stimuli."""
    shown = stimuli["shown"].values
    pixels = stimuli["pixels"].values / 255.0
    fitted = pixels[~shown]
    images = torch.tensor((pixels - fitted.mean()) / fitted.std(), dtype=torch.float32)
    with torch.no_grad():
        features = network.eval().trunk[:last](images[:, None].expand(-1, channels, -1, -1))
    features = features.flatten(1).double().numpy()
    return fit_probe(features[~shown], stimuli["truth"].values[~shown], features[shown])


def test_the_probe_minimises_the_penalised_likelihood():
    random = np.random.default_rng(0)
    labels = OBJECTS[np.arange(900) % 3]
    features = random.normal(size=(900, 12)) * random.uniform(0.1, 30, 12) + 5
    features[:, 3] += 40 * (labels == "rising")
    features[:, 7] = 2.5  # a unit that never varies
    new = random.normal(size=(9, 12)) * 10 + 5
    new[:, 7] = 2.5
    found = probe_choices(features, labels, new)
    # The probe's gradient ends within 1e-6 of 0: probabilities are exact to about 1e-5.
    np.testing.assert_allclose(found, fit_probe(features, labels, new), rtol=1e-4)
    assert found["choice"].values.tolist() == OBJECTS.tolist()
    assert found.values.std(0).min() > 0.03  # it distinguishes stimuli


@pytest.mark.parametrize(("colour", "layer", "last"), [("gray", None, -1), ("rgb", "conv-3-1", 11)])
def test_networks_choose_as_a_probe_fitted_by_hand(stimuli, trials, colour, layer, last):
    networks = make_networks(colour=colour)
    found = evaluate(networks, trials, stimuli, layer=layer)
    for seed, network in networks.items():
        probabilities = xr.DataArray(
            probe_by_hand(network, stimuli, last, channels=1 if colour == "gray" else 3),
            dims=("stimulus", "choice"),
            coords={
                "stimulus_id": ("stimulus", stimuli["stimulus_id"].values[stimuli["shown"]]),
                "choice": OBJECTS,
            },
        )
        expected = score_consistency(probabilities, trials, seed=7, halves=4)
        # Features in float32 and probes that stop at gradients of 1e-6.
        xr.testing.assert_allclose(found.sel(seed=seed, drop=True), expected, atol=1e-3)
    assert found["consistency"].values[0] != found["consistency"].values[1]


def test_the_result_is_labelled(stimuli, trials):
    found = evaluate(make_networks(), trials, stimuli)
    assert found["seed"].values.tolist() == list(SEEDS)
    dims = {name: found[name].dims for name in found.data_vars}
    assert dims == {
        "half_consistency": ("seed", "half"),
        "half_ceiling": ("half",),
        "consistency": ("seed",),
        "ceiling": (),
        "ceiled": ("seed",),
        "ceiled_error": ("seed",),
    }
    assert found.attrs == {
        "behaviour": "lab.Choices",
        "chosen_layer": "conv-5-2",
        "n_stimuli": 24,
        "n_fitting_stimuli": 48,
        "n_halves": 4,
    }
    assert all(np.isfinite(found[name]).all() for name in found.data_vars)


def test_observers_who_choose_as_one_network_does_are_told_from_another(stimuli):
    networks = make_networks()
    chosen = run_trials(stimuli, probe_by_hand(networks[2000], stimuli, -1), n=6000)
    found = evaluate(networks, chosen, stimuli)
    # 48 cells less 6 means: a ceiling above .8 leaves a standard error of at most .03.
    assert found["ceiling"].item() > 0.8
    assert found["ceiled"].sel(seed=2000).item() == pytest.approx(1, abs=0.08)
    assert found["ceiled"].sel(seed=1000).item() < 0.8


def test_the_size_of_the_batches_does_not_matter(stimuli, trials, monkeypatch):
    networks = make_networks()
    together = evaluate(networks, trials, stimuli)
    monkeypatch.setattr("neurobust.networks.features._BATCH", 7)
    # Convolutions of other batch sizes differ in float32's last digits.
    xr.testing.assert_allclose(evaluate(networks, trials, stimuli), together, atol=1e-4)


@pytest.mark.parametrize(
    ("choose", "problem"),
    [
        (lambda s: s["shown"], r"none of object level, rising, zigzag .*show 24 of 24 stimuli"),
        (lambda s: s["shown"] | (s["truth"] != "rising"), r"none of object rising \('truth'\)"),
        (lambda s: ~s["shown"], "lack the stimulus_id s.*24 in all"),
    ],
)
def test_stimuli_that_are_missing_are_named(stimuli, trials, choose, problem):
    some = stimuli.isel(stimulus=np.flatnonzero(choose(stimuli)))
    with pytest.raises(InputError, match=problem) as error:
        evaluate(make_networks(), trials, some)
    assert error.value.place == "stimuli of lab.Choices"


def test_a_layer_that_is_not_there_is_named(stimuli, trials):
    with pytest.raises(InputError, match="layer 'conv-9-9'"):
        evaluate(make_networks(), trials, stimuli, layer="conv-9-9")


def test_a_share_of_what_was_shown_can_fit_the_probe(trials, stimuli):
    shown = stimuli.isel(
        stimulus=stimuli["shown"].values
    )  # a benchmark that shows all its pictures
    found = evaluate(make_networks(), trials, shown, fit_share=0.5)
    assert found.attrs["n_stimuli"] == found.attrs["n_fitting_stimuli"] == 12
    again = evaluate(make_networks(), trials, shown, fit_share=0.5)
    xr.testing.assert_identical(found, again)
    other = evaluate(make_networks(), trials, shown, fit_share=0.5, seed=8)
    assert not np.allclose(found["consistency"], other["consistency"])
    with pytest.raises(InputError, match="fit_share"):
        evaluate(make_networks(), trials, shown)
