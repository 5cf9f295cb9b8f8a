"""Random fields that follow from (seed, purpose, image id) alone.

The numbers are counter based: number ``i`` of an image is a hash of the image's key and ``i``. The
same image so gets the same field in any batch, of any size and in any order, and a batch costs a
few vector operations. The hash is SplitMix64 (Steele, Lea & Flood, 2014, "Fast splittable
pseudorandom number generators", fig. 13).
"""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float32, Int32, Int64
from torch import Tensor

from neurobust.randomness import seed_for


def _signed(word: int) -> int:
    return word - 2**64 if word >= 2**63 else word


_GOLDEN = _signed(0x9E3779B97F4A7C15)
_FIRST = _signed(0xBF58476D1CE4E5B9)
_SECOND = _signed(0x94D049BB133111EB)
_LANES = 32  # a multiple of every vector width, see `random_words`


def _fold(words: Tensor, shift: int) -> Tensor:
    """Do ``words ^= words >>> shift`` in place; torch's own shift of int64 keeps the sign."""
    return words.bitwise_xor_((words >> shift).bitwise_and_((1 << (64 - shift)) - 1))


def _mix(words: Tensor) -> Tensor:
    """Scramble int64 words in place (the finaliser of SplitMix64)."""
    _fold(words, 30).mul_(_FIRST)
    _fold(words, 27).mul_(_SECOND)
    return _fold(words, 31)


def image_keys(image_ids: Int64[Tensor, " image"], seed: int, *purpose: object) -> Tensor:
    """Return one int64 key per image for a seed and a purpose."""
    return _mix(image_ids * _GOLDEN + seed_for(seed, *purpose))


def random_words(keys: Int64[Tensor, " image"], count: int) -> Int32[Tensor, "image count"]:
    """Draw ``count`` words of 32 random bits for each key."""
    # Vector and scalar code differ in the last bit of a logarithm, so that no image may end in
    # the middle of a vector: its bytes would then depend on its place in the batch.
    pairs = -(-count // (2 * _LANES)) * _LANES
    steps = torch.arange(pairs, device=keys.device) * _GOLDEN
    return _mix(keys[:, None] + steps).view(torch.int32)


def _unit(words: Int32[Tensor, "image count"], shift: float) -> Float32[Tensor, "image count"]:
    """Map words to the 2**24 steps of [-1/2, 1/2), exactly, and shift them."""
    return (words >> 8).to(torch.float32).mul_(2.0**-24).add_(shift)


def uniforms(keys: Int64[Tensor, " image"], *shape: int) -> Float32[Tensor, "image ..."]:
    """Draw from [0, 1), in steps of 2**-24, an array of ``shape`` for each key."""
    count = math.prod(shape)
    return _unit(random_words(keys, count), 0.5)[:, :count].reshape(-1, *shape)


def normals(keys: Int64[Tensor, " image"], *shape: int) -> Float32[Tensor, "image ..."]:
    """Draw standard normals, an array of ``shape`` for each key (Box & Muller, 1958).

    The radius comes from a uniform in steps of 2**-24: no draw exceeds 5.77 in magnitude.
    """
    count = math.prod(shape)
    words = random_words(keys, count)
    half = words.shape[1] // 2
    radii = _unit(words[:, :half], 0.5 + 2.0**-24).log_().mul_(-2.0).sqrt_()
    angles = _unit(words[:, half:], 0.5).mul_(2.0 * math.pi)
    drawn = torch.empty_like(words, dtype=torch.float32)
    torch.mul(radii, angles.cos(), out=drawn[:, :half])
    torch.mul(radii, angles.sin_(), out=drawn[:, half:])
    return drawn[:, :count].reshape(-1, *shape)


def integers(keys: Int64[Tensor, " image"], below: int | Tensor) -> Int64[Tensor, " image"]:
    """Draw one integer from [0, below) for each key; ``below`` (< 2**31) may differ by image."""
    words = random_words(keys, 1)[:, 0].to(torch.int64) + 2**31
    return (words * below) >> 32


@dataclass(frozen=True)
class FieldSource:
    """The random fields of a batch under one corruption at one severity.

    Parameters
    ----------
    image_ids
        One id per image, on the device that the fields are wanted on.
    seed
        The seed of all corruptions.
    purpose
        What the fields are for, such as ``("corruption", "snow", 3)``. Each field adds its name.
    """

    image_ids: Int64[Tensor, " image"]
    seed: int
    purpose: tuple[object, ...]

    def _keys(self, field: str) -> Int64[Tensor, " image"]:
        return image_keys(self.image_ids, self.seed, *self.purpose, field)

    def uniforms(self, field: str, *shape: int) -> Float32[Tensor, "image ..."]:
        """Draw the field from [0, 1)."""
        return uniforms(self._keys(field), *shape)

    def normals(self, field: str, *shape: int) -> Float32[Tensor, "image ..."]:
        """Draw the field from the standard normal."""
        return normals(self._keys(field), *shape)

    def integers(self, field: str, below: int | Tensor) -> Int64[Tensor, " image"]:
        """Draw one integer per image from [0, below)."""
        return integers(self._keys(field), below)

    def angles_deg(self, field: str, low: float, high: float) -> Float32[Tensor, " image"]:
        """Draw one angle per image from [low, high), in degrees."""
        return uniforms(self._keys(field), 1)[:, 0] * (high - low) + low
