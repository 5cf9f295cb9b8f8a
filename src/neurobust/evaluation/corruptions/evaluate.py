"""Accuracy on corrupted test images, each of which is corrupted once for all given networks."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import product

import numpy as np
import torch
import xarray as xr
from jaxtyping import Bool, Int8, UInt8
from torch import Tensor

from neurobust.dims import CORRUPTION, IMAGE, SEED, SEVERITY, TEST
from neurobust.images.batches import LabelledPictures, Standard, as_channels
from neurobust.images.corruptions import GROUPS, TIN_TC, corrupt
from neurobust.images.form import CLASS, IMAGE_ID, LABEL, read_split, require_colour, select_split
from neurobust.networks.devices import to_device
from neurobust.networks.inference import correctness
from neurobust.networks.network import Network


def evaluate_corruptions(
    networks: Mapping[str, Mapping[int, Network]],
    image_set: xr.Dataset,
    *,
    severities: Sequence[int],
    batch_size: int,
    seed: int,
    device: torch.device,
) -> dict[str, xr.Dataset]:
    """Classify the test images, clean and under every corruption and severity.

    The RGB images are corrupted and then converted to each network's colours (Safarani 2021). A
    corrupted image follows from its image_id, corruption, severity and ``seed`` alone.

    Parameters
    ----------
    networks
        Classifiers by name, then by seed; those with one name have one recipe.
    image_set
        Image set in RGB (`neurobust.images.form`). If it is open but not in memory
        (`neurobust.files.storage.open_dataset`), only one batch is in memory at a time.
    severities
        Severities from 1 to 5.
    batch_size
        Number of images that are corrupted at once. Apart from the result, memory does not grow
        with the number of images.
    seed
        Seed of the corruptions' random fields.
    device
        The device to compute on.

    Returns
    -------
    By name, ``correct(seed, corruption, severity, image)`` and ``clean_correct(seed, image)``, 0 or
    1.

    Raises
    ------
    InputError
        If the image set is gray.
    """
    require_colour(image_set)
    models = [
        to_device(network, device) for seeds in networks.values() for network in seeds.values()
    ]
    colours: set[str] = {model.recipe.colour for model in models}
    standards = {colour: Standard.of_set(image_set, colour) for colour in colours}
    test = select_split(image_set, TEST)
    shape = (len(models), 1 + len(TIN_TC) * len(severities), test.sizes[IMAGE])
    correct = np.empty(shape, np.int8)  # second axis: clean, then each corruption and severity
    for number, batch in enumerate(read_split(image_set, TEST, batch_size)):
        views = {
            colour: LabelledPictures.of(batch, colour=colour, standard=standard, device=device)
            for colour, standard in standards.items()
        }
        part = slice(number * batch_size, (number + 1) * batch_size)
        correct[..., part] = _classify(models, views, severities, seed).cpu()
    ends = np.cumsum([len(seeds) for seeds in networks.values()])
    return {
        name: _label(own, list(seeds), severities, test)
        for (name, seeds), own in zip(networks.items(), np.split(correct, ends[:-1]), strict=True)
    }


def _classify(
    models: Sequence[Network],
    views: Mapping[str, LabelledPictures],
    severities: Sequence[int],
    seed: int,
) -> Bool[Tensor, "network condition image"]:
    """Return which pictures of a batch, given by colour, each network classifies correctly."""
    correct = []
    for shown in _corrupt(next(iter(views.values())), severities, seed):
        seen = {colour: as_channels(shown, colour) for colour in views}
        correct.append(
            torch.stack(
                [correctness(m, views[m.recipe.colour], seen[m.recipe.colour]) for m in models]
            )
        )
    return torch.stack(correct, dim=1)


def _corrupt(
    pictures: LabelledPictures, severities: Sequence[int], seed: int
) -> Iterator[UInt8[Tensor, "image row column 3"]]:
    """Yield the clean pictures, then those of each corruption and severity."""
    yield pictures.pixels
    for corruption, severity in product(TIN_TC, severities):
        yield corrupt(
            pictures.pixels, corruption, severity, image_ids=pictures.image_ids, seed=seed
        )


def _label(
    correct: Int8[np.ndarray, "seed condition image"],
    seeds: Sequence[int],
    severities: Sequence[int],
    test: xr.Dataset,
) -> xr.Dataset:
    group = {corruption: name for name, members in GROUPS.items() for corruption in members}
    shape = (len(seeds), len(TIN_TC), len(severities), test.sizes[IMAGE])
    return xr.Dataset(
        {
            "correct": ((SEED, CORRUPTION, SEVERITY, IMAGE), correct[:, 1:].reshape(shape)),
            "clean_correct": ((SEED, IMAGE), correct[:, 0]),
        },
        coords={
            SEED: list(seeds),
            CORRUPTION: list(TIN_TC),
            SEVERITY: list(severities),
            "group": (CORRUPTION, [group[corruption] for corruption in TIN_TC]),
            IMAGE_ID: (IMAGE, test[IMAGE_ID].values),
            LABEL: (IMAGE, test[LABEL].values),
        },
        attrs={"n_classes": test.sizes[CLASS], "images": test.attrs["identifier"]},
    )
