"""Fog as a plasma fractal: the diamond-square algorithm (Fournier, Fussell & Carpenter, 1982)."""

from jaxtyping import Float32
from torch import Tensor

_FIRST_WIBBLE = 100.0


def plasma_side(rows: int, columns: int) -> int:
    """Return the side of the smallest map that covers an image: a power of two."""
    return 1 << (max(rows, columns) - 1).bit_length()


def plasma_draws(side: int) -> int:
    """Return the number of random numbers that a map takes: one for each point but the first."""
    return side * side - 1


def plasma_maps(
    uniforms: Float32[Tensor, "image draw"], decay: float
) -> Float32[Tensor, "image side side"]:
    """Return one map per image, computed from coarse to fine and scaled to 0 ... 1.

    Every new point is the mean of four neighbours (the map wraps around) plus a wibble, which is
    uniform in +- a^2: a is 100 for the first points and is divided by ``decay`` at each halving.

    Parameters
    ----------
    uniforms
        Random numbers in [0, 1), ``plasma_draws(side)`` per image, in the order in which points are
        computed: at each step the centres, then the points left of them, then those above them.
    decay
        Divisor of a.
    """
    images, draws = uniforms.shape
    side = round((draws + 1) ** 0.5)
    wibbles = uniforms.T.contiguous().mul_(2.0).sub_(1.0)  # images last, for contiguous rows
    heights = wibbles.new_zeros(side, side, images)
    step, amplitude, used = side, _FIRST_WIBBLE, 0
    while step >= 2:
        points = side // step
        size, half = points * points, step // 2
        parts = wibbles[used : used + 3 * size].mul_(amplitude**2)
        centre, left, above = parts.reshape(3, points, points, images).unbind()
        used += 3 * size
        corners = heights[::step, ::step]
        pairs = corners + corners.roll(-1, 0)
        centre.add_(pairs.add_(pairs.roll(-1, 1)), alpha=0.25)
        across = corners + corners.roll(-1, 1)
        left.add_(centre.add(centre.roll(1, 0)).add_(across), alpha=0.25)
        down = corners + corners.roll(-1, 0)
        above.add_(centre.add(centre.roll(1, 1)).add_(down), alpha=0.25)
        heights[half::step, half::step] = centre
        heights[::step, half::step] = left
        heights[half::step, ::step] = above
        step, amplitude = half, amplitude / decay
    flat = heights.reshape(-1, images).T.contiguous()
    low, high = flat.amin(1, keepdim=True), flat.amax(1, keepdim=True)
    # a map of a single point is 0
    return flat.sub_(low).div_((high - low).clamp_(min=1e-30)).reshape(images, side, side)
