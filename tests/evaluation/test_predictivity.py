"""Neural predictivity equals a naive computation, and known values."""

from dataclasses import dataclass

import numpy as np
import pytest
import torch
import xarray as xr
from scipy.stats import pearsonr
from sklearn.cross_decomposition import PLSRegression

from neurobust.config.recipes import Recipe
from neurobust.errors import InputError
from neurobust.evaluation.predictivity.evaluate import evaluate_predictivity, summarise_predictivity
from neurobust.evaluation.predictivity.populations import (
    divide_stimuli,
    find_populations,
    measure_ceiling,
)
from neurobust.networks.network import Heads, build_network
from neurobust.recordings.form import check_recording

CPU = torch.device("cpu")
SETTINGS = {
    "splits": "held-out",
    "n_splits": 4,
    "left_out": 0.2,
    "components": 5,
    "halves": 3,
    "layers": None,
    "fit_stimuli": None,
    "seed": 7,
    "device": CPU,
}


def make_network(seed=1, **fields):
    recipe = Recipe(**{"trunk": "vgg11", "width": 1 / 32} | fields)
    return build_network(recipe, Heads(), seed=seed).eval()


def evaluate(networks, recording, **settings):
    if not isinstance(networks, dict):
        networks = {1: networks}
    return evaluate_predictivity(networks, recording, **SETTINGS | settings)


def raw_features(network, recording, layer):
    """Return a layer's features to all stimuli, standardised by the moments of those that train."""
    stimuli = recording["stimuli"].to_dataset()
    values = stimuli["pixels"].values / 255.0
    training = values[stimuli["split"].values == "train"]
    images = torch.tensor((values - training.mean()) / training.std(), dtype=torch.float32)
    images = images[:, None].expand(-1, 1 if network.recipe.colour == "gray" else 3, -1, -1)
    with torch.no_grad():
        return network.features(images, layer).flatten(1).double().numpy()


def naive_correlation(features, population, fit, scored, components):
    """Fit scikit-learn's PLS to raw features and correlate one neuroid at a time."""
    rows, responses = population.rows, population.responses
    regression = PLSRegression(components, scale=False, max_iter=2000)
    regression.fit(features[rows[fit]], responses[fit])
    predicted = regression.predict(features[rows[scored]])
    return [pearsonr(p, r).statistic for p, r in zip(predicted.T, responses[scored].T, strict=True)]


@pytest.mark.parametrize(
    ("splits", "colour", "most"),
    [("held-out", "gray", None), ("stratified", "rgb", None), ("held-out", "gray", 15)],
)
def test_it_is_the_definition(splits, colour, most, recording):
    networks = {seed: make_network(seed, colour=colour) for seed in (3, 4)}
    layers = ["conv-1-1", "conv-3-1", "conv-5-2"]
    found = evaluate(networks, recording, splits=splits, layers=layers, fit_stimuli=most)

    populations = find_populations(recording, most=most, seed=7)
    divisions = [divide_stimuli(p, splits, n_splits=4, left_out=0.2, seed=7) for p in populations]
    assert [population.neuroid_id.size for population in populations] == [3, 2]
    # float32 features of another memory layout; regressions on 12 to 20 stimuli make 3e-6 of that.
    close = {"rtol": 0, "atol": 1e-4}
    choice = []
    for layer in layers:
        features = raw_features(networks[3], recording, layer)
        validated = [
            naive_correlation(features, p, p.of("train"), p.of("validation"), 5)
            for p in populations
        ]
        choice.append(np.median(np.concatenate(validated)))
    np.testing.assert_allclose(found["layer_correlation"], choice, **close)
    assert found["layer"].values.tolist() == layers
    chosen = layers[int(np.argmax(choice))]
    assert found.attrs["chosen_layer"] == chosen

    for seed, network in networks.items():
        features = raw_features(network, recording, chosen)
        by_split = [
            np.concatenate(
                [
                    naive_correlation(features, population, *own[split], 5)
                    for population, own in zip(populations, divisions, strict=True)
                ]
            )
            for split in range(4)
        ]
        one = found.sel(seed=seed)
        np.testing.assert_allclose(one["correlation"], by_split, **close)
        medians = [sorted(values)[2] for values in by_split]  # of five neuroids
        assert float(one["raw"]) == pytest.approx(np.mean(medians), abs=1e-4)
        assert float(one["raw_error"]) == pytest.approx(np.std(medians) / 2, abs=1e-4)
    expected = measure_ceiling(recording, populations, divisions, halves=3, seed=7)
    np.testing.assert_array_equal(found["half_ceiling"], expected)
    assert float(found["ceiling"]) == pytest.approx(expected.mean(), rel=1e-12)


def test_the_result_is_labelled(recording):
    found = evaluate({3: make_network(3), 9: make_network(9)}, recording, layers=["conv-2-1"])
    assert dict(found.sizes) == {"seed": 2, "split": 4, "neuroid": 5, "half": 3, "layer": 1}
    assert found["seed"].values.tolist() == [3, 9]
    names = ["first-0", "first-1", "first-2", "second-0", "second-1"]
    assert found["neuroid_id"].values.tolist() == names
    assert found["session"].values.tolist() == ["first"] * 3 + ["second"] * 2
    assert found.attrs == {
        "chosen_layer": "conv-2-1",
        "recording": "tiny-counts",
        "simulated": 0,
        "region": "V1",
        "splits": "held-out",
        "components": 5,
    }
    assert found["correlation"].dims == ("seed", "split", "neuroid")
    assert all(found[name].dims == ("seed",) for name in ("raw", "ceiled", "explained"))
    assert np.isfinite(found["correlation"]).all()


def test_the_same_call_gives_the_same_result(recording):
    first, same, other = (evaluate(make_network(), recording, seed=s) for s in (7, 7, 8))
    xr.testing.assert_identical(first, same)
    assert not np.array_equal(first["correlation"], other["correlation"])


COUNTS = {"train": 120, "validation": 40, "test": 200}
REPEATS = {"train": 4, "validation": 4, "test": 10}
NEUROIDS = 40
NOISE = 0.5  # standard deviation; that of the signal is 1
MADE = {"n_splits": 5, "left_out": 0.1, "components": 10}
SHALLOW, DEEP = "conv-1-1", "conv-4-1"


@dataclass
class Constructed:
    """A network, pictures of six degrees of freedom, and neuroids that two layers drive."""

    network: object
    split: np.ndarray
    pixels: np.ndarray
    drives: dict


@pytest.fixture(scope="module")
def constructed(make_own_recording):
    random = np.random.default_rng(0)
    split = np.repeat([*COUNTS], [*COUNTS.values()])
    patterns = random.normal(size=(6, 8, 8)).repeat(4, axis=1).repeat(4, axis=2)
    pictures = 128 + 25 * np.tensordot(random.normal(size=(len(split), 6)), patterns, 1)
    pixels = pictures.clip(0, 255).astype(np.uint8)
    network = make_network(width=1 / 8)
    blank = make_own_recording(split, {}, pixels=pixels)
    drives = {}
    for layer in (SHALLOW, DEEP):
        features = raw_features(network, blank, layer)
        vectors, *_ = np.linalg.svd(features - features.mean(0), full_matrices=False)
        # Each neuroid is driven by a direction of its own among the layer's first six.
        drive = vectors[:, :6] @ random.normal(size=(6, NEUROIDS))
        drives[layer] = (drive - drive.mean(0)) / drive.std(0)
    return Constructed(network, split, pixels, drives)


@pytest.fixture(scope="module")
def respond(constructed, make_own_recording):
    """Return a function that records a drive with noise."""

    def record(drive, seed=1):
        random = np.random.default_rng(seed)
        split = constructed.split
        shown = random.permutation(
            np.repeat(np.arange(len(split)), [REPEATS[name] for name in split])
        )
        response = drive[shown] + random.normal(0, NOISE, (len(shown), NEUROIDS))
        recording = make_own_recording(split, {"a": (shown, response)}, pixels=constructed.pixels)
        check_recording(recording, "a test")
        return recording

    return record


@pytest.mark.parametrize("layer", [SHALLOW, DEEP])
def test_a_network_whose_features_drive_the_neuroids_explains_them(layer, constructed, respond):
    recording = respond(constructed.drives[layer])
    found = evaluate(constructed.network, recording, layers=[SHALLOW, DEEP], **MADE)
    assert found.attrs["chosen_layer"] == layer
    # Means over ten repeats have the reliability 1 / (1 + .5^2 / 10) = .976, which the ceiling
    # estimates from 200 stimuli: error (1 - .976^2) / sqrt(200) = .003.
    assert float(found["ceiling"]) == pytest.approx(1 / (1 + NOISE**2 / 10), abs=0.01)
    # Ten components learn some of the noise in means over four repeats of 108 stimuli, at least
    # .5^2 / 4 * 10 / 108 = .006 of the signal's variance; all else is errors of .003 and .004.
    assert float(found["explained"][0]) == pytest.approx(1 - 0.006, abs=0.02)
    assert float(found["ceiled"][0]) == pytest.approx(1 / 0.976, abs=0.03)


def test_the_shuffled_responses_are_not_predicted(constructed, respond):
    random = np.random.default_rng(3)
    shuffled = random.permuted(constructed.drives[SHALLOW], axis=0)  # each neuroid by its own
    found = evaluate(constructed.network, respond(shuffled), layers=[SHALLOW], **MADE)
    # Responses in random order correlate with any prediction by 0 on average, with a standard
    # deviation of 1 / sqrt(n - 1), independently; the median of m such has 1.25 / sqrt(m) of it.
    bound = 4 * 1.25 / np.sqrt(NEUROIDS * (COUNTS["test"] - 1))
    assert abs(float(found["raw"][0])) < bound < 0.06
    assert float(found["ceiled"][0]) < (bound / 0.96) ** 2
    assert float(found["ceiling"]) > 0.96  # though they are as reliable as before
    assert abs(found["layer_correlation"]) < 4 * 1.25 / np.sqrt(NEUROIDS * 39)


def test_validation_stimuli_alone_choose_the_layer(constructed, respond):
    def choose(*splits):
        """Let the deep layer drive some splits, and the shallow one the others."""
        deep = np.isin(constructed.split, splits)[:, None]
        drive = np.where(deep, constructed.drives[DEEP], constructed.drives[SHALLOW])
        return evaluate(constructed.network, respond(drive), layers=[DEEP, SHALLOW], **MADE)

    shallow, tested, validated = choose(), choose("test"), choose("validation")
    np.testing.assert_array_equal(shallow["layer_correlation"], tested["layer_correlation"])
    assert shallow.attrs["chosen_layer"] == tested.attrs["chosen_layer"] == SHALLOW
    assert float(tested["raw"][0]) < float(shallow["raw"][0]) / 2
    assert (abs(validated["layer_correlation"] - shallow["layer_correlation"]) > 0.1).all()


def test_held_out_responses_have_no_part_in_the_fit(constructed, respond):
    drive = constructed.drives[SHALLOW]
    recording = respond(drive)
    louder = recording.copy(deep=True)
    tested = np.flatnonzero(constructed.split == "test")
    shown = louder["sessions/a"]["stimulus_id"].isin([f"stimulus{number}" for number in tested])
    response = louder["sessions/a"]["response"]
    louder["sessions/a"]["response"] = xr.where(shown, response * 64, response).astype(np.float32)
    quiet, loud = (
        evaluate(constructed.network, r, layers=[SHALLOW], **MADE) for r in (recording, louder)
    )
    # No correlation changes with the scale of the responses, if the map does not; and a power of
    # two changes no digit.
    np.testing.assert_allclose(loud["correlation"], quiet["correlation"], rtol=1e-12)
    mixed = [
        evaluate(constructed.network, r, layers=[SHALLOW], **MADE | {"splits": "stratified"})
        for r in (recording, louder)
    ]
    assert abs(mixed[1]["raw"] - mixed[0]["raw"]) > 1e-3


def test_a_layer_that_does_not_vary_predicts_nothing(recording):
    network = make_network()
    torch.nn.init.constant_(network.trunk[-3].bias, -1)  # of the last batch normalisation
    torch.nn.init.zeros_(network.trunk[-3].weight)
    found = evaluate(network, recording, layers=["conv-5-1", "conv-5-2"])
    dead = evaluate(network, recording, layers=["conv-5-2"])
    # A mean of equal numbers is that number up to rounding.
    rounding = {"rtol": 0, "atol": 1e-12}
    np.testing.assert_allclose(found["layer_correlation"].sel(layer="conv-5-2"), 0, **rounding)
    np.testing.assert_allclose(dead["correlation"], 0, **rounding)
    np.testing.assert_allclose(dead["ceiled"], 0, **rounding)


def test_all_layers_of_a_trunk_are_candidates(recording):
    found = evaluate(make_network(trunk="cornet-s"), recording)
    assert found["layer"].values.tolist() == ["V1", "V2", "V4", "IT"]
    some = evaluate(make_network(trunk="cornet-s"), recording, layers=["V4", "conv-3-1"])
    assert some["layer"].values.tolist() == ["V4"]


def make_scores(correlation, half_ceiling):
    return xr.Dataset(
        {
            "correlation": (("seed", "split", "neuroid"), np.array(correlation)),
            "half_ceiling": (("half",), np.array(half_ceiling)),
        },
        attrs={"recording": "made"},
    )


def test_scores_are_medians_means_and_squares():
    correlation = [[[0.1, 0.5, 0.9], [0.2, 0.7, 0.3]], [[-0.2, -0.4, 0.6], [-0.4, 0.1, -0.9]]]
    found = summarise_predictivity(make_scores(correlation, [0.7, 0.9]))
    # Medians by split: .5 and .3; -.2 and -.4.
    np.testing.assert_allclose(found["raw"], [0.4, -0.3])
    np.testing.assert_allclose(found["raw_error"], [0.1 / np.sqrt(2)] * 2)
    assert float(found["ceiling"]) == pytest.approx(0.8)
    np.testing.assert_allclose(found["ceiled"], [0.25, 0])
    np.testing.assert_allclose(found["explained"], [0.2, 0])
    # How far (raw / ceiling)^2 moves with raw, by a difference quotient.
    tiny = 1e-6
    slope = (((0.4 + tiny) / 0.8) ** 2 - ((0.4 - tiny) / 0.8) ** 2) / (2 * tiny)
    np.testing.assert_allclose(found["ceiled_error"], [slope * 0.1 / np.sqrt(2), 0], rtol=1e-8)


@pytest.mark.parametrize("ceiling", [-0.1, 0.0, np.nan])
def test_a_recording_that_is_not_reliable_is_refused(ceiling):
    with pytest.raises(InputError, match="halves of its repeats correlate") as caught:
        summarise_predictivity(make_scores([[[0.1]]], [ceiling]))
    assert caught.value.place == "recording made"
    assert "exclude_neuroids" in caught.value.fix


SMALL = np.repeat(["train", "validation", "test"], [20, 6, 6])


def test_repeats_that_contradict_each_other_are_refused(make_own_recording):
    random = np.random.default_rng(4)
    response = random.normal(size=(32, 2))
    pixels = random.integers(0, 256, (32, 32, 32), np.uint8)
    tested = SMALL[:, None] == "test"
    twice = np.concatenate([response, np.where(tested, -response, response)])
    shown = np.tile(np.arange(32), 2)
    recording = make_own_recording(SMALL, {"a": (shown, twice)}, pixels=pixels)
    with pytest.raises(InputError, match=r"recording made: .* correlate by -1\.00"):
        evaluate(make_network(), recording, layers=[SHALLOW])


@pytest.mark.parametrize(
    ("settings", "place", "problem"),
    [
        ({"layers": ["V1", "conv-9-9"]}, "layers", "trunk 'vgg11' has none of V1, conv-9-9"),
        # The second session shows 19 training stimuli, of which a split leaves 4 out.
        ({"components": 15}, "components", "is 15, but a split fits to 15 stimuli"),
        ({"fit_stimuli": 6}, "components", "is 5, but a split fits to 4 stimuli"),
        ({"splits": "groups", "left_out": 0.01}, "splits: groups", "two scored stimuli"),
    ],
)
def test_settings_that_do_not_fit_are_refused(settings, place, problem, recording):
    with pytest.raises(InputError, match=problem) as caught:
        evaluate(make_network(), recording, **settings)
    assert caught.value.place == f"predictivity: {place}"
    assert caught.value.fix


def record_sessions(make_own_recording, missing):
    """Record two sessions, of which the second does not show some stimuli."""
    random = np.random.default_rng(4)
    pixels = random.integers(0, 256, (32, 32, 32), np.uint8)
    drive = random.normal(size=(32, 2))
    sessions = {}
    for name, left in (("a", []), ("b", missing)):
        shown = np.repeat(np.setdiff1d(np.arange(32), left), 3)
        sessions[name] = shown, drive[shown] + random.normal(0, 0.1, (len(shown), 2))
    return make_own_recording(SMALL, sessions, pixels=pixels)


def test_sessions_without_validation_stimuli_have_no_say_in_the_layer(make_own_recording):
    layers = [SHALLOW, DEEP]
    both = record_sessions(make_own_recording, [20, 21, 22, 23, 24])  # one of six is left
    alone = both.copy(deep=True)
    del alone["sessions"]["b"]
    found, expected = (evaluate(make_network(), r, layers=layers) for r in (both, alone))
    np.testing.assert_allclose(
        found["layer_correlation"], expected["layer_correlation"], rtol=1e-12
    )
    assert found.sizes["neuroid"] == 4


def test_without_validation_stimuli_no_layer_can_be_chosen(make_own_recording):
    recording = record_sessions(make_own_recording, [20, 21, 22, 23, 24])
    del recording["sessions"]["a"]
    with pytest.raises(InputError, match="no session shows more than 1 validation stimuli"):
        evaluate(make_network(), recording)
