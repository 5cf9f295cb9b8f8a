"""Weights of the losses of several objectives."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from neurobust.training.objective import Objective


class Weighting(nn.Module):
    """Weights of the objectives' losses: a fixed factor, and learned observation noise if wanted.

    Uncertainty weighting (Kendall et al. 2018; Safarani 2021, section 2): cross-entropy / s^2 +
    log s, squared error / (2 s^2) + log s, with log s^2 trainable from 0.

    Parameters
    ----------
    objectives
        Objectives by name.
    learned
        Whether to learn the noise.
    """

    def __init__(self, objectives: dict[str, Objective], *, learned: bool) -> None:
        super().__init__()
        self._objectives = objectives
        self.log_variances = nn.ParameterDict(
            {name: nn.Parameter(torch.zeros(())) for name in objectives} if learned else {}
        )

    def forward(self, name: str, loss: Float[Tensor, ""]) -> Float[Tensor, ""]:
        """Return the weighted loss of the objective of this name."""
        loss = self._objectives[name].weight * loss
        if name not in self.log_variances:
            return loss
        log_variance = self.log_variances[name]
        half = 0.5 if self._objectives[name].gaussian else 1.0
        return half * torch.exp(-log_variance) * loss + 0.5 * log_variance
