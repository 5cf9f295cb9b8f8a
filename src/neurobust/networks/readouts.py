"""The Gaussian readout: each neuroid looks at one place of a feature map (Lurz et al. 2021)."""

import torch
from jaxtyping import Float
from torch import Tensor, nn


class GaussianReadout(nn.Module):
    """Predict each neuroid's response from the features at its own position.

    While training, the position of every neuroid is drawn for every image from a normal
    distribution with learned mean and standard deviations along rows and columns; in evaluation
    it is the mean. Neuroids share nothing, so that the readouts of several sessions are one bank
    of neuroids of which a session is a selection.

    Parameters
    ----------
    neuroids
        Number of neuroids.
    channels
        Channels of the feature map.
    continuous
        False for spike counts: the output is elu(x - 1) + 1 > 0. True for responses that may be
        negative: the output is linear.
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
        """Draw positions from U(-.3, .3), spreads from U(0, .6); fill features with 1/256.

        Released code of Safarani 2021 (positions in units where the map is [-1, 1] wide), there
        for 256 channels; here one over the number of channels, so that narrower networks start
        from the same mean.
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
