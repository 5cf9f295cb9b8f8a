"""Blur along a line: the motion of a camera, or of falling snow (ImageNet-C)."""

import torch
from jaxtyping import Float, Float32, Int64
from torch import Tensor
from torch.nn.functional import pad

from neurobust.images.corruptions.parameters import MotionBlur


def line_weights(line: MotionBlur) -> Float[Tensor, " tap"]:
    """Return the weights along a line: one side of a Gaussian, summing to 1."""
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

    A line ends, without its remaining weight, where its shift exceeds the image.
    """
    images, rows, columns, channels = layers.shape
    weights = line_weights(line).tolist()
    down, right = line_offsets(angles_deg, len(weights))
    inside = (down.abs() < rows) & (right.abs() < columns)
    lengths = inside.cumprod(dim=1).sum(dim=1).tolist()
    down, right = down.clamp(1 - rows, rows - 1), right.clamp(1 - columns, columns - 1)
    top, bottom = max(0, int(down.max())), max(0, -int(down.min()))
    left, after = max(0, int(right.max())), max(0, -int(right.min()))
    padded = pad(layers[:, None], (0, 0, left, after, top, bottom), mode="replicate")[:, 0]
    plane, step = padded.stride(0), padded.stride(1)
    starts = (top - down) * step + (left - right) * channels
    starts += torch.arange(images)[:, None] * plane
    size, stride = (rows, columns * channels), (step, 1)
    blurred = layers.new_empty(images, *size)
    for image, length, offsets in zip(blurred, lengths, starts.tolist(), strict=True):
        torch.mul(padded.as_strided(size, stride, offsets[0]), weights[0], out=image)
        for offset, weight in zip(offsets[1:length], weights[1:length], strict=True):
            image.add_(padded.as_strided(size, stride, offset), alpha=weight)
    return blurred.reshape(layers.shape)
