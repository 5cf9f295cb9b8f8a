"""Named streams of random numbers: every draw follows from (seed, purpose).

Two purposes never share a stream, and adding a purpose changes no other, so that a result depends
on the seed alone and not on the order in which things were done.
"""

import hashlib

import numpy as np

_BITS = 63


def seed_for(seed: int, *purpose: object) -> int:
    """Return a seed in [0, 2**63) for a purpose, such as ``seed_for(1000, "augmentation", 3)``."""
    text = "\x1f".join(str(part) for part in (seed, *purpose))
    digest = hashlib.sha256(text.encode()).digest()
    return int.from_bytes(digest[:8], "little") >> (64 - _BITS)


def generator(seed: int, *purpose: object) -> np.random.Generator:
    """Return numpy's generator for a seed and a purpose."""
    return np.random.default_rng(seed_for(seed, *purpose))
