"""Which examples make up which batch: a function of (seed, purpose, number of the batch) alone."""

import math

import torch
from jaxtyping import Int64, UInt8
from torch import Tensor

from neurobust.images.batches import LabelledPictures, as_channels
from neurobust.randomness import generator, seed_for


class BatchOrder:
    """Endless batches of indices: passes over all examples, each in an order of its own.

    Parameters
    ----------
    examples, batch_size
        Number of examples, and of those in one batch (the last of a pass may be smaller).
    seed, purpose
        What the orders follow from.
    device
        Where the indices are used.
    """

    def __init__(
        self, examples: int, batch_size: int, *, seed: int, purpose: str, device: torch.device
    ) -> None:
        self.examples = examples
        self.batch_size = batch_size
        self.per_pass = math.ceil(examples / batch_size)
        self._stream = (seed, "batches", purpose)
        self._device = device
        self._order: tuple[int, Tensor] | None = None

    def __getitem__(self, number: int) -> Int64[Tensor, " example"]:
        """Return the indices of a batch; numbers count over all passes."""
        turn, place = divmod(number, self.per_pass)
        if self._order is None or self._order[0] != turn:
            order = generator(*self._stream, turn).permutation(self.examples)
            self._order = turn, torch.from_numpy(order).to(self._device)
        return self._order[1][place * self.batch_size : (place + 1) * self.batch_size]


class CorruptedView:
    """A copy of the training images of which a fraction is corrupted, drawn anew for each pass.

    Each corrupted image gets one corruption and one severity, uniformly (Safarani 2021, Oracle).

    Parameters
    ----------
    pictures
        Training images, RGB.
    fraction
        Of the images, chosen anew for each pass.
    seed, purpose
        What the draws follow from.
    """

    def __init__(
        self, pictures: LabelledPictures, fraction: float, *, seed: int, purpose: str
    ) -> None:
        self._pictures = pictures
        self._fraction = fraction
        self._stream = (seed, "corrupted view", purpose)
        self._copy: tuple[int, Tensor] | None = None

    def __getitem__(self, turn: int) -> UInt8[Tensor, "image channel row column"]:
        """Return the copy for one pass, in the network's colours."""
        if self._copy is None or self._copy[0] != turn:
            self._copy = turn, self._draw(turn)
        return self._copy[1]

    def _draw(self, turn: int) -> UInt8[Tensor, "image channel row column"]:
        # Here, for scipy's filters take a sixth of a second that other training does not need.
        from neurobust.images.corruptions import TIN_TC, corrupt

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
