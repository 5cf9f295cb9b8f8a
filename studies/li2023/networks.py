"""Which spatial frequencies networks prefer, and how robust they are (Li et al. 2023).

Every network is measured over the same draws of images (`neurobust.statistics.draws`), so that the
measures of two networks of one image set can be subtracted draw by draw.
"""

from collections.abc import Mapping

import numpy as np
import xarray as xr

from neurobust.dims import (
    COLUMN_FREQUENCY,
    CORRUPTION,
    IMAGE,
    NETWORK,
    RADIAL_FREQUENCY,
    ROW_FREQUENCY,
    SEED,
    SEVERITY,
    require,
)
from neurobust.errors import InputError
from neurobust.evaluation.hybrids.reversal import MIXING_FREQUENCY, PERMUTATION
from neurobust.images.frequencies import UNITS as CYCLES
from neurobust.images.frequencies import half_power_frequency
from neurobust.statistics.accuracy import stack
from neurobust.statistics.draws import bounds, count_images, count_seeds, estimate
from studies.li2023.measures import (
    CLEAN_ACCURACY,
    CORRUPTION_ACCURACY,
    HALF_POWER_FREQUENCY,
    NORM,
    PERTURBATION,
    REVERSAL_FREQUENCY,
    STEP,
    has_power,
    measure_attacks,
    measure_corruptions,
    measure_hybrids,
    success_grid,
)

NYQUIST = "Nyquist (0.5 cycles/pixel)"
SIZE = "1/255 of the pixel range"
UNITS = {
    CLEAN_ACCURACY: "%",
    "severity_accuracy": "%",
    "category_accuracy": "%",
    CORRUPTION_ACCURACY: "%",
    PERTURBATION: SIZE,
    "perturbation_std": SIZE,
    "perturbation_half": SIZE,
    "size": SIZE,
    HALF_POWER_FREQUENCY: CYCLES,
    "half_power_frequency_std": CYCLES,
    RADIAL_FREQUENCY: CYCLES,
    REVERSAL_FREQUENCY: NYQUIST,
    "reversal_frequency_std": NYQUIST,
    MIXING_FREQUENCY: NYQUIST,
}
_ATTRIBUTES = ("images", "simulated")
_NEEDED = {
    "corruptions": (
        {
            "correct": (SEED, CORRUPTION, SEVERITY, IMAGE),
            "clean_correct": (SEED, IMAGE),
            "image_id": (IMAGE,),
        },
        (*_ATTRIBUTES, "n_classes"),
    ),
    "attacks": (
        {
            "distance": (SEED, NORM, IMAGE),
            "correct": (SEED, IMAGE),
            "power": (SEED, NORM, ROW_FREQUENCY, COLUMN_FREQUENCY),
            "radial_power": (SEED, NORM, IMAGE, RADIAL_FREQUENCY),
            "image_id": (IMAGE,),
        },
        _ATTRIBUTES,
    ),
    "hybrids": (
        {
            "agreement": (SEED, PERMUTATION, MIXING_FREQUENCY, IMAGE),
            "image_id": (IMAGE,),
            "p_low": (SEED, PERMUTATION, MIXING_FREQUENCY),
            "p_high": (SEED, PERMUTATION, MIXING_FREQUENCY),
            "reversal_frequency": (SEED, PERMUTATION),
            "crossings": (SEED, PERMUTATION),
        },
        _ATTRIBUTES,
    ),
}
"""What each kind of evaluation must hold: variables with their dimensions, and attributes."""
_ALIKE = (CORRUPTION, SEVERITY, NORM, MIXING_FREQUENCY)  # in the evaluations of all networks
_Evaluations = Mapping[str, xr.Dataset]


def draw_measures(
    corruptions: _Evaluations,
    attacks: _Evaluations,
    hybrids: _Evaluations,
    *,
    repetitions: int,
    seed: int,
) -> xr.Dataset:
    """Measure every network over the same draws of its seeds, images and permutations.

    Parameters
    ----------
    corruptions, attacks, hybrids
        Evaluations of each network, by its name (`neurobust.evaluation`).
    repetitions
        Number of draws, besides the estimate.
    seed
        Seed of the draws.

    Returns
    -------
    Along ``network`` and ``repetition`` (the estimate first, see `neurobust.statistics.draws`),
    what `measure_corruptions`, `measure_attacks` and `measure_hybrids` of `studies.li2023.measures`
    return; and ``size(norm, step)`` in 1/255.

    Raises
    ------
    InputError
        If an evaluation lacks something, or its images, corruptions, severities, norms or mixing
        frequencies differ from those of the others.
    """
    for kind, evaluations in (
        ("corruptions", corruptions),
        ("attacks", attacks),
        ("hybrids", hybrids),
    ):
        _check(kind, evaluations)
    size = success_grid([attack["distance"] for attack in attacks.values()])
    drawn = {}
    for name, evaluation in corruptions.items():
        attack, hybrid = attacks[name], hybrids[name]
        seeds = count_seeds(evaluation.sizes[SEED], repetitions, seed, name)
        images, attacked, mixed = (
            count_images(data.sizes[IMAGE], repetitions, seed)
            for data in (evaluation, attack, hybrid)
        )
        # All networks that see an image set share the draws of permutations, too.
        permutations = count_seeds(hybrid.sizes[PERMUTATION], repetitions, seed, "permutations")
        drawn[name] = xr.merge(
            [
                measure_corruptions(evaluation, seeds, images),
                measure_attacks(attack, seeds, attacked, size.to_numpy()),
                measure_hybrids(hybrid, seeds, permutations, mixed),
            ]
        )
    return stack(drawn, NETWORK).assign_coords(size=((NORM, STEP), size.to_numpy()))


def tabulate_networks(
    draws: xr.Dataset, corruptions: _Evaluations, attacks: _Evaluations, hybrids: _Evaluations
) -> xr.Dataset:
    """Return every measure of each network with its interval, and counts and deviations.

    Parameters
    ----------
    draws
        Measures over draws, from `draw_measures` of the same evaluations.
    corruptions, attacks, hybrids
        Evaluations of each network, by its name.

    Returns
    -------
    xr.Dataset
        The estimates of ``draws`` and, as ``NAME_interval(..., bound)``, their 95 % bootstrap
        intervals. Counts over seeds: ``attacked`` and ``misclassified`` images (wrong before any
        perturbation), ``not_found(norm)``, and ``not_reversed``, curves that never cross zero or
        only fall through it. ``half_power_frequency_std(norm)`` is the standard deviation over the
        half-power frequencies of single perturbations; ``p_difference(mixing_frequency)`` is
        p_low - p_high, the mean over seeds and permutations, with ``p_difference_std`` and
        ``reversal_frequency_std`` over these (ddof 1, NaN for a single one). Coordinates along
        ``network``: images, simulated, n_classes and sigma_px (of a blur before the network, else
        NaN). The attribute ``simulated`` is 1 if any network's is.
    """
    found = xr.Dataset(
        {str(name): estimate(values) for name, values in draws.data_vars.items()}
        | {f"{name}_interval": bounds(values) for name, values in draws.data_vars.items()}
    )
    described = {
        str(name): xr.merge([_describe_attack(attacks[name]), _describe_hybrid(hybrids[name])])
        for name in draws[NETWORK].to_numpy().tolist()
    }
    attributes = {
        name: [corruptions[network].attrs.get(name, default) for network in described]
        for name, default in (
            ("images", ""),
            ("simulated", 0),
            ("n_classes", 0),
            ("sigma_px", np.nan),
        )
    }
    found = xr.merge([found, stack(described, NETWORK)])
    found = found.assign_coords({name: (NETWORK, values) for name, values in attributes.items()})
    for name in found.variables:
        units = UNITS.get(str(name).removesuffix("_interval"))
        if units is not None:
            found[name].attrs["units"] = units
    return found.assign_attrs(simulated=int(any(attributes["simulated"])))


def mean_spectra(attacks: _Evaluations) -> xr.DataTree:
    """Return the mean spectrum of each network's perturbations, relative to that of white noise.

    Parameters
    ----------
    attacks
        Evaluations of each network, by its name.

    Returns
    -------
    A group per network, as their images may differ in size, with ``power(norm, row_frequency,
    column_frequency)``: the mean over the perturbations found for all seeds, divided by its mean
    over frequencies. It is 1 everywhere if no frequency is preferred, and NaN if none was found.
    """
    groups = {}
    for name, attack in attacks.items():
        used = xr.DataArray(has_power(attack["radial_power"].to_numpy()).sum(-1), dims=(SEED, NORM))
        mean = attack["power"].where(used > 0).weighted(used).mean(SEED)
        relative = mean / mean.mean((ROW_FREQUENCY, COLUMN_FREQUENCY))
        relative.attrs["units"] = "1 (white noise: 1 at each frequency)"
        groups[name] = xr.Dataset({"power": relative})
    return xr.DataTree.from_dict(groups)


def _describe_attack(attack: xr.Dataset) -> xr.Dataset:
    power = attack["radial_power"]
    used = power.transpose(NORM, SEED, IMAGE, RADIAL_FREQUENCY).to_numpy()
    radii = attack[RADIAL_FREQUENCY].to_numpy()
    single = [half_power_frequency(radii, values[has_power(values)]) for values in used]
    return xr.Dataset(
        {
            "attacked": attack["correct"].size,
            "misclassified": int((attack["correct"] == 0).sum()),
            "not_found": (attack["distance"] == np.inf).sum((SEED, IMAGE)),
            "half_power_frequency_std": (
                NORM,
                [values.std(ddof=1) if len(values) > 1 else np.nan for values in single],
            ),
        }
    )


def _describe_hybrid(hybrid: xr.Dataset) -> xr.Dataset:
    drawn = (SEED, PERMUTATION)
    difference = hybrid["p_low"] - hybrid["p_high"]
    frequency = hybrid["reversal_frequency"]
    known = int(frequency.notnull().sum())
    return xr.Dataset(
        {
            "not_reversed": int((frequency.isnull() | (hybrid["crossings"] == 0)).sum()),
            "p_difference": difference.mean(drawn),
            "p_difference_std": (
                difference.std(drawn, ddof=1)
                if frequency.size > 1
                else xr.full_like(difference.mean(drawn), np.nan)
            ),
            "reversal_frequency_std": frequency.std(drawn, ddof=1) if known > 1 else np.nan,
        }
    )


def _check(kind: str, evaluations: _Evaluations) -> None:
    variables, attributes = _NEEDED[kind]
    first: dict[str, str] = {}  # network of each image set
    for name, data in evaluations.items():
        place = data.encoding.get("source", f"{kind} of network {name}")
        require(data, place, variables=variables, attributes=attributes)
        if not data.sizes[SEED] or not data.sizes.get(IMAGE, 1):
            raise InputError(
                place,
                f"is empty: {dict(data.sizes)}",
                expected="at least one seed and one image",
                fix="evaluate the network on at least one image",
            )
        same_images = first.setdefault(data.attrs["images"], name)
        pairs = [("image_id", same_images)]
        pairs += [(dim, next(iter(first.values()))) for dim in _ALIKE if dim in data.coords]
        for coordinate, other in pairs:
            expected = evaluations[other][coordinate].to_numpy()
            if not np.array_equal(data[coordinate].to_numpy(), expected):
                raise InputError(
                    place,
                    f"{coordinate!r} differs from that of {other!r}",
                    expected="all networks evaluated in the same way",
                    fix="evaluate both networks again",
                )
