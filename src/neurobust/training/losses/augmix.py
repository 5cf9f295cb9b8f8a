"""AugMix training: cross-entropy, and consistent predictions for mixed versions of an image."""

import math

import torch
from jaxtyping import Float, Int64, UInt8
from torch import Tensor, nn

from neurobust.config.objectives import classification as config
from neurobust.images.augmix import augmix
from neurobust.images.batches import Standard
from neurobust.networks.network import Network
from neurobust.randomness import generator


class ConsistencyLoss:
    """Cross-entropy, and divergence of the predictions for an image and two AugMix versions of it.

    Hendrycks et al. 2020. Images and versions pass through the network as one batch.

    Parameters
    ----------
    settings
        Settings of AugMix, and the weight of the divergence.
    standard
        Mean and standard deviation that standardise the network's images.
    seed, purpose
        Seed and name of the random stream; with the number of the batch they fix the versions.
    """

    def __init__(
        self, settings: config.AugMix, standard: Standard, *, seed: int, purpose: str
    ) -> None:
        self._settings = settings
        self._standard = standard
        self._stream = (seed, "augmix", purpose)

    def __call__(
        self,
        network: Network,
        pixels: UInt8[Tensor, "image channel row column"],
        labels: Int64[Tensor, " image"],
        number: int,
    ) -> Float[Tensor, ""]:
        """Return the loss of the batch with this number."""
        mixed = augmix(
            pixels.repeat(2, 1, 1, 1),
            generator=generator(*self._stream, number),
            severity=self._settings.severity,
            chains=self._settings.chains,
            alpha=self._settings.alpha,
        )
        logits = network.classify(self._standard(torch.cat([pixels, mixed]))).float()
        answers = torch.stack(logits.chunk(3))
        divergence = jensen_shannon_divergence(answers).mean()
        return (
            nn.functional.cross_entropy(answers[0], labels)
            + self._settings.consistency * divergence
        )


def jensen_shannon_divergence(
    logits: Float[Tensor, "version image class"],
) -> Float[Tensor, " image"]:
    """Return the divergence, in nats, of the predictions for the versions of each image.

    It is the mean over versions of the Kullback-Leibler divergence of a prediction from their mean
    (Hendrycks et al. 2020, equation 3), and lies between 0 and the logarithm of the number of
    versions.
    """
    log_p = logits.log_softmax(-1)
    # In logarithms throughout: a probability that rounds to 0 adds 0, and nothing is clipped.
    log_mean = (log_p.logsumexp(0) - math.log(len(log_p))).expand_as(log_p)
    return nn.functional.kl_div(log_mean, log_p, reduction="none", log_target=True).sum(-1).mean(0)
