"""How well a network predicts held-out recordings: explained variance and correlation."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import torch
import xarray as xr
from jaxtyping import Float, Int

from neurobust.dims import NEUROID, SEED, TEST
from neurobust.networks.devices import to_device
from neurobust.networks.inference import session_predictions
from neurobust.networks.network import Network
from neurobust.recordings.trials import correlate, mean_by_stimulus, noise_variance


def evaluate_readout(
    networks: Mapping[int, Network],
    recording: xr.DataTree,
    reliability: xr.Dataset,
    device: torch.device,
) -> xr.Dataset:
    """Compare predictions with the responses to the recording's test stimuli.

    Parameters
    ----------
    networks
        Networks by seed, with a readout of the recording's neuroids.
    recording, reliability
        See `neurobust.recordings.form` and `neurobust.recordings.reliability`.
    device
        The device to compute on.

    Returns
    -------
    ``fev(seed, neuroid)``, the fraction of explainable variance explained, and
    ``correlation(seed, neuroid)`` with the responses averaged over repeats. Coordinates are
    neuroid_id, session and explainable_variance.
    """
    fev, correlation = [], []
    for network in networks.values():
        network = to_device(network, device)
        predictions = session_predictions(network, recording, TEST, device)
        parts = [_compare(session, predicted) for session, predicted in predictions.values()]
        fev.append(np.concatenate([part[0] for part in parts]))
        correlation.append(np.concatenate([part[1] for part in parts]))
    return xr.Dataset(
        {"fev": ((SEED, NEUROID), fev), "correlation": ((SEED, NEUROID), correlation)},
        coords={
            SEED: list(networks),
            "neuroid_id": reliability["neuroid_id"],
            "session": reliability["session"],
            "explainable_variance": reliability["explainable_variance"],
        },
        attrs={"recording": recording.attrs["identifier"]},
    )


def explain_fraction(
    responses: Float[np.ndarray, "trial neuroid"],
    predicted: Float[np.ndarray, "trial neuroid"],
    stimulus: Int[np.ndarray, " trial"],
) -> Float[np.ndarray, " neuroid"]:
    """Return the fraction of explainable variance explained (FEV) of each neuroid.

    FEV = 1 - (MSE - noise variance) / (total variance - noise variance). MSE and total variance
    (ddof 1) are over single trials; the noise variance is the mean over stimuli of the variance
    over repeats (ddof 1) (Cadena et al. 2019; released code of Safarani 2021). NaN for a neuroid
    without explainable variance.
    """
    responses = responses.astype(np.float64)
    error = ((responses - predicted) ** 2).mean(0)
    noise = noise_variance(responses, stimulus)
    explainable = responses.var(0, ddof=1) - noise
    return np.divide(
        explainable - (error - noise),
        explainable,
        out=np.full_like(explainable, np.nan),
        where=explainable > 0,
    )


def _compare(
    session: xr.Dataset, predicted: Float[np.ndarray, "presentation neuroid"]
) -> tuple[Float[np.ndarray, " neuroid"], Float[np.ndarray, " neuroid"]]:
    responses = session["response"].to_numpy()
    stimulus, _ = pd.factorize(session["stimulus_id"].to_numpy())
    means = [mean_by_stimulus(trials, stimulus) for trials in (responses, predicted)]
    return explain_fraction(responses, predicted, stimulus), correlate(*means)
