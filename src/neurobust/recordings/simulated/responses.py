"""A simulated population of macaque or mouse V1, for use without a recording.

It has simple and complex Gabor cells with published tuning
(`neurobust.recordings.simulated.tuning`), divisive normalisation (Heeger 1992) and Poisson spikes.
Its responses are not recorded: every file made from them has the attribute ``simulated = 1``.
"""

from collections.abc import Sequence

import numpy as np
import xarray as xr
from jaxtyping import Float, Float32, UInt8

from neurobust.dims import NEUROID, PRESENTATION, TEST, TRAIN
from neurobust.errors import InputError
from neurobust.randomness import generator
from neurobust.recordings.simulated.tuning import (
    Cells,
    Species,
    Tuning,
    draw_frequency_and_size,
    draw_orientation,
)

WINDOW_START_MS, WINDOW_STOP_MS = 40, 160  # in which spikes count (Safarani et al. 2021)
_WINDOW_S = (WINDOW_STOP_MS - WINDOW_START_MS) / 1000

# ASSUME: the other parameters have no single source and are the same for all species. Half of the
# cells are simple, half complex (as in Dapello et al. 2020).
COMPLEX_SHARE = 0.5
# ASSUME: exponent 2 (Heeger 1992). SEMISATURATION is a contrast, chosen for natural pictures, whose
# contrast in the band of one cell is much lower than that of a grating.
EXPONENT = 2
SEMISATURATION = 0.1
# ASSUME: mean evoked rates over natural pictures are log-uniform from 5 to 30 spikes per second, in
# addition to 1 spike per second. Cells that few pictures drive have lower means, since no gain
# exceeds 150 per second.
EVOKED_RATE_HZ = (5, 30)
SPONTANEOUS_RATE_HZ = 1.0
LARGEST_RATE_HZ = 150.0
_SMALLEST_SD_PX = 0.5  # a narrower Gaussian would fall between the pixels


def simulate_v1(
    stimuli: UInt8[np.ndarray, "stimulus row column"],
    stimulus_ids: Sequence[str],
    split: Sequence[str],
    *,
    species: Species,
    n_neuroids: int,
    n_sessions: int,
    test_repeats: int,
    px_per_deg: float,
    seed: int,
) -> xr.DataArray:
    """Simulate spike counts of V1 in the 40 to 160 ms after each picture's onset.

    Parameters
    ----------
    stimuli
        Square gray pictures.
    stimulus_ids, split
        Name and split of each picture. In every session, pictures of the split ``test`` are shown
        ``test_repeats`` times, the others once.
    species
        Species whose tuning the cells have.
    n_neuroids
        Number of cells in all sessions, divided as evenly as possible.
    n_sessions
        Number of populations with their own cells, each in one patch of the visual field.
    test_repeats
        Number of presentations of each test picture.
    px_per_deg
        Resolution of the pictures, in pixels per degree. Cells only prefer frequencies below its
        Nyquist limit.
    seed
        Seed of the cells and of their spikes.

    Returns
    -------
    xr.DataArray
        Spike counts, float32, with dims presentation and neuroid, in the BrainIO form. Coordinates
        hold the tuning of the cells, and the description names the Nyquist limit.

    Raises
    ------
    InputError
        If the pictures are too coarse for any cell, are smaller than one period of the typical
        cell's grating, or have no contrast.
    """
    tuning, sessions = draw_population(
        species,
        n_neuroids,
        n_sessions,
        size_px=stimuli.shape[-1],
        px_per_deg=px_per_deg,
        seed=seed,
    )
    drive, energy = drive_cells(stimuli, tuning, px_per_deg)
    normalised = normalise(drive, energy, tuning, species.pool_sd_deg)
    trained = np.asarray(split) == TRAIN
    rates = SPONTANEOUS_RATE_HZ + normalised * _gains(normalised[trained], species, seed)
    repeats = np.where(np.asarray(split) == TEST, test_repeats, 1)
    shown = np.repeat(np.arange(len(repeats)), repeats)
    counts = _random(species, seed, "spikes").poisson(rates[shown] * _WINDOW_S)
    return xr.DataArray(
        counts.astype(np.float32),
        dims=(PRESENTATION, NEUROID),
        coords={
            "stimulus_id": (PRESENTATION, np.asarray(stimulus_ids, dtype=str)[shown]),
            "repetition": (PRESENTATION, np.concatenate([np.arange(n) for n in repeats])),
            **_describe(tuning, sessions),
        },
        attrs=_attributes(species, seed, px_per_deg),
    )


def _random(species: Species, seed: int, purpose: str) -> np.random.Generator:
    return generator(seed, f"simulated {species.population}", purpose)


def draw_population(
    species: Species,
    n_neuroids: int,
    n_sessions: int,
    *,
    size_px: int,
    px_per_deg: float,
    seed: int,
) -> tuple[Tuning, np.ndarray]:
    """Draw the cells of all sessions.

    Returns
    -------
    tuple
        Tuning of each cell, and the number of its session, from 0.

    Raises
    ------
    InputError
        If the pictures are too coarse for any cell, or smaller than one period of the typical
        cell's grating.
    """
    _check_span(species, size_px, px_per_deg)
    random = _random(species, seed, "tuning")
    frequency, width, length = draw_frequency_and_size(species, n_neuroids, px_per_deg / 2, random)
    sessions = np.sort(np.arange(n_neuroids) % n_sessions)
    centre, reach = species.array_centre, species.array_reach
    centres = random.uniform(-centre, centre, size=(n_sessions, 2))[sessions]
    positions = centres + random.uniform(-reach, reach, size=(n_neuroids, 2))
    x_deg, y_deg = positions.T * size_px / 2 / px_per_deg
    tuning = Tuning(
        orientation_deg=draw_orientation(species, n_neuroids, random),
        frequency_cpd=frequency,
        width_periods=width,
        length_periods=length,
        phase=random.uniform(0, 2 * np.pi, size=n_neuroids),
        x_deg=x_deg,
        y_deg=y_deg,
        is_complex=random.random(n_neuroids) < COMPLEX_SHARE,
    )
    return tuning, sessions


def _check_span(species: Species, size_px: int, px_per_deg: float) -> None:
    typical_cpd = species.median_frequency_cpd()
    if size_px / px_per_deg < 1 / typical_cpd:
        raise InputError(
            "px_per_deg",
            f"pictures of {size_px} px span {size_px / px_per_deg:.3g} degrees",
            expected=f"at least {1 / typical_cpd:.3g} degrees, one period of the "
            f"{typical_cpd:.2g} cycles per degree that {species.name} V1 cells typically prefer",
            fix=f"use at most {size_px * typical_cpd:.3g} px_per_deg",
        )


def make_gabors(
    tuning: Tuning, *, size_px: int, px_per_deg: float
) -> tuple[Float32[np.ndarray, "neuroid pixel"], Float32[np.ndarray, "neuroid pixel"]]:
    """Return each cell's Gabor filter, and the same shifted by a quarter of a period.

    The filter is exp(-(x'^2/sx^2 + y'^2/sy^2)/2) cos(2 pi f x' + phase) with s = n/f (Ringach
    2002). Its mean is removed, and it is scaled so that the preferred grating at contrast 1 drives
    the cell by about 1.
    """
    centre = (size_px - 1) / 2
    axis = (np.arange(size_px) - centre) / px_per_deg
    x = np.tile(axis, size_px)[None, :] - tuning.x_deg[:, None]
    y = np.repeat(-axis, size_px)[None, :] - tuning.y_deg[:, None]
    angle = np.deg2rad(tuning.orientation_deg)[:, None]
    across, along = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
    frequency = tuning.frequency_cpd[:, None]
    smallest = _SMALLEST_SD_PX / px_per_deg
    width = np.maximum(tuning.width_periods[:, None] / frequency, smallest)
    length = np.maximum(tuning.length_periods[:, None] / frequency, smallest)
    envelope = np.exp(-((across / width) ** 2 + (along / length) ** 2) / 2)
    carrier = 2 * np.pi * frequency * across + tuning.phase[:, None]
    even, odd = (
        _without_mean(envelope * wave, envelope) for wave in (np.cos(carrier), np.sin(carrier))
    )
    scale = 2 / envelope.sum(axis=1, keepdims=True)
    return (even * scale).astype(np.float32), (odd * scale).astype(np.float32)


def _without_mean(
    gabor: Float[np.ndarray, "neuroid pixel"], envelope: Float[np.ndarray, "neuroid pixel"]
) -> Float[np.ndarray, "neuroid pixel"]:
    # ASSUME: cells do not respond to mean luminance, so a multiple of the envelope is subtracted;
    # otherwise a broad-band Gabor would mainly measure luminance.
    share = gabor.sum(axis=1, keepdims=True) / envelope.sum(axis=1, keepdims=True)
    return gabor - envelope * share


def drive_cells(
    stimuli: UInt8[np.ndarray, "stimulus row column"], tuning: Tuning, px_per_deg: float
) -> tuple[Float32[np.ndarray, "stimulus neuroid"], Float32[np.ndarray, "stimulus neuroid"]]:
    """Return the cells' linear drive and the local contrast energy at their frequency.

    The drive of a simple cell is the rectified output of its filter; that of a complex cell is the
    root of its energy, the sum of the squared outputs of the filter and its quadrature partner.
    Gray values are contrasts, from -1 (black) to 1 (white).
    """
    even, odd = make_gabors(tuning, size_px=stimuli.shape[-1], px_per_deg=px_per_deg)
    contrast = stimuli.reshape(len(stimuli), -1).astype(np.float32) / np.float32(127.5) - 1
    linear = contrast @ even.T
    energy = linear**2 + (contrast @ odd.T) ** 2
    drive = np.where(tuning.is_complex, np.sqrt(energy), np.maximum(linear, 0))
    return drive, energy


def normalise(
    drive: Float32[np.ndarray, "stimulus neuroid"],
    energy: Float32[np.ndarray, "stimulus neuroid"],
    tuning: Tuning,
    pool_sd_deg: float,
) -> Float32[np.ndarray, "stimulus neuroid"]:
    """Divide each cell's drive by the contrast energy around it (Heeger 1992).

    The result, drive^2 / (semisaturation^2 + own energy + pooled energy), is below 1. The pool
    weighs all cells by a Gaussian of the distance between receptive fields, with an SD of
    ``pool_sd_deg``.
    """
    centres = np.stack([tuning.x_deg, tuning.y_deg], axis=1)
    distance = np.linalg.norm(centres[:, None] - centres[None], axis=-1)
    weights = np.exp(-((distance / pool_sd_deg) ** 2) / 2)
    pool = energy @ (weights / weights.sum(axis=0)).astype(np.float32)
    # ASSUME: a cell's own energy counts once more, so that its response saturates even if its
    # neighbours have no input.
    return drive**EXPONENT / (np.float32(SEMISATURATION) ** EXPONENT + energy + pool)


def _gains(
    normalised: Float32[np.ndarray, "stimulus neuroid"], species: Species, seed: int
) -> Cells:
    """Draw gains, in spikes per second, that give the cells realistic mean rates."""
    mean = normalised.mean(axis=0, dtype=np.float64)
    if not (mean > 0).all():
        raise InputError(
            "recording",
            "the training pictures do not drive some simulated cells at all",
            expected="pictures with contrast at the centre",
            fix="use natural pictures, and more of them, for the recording",
        )
    low, high = np.log(EVOKED_RATE_HZ)
    random = _random(species, seed, "rates")
    wanted = np.exp(random.uniform(low, high, size=len(mean)))
    return np.minimum(wanted / mean, LARGEST_RATE_HZ)


def _describe(
    tuning: Tuning, sessions: np.ndarray
) -> dict[str, tuple[str, np.ndarray] | tuple[str, np.ndarray, dict[str, str]]]:
    n_neuroids = len(sessions)
    return {
        "neuroid_id": (NEUROID, np.array([f"simulated_{i:04d}" for i in range(n_neuroids)])),
        "session": (NEUROID, np.array([f"simulated_{number:02d}" for number in sessions])),
        "animal": (NEUROID, np.full(n_neuroids, "simulated")),
        "region": (NEUROID, np.full(n_neuroids, "V1")),
        "cell_type": (NEUROID, np.where(tuning.is_complex, "complex", "simple")),
        "orientation": (NEUROID, tuning.orientation_deg, {"units": "degrees"}),
        "spatial_frequency": (NEUROID, tuning.frequency_cpd, {"units": "cycles per degree"}),
        "x": (NEUROID, tuning.x_deg, {"units": "degrees"}),
        "y": (NEUROID, tuning.y_deg, {"units": "degrees"}),
    }


def _attributes(species: Species, seed: int, px_per_deg: float) -> dict[str, object]:
    identifier = f"simulated.{species.population.replace(' ', '-')}.{seed}"
    return {
        "identifier": identifier,
        "stimulus_set_identifier": identifier,
        "units": "spikes",
        "simulated": 1,
        "description": f"simulated {species.name} V1, not recorded: Gabor cells, divisive "
        f"normalisation, Poisson spikes; no cell prefers more than {px_per_deg / 2:g} cycles per "
        "degree, the Nyquist limit of the pictures",
    }
