"""Neural predictivity as Brain-Score defines it: how well features predict a recording.

Schrimpf et al. 2018: repeats are averaged, and a PLS regression maps features to neuroids. The
score is the median over neuroids of the correlation on stimuli that the map was not fitted to,
relative to a ceiling from the recording's own repeats.
"""

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
import torch
import xarray as xr
from jaxtyping import Float64, Int64, UInt8
from torch import Tensor

from neurobust.dims import HALF, LAYER, NEUROID, SEED, SPLIT, TRAIN, VALIDATION
from neurobust.errors import InputError
from neurobust.evaluation.predictivity.mapping import predict_by_pls, reduce_features
from neurobust.evaluation.predictivity.populations import (
    Division,
    Population,
    divide_stimuli,
    find_populations,
    measure_ceiling,
)
from neurobust.images.batches import Standard, as_channels
from neurobust.networks.devices import to_device
from neurobust.networks.features import extract_features
from neurobust.networks.network import Network
from neurobust.networks.stimuli import training_stimuli
from neurobust.recordings.trials import correlate

Coordinates = Float64[np.ndarray, "stimulus dimension"]
"""Coordinates of the shown stimuli in the dimensions that they span."""


def evaluate_predictivity(
    networks: Mapping[int, Network],
    recording: xr.DataTree,
    *,
    splits: str,
    n_splits: int,
    left_out: float,
    components: int,
    halves: int,
    layers: Sequence[str] | None,
    fit_stimuli: int | None,
    seed: int,
    device: torch.device,
) -> xr.Dataset:
    """Score how well the best layer of a network predicts a recording.

    The layer is chosen with the network of the first seed: it is the one that, fitted to the
    recording's training stimuli, best predicts the validation stimuli. No split scores these.

    Parameters
    ----------
    networks
        Networks by seed, of one recipe.
    recording
        Recording in the form of `neurobust.recordings.form`.
    splits, n_splits, left_out, fit_stimuli
        See ``divide_stimuli`` and ``find_populations`` in
        `neurobust.evaluation.predictivity.populations`.
    components
        Number of components of the PLS regression.
    halves
        Number of random halvings of the repeats, over which the ceiling is averaged.
    layers
        Names of the layers to choose from, of which the trunk may lack some; None for all its
        layers.
    seed
        Seed of splits and halves.
    device
        The device to compute features on.

    Returns
    -------
    xr.Dataset
        ``correlation(seed, split, neuroid)``; ``raw(seed)``, its median over neuroids averaged
        over splits, with ``raw_error``, the standard deviation over splits / sqrt(n_splits);
        ``half_ceiling(half)`` and their mean ``ceiling``; ``ceiled`` = (raw / ceiling)^2, the
        score of Brain-Score's site in 2020, with ``ceiled_error``; ``explained`` = raw^2 / ceiling,
        the site's score today (both are 0 for a negative raw score); and
        ``layer_correlation(layer)`` on the validation stimuli. Attributes: chosen_layer, recording,
        region, simulated, splits, components.

    Raises
    ------
    InputError
        If the trunk has none of the layers, if there are too few stimuli for the components, the
        splits or the choice of a layer, or if the repeats are not reliable.
    """
    populations = find_populations(recording, most=fit_stimuli, seed=seed)
    divisions = [
        divide_stimuli(population, splits, n_splits=n_splits, left_out=left_out, seed=seed)
        for population in populations
    ]
    _check_components(components, populations, divisions)
    _check_validation(populations)
    half_ceiling = measure_ceiling(recording, populations, divisions, halves=halves, seed=seed)
    shown = np.unique(np.concatenate([population.rows for population in populations]))
    positions = [np.searchsorted(shown, population.rows) for population in populations]
    colour = next(iter(networks.values())).recipe.colour
    _, standard, _ = training_stimuli(recording, colour, device)
    stimuli = recording["stimuli"].to_dataset().isel(stimulus=shown)
    pixels = as_channels(torch.from_numpy(stimuli["pixels"].to_numpy()), colour).to(device)

    layer, validation, correlation = "", {}, []
    for network in networks.values():
        extract = partial(_coordinates, to_device(network, device), pixels, standard)
        if not layer:
            of_layer = {name: extract(name) for name in _candidates(network, layers)}
            validation = {
                name: _validate(known, positions, populations, components)
                for name, known in of_layer.items()
            }
            layer = max(validation, key=lambda name: validation[name])
            known = of_layer[layer]
        else:
            known = extract(layer)
        correlation.append(_score(known, positions, populations, divisions, components))
    scores = xr.Dataset(
        {
            "correlation": ((SEED, SPLIT, NEUROID), np.stack(correlation)),
            "half_ceiling": (HALF, half_ceiling),
            "layer_correlation": (LAYER, list(validation.values())),
        },
        coords={
            SEED: list(networks),
            LAYER: list(validation),
            "neuroid_id": (NEUROID, np.concatenate([p.neuroid_id for p in populations])),
            "session": (NEUROID, np.concatenate([p.session for p in populations])),
        },
        attrs={
            "chosen_layer": layer,
            "recording": recording.attrs["identifier"],
            "region": recording.attrs["region"],
            "simulated": int(recording.attrs["simulated"]),
            "splits": splits,
            "components": components,
        },
    )
    return summarise_predictivity(scores)


def summarise_predictivity(scores: xr.Dataset) -> xr.Dataset:
    """Add raw and ceiled scores with their errors to correlations and ceilings.

    See `evaluate_predictivity`. The error of a ceiled score is that of the raw score times the
    derivative, 2 raw / ceiling^2; it leaves out the error of the ceiling (Schrimpf et al. 2018).

    Parameters
    ----------
    scores
        ``correlation(seed, split, neuroid)`` and ``half_ceiling(half)``.

    Raises
    ------
    InputError
        If the ceiling is not above 0.
    """
    by_split = scores["correlation"].median(NEUROID)
    raw = by_split.mean(SPLIT)
    raw_error = by_split.std(SPLIT) / np.sqrt(by_split.sizes[SPLIT])
    ceiling = scores["half_ceiling"].mean(HALF)
    if not ceiling > 0:
        raise InputError(
            f"recording {scores.attrs.get('recording')}",
            f"the two halves of its repeats correlate by {float(ceiling):.2f}",
            expected="a ceiling above 0, since scores are relative to it",
            fix="use a recording with more repeats, or leave unreliable neuroids out "
            "(exclude_neuroids)",
        )
    # ASSUME: features with a negative correlation score 0, not its square.
    positive = raw.clip(min=0)
    return scores.assign(
        raw=raw,
        raw_error=raw_error,
        ceiling=ceiling,
        ceiled=(positive / ceiling) ** 2,
        ceiled_error=2 * positive / ceiling**2 * raw_error,
        explained=positive**2 / ceiling,
    )


def _candidates(network: Network, layers: Sequence[str] | None) -> list[str]:
    chosen = [name for name in network.layers if layers is None or name in layers]
    if not chosen:
        raise InputError(
            "predictivity: layers",
            f"trunk {network.recipe.trunk!r} has none of {', '.join(layers or [])}",
            expected=f"some of {', '.join(network.layers)}",
            fix="add its layers to the list, or leave the list out",
        )
    return chosen


def _coordinates(
    network: Network,
    pixels: UInt8[Tensor, "stimulus channel row column"],
    standard: Standard,
    layer: str,
) -> Coordinates:
    return reduce_features(extract_features(network, pixels, standard, layer))


def _validate(
    known: Coordinates,
    positions: list[Int64[np.ndarray, " shown"]],
    populations: list[Population],
    components: int,
) -> float:
    """Return the median correlation on validation stimuli of a map fitted to training stimuli."""
    found = [
        _predict(
            known[rows], population, population.of(TRAIN), population.of(VALIDATION), components
        )
        for rows, population in zip(positions, populations, strict=True)
        if len(population.of(VALIDATION)) > 1
    ]
    return float(np.median(np.concatenate(found)))


def _score(
    known: Coordinates,
    positions: list[Int64[np.ndarray, " shown"]],
    populations: list[Population],
    divisions: list[list[Division]],
    components: int,
) -> Float64[np.ndarray, "split neuroid"]:
    by_population = [
        np.stack([_predict(known[rows], population, *division, components) for division in own])
        for rows, population, own in zip(positions, populations, divisions, strict=True)
    ]
    return np.concatenate(by_population, axis=1)


def _predict(
    known: Float64[np.ndarray, "shown dimension"],
    population: Population,
    fit: Int64[np.ndarray, " fitted"],
    scored: Int64[np.ndarray, " scored"],
    components: int,
) -> Float64[np.ndarray, " neuroid"]:
    """Return each neuroid's correlation with its prediction on the scored stimuli."""
    predicted = predict_by_pls(
        known[fit], population.responses[fit], known[scored], components=components
    )
    return correlate(predicted, population.responses[scored])


def _check_components(
    components: int, populations: list[Population], divisions: list[list[Division]]
) -> None:
    fitted = [len(fit) for own in divisions for fit, _ in own]
    fewest = min(fitted + [len(population.of(TRAIN)) for population in populations])
    if components >= fewest:
        raise InputError(
            "predictivity: components",
            f"is {components}, but a split fits to {fewest} stimuli",
            expected=f"fewer than {fewest}",
            fix="lower components, or give the fit more stimuli (left_out, fit_stimuli)",
        )


def _check_validation(populations: list[Population]) -> None:
    most = max(len(population.of(VALIDATION)) for population in populations)
    if most < 2:
        raise InputError(
            "predictivity: recording",
            f"no session shows more than {most} validation stimuli",
            expected="at least two in some session, since they choose the layer",
            fix="raise the recording's split.validation",
        )
