"""Response prediction: the right responses for the right pictures, and their loss."""

import math

import numpy as np
import pandas as pd
import pytest
import torch

from neurobust.config.objectives import responses as config
from neurobust.errors import InputError
from neurobust.networks.stimuli import training_stimuli
from neurobust.recordings.form import sessions_of
from neurobust.training.objectives.responses import PredictedResponses, RecordedResponses

CPU = torch.device("cpu")
L1 = 0.5


def recorded(recording, batch_size=8, **fields):
    settings = config.Responses(**{"kind": "responses", "source": "r"} | fields)
    return RecordedResponses(
        settings,
        recording,
        colour="gray",
        batch_size=batch_size,
        seed=1,
        purpose="v1",
        device=CPU,
    )


def training_means(recording, name):
    """Return the mean training responses by stimulus, as pandas averages them."""
    session = sessions_of(recording)[name]
    stimuli = recording["stimuli"].to_dataset()
    training = set(stimuli["stimulus_id"].values[stimuli["split"].values == "train"].tolist())
    table = pd.DataFrame(session["response"].values, index=session["stimulus_id"].values)
    return table[table.index.isin(training)].groupby(level=0).mean()


def training_pixels(recording):
    stimuli = recording["stimuli"].to_dataset()
    chosen = stimuli.isel(stimulus=np.flatnonzero(stimuli["split"].values == "train"))
    return chosen["pixels"].values, chosen["stimulus_id"].values


def poisson(predicted, target):
    return (predicted - target * np.log(predicted)).sum()


def gaussian(predicted, target):
    return 0.5 * ((predicted - target) ** 2).sum()


@pytest.mark.parametrize(("kind", "likelihood"), [("counts", poisson), ("continuous", gaussian)])
def test_the_likelihood_of_each_session(kind, likelihood, make_recording, watched, find):
    recording = make_recording(kind)
    pixels, ids = training_pixels(recording)
    objective = recorded(recording, loss="likelihood", l1=L1)
    assert not objective.gaussian
    seen = {"first": [], "second": []}
    for number in range(len(objective)):
        losses = list(objective.losses(watched, number))
        for loss, (images, name, answer) in zip(losses, watched.calls[-2:], strict=True):
            shown = ids[find(images, pixels)]
            means = training_means(recording, name)
            target = means.loc[shown].to_numpy()
            predicted = answer.detach().numpy().astype(np.float64)
            part = watched.heads.slices()[name]
            weights = watched.readout.features.detach().numpy()[part]
            scale = math.sqrt(len(means) / len(shown))
            expected = scale * likelihood(predicted, target) + L1 * np.abs(weights).sum()
            # float32 sums of some ten terms, which partly cancel, against float64.
            np.testing.assert_allclose(loss.item(), expected, rtol=1e-4)
            seen[name] += shown.tolist()
    # One pass shows each stimulus once, and a session only what it was shown.
    for name, shown in seen.items():
        assert sorted(shown) == sorted(training_means(recording, name).index)
    assert len(seen["first"]) == len(seen["second"]) + 1


def test_mse_is_the_mean_squared_error_alone(recording, watched, find):
    pixels, ids = training_pixels(recording)
    objective = recorded(recording, loss="mse", l1=L1)
    assert objective.gaussian
    for loss, (images, name, answer) in zip(
        list(objective.losses(watched, 1)), watched.calls, strict=True
    ):
        target = training_means(recording, name).loc[ids[find(images, pixels)]].to_numpy()
        expected = ((answer.detach().numpy() - target) ** 2).mean()
        np.testing.assert_allclose(loss.item(), expected, rtol=1e-5)


def test_sessions_take_turns(recording, watched):
    everyone, in_turn = recorded(recording), recorded(recording, sessions_per_step=1)
    assert len(everyone) == 3  # 20 stimuli in batches of 8
    assert len(in_turn) == 6  # a pass takes as many batches of either session

    def answered(objective, numbers):
        watched.calls.clear()
        for number in numbers:
            list(objective.losses(watched, number))
        return [name for _, name, _ in watched.calls], [image for image, _, _ in watched.calls]

    names, images = answered(in_turn, range(6))
    assert names == ["first", "second"] * 3
    together, same_images = answered(everyone, range(3))
    assert together == names
    assert all(torch.equal(a, b) for a, b in zip(images, same_images, strict=True))
    assert len(recorded(recording, sessions_per_step=9)) == 3


def test_mean_responses_are_in_the_readout_s_order(recording):
    expected = np.concatenate([training_means(recording, n).mean() for n in ("first", "second")])
    np.testing.assert_allclose(recorded(recording).mean_responses(), expected, rtol=1e-6)


class Silent:
    """A network that predicts 0, so that the gradient of the error gives the targets."""

    def __init__(self, neuroids):
        self._neuroids = neuroids

    def respond(self, images, session=None):
        self.images, self.session = images, session
        self.answer = torch.zeros(len(images), self._neuroids[session], requires_grad=True)
        return self.answer

    def targets(self):
        """Return the targets: the mean of (0 - target)^2 has the gradient -2 target / size."""
        return (-self.answer.grad * self.answer.numel() / 2).numpy()


def shown_together(objective, neuroids, find, pixels):
    """Return, by session, the target that each training picture is shown with in one pass."""
    network = Silent(neuroids)
    found = {name: {} for name in neuroids}
    for number in range(len(objective)):
        for loss in objective.losses(network, number):
            loss.backward()
            shown = find(network.images, pixels).tolist()
            found[network.session] |= dict(zip(shown, network.targets(), strict=True))
    return found


def test_shuffled_responses_are_permuted_across_stimuli(recording, find):
    pixels, ids = training_pixels(recording)
    neuroids = {"first": 3, "second": 2}
    right = shown_together(recorded(recording), neuroids, find, pixels)
    shuffled = shown_together(recorded(recording, shuffled=True), neuroids, find, pixels)
    for name in neuroids:
        means = training_means(recording, name)
        assert len(right[name]) == len(means)
        for picture, target in right[name].items():
            np.testing.assert_allclose(target, means.loc[ids[picture]], rtol=1e-5)
        own = np.array([right[name][picture] for picture in sorted(right[name])])
        other = np.array([shuffled[name][picture] for picture in sorted(right[name])])
        assert_permuted(own, other)
    objective = recorded(recording, shuffled=True)
    np.testing.assert_allclose(objective.mean_responses(), recorded(recording).mean_responses())


def assert_permuted(own, other):
    """Check that whole rows were permuted, and most of them moved."""
    np.testing.assert_allclose(sort_rows(own), sort_rows(other), rtol=1e-5)
    assert (np.abs(own - other).max(1) > 1e-3).mean() > 0.5


def sort_rows(rows):
    return rows[np.lexsort(np.round(rows, 4).T)]


def predicted(pictures, responses, seed=1, **fields):
    settings = config.Responses(**{"kind": "responses", "source": "p"} | fields)
    return PredictedResponses(settings, responses, pictures, batch_size=10, seed=seed, purpose="v1")


def luma_bytes(pictures):
    return pictures.seen().numpy()[:, 0]


def test_predicted_responses_are_matched_by_image_id(pictures, predicted_responses, find):
    objective = predicted(pictures, predicted_responses)
    assert len(objective) == 3
    assert objective.gaussian
    found = shown_together(objective, {None: 5}, find, luma_bytes(pictures))[None]
    table = pd.DataFrame(
        predicted_responses["response"].values, index=predicted_responses["image_id"].values
    )
    assert sorted(found) == list(range(24))
    for picture, target in found.items():
        expected = table.loc[pictures.image_ids[picture].item()]
        np.testing.assert_allclose(target, expected, rtol=1e-5)
    means = table.loc[pictures.image_ids.tolist()].mean()
    np.testing.assert_allclose(objective.mean_responses(), means, rtol=1e-5)


def test_shuffled_predictions_are_permuted_for_all_neuroids_together(
    pictures, predicted_responses, find
):
    def targets(**fields):
        objective = predicted(pictures, predicted_responses, **fields)
        found = shown_together(objective, {None: 5}, find, luma_bytes(pictures))[None]
        return np.array([found[picture] for picture in sorted(found)])

    own, shuffled = targets(), targets(shuffled=True)
    assert_permuted(own, shuffled)
    np.testing.assert_array_equal(shuffled, targets(shuffled=True))
    assert_permuted(shuffled, targets(shuffled=True, seed=2))


def test_the_predicted_error_is_a_mean(pictures, predicted_responses, watched, find):
    (loss,) = predicted(pictures, predicted_responses).losses(watched, 0)
    images, session, answer = watched.calls[-1]
    assert session is None
    ids = pictures.image_ids.numpy()[find(images, luma_bytes(pictures))]
    table = pd.DataFrame(
        predicted_responses["response"].values, index=predicted_responses["image_id"].values
    )
    expected = ((answer.detach().numpy() - table.loc[ids].to_numpy()) ** 2).mean()
    np.testing.assert_allclose(loss.item(), expected, rtol=1e-5)


def test_images_without_a_response_are_refused(pictures, predicted_responses):
    kept = predicted_responses["image_id"].values != pictures.image_ids[3].item()
    with pytest.raises(InputError, match="1 training images have no response") as caught:
        predicted(pictures, predicted_responses.isel(image=kept))
    assert "predictor" in caught.value.place
    assert str(pictures.image_ids[3].item()) in caught.value.problem


def test_stimuli_are_standardised_by_the_training_stimuli(recording):
    stimuli = recording["stimuli"].to_dataset()
    training, _ = training_pixels(recording)
    for split in ("train", "validation"):
        pixels, standard, rows = training_stimuli(recording, "gray", CPU, split)
        assert standard.mean == pytest.approx(training.mean() / 255)
        assert standard.std == pytest.approx(training.std() / 255)
        chosen = stimuli.set_index(stimulus="stimulus_id").sel(stimulus=[*rows])
        assert set(chosen["split"].values.tolist()) == {split}
        np.testing.assert_array_equal(pixels[:, 0], chosen["pixels"])
        assert list(rows.values()) == list(range(len(pixels)))


def test_colour_networks_see_gray_stimuli_three_times(recording):
    pixels, _, _ = training_stimuli(recording, "rgb", CPU)
    gray, _, _ = training_stimuli(recording, "gray", CPU)
    assert torch.equal(pixels, gray.expand(-1, 3, -1, -1))
