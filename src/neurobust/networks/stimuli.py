"""The stimuli of a recording as networks see them."""

import torch
import xarray as xr
from torch import Tensor

from neurobust.dims import TRAIN
from neurobust.images.batches import Standard, as_channels


def training_stimuli(
    recording: xr.DataTree, colour: str, device: torch.device, split: str = TRAIN
) -> tuple[Tensor, Standard, dict[str, int]]:
    """Return one split of a recording's stimuli, and the standard of its training stimuli.

    Returns
    -------
    The pixels of the split (stimulus, channel, row, column), the standard of the training stimuli,
    and the row of each stimulus in the pixels by its id.
    """
    stimuli = recording["stimuli"].to_dataset()
    splits = stimuli["split"].values

    def pixels(name: str) -> Tensor:
        chosen = torch.from_numpy(stimuli["pixels"].values[splits == name])
        return as_channels(chosen, colour).to(device)

    ids = stimuli["stimulus_id"].values[splits == split]
    rows = {stimulus: row for row, stimulus in enumerate(ids.tolist())}
    return pixels(split), Standard.of(pixels(TRAIN)), rows
