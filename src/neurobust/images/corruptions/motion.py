"""Blur along a line: the motion of a camera, or of falling snow (ImageNet-C)."""

import torch
from jaxtyping import Float, Float32, Int64
from torch import Tensor

from neurobust.images.corruptions.parameters import MotionBlur


def line_weights(line: MotionBlur) -> Float[Tensor, " tap"]:
    """Return the weights along a line: one side of a Gaussian, with a sum of 1."""
    at = torch.arange(2 * line.radius + 1, dtype=torch.float64)
    weights = torch.exp(-(at**2) / (2 * line.sigma**2))
    return weights / weights.sum()


def line_offsets(
    angles_deg: Float[Tensor, " image"], taps: int
) -> tuple[Int64[Tensor, "image tap"], Int64[Tensor, "image tap"]]:
    """Return how far down and to the right each tap of a line shifts the image, in pixels."""
    angles = torch.deg2rad(angles_deg.to("cpu", torch.float64))[:, None]
    at = torch.arange(taps)
    down, right = (-torch.ceil(at * part - 0.5) for part in (angles.sin(), angles.cos()))
    return down.to(torch.int64), right.to(torch.int64)


def blur_along_lines(
    layers: Float32[Tensor, "image row column channel"],
    angles_deg: Float[Tensor, " image"],
    line: MotionBlur,
) -> Float32[Tensor, "image row column channel"]:
    """Blur each image along its own line, with its borders repeated outwards.

    A line ends where its shift exceeds the image; its remaining weight is lost.
    """
    rows, columns = layers.shape[1:3]
    weights = line_weights(line)
    down, right = line_offsets(angles_deg, len(weights))
    inside = (down.abs() < rows) & (right.abs() < columns)
    weights = weights * inside.cumprod(dim=1)
    down, right = down.clamp(1 - rows, rows - 1), right.clamp(1 - columns, columns - 1)
    add_shifted = _add_windows if layers.device.type == "cpu" else _add_gathered
    return add_shifted(layers, down, right, weights.to(torch.float32))


def _add_gathered(
    layers: Float32[Tensor, "image row column channel"],
    down: Int64[Tensor, "image tap"],
    right: Int64[Tensor, "image tap"],
    weights: Float32[Tensor, "image tap"],
) -> Float32[Tensor, "image row column channel"]:
    """Add the shifted images tap by tap for the whole batch, which is fastest on a GPU."""
    images, rows, columns, _ = layers.shape
    down, right, weights = (each.to(layers.device) for each in (down, right, weights))
    image, row, column = (
        torch.arange(size, device=layers.device) for size in (images, rows, columns)
    )
    blurred = torch.zeros_like(layers)
    for tap in range(down.shape[1]):
        source_rows = (row - down[:, tap, None]).clamp_(0, rows - 1)[:, :, None]
        source_columns = (column - right[:, tap, None]).clamp_(0, columns - 1)[:, None]
        shifted = layers[image[:, None, None], source_rows, source_columns]
        blurred.addcmul_(shifted, weights[:, tap, None, None, None])
    return blurred


def _add_windows(
    layers: Float32[Tensor, "image row column channel"],
    down: Int64[Tensor, "image tap"],
    right: Int64[Tensor, "image tap"],
    weights: Float32[Tensor, "image tap"],
) -> Float32[Tensor, "image row column channel"]:
    """Add the shifts of one image after another as windows of it, padded: fastest on a CPU."""
    images, rows, columns, channels = layers.shape
    padding = [max(0, int(shift)) for shift in (down.max(), -down.min(), right.max(), -right.min())]
    top, _, left, _ = padding
    padded = _pad_edges(layers, *padding)
    plane, step = padded.stride(0), padded.stride(1)
    starts = (top - down) * step + (left - right) * channels
    starts += torch.arange(images)[:, None] * plane
    lengths = (weights > 0).sum(dim=1)
    size, stride = (rows, columns * channels), (step, 1)
    blurred = layers.new_empty(images, *size)
    taps = zip(blurred, lengths.tolist(), starts.tolist(), weights.tolist(), strict=True)
    for image, length, offsets, parts in taps:
        torch.mul(padded.as_strided(size, stride, offsets[0]), parts[0], out=image)
        for offset, part in zip(offsets[1:length], parts[1:length], strict=True):
            image.add_(padded.as_strided(size, stride, offset), alpha=part)
    return blurred.reshape(layers.shape)


def _pad_edges(
    layers: Float32[Tensor, "image row column channel"],
    top: int,
    bottom: int,
    left: int,
    right: int,
) -> Float32[Tensor, "image padded_row padded_column channel"]:
    """Repeat the outermost pixels; torch's own replication takes planes and is slower."""
    images, rows, columns, channels = layers.shape
    size = (images, top + rows + bottom, left + columns + right, channels)
    padded = layers.new_empty(size)
    middle = padded[:, top : top + rows]
    middle[:, :, left : left + columns] = layers
    middle[:, :, :left] = layers[:, :, :1]
    middle[:, :, left + columns :] = layers[:, :, -1:]
    padded[:, :top] = middle[:, :1]
    padded[:, top + rows :] = middle[:, -1:]
    return padded
