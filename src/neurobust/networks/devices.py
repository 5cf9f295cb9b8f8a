"""Where a network runs: the GPU where there is one and the job has it, else the CPU."""

import contextlib

import torch

from neurobust.errors import InputError
from neurobust.networks.network import Network


def choose_device(wanted: str, gpus: int) -> torch.device:
    """Choose the device of a job.

    Parameters
    ----------
    wanted
        ``auto``, ``cpu`` or ``gpu`` (configuration key ``device``).
    gpus
        GPUs that the job was given (the rule's resource ``gpu``; 0 with ``--resources gpu=0``).

    Raises
    ------
    InputError
        If a GPU is asked for and there is none, or the job was given none.
    """
    there = torch.cuda.is_available()
    if wanted == "gpu" and not (there and gpus):
        raise InputError(
            "configuration: device",
            "asks for a GPU, but "
            + ("this machine shows none" if not there else "the job was given none (gpu=0)"),
            expected="a CUDA device, and --resources gpu=1 or more",
            fix="run where there is a GPU, or set device: auto to fall back on the CPU",
        )
    return torch.device("cuda" if wanted != "cpu" and there and gpus else "cpu")


def place(network: Network, device: torch.device) -> Network:
    """Move a network to a device, its weights in the layout that convolutions are fastest in."""
    return network.to(device).to(memory_format=torch.channels_last)


def mixed_precision(device: torch.device) -> contextlib.AbstractContextManager[object]:
    """Return a context in which a GPU computes in bfloat16 where that is safe; none on a CPU."""
    if device.type == "cuda":
        return torch.autocast("cuda", dtype=torch.bfloat16)
    return contextlib.nullcontext()
