"""Choices of networks between objects, read by a linear probe, compared with observers'."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import torch
import xarray as xr
from jaxtyping import Float, Shaped
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from neurobust.dims import COLUMN, PRESENTATION, ROW, SEED, STIMULUS, require
from neurobust.errors import InputError
from neurobust.evaluation.behaviour.i2n import score_consistency
from neurobust.images.batches import Standard, as_channels
from neurobust.networks.devices import to_device
from neurobust.networks.features import extract_features
from neurobust.networks.network import Network
from neurobust.randomness import generator
from neurobust.recordings.brainio.behaviour import CHOICE
from neurobust.recordings.form import some, text

PROBE_C = 1e-3  # Brain-Score: inverse strength of the probe's L2 penalty
PROBE_TOLERANCE = 1e-6  # for the gradient; probabilities then have a relative error of 1e-4


def evaluate_behaviour(
    networks: Mapping[int, Network],
    trials: xr.Dataset,
    stimuli: xr.Dataset,
    *,
    layer: str | None,
    fit_share: float,
    halves: int,
    seed: int,
    device: torch.device,
) -> xr.Dataset:
    """Let networks choose between the objects of a behavioural benchmark, and score the choices.

    A probe (`probe_choices`) of one layer is fitted to the stimuli that no trial shows, which also
    give the mean and standard deviation of the pictures. The stimuli of the trials are scored.

    Parameters
    ----------
    networks
        Networks by seed, of one recipe.
    trials, stimuli
        See `neurobust.recordings.brainio.behaviour`.
    layer
        Layer of the trunk; None for its last one.
    fit_share
        Fraction of each object's shown stimuli whose trials are left out, so that the probe can be
        fitted to them, for a benchmark that shows all its pictures.
    halves
        Number of times that the trials are halved.
    seed
        Seed of the halves and of the stimuli that are left out, the same for all networks.
    device
        The device to compute on.

    Returns
    -------
    The variables of `score_consistency`, by seed if they depend on the network; attributes
    behaviour, chosen_layer, n_stimuli and n_fitting_stimuli.

    Raises
    ------
    InputError
        If a stimulus has no picture, an object of the trials has no stimulus to fit the probe to,
        or the trunk lacks the layer; and the errors of `score_consistency`.
    """
    trials = _leave_out(trials, fit_share, seed)
    fitted, scored = _divide_stimuli(trials, stimuli)
    labels = text(fitted["truth"].to_numpy())
    layer = layer or next(iter(networks.values())).layers[-1]
    scores = []
    for network in networks.values():
        network = to_device(network, device)
        colour = network.recipe.colour
        pixels = [
            as_channels(torch.from_numpy(part["pixels"].to_numpy()), colour).to(device)
            for part in (fitted, scored)
        ]
        standard = Standard.of(pixels[0])
        fit, new = (
            extract_features(network, part, standard, layer).cpu().numpy() for part in pixels
        )
        probabilities = probe_choices(fit, labels, new).assign_coords(
            stimulus_id=scored["stimulus_id"]
        )
        scores.append(score_consistency(probabilities, trials, seed=seed, halves=halves))
    joined = xr.concat(
        scores,
        pd.Index(list(networks), name=SEED),
        data_vars=["half_consistency", "consistency", "ceiled", "ceiled_error"],
        coords="minimal",
        compat="equals",
    )
    return joined.assign_attrs(
        behaviour=trials.attrs["identifier"],
        chosen_layer=layer,
        n_stimuli=scored.sizes[STIMULUS],
        n_fitting_stimuli=fitted.sizes[STIMULUS],
    )


def probe_choices(
    features_fit: Float[np.ndarray, "fitted feature"],
    labels_fit: Shaped[np.ndarray, " fitted"],
    features_scored: Float[np.ndarray, "scored feature"],
) -> xr.DataArray:
    """Return the probability of each object by a linear probe of features.

    The probe is a multinomial logistic regression with an L2 penalty on standardised features, as
    in Brain-Score.

    Parameters
    ----------
    features_fit, labels_fit
        Features that the probe is fitted to, and their objects.
    features_scored
        Features that it is applied to.

    Returns
    -------
    xr.DataArray
        Probabilities with dims stimulus, in the order of ``features_scored``, and choice, the
        sorted objects.
    """
    probe = make_pipeline(
        StandardScaler(), LogisticRegression(C=PROBE_C, tol=PROBE_TOLERANCE, max_iter=1000)
    )
    probe.fit(features_fit.astype(np.float64), labels_fit)
    return xr.DataArray(
        probe.predict_proba(features_scored.astype(np.float64)),
        dims=(STIMULUS, CHOICE),
        coords={CHOICE: probe.classes_},
    )


def _leave_out(trials: xr.Dataset, share: float, seed: int) -> xr.Dataset:
    """Leave out the trials of a randomly drawn fraction of each object's stimuli."""
    stimuli = trials[["stimulus_id", "truth"]].to_dataframe().drop_duplicates("stimulus_id")
    random = generator(seed, "behaviour", "fitted stimuli")
    left: list[str] = []
    for _, names in stimuli.sort_values("stimulus_id").groupby("truth")["stimulus_id"]:
        left += random.permutation(names.to_numpy(dtype=str))[: round(share * len(names))].tolist()
    shown = ~np.isin(trials["stimulus_id"].to_numpy(), left)
    return trials.isel({PRESENTATION: shown})


def _divide_stimuli(trials: xr.Dataset, stimuli: xr.Dataset) -> tuple[xr.Dataset, xr.Dataset]:
    """Return the stimuli that no trial shows, for fitting, and those of the trials, for scoring."""
    where = f"stimuli of {trials.attrs['identifier']}"
    labels = dict.fromkeys(("stimulus_id", "truth"), (STIMULUS,))
    require(stimuli, where, variables={"pixels": (STIMULUS, ROW, COLUMN), **labels})
    names = text(stimuli["stimulus_id"].to_numpy())
    shown = np.isin(names, trials["stimulus_id"].to_numpy())
    missing = np.setdiff1d(trials["stimulus_id"].to_numpy(), names)
    if len(missing):
        raise InputError(
            where,
            f"lack the stimulus_id {some(missing)}, which trials show",
            expected="a picture for each stimulus of the trials",
            fix="add them to the stimulus set and its pictures",
        )
    fitted = stimuli.isel({STIMULUS: ~shown})
    objects = np.concatenate([trials[name].to_numpy() for name in ("truth", "distractor")])
    unfitted = np.setdiff1d(objects, text(fitted["truth"].to_numpy()))
    if len(unfitted):
        raise InputError(
            where,
            f"none of object {some(unfitted)} ('truth') is left to fit the network's choices to: "
            f"trials show {shown.sum()} of {len(names)} stimuli",
            expected="stimuli of each object of the trials that no trial shows",
            fix="add such stimuli to the stimulus set and its pictures, or raise fit_share",
        )
    return fitted, stimuli.isel({STIMULUS: shown})
