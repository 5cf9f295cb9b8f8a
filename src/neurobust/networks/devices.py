"""The device of a job: a GPU if the machine has one and the job was given it, else the CPU."""

import contextlib

import torch

from neurobust.errors import InputError
from neurobust.networks.network import Network


def choose_device(wanted: str, gpus: int) -> torch.device:
    """Return the device of a job.

    Parameters
    ----------
    wanted
        ``auto``, ``cpu`` or ``gpu`` (configuration key ``device``).
    gpus
        Number of GPUs that the job was given: the rule's resource ``gpu``, 0 with
        ``--resources gpu=0``.

    Raises
    ------
    InputError
        If the configuration asks for a GPU and there is none, or the job was given none.
    """
    available = torch.cuda.is_available()
    if wanted == "gpu" and not (available and gpus):
        raise InputError(
            "configuration: device",
            "asks for a GPU, but "
            + ("this machine shows none" if not available else "the job was given none (gpu=0)"),
            expected="a CUDA device, and --resources gpu=1 or more",
            fix="run where there is a GPU, or set device: auto to fall back on the CPU",
        )
    return torch.device("cuda" if wanted != "cpu" and available and gpus else "cpu")


def to_device(network: Network, device: torch.device) -> Network:
    """Return a network moved to a device, with weights in the fastest layout for convolutions."""
    return network.to(device).to(memory_format=torch.channels_last)


def mixed_precision(device: torch.device) -> contextlib.AbstractContextManager[object]:
    """Return a context in which a GPU computes in bfloat16 where safe, and a CPU in float32."""
    if device.type == "cuda":
        return torch.autocast("cuda", dtype=torch.bfloat16)
    return contextlib.nullcontext()
