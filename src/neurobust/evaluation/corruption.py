"""Accuracy on corrupted test images: each image is corrupted once for all seeds of a network."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import torch
import xarray as xr

from neurobust.dims import CORRUPTION, IMAGE, SEED, SEVERITY, TEST
from neurobust.images.corruptions import GROUPS, TIN_TC, corrupt
from neurobust.images.pictures import LabelledPictures, as_channels
from neurobust.networks.devices import place
from neurobust.networks.network import Network
from neurobust.training.validation import correctness


def evaluate_corruptions(
    networks: Mapping[int, Network],
    image_set: xr.Dataset,
    *,
    severities: Sequence[int],
    batch_size: int,
    seed: int,
    device: torch.device,
) -> xr.Dataset:
    """Classify the test images, clean and under every corruption and severity.

    The RGB images are corrupted and then seen in the network's colours (Safarani 2021). A
    corrupted image follows from its image_id, corruption, severity and ``seed`` alone.

    Parameters
    ----------
    networks
        The classifiers by seed, of one recipe.
    image_set
        See :mod:`neurobust.images.sets`, in RGB.
    severities
        1 to 5.
    batch_size
        Images that are corrupted at once: memory does not grow with their number.
    seed
        Of the corruptions' random fields.
    device
        Where to compute.

    Returns
    -------
    ``correct(seed, corruption, severity, image)`` and ``clean_correct(seed, image)``, 0 or 1.
    """
    models = [place(network, device) for network in networks.values()]
    colour = models[0].recipe.colour
    test = LabelledPictures.of_split(image_set, TEST, colour=colour, device=device)
    shape = (len(models), len(TIN_TC), len(severities), len(test))
    correct = np.zeros(shape, np.int8)
    clean = np.zeros((len(models), len(test)), np.int8)
    for start in range(0, len(test), batch_size):
        part = slice(start, start + batch_size)
        batch = replace(
            test, pixels=test.pixels[part], labels=test.labels[part], image_ids=test.image_ids[part]
        )
        for m, model in enumerate(models):
            clean[m, part] = correctness(model, batch).cpu()
        for c, corruption in enumerate(TIN_TC):
            for s, severity in enumerate(severities):
                corrupted = corrupt(
                    batch.pixels, corruption, severity, image_ids=batch.image_ids, seed=seed
                )
                seen = as_channels(corrupted, colour)
                for m, model in enumerate(models):
                    correct[m, c, s, part] = correctness(model, batch, seen).cpu()
    group = {corruption: name for name, members in GROUPS.items() for corruption in members}
    return xr.Dataset(
        {
            "correct": ((SEED, CORRUPTION, SEVERITY, IMAGE), correct),
            "clean_correct": ((SEED, IMAGE), clean),
        },
        coords={
            SEED: list(networks),
            CORRUPTION: list(TIN_TC),
            SEVERITY: list(severities),
            "group": (CORRUPTION, [group[corruption] for corruption in TIN_TC]),
            "image_id": (IMAGE, test.image_ids.cpu().numpy()),
            "label": (IMAGE, test.labels.cpu().numpy()),
        },
        attrs={"n_classes": image_set.sizes["class"], "images": image_set.attrs["identifier"]},
    )
