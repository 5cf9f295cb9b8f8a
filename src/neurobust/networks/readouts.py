"""The Gaussian readout: each neuroid reads one position of a feature map (Lurz et al. 2021)."""

import torch
from jaxtyping import Float
from torch import Tensor, nn


class GaussianReadout(nn.Module):
    """Predict each neuroid's response from the features at its own position.

    In training, the position of every neuroid is drawn for every image from a normal distribution
    with learned mean and standard deviations along rows and columns; in evaluation it is the mean.
    Neuroids share nothing, so one readout holds the neuroids of all sessions, and a session is a
    slice of it.

    Parameters
    ----------
    neuroids
        Number of neuroids.
    channels
        Number of channels of the feature map.
    continuous
        Whether responses may be negative, and the output is linear; for spike counts the output is
        elu(x - 1) + 1 > 0.
    """

    def __init__(self, neuroids: int, channels: int, *, continuous: bool) -> None:
        super().__init__()
        self.continuous = continuous
        self.position = nn.Parameter(torch.empty(neuroids, 2))
        self.spread = nn.Parameter(torch.empty(neuroids, 2))
        self.features = nn.Parameter(torch.empty(neuroids, channels))
        self.bias = nn.Parameter(torch.zeros(neuroids))
        self.initialise()

    def initialise(self) -> None:
        """Draw positions from U(-.3, .3) and spreads from U(0, .6); set features to 1 / channels.

        Released code of Safarani 2021, where the feature map spans [-1, 1] and has 256 channels.
        One over the number of channels lets narrower networks start from the same mean.
        """
        nn.init.uniform_(self.position, -0.3, 0.3)
        nn.init.uniform_(self.spread, 0.0, 0.6)
        nn.init.constant_(self.features, 1 / self.features.shape[1])

    def start_at(self, mean_response: Float[Tensor, " neuroid"]) -> None:
        """Set the bias to the neuroids' mean responses."""
        with torch.no_grad():
            self.bias.copy_(mean_response)

    def forward(
        self,
        maps: Float[Tensor, "image channel row column"],
        neuroids: slice = slice(None),
    ) -> Float[Tensor, "image neuroid"]:
        """Return the responses of a selection of neuroids."""
        position = self.position[neuroids].expand(len(maps), -1, -1)
        if self.training:
            position = position + self.spread[neuroids] * torch.randn_like(position)
        grid = position.clamp(-1, 1).unsqueeze(2)
        sampled = nn.functional.grid_sample(maps, grid.to(maps.dtype), align_corners=True).squeeze(
            3
        )
        response = torch.einsum("icn,nc->in", sampled, self.features[neuroids].to(maps.dtype))
        response = response.float() + self.bias[neuroids]
        return response if self.continuous else nn.functional.elu(response - 1) + 1

    def l1(self, neuroids: slice = slice(None)) -> Float[Tensor, ""]:
        """Return the sum of the absolute feature weights."""
        return self.features[neuroids].abs().sum()
