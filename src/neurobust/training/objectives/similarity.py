"""Similarity of images to a network, trained to be that to a neural population (Li et al. 2019)."""

from collections.abc import Iterator, Mapping

import numpy as np
import torch
import xarray as xr
from jaxtyping import Float
from torch import Tensor, nn

from neurobust import dims
from neurobust.config.objectives import similarity as config
from neurobust.dims import CHANNEL, COLUMN, OTHER_STIMULUS, ROW, STIMULUS
from neurobust.errors import InputError
from neurobust.images.batches import Standard, as_channels
from neurobust.images.cosines import cosine_similarity
from neurobust.networks.network import Network
from neurobust.randomness import generator
from neurobust.training.batches import BatchOrder
from neurobust.training.objective import Task

# ASSUME: similarities are clipped to this, up and down, so that arctanh and its gradient (at most
# 500) stay finite; clipped similarities have gradient 0.
LARGEST = 0.999
# ASSUME: features are centred by a running mean over images, with batch normalisation's momentum.
MOMENTUM = 0.1


def mix_layers(
    similarities: Float[Tensor, "layer image image"], gamma: Float[Tensor, " layer"]
) -> Float[Tensor, "image image"]:
    """Return the mean of the layers' similarities, weighted by softmax(gamma)."""
    return torch.tensordot(gamma.softmax(0), similarities, dims=1)


def similarity_loss(
    model: Float[Tensor, "image image"], neural: Float[Tensor, "image image"]
) -> Float[Tensor, ""]:
    """Return the mean over pairs of images of the squared difference between arctanh similarities.

    Parameters
    ----------
    model, neural
        Symmetric similarities of at least two images. Each pair counts once; the diagonal does not.
    """
    first, second = torch.triu_indices(len(model), len(model), offset=1, device=model.device)
    compared, wanted = (
        torch.arctanh(similarity[first, second].clamp(-LARGEST, LARGEST))
        for similarity in (model, neural)
    )
    return nn.functional.mse_loss(compared, wanted)


class RunningMean(nn.Module):
    """Running mean of a layer's features over images, updated with every batch."""

    mean: Tensor | None

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", None)
        self.register_load_state_dict_pre_hook(_take_mean)

    def forward(self, features: Float[Tensor, "image feature"]) -> Float[Tensor, " feature"]:
        """Update the mean with a batch and return it; no gradient passes through it."""
        batch = features.detach().mean(0)
        # ASSUME: it starts at the first batch's mean; 0 would be far from features after a ReLU.
        self.mean = batch if self.mean is None else torch.lerp(self.mean, batch, MOMENTUM)
        return self.mean


class Similarity(nn.Module):
    """Distance between the network's similarities of stimuli and those of a neural population.

    A batch consists of all pairs of some stimuli, which are not augmented. A layer's similarity is
    the cosine between its features of two stimuli, centred by their running mean. The network's is
    the mean over layers, weighted by softmax(gamma) with gamma trained from 0 (Li et al. 2019). The
    stimuli of a batch follow from seed and number; the running means depend on the training.

    Parameters
    ----------
    settings
        Layers, weight and size of the batches.
    similarities
        Similarities from `neurobust.responses.similarity.measure_similarity`.
    network
        The network to train, for its colour and the names of its layers.
    seed, purpose
        Seed and name of the random stream that fixes the batches; the permutation of a control
        follows from the seed alone.
    device
        The device that the network is trained on.

    Raises
    ------
    InputError
        If the network lacks a layer, or the similarities have another form, are missing (NaN) or
        are no cosines.
    """

    gaussian = True  # a mean squared error, of arctanh

    def __init__(
        self,
        settings: config.Similarity,
        similarities: xr.Dataset,
        network: Network,
        *,
        seed: int,
        purpose: str,
        device: torch.device,
    ) -> None:
        super().__init__()
        _check_similarities(similarities)
        self.ratio = settings.ratio
        self.weight = settings.weight
        self._layers = [
            network.known_layer(name) for name in settings.layers or network.stage_layers()
        ]
        self.gamma = nn.Parameter(torch.zeros(len(self._layers)))
        self.centres = nn.ModuleList(RunningMean() for _ in self._layers)
        neural = torch.from_numpy(similarities["similarity"].values).float()
        if settings.shuffled:
            draw = generator(seed, "shuffled similarities").permutation(len(neural))
            neural = neural[draw][:, draw]
        self._neural = neural.to(device)
        pixels = torch.from_numpy(similarities["pixels"].values)
        self._pixels = as_channels(pixels, network.recipe.colour).to(device)
        self._standard = Standard.of(self._pixels)
        self._order = BatchOrder(
            len(neural), settings.batch_size, seed=seed, purpose=purpose, device=device
        )

    def __len__(self) -> int:
        return self._order.per_pass

    def losses(self, network: Network, number: int) -> Iterator[Float[Tensor, ""]]:
        """Yield the loss of a batch; none if the last batch of a pass has only one stimulus."""
        chosen = self._order[number]
        if len(chosen) < 2:
            return
        images = self._standard(self._pixels[chosen])
        model = self._compare(network.features_of(images, self._layers))
        yield similarity_loss(model, self._neural[chosen][:, chosen])

    def _compare(self, features: list[Float[Tensor, "image ..."]]) -> Float[Tensor, "image image"]:
        """Return the similarities of a batch from the features of each layer."""
        flat = [layer.float().flatten(1) for layer in features]
        # bfloat16 is too coarse for angles.
        with torch.autocast(flat[0].device.type, enabled=False):
            layers = [
                cosine_similarity(layer, centre(layer))
                for layer, centre in zip(flat, self.centres, strict=True)
            ]
            return mix_layers(torch.stack(layers), self.gamma)


def _take_mean(running: RunningMean, stored: Mapping[str, Tensor], prefix: str, *_: object) -> None:
    """Make room for a stored mean; before the first batch there is none."""
    if running.mean is None and f"{prefix}mean" in stored:
        running.mean = torch.empty_like(stored[f"{prefix}mean"])


def _check_similarities(similarities: xr.Dataset) -> None:
    place = f"similarities of {similarities.attrs.get('network', 'a network')}"
    pictures = (STIMULUS, ROW, COLUMN, CHANNEL)[: 4 if CHANNEL in similarities.dims else 3]
    dims.require(
        similarities,
        place,
        variables={"similarity": (STIMULUS, OTHER_STIMULUS), "pixels": pictures},
    )
    values = similarities["similarity"].values
    if len(values) < 2 or not (np.abs(values) <= 1).all():
        raise InputError(
            place,
            f"'similarity' of {len(values)} stimuli has "
            f"{np.isnan(values).sum()} missing values (NaN), "
            f"{(np.abs(values) > 1).sum()} beyond -1 and 1",
            expected="a cosine for each pair of at least two stimuli",
            fix="delete the file and let the workflow measure the similarities again",
        )


def build(settings: config.Similarity, task: Task) -> Similarity:
    """Build the similarity objective of a recipe."""
    return Similarity(
        settings,
        task.data.similarities[settings.source],
        task.network,
        seed=task.seed,
        purpose=task.purpose,
        device=task.device,
    )
