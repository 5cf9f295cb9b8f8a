"""Responses that a network predicts for every picture of an image set."""

import numpy as np
import torch
import xarray as xr

from neurobust.dims import IMAGE, NEUROID, SPLITS
from neurobust.images.batches import LabelledPictures
from neurobust.networks.devices import to_device
from neurobust.networks.inference import predict
from neurobust.networks.network import Network


def synthesise_responses(
    network: Network, image_set: xr.Dataset, device: torch.device
) -> xr.Dataset:
    """Predict the responses of all neuroids to all images, in evaluation mode.

    Parameters
    ----------
    network
        A network with a readout.
    image_set
        Image set (`neurobust.images.form`), standardised by its own training images.
    device
        The device to compute on.

    Returns
    -------
    ``response(image, neuroid)`` with image_id, neuroid_id and session. The attribute response_kind
    is ``continuous`` if responses may be negative, else ``counts``.
    """
    network = to_device(network, device)
    responses, ids = [], []
    for split in SPLITS:
        pictures = LabelledPictures.of_split(
            image_set, split, colour=network.recipe.colour, device=device
        )
        responses.append(predict(network, pictures.seen(), pictures.standard))
        ids.append(pictures.image_ids.cpu().numpy())
    sessions = network.heads.sessions or {}
    return xr.Dataset(
        {"response": ((IMAGE, NEUROID), np.concatenate(responses))},
        coords={
            "image_id": (IMAGE, np.concatenate(ids)),
            "neuroid_id": (NEUROID, np.concatenate([*map(np.array, sessions.values())])),
            "session": (NEUROID, np.repeat([*sessions], [*map(len, sessions.values())])),
        },
        attrs={"response_kind": "continuous" if network.heads.continuous else "counts"},
    )
