"""The examples of a batch, which follow from seed, purpose and number of the batch alone."""

import math

import torch
from jaxtyping import Int64
from torch import Tensor

from neurobust.randomness import generator


class BatchOrder:
    """Endless batches of indices: pass after pass over all examples, each pass in a new order.

    Parameters
    ----------
    examples, batch_size
        Number of examples, and of examples in a batch (the last batch of a pass may be smaller).
    seed, purpose
        Seed and name of the random stream of the orders.
    device
        The device of the indices.
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
        """Return the indices of a batch; batches are numbered over all passes."""
        turn, position = divmod(number, self.per_pass)
        if self._order is None or self._order[0] != turn:
            order = generator(*self._stream, turn).permutation(self.examples)
            self._order = turn, torch.from_numpy(order).to(self._device)
        return self._order[1][position * self.batch_size : (position + 1) * self.batch_size]
