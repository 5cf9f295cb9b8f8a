"""Similarity of stimuli to a recorded population, from predicted responses."""

import logging

import numpy as np
import pandas as pd
import torch
import xarray as xr
from jaxtyping import Float

from neurobust.dims import OTHER_STIMULUS, STIMULUS, TRAIN, VALIDATION
from neurobust.errors import InputError
from neurobust.images.cosines import cosine_similarity
from neurobust.networks.devices import to_device
from neurobust.networks.inference import predict, session_predictions
from neurobust.networks.network import Network
from neurobust.networks.stimuli import training_stimuli
from neurobust.recordings.form import sessions_of
from neurobust.recordings.trials import (
    Stimulus,
    Trials,
    correlate,
    mean_by_stimulus,
    noise_variance,
)

log = logging.getLogger(__name__)
WEIGHTING = "signal-to-noise ratio times validation correlation"


def measure_similarity(
    network: Network, recording: xr.DataTree, device: torch.device
) -> xr.Dataset:
    """Measure the similarity of a recording's training stimuli to its population.

    Predicted responses have no trial noise, and every session has one for each stimulus. The
    responses of a session are weighted by `weigh_neuroids` and centred over stimuli. The similarity
    of two stimuli is the cosine between their responses, averaged over sessions (Li et al. 2019).

    Parameters
    ----------
    network
        A network with a readout of the recording's neuroids.
    recording
        The recording that the network was trained on; see `neurobust.recordings.form`.
    device
        The device to compute on.

    Returns
    -------
    ``similarity(stimulus, other_stimulus)``, -1 to 1, and the stimuli's ``pixels``, with
    stimulus_id; the attributes recording and weighting.

    Raises
    ------
    InputError
        If a session repeats no stimulus, so that its noise is unknown, or has no validation
        stimulus; or if the network predicts no neuroid of any session.
    """
    network = to_device(network, device)
    stimuli = recording["stimuli"].to_dataset()
    pixels, standard, rows = training_stimuli(recording, network.recipe.colour, device)
    predicted = predict(network, pixels, standard).astype(np.float64)
    validation = session_predictions(network, recording, VALIDATION, device)
    similarities = []
    for name, neuroids in network.heads.slices().items():
        responses = predicted[:, neuroids]
        weights = weigh_neuroids(responses, sessions_of(recording)[name], validation[name])
        # ASSUME: a session without a predicted neuroid adds nothing to the average.
        if not weights.any():
            log.warning("session %s is left out: the network predicts none of its neuroids", name)
            continue
        weighted = torch.from_numpy(responses * weights)
        similarities.append(cosine_similarity(weighted, weighted.mean(0)).numpy())
    if not similarities:
        raise InputError(
            f"similarities of recording {recording.attrs['identifier']}",
            "the network predicts no neuroid: no neuroid with noise and varying predictions has a "
            "correlation with validation responses above 0",
            expected="a network that has learned to predict some neuroids",
            fix="train the predictor for longer, or at another learning rate",
        )
    similarity = np.clip(np.mean(similarities, axis=0), -1, 1).astype(np.float32)
    shown = stimuli["pixels"].isel({STIMULUS: stimuli["split"].values == TRAIN})
    return xr.Dataset(
        {
            "similarity": ((STIMULUS, OTHER_STIMULUS), similarity),
            "pixels": (shown.dims, shown.values, shown.attrs),
        },
        coords={"stimulus_id": (STIMULUS, list(rows))},
        attrs={"recording": recording.attrs["identifier"], "weighting": WEIGHTING},
    )


def weigh_neuroids(
    predicted: Float[np.ndarray, "stimulus neuroid"],
    session: xr.Dataset,
    validation: tuple[xr.Dataset, Float[np.ndarray, "presentation neuroid"]],
) -> Float[np.ndarray, " neuroid"]:
    """Return the weight of each neuroid's predicted responses in a session.

    Parameters
    ----------
    predicted
        Predicted responses to the training stimuli.
    session
        Trials of all splits, with some stimuli repeated.
    validation
        Trials of validation stimuli, and the responses predicted for them.

    Returns
    -------
    The standard deviation of predicted responses over stimuli, divided by that of single trials
    around the mean of their stimulus, times the correlation between predicted and mean responses to
    the validation stimuli; 0 for a neuroid that is not predicted.

    Raises
    ------
    InputError
        If no stimulus is repeated, or none is for validation.
    """
    trials, stimulus = _by_stimulus(session)
    validated, validating = _by_stimulus(validation[0])
    repeated = (np.bincount(stimulus) > 1).sum()
    if not repeated or not len(validating):
        raise InputError(
            f"session {session.attrs.get('session', '')}",
            f"{repeated} stimuli were shown more than once, "
            f"{len(np.unique(validating))} are for validation",
            expected="repeated stimuli, which separate signal from noise, and validation stimuli",
            fix="change the split of the stimuli, or leave the session out",
        )
    # ASSUME: Li et al. 2019 name both factors without their form. Here the signal-to-noise ratio is
    # one of standard deviations, with the noise of all repeated stimuli; negative correlations
    # count as 0; and a neuroid whose repeats never differ has weight 0, since its noise is unknown.
    noise = np.sqrt(noise_variance(trials, stimulus))
    ratio = np.where(noise > 0, predicted.std(axis=0) / np.where(noise > 0, noise, 1), 0)
    means = [mean_by_stimulus(values, validating) for values in (validated, validation[1])]
    return ratio * np.maximum(correlate(*means), 0)


def _by_stimulus(session: xr.Dataset) -> tuple[Trials, Stimulus]:
    """Return the responses of single trials and the index of each trial's stimulus."""
    stimulus, _ = pd.factorize(session["stimulus_id"].to_numpy())
    return session["response"].to_numpy().astype(np.float64), stimulus
