"""The population's similarity against naive loops over sessions, neuroids and pairs."""

import logging
import math

import numpy as np
import pandas as pd
import pytest
import torch
import xarray as xr
from scipy.stats import pearsonr

from neurobust.errors import InputError
from neurobust.files.storage import read_dataset, write_dataset
from neurobust.networks.inference import session_predictions
from neurobust.recordings.form import sessions_of
from neurobust.responses.similarity import measure_similarity, weigh_neuroids

CPU = torch.device("cpu")
PARTS = {"first": slice(0, 3), "second": slice(3, 5)}


def answers(network, recording):
    """Return the network's predictions for all stimuli, standardised by hand, in a table."""
    stimuli = recording["stimuli"].to_dataset()
    training = stimuli["pixels"].values[stimuli["split"].values == "train"] / 255.0
    pixels = (stimuli["pixels"].values / 255.0 - training.mean()) / training.std()
    with torch.no_grad():
        found = network.eval().respond(torch.tensor(pixels[:, None], dtype=torch.float32))
    table = pd.DataFrame(found.double().numpy(), index=stimuli["stimulus_id"].values)
    return table, dict(
        zip(stimuli["stimulus_id"].values.tolist(), stimuli["split"].values.tolist(), strict=True)
    )


def naive_weight(trials, predicted, split):
    """Weigh one neuroid: trials and predictions are series by stimulus."""
    trained = predicted[[s for s in predicted.index if split[s] == "train"]]
    variances = [t.var(ddof=1) for _, t in trials.groupby(level=0) if len(t) > 1]
    validated = trials[[split[s] == "validation" for s in trials.index]].groupby(level=0).mean()
    correlation = pearsonr(validated, predicted[validated.index]).statistic
    return trained.std(ddof=0) / math.sqrt(np.mean(variances)) * max(correlation, 0)


def naive_similarity(network, recording):
    table, split = answers(network, recording)
    trained = [stimulus for stimulus in table.index if split[stimulus] == "train"]
    total = np.zeros((len(trained), len(trained)))
    weights = {}
    for name, part in PARTS.items():
        session = sessions_of(recording)[name]
        trials = pd.DataFrame(session["response"].values, index=session["stimulus_id"].values)
        trials = trials.astype(np.float64)
        own = table.iloc[:, part]
        own.columns = trials.columns
        weights[name] = [naive_weight(trials[n], own[n], split) for n in trials.columns]
        weighted = (own.loc[trained] * weights[name]).to_numpy()
        centred = weighted - weighted.mean(0)
        for i, a in enumerate(centred):
            for j, b in enumerate(centred):
                total[i, j] += a @ b / np.linalg.norm(a) / np.linalg.norm(b) / len(PARTS)
    return trained, total, weights


@pytest.fixture
def predictor(network):
    """Return a network whose neuroids differ: features drawn at random, some of them negative."""
    with torch.no_grad():
        draws = torch.Generator().manual_seed(3)
        network.readout.features.normal_(generator=draws)
    return network


@pytest.mark.parametrize("kind", ["counts", "continuous"])
def test_similarity_is_that_of_a_naive_loop(kind, make_recording, predictor):
    recording = make_recording(kind)
    trained, expected, weights = naive_similarity(predictor, recording)
    # Each session has a neuroid with a weight above 0, and one with an inverse prediction has 0.
    assert all(max(values) > 0 for values in weights.values())
    assert min(min(values) for values in weights.values()) == 0
    found = measure_similarity(predictor.train(), recording, CPU)
    assert found["stimulus_id"].values.tolist() == trained
    # The predictions are float32, from convolutions of other batch sizes, and then centred.
    np.testing.assert_allclose(found["similarity"], expected, atol=1e-3)
    validation = session_predictions(predictor, recording, "validation", CPU)
    table, split = answers(predictor, recording)
    for name, part in PARTS.items():
        own = table.iloc[:, part].loc[trained].to_numpy()
        given = weigh_neuroids(own, sessions_of(recording)[name], validation[name])
        np.testing.assert_allclose(given, weights[name], rtol=1e-3, atol=1e-6)  # float32 as above
    assert set(split.values()) == {"train", "validation", "test"}


def test_the_file_has_the_documented_form(predictor, recording, tmp_path):
    found = measure_similarity(predictor, recording, CPU)
    stimuli = recording["stimuli"].to_dataset()
    trained = stimuli["split"].values == "train"
    assert found["similarity"].dims == ("stimulus", "other_stimulus")
    assert found["similarity"].dtype == np.float32
    assert found["pixels"].dtype == np.uint8
    np.testing.assert_array_equal(found["pixels"], stimuli["pixels"].values[trained])
    values = found["similarity"].values
    np.testing.assert_array_equal(values, values.T)
    np.testing.assert_allclose(np.diag(values), 1, rtol=1e-6)  # float32
    assert np.abs(values).max() <= 1
    assert found.attrs == {
        "recording": "tiny-counts",
        "weighting": "signal-to-noise ratio times validation correlation",
    }
    write_dataset(found, tmp_path / "similarity.nc")
    assert read_dataset(tmp_path / "similarity.nc").identical(found)


def still(network, part):
    """Give some neuroids the same response to every stimulus."""
    with torch.no_grad():
        network.readout.features[part] = 0
    return network


def test_a_session_without_a_predicted_neuroid_is_left_out(predictor, recording, caplog):
    with caplog.at_level(logging.WARNING):
        found = measure_similarity(still(predictor, PARTS["first"]), recording, CPU)
    assert "session first is left out" in caplog.text
    # Only the second session remains, with two neuroids, one or both of which have a weight.
    table, split = answers(predictor, recording)
    trained = [stimulus for stimulus in table.index if split[stimulus] == "train"]
    session = sessions_of(recording)["second"]
    own = table.iloc[:, PARTS["second"]].loc[trained].to_numpy()
    validation = session_predictions(predictor, recording, "validation", CPU)["second"]
    weighted = own * weigh_neuroids(own, session, validation)
    centred = weighted - weighted.mean(0)
    lengths = np.linalg.norm(centred, axis=1)
    expected = centred @ centred.T / np.outer(lengths, lengths)
    np.testing.assert_allclose(found["similarity"], expected, atol=1e-3)  # float32 as above


def test_a_network_that_predicts_nothing_is_refused(predictor, recording):
    with pytest.raises(InputError, match="predicts no neuroid") as caught:
        measure_similarity(still(predictor, slice(None)), recording, CPU)
    assert "tiny-counts" in caught.value.place


def session_of(responses, stimulus_ids):
    return xr.Dataset(
        {"response": (("presentation", "neuroid"), np.array(responses, np.float32))},
        coords={"stimulus_id": ("presentation", stimulus_ids)},
        attrs={"session": "scan 4"},
    )


def test_a_neuroid_whose_repeats_never_differ_counts_nothing():
    session = session_of([[1, 1], [1, 2], [3, 3], [3, 5]], ["a", "a", "b", "b"])
    validation = session_of([[1, 1], [3, 3], [4, 4]], ["c", "d", "e"])
    predicted = np.array([[1.0, 1.0], [3.0, 3.0]])
    weights = weigh_neuroids(predicted, session, (validation, validation["response"].values))
    # Deviation 1 around 2; noise variances 1/2 and 2, mean 5/4; correlation 1.
    np.testing.assert_allclose(weights, [0, 1 / math.sqrt(1.25)], rtol=1e-7)  # float32 trials


def test_trials_that_leave_the_noise_or_the_correlation_unknown_are_refused():
    once, twice = session_of([[1], [2]], ["a", "b"]), session_of([[1], [2]], ["a", "a"])
    some = session_of([[1], [2]], ["c", "d"])
    none = some.isel(presentation=[])
    for session, validation, problem in (
        (once, some, "0 stimuli were shown more than once"),
        (twice, none, "0 are for validation"),
    ):
        with pytest.raises(InputError, match=problem) as caught:
            weigh_neuroids(np.ones((2, 1)), session, (validation, validation["response"].values))
        assert "scan 4" in caught.value.place
