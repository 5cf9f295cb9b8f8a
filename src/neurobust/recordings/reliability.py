"""Reliability and explainable variance of neuroids, from repeats of the test stimuli."""

import numpy as np
import pandas as pd
import xarray as xr
from jaxtyping import Float

from neurobust.dims import NEUROID, PRESENTATION, TEST
from neurobust.errors import InputError
from neurobust.randomness import generator
from neurobust.recordings.form import sessions_of, text
from neurobust.recordings.trials import (
    Stimulus,
    Trials,
    correlate,
    mean_by_stimulus,
    noise_variance,
)


def measure_reliability(tree: xr.DataTree, *, seed: int, n_halves: int = 100) -> xr.Dataset:
    """Measure the reliability of all neuroids of a recording on its repeated test stimuli.

    Parameters
    ----------
    tree
        A recording in the form of `neurobust.recordings.form`.
    seed
        Seed of the random halves.
    n_halves
        Number of times that the repeats are halved.

    Returns
    -------
    xr.Dataset
        Along neuroid, with neuroid_id and session: ``explainable_variance``
        (`explain_variance`), ``split_half`` (`correlate_halves`), ``mean_response`` over all
        presentations, and ``n_repeats``, the smallest number of presentations of the test stimuli
        that were shown more than once.

    Raises
    ------
    InputError
        If a session repeats fewer than two test stimuli.
    """
    stimuli = tree["stimuli"].to_dataset()
    tested = text(stimuli["stimulus_id"].to_numpy()[stimuli["split"].to_numpy() == TEST])
    parts = []
    for name, session in sessions_of(tree).items():
        trials, stimulus = repeated_trials(session, tested, name)
        random = generator(seed, "reliability", name)
        measures = {
            "explainable_variance": explain_variance(trials, stimulus),
            "split_half": correlate_halves(trials, stimulus, random, n_halves),
            "mean_response": session["response"].mean(PRESENTATION, dtype=np.float64).to_numpy(),
            "n_repeats": np.full(trials.shape[1], np.bincount(stimulus).min()),
        }
        parts.append(
            xr.Dataset(
                {key: (NEUROID, values) for key, values in measures.items()},
                coords={
                    "neuroid_id": (NEUROID, text(session["neuroid_id"].to_numpy())),
                    "session": (NEUROID, np.full(trials.shape[1], name)),
                },
            )
        )
    joined = xr.concat(parts, dim=NEUROID)
    joined["mean_response"].attrs["units"] = tree.attrs["units"]
    return joined.assign_attrs(
        recording=tree.attrs["identifier"], simulated=tree.attrs["simulated"], n_halves=n_halves
    )


def explain_variance(trials: Trials, stimulus: Stimulus) -> Float[np.ndarray, " neuroid"]:
    """Return the share of a neuroid's variance that is not noise.

    It is 1 - noise variance / total variance. The total is the variance over all trials, the noise
    the mean over stimuli of the variance over repeats, both with ddof 1 (released code of Safarani
    et al. 2021).

    Parameters
    ----------
    trials
        Responses in single trials.
    stimulus
        Number of the stimulus in each trial, 0 to n - 1, each at least twice.
    """
    noise = noise_variance(trials, stimulus)
    total = trials.var(axis=0, ddof=1)
    # ASSUME: a neuroid that is silent to all test stimuli has an explainable variance of 0 rather
    # than an undefined one, so that means over neuroids stay defined.
    return np.where(total > 0, 1 - noise / np.where(total > 0, total, 1), 0.0)


def correlate_halves(
    trials: Trials, stimulus: Stimulus, random: np.random.Generator, n_halves: int
) -> Float[np.ndarray, " neuroid"]:
    """Return the reliability of the mean response, from random halves of the repeats.

    It is the correlation over stimuli between the means of two halves, averaged over ``n_halves``
    random divisions and corrected for the halved number of repeats: 2 r / (1 + r) (Spearman 1910,
    Brown 1910). If the number of repeats is odd, one of them is left out.

    Parameters
    ----------
    trials, stimulus
        Responses and stimuli of single trials, as in `explain_variance`.
    random
        Generator that draws the halves.
    n_halves
        Number of random divisions.
    """
    total = np.zeros(trials.shape[1])
    for _ in range(n_halves):
        first, second = halve_repeats(stimulus, random)
        total += correlate(
            mean_by_stimulus(trials[first], stimulus[first]),
            mean_by_stimulus(trials[second], stimulus[second]),
        )
    return correct_halving(total / n_halves)


def correct_halving(correlation: Float[np.ndarray, "*any"]) -> Float[np.ndarray, "*any"]:
    """Return the reliability of all repeats from that of half of them: 2 r / (1 + r).

    This is the formula of Spearman (1910) and Brown (1910).
    """
    # ASSUME: a correlation below 0 is noise and is not corrected; the correction would diverge.
    positive = np.maximum(correlation, 0)
    return np.where(correlation > 0, 2 * positive / (1 + positive), correlation)


def halve_repeats(stimulus: Stimulus, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return the trials in two halves of each stimulus's repeats, in the order of the stimuli."""
    order = np.lexsort((random.random(len(stimulus)), stimulus))
    repeats = np.bincount(stimulus)
    rank = np.arange(len(stimulus)) - np.repeat(np.cumsum(repeats) - repeats, repeats)
    half = np.repeat(repeats // 2, repeats)
    return order[rank < half], order[(rank >= half) & (rank < 2 * half)]


def repeated_trials(session: xr.Dataset, tested: np.ndarray, name: str) -> tuple[Trials, Stimulus]:
    """Return the responses to, and numbers of, tested stimuli that were shown more than once.

    Raises
    ------
    InputError
        If there are fewer than two such stimuli.
    """
    shown = text(session["stimulus_id"].to_numpy())
    names, repeats = np.unique(shown[np.isin(shown, tested)], return_counts=True)
    kept = np.isin(shown, names[repeats > 1])
    if (repeats > 1).sum() < 2:
        raise InputError(
            f"session {name}",
            f"{(repeats > 1).sum()} test stimuli were shown more than once",
            expected="at least two, to separate signal from noise",
            fix="choose a split whose test stimuli were repeated",
        )
    stimulus, _ = pd.factorize(shown[kept])
    return session["response"].to_numpy()[kept].astype(np.float64), stimulus
