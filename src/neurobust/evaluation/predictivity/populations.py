"""The neuroids and stimuli of a recording for neural predictivity, its splits and ceiling."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import xarray as xr
from jaxtyping import Bool, Float64, Int64
from sklearn.model_selection import GroupShuffleSplit, ShuffleSplit, StratifiedShuffleSplit

from neurobust.dims import NEUROID, TEST, TRAIN, VALIDATION
from neurobust.errors import InputError
from neurobust.randomness import generator, seed_for
from neurobust.recordings.form import average_repeats, sessions_of, text
from neurobust.recordings.reliability import correct_halving, halve_repeats, repeated_trials
from neurobust.recordings.trials import correlate, mean_by_stimulus


@dataclass(frozen=True)
class Population:
    """All neuroids with the same stimuli, from one or several sessions.

    Attributes
    ----------
    rows
        Row of each stimulus in ``/stimuli``.
    responses
        Mean responses over repeats, in the order of ``rows``.
    split, group
        Split and group of each stimulus.
    neuroid_id, session
        Identifier and session of each neuroid.
    """

    rows: Int64[np.ndarray, " shown"]
    responses: Float64[np.ndarray, "shown neuroid"]
    split: np.ndarray
    group: np.ndarray
    neuroid_id: np.ndarray
    session: np.ndarray

    def of(self, split: str) -> Int64[np.ndarray, " chosen"]:
        """Return the positions of a split's stimuli in ``rows``."""
        return np.flatnonzero(self.split == split)


class Division(NamedTuple):
    """Positions of the stimuli of a population that a map is fitted to, and of those scored."""

    fit: Int64[np.ndarray, " fitted"]
    scored: Int64[np.ndarray, " scored"]


def find_populations(
    recording: xr.DataTree, *, most: int | None = None, seed: int = 0
) -> list[Population]:
    """Average the repeats of a recording, and join sessions with the same stimuli.

    Parameters
    ----------
    recording
        Recording in the form of `neurobust.recordings.form`.
    most
        Largest number of training stimuli, and of validation stimuli, drawn at random; None for
        all.
    seed
        Seed of the draw.
    """
    stimuli = recording["stimuli"].to_dataset()
    splits = stimuli["split"].to_numpy()
    kept = _draw_stimuli(splits, most, seed)
    row_of = {name: row for row, name in enumerate(text(stimuli["stimulus_id"].to_numpy()))}
    alike: dict[tuple[int, ...], list[xr.Dataset]] = {}
    for name, session in sessions_of(recording).items():
        means = average_repeats(session).assign_attrs(session=name)
        rows = np.array([row_of[stimulus] for stimulus in means["stimulus_id"].to_numpy().tolist()])
        order = np.argsort(rows)
        order = order[kept[rows[order]]]
        alike.setdefault(tuple(rows[order].tolist()), []).append(means.isel(stimulus=order))
    return [
        Population(
            rows=np.array(rows),
            responses=np.concatenate([s["response"] for s in sessions], 1).astype(np.float64),
            split=splits[list(rows)],
            group=text(stimuli["group"].to_numpy())[list(rows)],
            neuroid_id=np.concatenate([text(s["neuroid_id"].to_numpy()) for s in sessions]),
            session=np.concatenate([np.full(s.sizes[NEUROID], s.session) for s in sessions]),
        )
        for rows, sessions in alike.items()
    ]


def _draw_stimuli(splits: np.ndarray, most: int | None, seed: int) -> Bool[np.ndarray, " stimulus"]:
    """Return which stimuli to keep: all test stimuli, and at most so many of the other splits."""
    kept = np.ones(len(splits), bool)
    for split in (TRAIN, VALIDATION):
        own = np.flatnonzero(splits == split)
        if most is not None and len(own) > most:
            random = generator(seed, "predictivity", "stimuli", split)
            kept[random.choice(own, len(own) - most, replace=False)] = False
    return kept


def divide_stimuli(
    population: Population, splits: str, *, n_splits: int, left_out: float, seed: int
) -> list[Division]:
    """Draw the splits of neural predictivity, without validation stimuli, which choose the layer.

    Parameters
    ----------
    population
        The population whose stimuli are divided.
    splits
        ``"held-out"`` fits to training stimuli, leaving out some at random in each split, and
        scores all test stimuli, whose responses no network was trained on. The others shuffle
        training and test stimuli together: ``"stratified"`` scores the same fraction of each group
        (of all stimuli, if each is a group of its own), as Brain-Score does; ``"groups"`` scores
        whole groups.
    n_splits
        Number of splits.
    left_out
        Fraction of the stimuli, or groups, that a split is not fitted to.
    seed
        Seed of the shuffling.

    Raises
    ------
    InputError
        If there are too few stimuli or groups.
    """
    random = {"n_splits": n_splits, "test_size": left_out}
    random["random_state"] = seed_for(seed, "predictivity", splits) % 2**32
    train, test = population.of(TRAIN), population.of(TEST)
    pool = np.concatenate([train, test])
    group = population.group[pool]
    groups = len(set(group.tolist()))
    try:
        if splits == "held-out":
            drawn = ShuffleSplit(**random).split(train)
            divisions = [Division(train[fit], test) for fit, _ in drawn]
        else:
            if splits == "groups":
                drawn = GroupShuffleSplit(**random).split(pool, groups=group)
            elif groups == len(group):
                drawn = ShuffleSplit(**random).split(pool)
            else:
                drawn = StratifiedShuffleSplit(**random).split(pool, group)
            divisions = [Division(pool[fit], pool[scored]) for fit, scored in drawn]
        if min(len(division.scored) for division in divisions) < 2:
            raise ValueError("a correlation needs at least two scored stimuli")
        return divisions
    except ValueError as error:
        raise InputError(
            f"predictivity: splits: {splits}",
            f"{len(pool)} stimuli in {groups} groups cannot be split so ({error})",
            expected="at least two stimuli, or groups, on each side of a split",
            fix="raise left_out, or let the recording's split.by name another column",
        ) from error


def measure_ceiling(
    recording: xr.DataTree,
    populations: list[Population],
    divisions: list[list[Division]],
    *,
    halves: int,
    seed: int,
) -> Float64[np.ndarray, " half"]:
    """Return the ceiling for several random halvings of the repeats.

    It is the correlation between halves over all stimuli that some split scores, corrected for the
    halved number of repeats, and the median over neuroids (Schrimpf et al. 2018).

    Raises
    ------
    InputError
        If a session repeats fewer than two of these stimuli.
    """
    ids = text(recording["stimuli"]["stimulus_id"].to_numpy())
    sessions = sessions_of(recording)
    by_session = []
    for population, own in zip(populations, divisions, strict=True):
        scored = np.unique(np.concatenate([division.scored for division in own]))
        tested = ids[population.rows[scored]]
        for name in dict.fromkeys(population.session.tolist()):
            trials, stimulus = repeated_trials(sessions[name], tested, name)
            random = generator(seed, "predictivity", "ceiling", name)
            drawn = [halve_repeats(stimulus, random) for _ in range(halves)]
            means = [
                [mean_by_stimulus(trials[half], stimulus[half]) for half in pair] for pair in drawn
            ]
            by_session.append([correct_halving(correlate(*pair)) for pair in means])
    return np.median(np.concatenate(by_session, axis=1), axis=1)
