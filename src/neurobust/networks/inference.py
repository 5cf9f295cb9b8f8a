"""Inference on many pictures: which are classified correctly, and predicted responses."""

import numpy as np
import torch
import xarray as xr
from jaxtyping import Bool, Float
from torch import Tensor

from neurobust.images.batches import LabelledPictures, Standard
from neurobust.networks.devices import mixed_precision
from neurobust.networks.network import Network
from neurobust.networks.stimuli import training_stimuli
from neurobust.recordings.form import sessions_of
from neurobust.recordings.trials import correlate

# Images per batch. A processor is as fast with 128, and slower with more.
_BATCH = {"cpu": 64, "cuda": 512}


@torch.no_grad()
def correctness(
    network: Network, pictures: LabelledPictures, pixels: Tensor | None = None
) -> Bool[Tensor, " image"]:
    """Return which pictures the network, in evaluation mode, classifies correctly.

    Parameters
    ----------
    network, pictures
        A classifier, and pictures on the same device.
    pixels
        Pixels (image, channel, row, column) to show instead of the pictures' own, for example
        corrupted ones.
    """
    network.eval()
    shown = pictures.seen() if pixels is None else pixels
    at_once = _BATCH[shown.device.type]
    correct = []
    for images, labels in zip(shown.split(at_once), pictures.labels.split(at_once), strict=True):
        with mixed_precision(images.device):
            logits = network.classify(pictures.standard(images))
        correct.append(logits.argmax(1) == labels)
    return torch.cat(correct)


@torch.no_grad()
def predict(
    network: Network, pixels: Tensor, standard: Standard, session: str | None = None
) -> Float[np.ndarray, "image neuroid"]:
    """Return the responses that the network, in evaluation mode, predicts for pictures."""
    network.eval()
    parts = []
    for images in pixels.split(_BATCH[pixels.device.type]):
        with mixed_precision(images.device):
            parts.append(network.respond(standard(images), session).float().cpu())
    return torch.cat(parts).numpy()


def session_predictions(
    network: Network, recording: xr.DataTree, split: str, device: torch.device
) -> dict[str, tuple[xr.Dataset, Float[np.ndarray, "presentation neuroid"]]]:
    """Return each session's presentations of a split, with the network's predictions for them."""
    pixels, standard, rows = training_stimuli(recording, network.recipe.colour, device, split)
    predicted = predict(network, pixels, standard)
    result = {}
    for name, session in sessions_of(recording).items():
        ids = session["stimulus_id"].values
        shown = np.flatnonzero([stimulus in rows for stimulus in ids.tolist()])
        positions = [rows[stimulus] for stimulus in ids[shown].tolist()]
        neuroids = network.heads.slices()[name]
        result[name] = session.isel(presentation=shown), predicted[positions][:, neuroids]
    return result


def trial_correlation(
    network: Network, recording: xr.DataTree, split: str, device: torch.device
) -> float:
    """Return the correlation of predictions with single trials, averaged over neuroids."""
    pairs = session_predictions(network, recording, split, device).values()
    scores = [correlate(session["response"].values, predicted) for session, predicted in pairs]
    return float(np.concatenate(scores).mean())
