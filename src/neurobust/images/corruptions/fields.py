"""Random fields that follow from (seed, purpose, image id) alone.

The numbers are counter-based: number ``i`` of an image is a hash of the image's key and ``i``. An
image therefore gets the same field in any batch, of any size and in any order, on any device, and a
batch takes a few vector operations. The hash is SplitMix64 (Steele, Lea & Flood, 2014, "Fast
splittable pseudorandom number generators"). A field takes 16 bits of it per number, and every
distribution but the uniform is a table of 65,536 quantiles, so that no function that devices round
differently lies between the bits and the field.
"""

import functools
import math
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Float32, Int32, Int64, UInt16
from scipy.special import ndtri
from torch import Tensor

from neurobust.randomness import seed_for


def _signed(word: int) -> int:
    return word - 2**64 if word >= 2**63 else word


_GOLDEN = _signed(0x9E3779B97F4A7C15)
_FIRST = _signed(0xBF58476D1CE4E5B9)
_SECOND = _signed(0x94D049BB133111EB)
WORDS = 2**16  # number of values that a word has


def _fold(words: Tensor, shift: int) -> Tensor:
    """Overwrite with ``words ^ (words >>> shift)``; torch's own shift of int64 keeps the sign."""
    return words.bitwise_xor_((words >> shift).bitwise_and_((1 << (64 - shift)) - 1))


def _mix(words: Tensor) -> Tensor:
    """Overwrite int64 words with scrambled ones (the finaliser of SplitMix64)."""
    _fold(words, 30).mul_(_FIRST)
    _fold(words, 27).mul_(_SECOND)
    return _fold(words, 31)


def image_keys(image_ids: Int64[Tensor, " image"], seed: int, *purpose: object) -> Tensor:
    """Return one int64 key per image for a seed and a purpose."""
    return _mix(image_ids * _GOLDEN + seed_for(seed, *purpose))


def random_words(keys: Int64[Tensor, " image"], *shape: int) -> UInt16[Tensor, "image ..."]:
    """Draw an array of ``shape`` of words of 16 random bits for each key."""
    count = math.prod(shape)
    steps = torch.arange(-(-count // 4), device=keys.device) * _GOLDEN
    words = _mix(keys[:, None] + steps).view(torch.uint16)
    return words[:, :count].reshape(len(keys), *shape)


def uniforms(keys: Int64[Tensor, " image"], *shape: int) -> Float32[Tensor, "image ..."]:
    """Draw from (0, 1) an array of ``shape`` for each key: the centres of 65,536 equal bins."""
    return random_words(keys, *shape).to(torch.float32).add_(0.5).mul_(1 / WORDS)


def quantiles(
    keys: Int64[Tensor, " image"], table: Float[Tensor, " word"], *shape: int
) -> Float[Tensor, "image ..."]:
    """Draw an array of ``shape`` for each key from the distribution that ``table`` lists.

    Parameters
    ----------
    keys
        Key of each image.
    table
        Values of 65,536 equally likely bins.
    shape
        Shape of each image's array.
    """
    words = random_words(keys, *shape).to(torch.int32)
    return table.index_select(0, words.reshape(-1)).reshape(words.shape)


@functools.cache
def normal_table(device: torch.device) -> Float32[Tensor, " word"]:
    """Return the means of 65,536 equally likely bins of the standard normal.

    The outermost are -4.37 and 4.37.
    """
    edges = ndtri(np.arange(WORDS + 1) / WORDS)
    density = np.exp(-0.5 * edges**2) / math.sqrt(2.0 * math.pi)
    means = (density[:-1] - density[1:]) * WORDS
    return torch.from_numpy(means).to(device, torch.float32)


def integers(keys: Int64[Tensor, " image"], below: int) -> Int64[Tensor, " image"]:
    """Draw one integer from [0, below) for each key; ``below`` is at most 65,536."""
    return (random_words(keys, 1)[:, 0].to(torch.int64) * below) >> 16


@dataclass(frozen=True)
class FieldSource:
    """The random fields of a batch under one corruption at one severity.

    Parameters
    ----------
    image_ids
        Number of each image, on the device that the fields are to be on.
    seed
        Seed of all corruptions.
    purpose
        Purpose of the fields, such as ``("corruption", "snow", 3)``. Each field adds its name.
    """

    image_ids: Int64[Tensor, " image"]
    seed: int
    purpose: tuple[object, ...]

    def _keys(self, field: str) -> Int64[Tensor, " image"]:
        return image_keys(self.image_ids, self.seed, *self.purpose, field)

    def words(self, field: str, *shape: int) -> Int32[Tensor, "image ..."]:
        """Draw the field from the integers 0 to 65,535."""
        return random_words(self._keys(field), *shape).to(torch.int32)

    def uniforms(self, field: str, *shape: int) -> Float32[Tensor, "image ..."]:
        """Draw the field from (0, 1)."""
        return uniforms(self._keys(field), *shape)

    def quantiles(
        self, field: str, table: Float[Tensor, " word"], *shape: int
    ) -> Float[Tensor, "image ..."]:
        """Draw the field from the distribution that a table of 65,536 quantiles lists."""
        return quantiles(self._keys(field), table, *shape)

    def normals(self, field: str, *shape: int) -> Float32[Tensor, "image ..."]:
        """Draw the field from the standard normal."""
        return self.quantiles(field, normal_table(self.image_ids.device), *shape)

    def integers(self, field: str, below: int) -> Int64[Tensor, " image"]:
        """Draw one integer per image from [0, below)."""
        return integers(self._keys(field), below)

    def shifts(self, field: str, reach: int, *shape: int) -> Int32[Tensor, "image ..."]:
        """Draw the field from the integers in [-reach, reach); ``reach`` is at most 16,384."""
        words = self.words(field, *shape)
        return words.mul_(2 * reach).bitwise_right_shift_(16).sub_(reach)

    def angles_deg(self, field: str, low: float, high: float) -> Float32[Tensor, " image"]:
        """Draw one angle per image from (low, high), in degrees."""
        return uniforms(self._keys(field), 1)[:, 0] * (high - low) + low
