"""The perturbations of images of several networks, labelled for a file."""

import logging

import numpy as np
import torch
import xarray as xr
from jaxtyping import Bool, Float

from neurobust.dims import COLUMN_FREQUENCY, IMAGE, RADIAL_FREQUENCY, ROW_FREQUENCY, SEED
from neurobust.evaluation.attacks.perturb import ATTACKS
from neurobust.evaluation.attacks.search import NOBODY, NORMS, Search
from neurobust.images.frequencies import POWER_UNITS, spatial_frequencies
from neurobust.images.frequencies import UNITS as FREQUENCY_UNITS
from neurobust.images.spectra import power_spectrum, radial_power

NORM = "norm"
UNITS = "1 (pixel range 0 to 1)"

log = logging.getLogger(__name__)


class Results:
    """The finished searches of all networks, norms and batches.

    Parameters
    ----------
    seeds
        Seeds of the networks.
    images
        Number of images.
    rows, columns
        Size of an image in pixels.
    """

    def __init__(self, seeds: list[int], images: int, *, rows: int, columns: int) -> None:
        self.seeds = seeds
        self.frequencies = spatial_frequencies(rows, columns)
        self.radii, _ = radial_power(torch.zeros((1, rows, columns), dtype=torch.float64))
        searches = (len(seeds), len(NORMS), images)
        self.correct = np.zeros((len(seeds), images), np.int8)
        self.distance = np.full(searches, np.inf)
        self.attack = np.full(searches, NOBODY, np.int8)
        self.radial_power = np.full((*searches, len(self.radii)), np.nan, np.float32)
        self._power = np.zeros((*searches[:2], rows, columns))  # sums

    def enter(self, network: int, norm: int, images: slice, search: Search) -> None:
        """Enter a finished search, by the indices of the network, the norm and the images."""
        at = (network, norm, images)
        self.distance[at] = search.sizes.cpu().numpy()
        self.attack[at] = search.attack.cpu().numpy()
        perturbed = torch.isfinite(search.sizes) & (search.sizes > 0)
        spectra = power_spectrum((search.best - search.images)[perturbed])
        self._power[network, norm] += spectra.sum(0).cpu().numpy()
        _, radial = radial_power(spectra)
        self.radial_power[at][perturbed.cpu().numpy()] = radial

    def label(self) -> xr.Dataset:
        """Return the perturbations with summaries, and log the images without any.

        Returns
        -------
        - ``distance(seed, norm, image)``, in units of the pixel range; 0 where the target is the
          answer to the unperturbed image, infinite where ``found(seed, norm, image)`` is 0, since
          no attack found an image that a new forward pass answers with the target.
        - ``attack(seed, norm, image)``, the number of the attack that found the perturbation, -1
          if none did or none was needed.
        - ``correct(seed, image)``, 0 or 1, for the unperturbed images.
        - ``median_distance(seed, norm)``, see `median_distance`; ``mean_distance`` and
          ``std_distance(seed, norm)`` over the images with ``found``, classified correctly or not;
          NaN if there is none.
        - ``power(seed, norm, row_frequency, column_frequency)``, the power spectrum of the
          perturbations (`neurobust.images.spectra.power_spectrum`), averaged over those that are
          not 0; and ``radial_power(seed, norm, image, radial_frequency)``, the power of each
          perturbation at each radius. NaN where there is no perturbation.

        The attribute ``not_found`` counts, over seeds and norms, images for which no perturbation
        was found; ``unprompted`` counts, over seeds, images that needed none.
        """
        found = np.isfinite(self.distance)
        unprompted = (self.distance == 0)[:, 0]
        for s, seed in enumerate(self.seeds):
            if not self.correct[s].any():
                log.warning("seed %s classifies no image correctly: no median distance", seed)
            log.info(
                "seed %s answers %s of %s images with their targets unprompted",
                *(seed, unprompted[s].sum(), len(unprompted[s])),
            )
            for n, norm in enumerate(NORMS):
                if not found[s, n].all():
                    log.warning(
                        "seed %s, %s: no perturbation found for %s of %s images",
                        *(seed, norm, (~found[s, n]).sum(), found.shape[-1]),
                    )
        return self._arrange(found).assign_attrs(
            not_found=int((~found).sum()), unprompted=int(unprompted.sum())
        )

    def _arrange(self, found: Bool[np.ndarray, "seed norm image"]) -> xr.Dataset:
        median = [
            [median_distance(d, c == 1) for d in by_norm]
            for by_norm, c in zip(self.distance, self.correct, strict=True)
        ]
        mean, std = _moments(self.distance, found)
        perturbed = (found & (self.distance > 0)).sum(-1)[..., None, None]
        power = np.full(self._power.shape, np.nan)
        np.divide(self._power, perturbed, out=power, where=perturbed > 0)
        searches, summaries = (SEED, NORM, IMAGE), (SEED, NORM)
        flags = {
            "flag_values": np.array([NOBODY, *range(len(ATTACKS))], np.int8),
            "flag_meanings": " ".join(["none", *ATTACKS]),
        }
        size, squared = {"units": UNITS}, {"units": POWER_UNITS}
        axes = [np.asarray(axis) for axis in (*self.frequencies, self.radii)]
        names = (ROW_FREQUENCY, COLUMN_FREQUENCY, RADIAL_FREQUENCY)
        return xr.Dataset(
            {
                "distance": (searches, self.distance, size),
                "found": (searches, found.astype(np.int8)),
                "attack": (searches, self.attack, flags),
                "correct": ((SEED, IMAGE), self.correct),
                "median_distance": (summaries, median, size),
                "mean_distance": (summaries, mean, size),
                "std_distance": (summaries, std, size),
                "power": ((*summaries, ROW_FREQUENCY, COLUMN_FREQUENCY), power, squared),
                "radial_power": ((*searches, RADIAL_FREQUENCY), self.radial_power, squared),
            },
            coords={SEED: self.seeds, NORM: list(NORMS)}
            | {
                name: (name, axis, {"units": FREQUENCY_UNITS})
                for name, axis in zip(names, axes, strict=True)
            },
        )


def median_distance(
    distance: Float[np.ndarray, " image"], correct: Bool[np.ndarray, " image"]
) -> float:
    """Return the size of perturbation at which half of the correctly classified images are fooled.

    It is the smallest size that fools at least half of them (Li et al. 2023: the size of 50 %
    success); infinite if fewer are fooled at any size, NaN if no image is classified correctly.
    """
    fooled = np.sort(distance[correct])
    return float(fooled[(len(fooled) - 1) // 2]) if len(fooled) else np.nan


def _moments(
    distance: Float[np.ndarray, "*search image"], found: Bool[np.ndarray, "*search image"]
) -> tuple[Float[np.ndarray, "*search"], Float[np.ndarray, "*search"]]:
    """Return mean and standard deviation (ddof 0) of the distances of found perturbations.

    Both are NaN where none is found.
    """
    count = found.sum(-1)
    nothing = np.full(count.shape, np.nan)
    known = np.where(found, distance, 0)
    mean = np.divide(known.sum(-1), count, out=nothing.copy(), where=count > 0)
    squares = np.where(found, known - mean[..., None], 0) ** 2
    return mean, np.sqrt(np.divide(squares.sum(-1), count, out=nothing, where=count > 0))
