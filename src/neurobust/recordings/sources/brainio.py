"""Recordings in the BrainIO form: an assembly (netCDF), a stimulus set (CSV) and pictures (zip)."""

from collections.abc import Mapping

import xarray as xr

from neurobust.config.recordings.brainio import BrainIO
from neurobust.recordings.brainio.read import read_brainio
from neurobust.recordings.splits import split_rule


def read(settings: BrainIO, _: Mapping[str, str]) -> xr.DataTree:
    """Read the recording of these settings; see `read_brainio`."""
    return read_brainio(
        settings.assembly,
        settings.stimulus_set,
        settings.stimuli,
        size_px=settings.size_px,
        crop_px=settings.crop_px,
        px_per_deg=settings.px_per_deg,
        split=split_rule(settings.split),
        species=settings.species,
        region=settings.region,
        window_start_ms=settings.window_ms[0],
        window_stop_ms=settings.window_ms[1],
        response_kind=settings.response_kind,
        missing_repeats=settings.missing_repeats,
        exclude_neuroids=settings.exclude_neuroids,
        source=settings.reference,
        licence=settings.licence,
    )
