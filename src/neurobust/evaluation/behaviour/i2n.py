"""The metric i2n: whether a model confuses the same images with the same objects as observers do.

It follows Rajalingham et al. (2018) as computed by Brain-Score (Schrimpf et al. 2018): for each
image and each object that it might be mistaken for, the sensitivity d' minus its mean over the
images of the same object, correlated between a model and the pooled observers.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr
from jaxtyping import Float, Int, Shaped
from scipy.special import ndtri

from neurobust.dims import HALF, STIMULUS
from neurobust.errors import InputError
from neurobust.randomness import generator
from neurobust.recordings.brainio.behaviour import CHOICE
from neurobust.recordings.form import text
from neurobust.recordings.trials import correlate

LARGEST_SENSITIVITY = 5.0  # Brain-Score clips d' to +-5
_FEWEST_CELLS = 3  # two points always lie on a line


def score_consistency(
    model_probabilities: xr.DataArray, trials: xr.Dataset, *, seed: int, halves: int = 10
) -> xr.Dataset:
    """Correlate a model's pattern of errors with observers', relative to their own reliability.

    Trials are halved at random several times. Each time the model's `i2n_matrix` is correlated
    (Pearson) with that of the first half, which gives the consistency, and the first half's with
    the second's, which gives the ceiling. Noise in half of the trials lowers the consistency by the
    square root of the ceiling. The ceiled score is therefore mean consistency / sqrt(mean ceiling),
    1 for a model that errs as observers do.

    Parameters
    ----------
    model_probabilities
        Probability of each object for each stimulus, dims stimulus and choice, with stimulus_id.
        Stimuli and objects that are not in the trials are left out before any mean is taken.
    trials
        See `neurobust.recordings.brainio.behaviour.read_trials`.
    seed
        Seed of the halves.
    halves
        Number of times that the trials are halved, at least 2.

    Returns
    -------
    xr.Dataset
        ``half_consistency(half)`` and ``half_ceiling(half)``, their means ``consistency`` and
        ``ceiling``, ``ceiled``, and ``ceiled_error``: the standard deviation (ddof 1) over halves
        of the ceiled score, linearised in consistency and ceiling with their covariance. It
        estimates, a little too high, how much the score would vary with other trials of the same
        images; it does not cover other images.

    Raises
    ------
    InputError
        If ``halves`` is less than 2, if too few cells are defined in both of two matrices that are
        compared, or if the ceiling is not above 0.
    """
    if halves < 2:
        raise InputError(
            "halves",
            f"trials are to be halved {halves} times",
            expected="at least 2, so that there is a standard deviation",
            fix="raise halves",
        )
    cells = _Cells.of(trials)
    model = i2n_matrix(distractor_probabilities(cells.align(model_probabilities)))
    random = generator(seed, "behaviour halves")
    consistencies, ceilings = np.empty((2, halves))
    for half in range(halves):
        order = random.permutation(len(cells.chosen))
        first, second = (
            i2n_matrix(cells.probabilities(part))
            for part in (order[: len(order) // 2], order[len(order) // 2 :])
        )
        consistencies[half] = _correlate_cells(model, first, trials, "the model and half of them")
        ceilings[half] = _correlate_cells(first, second, trials, "two halves of them")
    consistency, ceiling = consistencies.mean(), ceilings.mean()
    if ceiling <= 0:
        raise InputError(
            trials.attrs["identifier"],
            f"the ceiling, the correlation between halves of the trials, is {ceiling:.3g}",
            expected="a ceiling above 0: observers that agree with themselves",
            fix="use more trials of each stimulus",
        )
    # ASSUME: the means are divided, as in Brain-Score's scores of 2020. Today it divides each half
    # by its own ceiling, which gives no score where noise makes a ceiling negative.
    slope = -consistency / (2 * ceiling**1.5)
    linearised = consistencies / np.sqrt(ceiling) + slope * ceilings
    return xr.Dataset(
        {
            "half_consistency": (HALF, consistencies),
            "half_ceiling": (HALF, ceilings),
            "consistency": consistency,
            "ceiling": ceiling,
            "ceiled": consistency / np.sqrt(ceiling),
            "ceiled_error": linearised.std(ddof=1),
        },
        attrs={"n_halves": halves},
    )


def choice_probabilities(trials: xr.Dataset) -> xr.DataArray:
    """Return how often each object was chosen when it was offered for a stimulus.

    Parameters
    ----------
    trials
        See `neurobust.recordings.brainio.behaviour.read_trials`.

    Returns
    -------
    xr.DataArray
        p(stimulus, choice), times chosen / times offered, NaN if never offered. Coordinates are
        stimulus_id and truth along stimulus, and the objects along choice, both sorted.
    """
    return _Cells.of(trials).probabilities()


def distractor_probabilities(probabilities: xr.DataArray) -> xr.DataArray:
    """Return the probability of each object when only it and the truth are offered.

    It is p_choice / (p_choice + p_truth) (Luce's rule).

    Parameters
    ----------
    probabilities
        Probability of each object, dims stimulus and choice, with the coordinate truth.

    Returns
    -------
    xr.DataArray
        p(stimulus, choice), NaN where the choice is the truth, or both have probability 0.
    """
    p = probabilities.transpose(STIMULUS, CHOICE)
    values, truth = p.to_numpy(), _truth_index(p)
    stimulus = np.arange(len(truth))
    total = values + values[stimulus, truth][:, None]
    offered = np.divide(values, total, out=np.full(values.shape, np.nan), where=total > 0)
    offered[stimulus, truth] = np.nan
    return p.copy(data=offered)


def i2n_matrix(p: xr.DataArray) -> xr.DataArray:
    """Return the sensitivity to each stimulus against each distractor, relative to its object.

    d' = Z(hit rate) - Z(false alarm rate), where Z is the inverse of the normal distribution. The
    hit rate is 1 - p. The false alarm rate is the mean, over the stimuli of the distractor's
    object, of their probability of being mistaken for this stimulus' object. d' is clipped to +-5,
    and its mean over the stimuli with the same truth and choice is subtracted (Rajalingham 2018;
    Brain-Score, which averages false alarms by object).

    Parameters
    ----------
    p
        Probability of the choice when it is offered with the truth, dims stimulus and choice, with
        the coordinate truth; NaN where unknown. Its values where choice is truth are not used.

    Returns
    -------
    xr.DataArray
        d'(stimulus, choice), NaN where the choice is the truth, p is unknown, the false alarm rate
        is unknown, or both rates are 0 or both 1.
    """
    p = p.transpose(STIMULUS, CHOICE)
    truth, n_objects = _truth_index(p), p.sizes[CHOICE]
    errors = p.to_numpy().astype(np.float64)
    errors[np.arange(len(truth)), truth] = np.nan
    false_alarms = _mean_by_truth(errors, truth, n_objects).T[truth]
    with np.errstate(invalid="ignore"):  # both rates 0 or both 1
        # -Z(p) equals Z(1 - p) without the rounding of 1 - p.
        sensitivity = -ndtri(errors) - ndtri(false_alarms)
    clipped = sensitivity.clip(-LARGEST_SENSITIVITY, LARGEST_SENSITIVITY)
    return p.copy(data=clipped - _mean_by_truth(clipped, truth, n_objects)[truth])


@dataclass(frozen=True)
class _Cells:
    """Trials as cells of the matrix of stimuli by objects; cells are numbered row by row.

    Attributes
    ----------
    stimulus_id, truth
        Identifier and object of the stimulus in each row.
    choice
        Object of each column.
    offered, chosen
        Cells of the truth and distractor of each trial, and cell of its choice.
    """

    stimulus_id: Shaped[np.ndarray, " stimulus"]
    truth: Shaped[np.ndarray, " stimulus"]
    choice: Shaped[np.ndarray, " choice"]
    offered: Int[np.ndarray, "trial 2"]
    chosen: Int[np.ndarray, " trial"]

    @classmethod
    def of(cls, trials: xr.Dataset) -> "_Cells":
        row, stimuli = pd.factorize(trials["stimulus_id"].to_numpy().astype(object), sort=True)
        names = [trials[name].to_numpy().astype(object) for name in ("truth", "distractor", CHOICE)]
        column, objects = pd.factorize(np.concatenate(names), sort=True)
        cell = row * len(objects) + column.reshape(3, -1)
        _, first = np.unique(row, return_index=True)
        truth = trials["truth"].to_numpy()[first]
        return cls(stimuli.astype(str), truth, objects.astype(str), cell[:2].T, cell[2])

    def probabilities(self, part: Int[np.ndarray, " part"] | slice = slice(None)) -> xr.DataArray:
        """Return times chosen / times offered, over all or some of the trials."""
        size = len(self.stimulus_id) * len(self.choice)
        offered = np.bincount(self.offered[part].ravel(), minlength=size)
        chosen = np.bincount(self.chosen[part], minlength=size)
        p = np.divide(chosen, offered, out=np.full(size, np.nan), where=offered > 0)
        return self._label(p.reshape(len(self.stimulus_id), len(self.choice)))

    def align(self, probabilities: xr.DataArray) -> xr.DataArray:
        """Return a model's probabilities for these rows and columns, NaN where it has none."""
        probabilities = probabilities.transpose(STIMULUS, CHOICE)
        named = {name: text(probabilities[name].to_numpy()) for name in ("stimulus_id", CHOICE)}
        row, column = (
            pd.Index(named[name]).get_indexer(wanted)
            for name, wanted in (("stimulus_id", self.stimulus_id), (CHOICE, self.choice))
        )
        known = (row >= 0)[:, None] & (column >= 0)
        return self._label(np.where(known, probabilities.to_numpy()[np.ix_(row, column)], np.nan))

    def _label(self, values: Float[np.ndarray, "stimulus choice"]) -> xr.DataArray:
        return xr.DataArray(
            values,
            dims=(STIMULUS, CHOICE),
            coords={
                "stimulus_id": (STIMULUS, self.stimulus_id),
                "truth": (STIMULUS, self.truth),
                CHOICE: self.choice,
            },
        )


def _truth_index(p: xr.DataArray) -> Int[np.ndarray, " stimulus"]:
    index = pd.Index(p[CHOICE].to_numpy()).get_indexer(p["truth"].to_numpy())
    assert (index >= 0).all(), "the truth of every stimulus is among the choices"
    return index


def _mean_by_truth(
    values: Float[np.ndarray, "stimulus choice"], truth: Int[np.ndarray, " stimulus"], count: int
) -> Float[np.ndarray, "truth choice"]:
    """Return the mean over the stimuli of each object without NaN; NaN where all are NaN."""
    member = np.eye(count)[:, truth]
    known = ~np.isnan(values)
    number = member @ known
    total = member @ np.where(known, values, 0)
    return np.divide(total, number, out=np.full(total.shape, np.nan), where=number > 0)


def _correlate_cells(
    first: xr.DataArray, second: xr.DataArray, trials: xr.Dataset, between: str
) -> float:
    pair = np.stack([first.to_numpy().ravel(), second.to_numpy().ravel()])
    # ASSUME: cells that are undefined for the model are left out, not refused.
    shared = pair[:, ~np.isnan(pair).any(0)]
    if shared.shape[1] < _FEWEST_CELLS:
        raise InputError(
            trials.attrs["identifier"],
            f"{shared.shape[1]} cells (stimulus_id by choice) are defined in both {between}",
            expected=f"at least {_FEWEST_CELLS}, to be correlated",
            fix="use more trials of stimuli and objects for which the model has probabilities",
        )
    return float(correlate(shared[0][:, None], shared[1][:, None])[0])
