"""Augmented, possibly corrupted batches of training images."""

from collections.abc import Mapping

import torch
from jaxtyping import Int64, UInt8
from torch import Tensor

from neurobust.config.objective import Augmentation
from neurobust.images.augmentation import augment
from neurobust.images.batches import LabelledPictures
from neurobust.parts import load_part
from neurobust.randomness import seed_for


class Views:
    """Augmented batches of training images, a fraction of them corrupted.

    Parameters
    ----------
    pictures
        The training images.
    settings
        Settings of the augmentation.
    corrupted
        Fraction of corrupted images.
    seed, purpose
        Seed and name of the random streams.
    """

    def __init__(
        self,
        pictures: LabelledPictures,
        settings: Augmentation,
        corrupted: float,
        *,
        seed: int,
        purpose: str,
    ) -> None:
        self._pictures = pictures
        self._settings = settings
        self._stream = (seed, "augmentation", purpose)
        self._clean = None if corrupted else pictures.seen()
        self._view: Mapping[int, Tensor] = {}
        if corrupted:
            part = load_part("training.corrupted")
            self._view = part.CorruptedView(pictures, corrupted, seed=seed, purpose=purpose)

    def pixels(
        self, chosen: Int64[Tensor, " image"], number: int, turn: int
    ) -> UInt8[Tensor, "image channel row column"]:
        """Return the chosen images as the batch of this number, in pass ``turn``, shows them."""
        source = self._view[turn] if self._clean is None else self._clean
        draws = torch.Generator().manual_seed(seed_for(*self._stream, number))
        return augment(
            source.index_select(0, chosen),  # on a CPU ten times as fast as [chosen]
            generator=draws,
            padding=self._settings.padding_px,
            max_rotation_deg=self._settings.rotation_deg,
            flip=self._settings.flip,
        )
