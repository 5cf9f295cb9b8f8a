"""Spatter (ImageNet-C): drops of water or mud on the lens, given the random fields.

The ripples of water come from edges (Canny, 1986), from distances to them (a chamfer distance,
Borgefors, 1986) and from an equalised histogram. All three follow OpenCV's arithmetic (integers,
ties and borders), which decides the outcome.
"""

import torch
from jaxtyping import Bool, Float32, Float64, Int16, Int32, UInt8
from torch import Tensor
from torch.nn.functional import threshold

from neurobust.images.corruptions.layout import ROUNDED_LUMA, images_of_, planes_of
from neurobust.images.corruptions.parameters import Spatter
from neurobust.images.corruptions.resampling import smoother

_WATER, _MUD = (175.0, 238.0, 238.0), (63.0, 42.0, 20.0)  # RGB
_MUD_COVERS = 0.8  # smallest value of the smoothed mask that counts

_WEAK, _STRONG = 50, 150  # gradients of an edge
_TANGENT = 13573 / 2**15  # tangent of 22.5 degrees, so that products with gradients are exact

# Distances are counted in parts of a pixel, chosen so that the costs of a straight step (1), a
# diagonal one (1.4) and a knight's move (2.1969) are whole numbers and all sums fit in 16 bits.
PARTS = 965
_FAR = 20 * PARTS
# Moves: rows down and columns to the right, cost, and numbers of repetitions, which add up to any
# number of moves within 20 pixels.
_MOVES = (
    *(((down, 1 - down), 965, (1, 2, 4, 8, 4)) for down in (0, 1)),
    *(((1, right), 1351, (1, 2, 4, 7)) for right in (-1, 1)),
    *(((1, right), 2120, (1, 2, 4, 2)) for right in (-2, 2)),
    *(((2, right), 2120, (1, 2, 4, 2)) for right in (-1, 1)),
)


def spatter(
    images: UInt8[Tensor, "image row column channel"],
    normals: Float32[Tensor, "image row column"],
    values: Spatter,
) -> UInt8[Tensor, "image row column channel"]:
    """Let drops of water brighten the images, or cover them with mud.

    Parameters
    ----------
    images
        Images as bytes, with one channel or three.
    normals
        Field of drops before it is smoothed.
    values
        Values of the severity.
    """
    planes = planes_of(images)
    # in float64, since one level in one drop can move an edge, and with it the whole histogram
    layers = _smooth(normals.to(torch.float64) * values.std + values.mean, values.sigma)
    layers = threshold(layers, values.threshold, 0.0)
    if values.mud:
        cover = _smooth(layers.sign().permute(2, 0, 1), values.amount)
        cover = threshold(cover, _MUD_COVERS, 0.0)
    else:
        # repeated borders add up in corners: a rare value above 1 overflows, as in ImageNet-C
        drops = layers.mul_(255.0).to(torch.int16).bitwise_and_(255)
        cover = _ripples(drops).mul_(drops)
        highest = cover.flatten(0, 1).amax(0)
        cover.mul_(values.amount / highest.masked_fill_(highest == 0.0, 1.0))
    cover = cover.to(torch.float32).permute(2, 0, 1).contiguous()[:, None]
    if values.mud:
        planes.mul_(1.0 - cover)
    colour = planes.new_tensor(_MUD if values.mud else _WATER)
    if images.shape[3] == 1:
        colour = colour @ colour.new_tensor(ROUNDED_LUMA)[:, None]
    return images_of_(planes.add_(cover * colour[:, None, None]))


def _smooth(
    planes: Float64[Tensor, "image row column"], sigma: float
) -> Float64[Tensor, "row column image"]:
    images, rows, columns = planes.shape
    down, across = (
        smoother(size, sigma, 4.0, "nearest", planes.dtype, planes.device)
        for size in (rows, columns)
    )
    turned = (across @ planes.reshape(-1, columns).T).reshape(-1, rows)
    return (down @ turned.T).reshape(rows, columns, images)


def _ripples(drops: Int16[Tensor, "row column image"]) -> Float32[Tensor, "row column image"]:
    """Return the slopes of the equalised distances from the rims of the drops."""
    distances = chamfer_distances(canny_edges(drops)).to(torch.float32)
    equal = equalised((_box_sums(distances) / (9 * PARTS)).to(torch.int32))
    p = _bordered(equal, 2)
    # the kernel ((-2, -1, 0), (-1, 1, 1), (0, 1, 2))
    slopes = (p[2:, 2:] - p[:-2, :-2]).mul_(2).add_(p[1:-1, 1:-1])
    slopes.add_(p[2:, 1:-1]).sub_(p[:-2, 1:-1]).add_(p[1:-1, 2:]).sub_(p[1:-1, :-2])
    return _box_sums(slopes.clamp_(0, 255).to(torch.float32)).div_(9.0).round_()


def _bordered(planes: Tensor, mirror: int) -> Tensor:
    """Add a border of one pixel: a copy of the outermost line (1) or, if any, of the next (2)."""
    rows, columns, images = planes.shape
    bordered = planes.new_empty(rows + 2, columns + 2, images)
    bordered[1:-1, 1:-1] = planes
    for axis, size in enumerate((rows, columns)):
        source = min(mirror, size)
        bordered.select(axis, 0).copy_(bordered.select(axis, source))
        bordered.select(axis, -1).copy_(bordered.select(axis, -1 - source))
    return bordered


def _box_sums(
    planes: Float32[Tensor, "row column image"],
) -> Float32[Tensor, "row column image"]:
    """Return the sums over 3 by 3 pixels, borders mirrored about the outermost pixels."""
    bordered = _bordered(planes, 2)
    lines = (bordered[1:-1] + bordered[2:]).add_(bordered[:-2])
    return (lines[:, 1:-1] + lines[:, 2:]).add_(lines[:, :-2])


def canny_edges(layers: Int16[Tensor, "row column image"]) -> Bool[Tensor, "row column image"]:
    """Return the edges, one pixel wide, as ``cv2.Canny(layer, 50, 150)`` does."""
    columns, images = layers.shape[1:]
    bordered = _bordered(layers, 1)
    right, down = bordered.new_zeros(2, *bordered.shape)  # with a border of no gradient
    lines = (bordered[:-2] + bordered[2:]).add_(bordered[1:-1], alpha=2)
    torch.sub(lines[:, 2:], lines[:, :-2], out=right[1:-1, 1:-1])
    lines = (bordered[:, :-2] + bordered[:, 2:]).add_(bordered[:, 1:-1], alpha=2)
    torch.sub(lines[2:], lines[:-2], out=down[1:-1, 1:-1])
    sizes = (right.abs() + down.abs()).flatten()

    # A pixel stays if no neighbour along its gradient has a larger one.
    aside, below = images, (columns + 2) * images
    at = (sizes > _WEAK).nonzero()[:, 0]
    x, y, size = (values.flatten().index_select(0, at) for values in (right, down, sizes))
    flat = y.abs() < x.abs() * _TANGENT
    steep = y.abs() > x.abs() * (2.0 + _TANGENT)
    slanted = torch.where((x ^ y) < 0, below - aside, below + aside)
    step = torch.where(flat, aside, torch.where(steep, below, slanted))
    before, after = sizes.index_select(0, at - step), sizes.index_select(0, at + step)
    stays = (size > before) & (size >= after + ~(flat | steep))

    # A weak edge counts if it touches an edge.
    found = stays & (size > _STRONG)
    edges = torch.zeros_like(sizes, dtype=torch.bool).scatter_(0, at, found)
    weak = at.masked_select(stays ^ found)
    around = torch.tensor([-below, 0, below], device=at.device)[:, None]
    around = (around + torch.tensor([-aside, 0, aside], device=at.device)).flatten()
    touches = edges[weak[:, None] + around].any(1)
    while touches.any():
        edges[weak[touches]] = True
        weak = weak[~touches]
        touches = edges[weak[:, None] + around].any(1)
    return edges.reshape(bordered.shape)[1:-1, 1:-1]


def chamfer_distances(edges: Bool[Tensor, "row column image"]) -> Int16[Tensor, "row column image"]:
    """Return the distances to the nearest edge, at most 20 pixels, in ``PARTS`` of a pixel.

    The moves of a shortest path can come in any order, so one kind of move is made after another.
    """
    rows, columns, _ = edges.shape
    distances = (~edges).to(torch.int16).mul_(_FAR)
    for (down, right), cost, repetitions in _MOVES:
        for times in repetitions:
            y, x = down * times, right * times
            if y >= rows or abs(x) >= columns:
                continue
            further = distances + cost * times
            ahead = (slice(y, None), slice(max(x, 0), columns + min(x, 0)))
            behind = (slice(rows - y), slice(max(-x, 0), columns + min(-x, 0)))
            for to, source in ((ahead, behind), (behind, ahead)):
                torch.minimum(distances[to], further[source], out=distances[to])
    return distances


def equalised(layers: Int32[Tensor, "row column image"]) -> Int16[Tensor, "row column image"]:
    """Equalise each layer's histogram, as ``cv2.equalizeHist`` does."""
    rows, columns, images = layers.shape
    starts = torch.arange(images, device=layers.device, dtype=torch.int32).mul_(256)
    entries = (layers + starts).flatten()
    counts = torch.zeros(256 * images, device=layers.device, dtype=torch.int32)
    counts.index_add_(0, entries, torch.ones_like(entries))
    below = counts.reshape(images, 256).cumsum(1)
    pixels = rows * columns
    first = below.masked_fill(below == 0, pixels).amin(1, keepdim=True)
    # in float32, which decides halves; a number divided by a tensor would use a reciprocal
    scale = torch.full_like(first, 255, dtype=torch.float32) / (pixels - first)
    levels = (below - first).clamp_(min=0).to(torch.float32).mul_(scale).round_()
    # a layer of a single level does not change
    same = torch.arange(256, device=layers.device, dtype=torch.float32)
    table = torch.where(first == pixels, same, levels).to(torch.int16)
    return table.flatten().index_select(0, entries).reshape(layers.shape)
