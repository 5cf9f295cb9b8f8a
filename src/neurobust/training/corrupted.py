"""Training images, a fraction of them corrupted."""

import torch
from jaxtyping import UInt8
from torch import Tensor

from neurobust.images.batches import LabelledPictures, as_channels
from neurobust.images.corruptions import TIN_TC, corrupt
from neurobust.randomness import generator, seed_for


class CorruptedView:
    """Copies of the training images for each pass, with a newly drawn fraction of them corrupted.

    Each corrupted image has one corruption and one severity, drawn uniformly (Safarani 2021).

    Parameters
    ----------
    pictures
        Training images in RGB.
    fraction
        Fraction of the images that is corrupted in each pass.
    seed, purpose
        Seed and name of the random stream.
    """

    def __init__(
        self, pictures: LabelledPictures, fraction: float, *, seed: int, purpose: str
    ) -> None:
        self._pictures = pictures
        self._fraction = fraction
        self._stream = (seed, "corrupted view", purpose)
        self._copy: tuple[int, Tensor] | None = None

    def __getitem__(self, turn: int) -> UInt8[Tensor, "image channel row column"]:
        """Return the copy of one pass, in the network's colours."""
        if self._copy is None or self._copy[0] != turn:
            self._copy = turn, self._draw(turn)
        return self._copy[1]

    def _draw(self, turn: int) -> UInt8[Tensor, "image channel row column"]:
        seen = self._pictures.seen()
        draws = generator(*self._stream, turn)
        chosen = draws.permutation(len(seen))[: round(self._fraction * len(seen))]
        kinds = draws.integers(len(TIN_TC), size=len(chosen))
        severities = draws.integers(1, 6, size=len(chosen))
        for kind, corruption in enumerate(TIN_TC):
            for severity in range(1, 6):
                picked = chosen[(kinds == kind) & (severities == severity)]
                if len(picked) == 0:
                    continue
                index = torch.from_numpy(picked).to(seen.device)
                corrupted = corrupt(
                    self._pictures.pixels[index],
                    corruption,
                    severity,
                    image_ids=self._pictures.image_ids[index],
                    seed=seed_for(*self._stream, turn),
                )
                seen[index] = as_channels(corrupted, self._pictures.colour)
        return seen
