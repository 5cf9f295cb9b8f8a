"""Division of an assembly into populations without missing responses."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd
import xarray as xr

from neurobust.dims import NEUROID, PRESENTATION
from neurobust.errors import InputError
from neurobust.recordings.form import some, text

MissingRepeats = Literal["refuse", "close_up"]
ALL = "all"


def divide_sessions(assembly: xr.Dataset) -> dict[str, xr.Dataset]:
    """Divide an assembly into the populations that were recorded separately.

    Parameters
    ----------
    assembly
        ``response(presentation, neuroid)``; its coordinate ``session``, of the neuroids or of the
        presentations, names their session. Without it, all are in one session, ``all``.

    Returns
    -------
    dict
        Sessions by name, without presentations in which nothing was recorded; if ``session`` labels
        presentations, also without neuroids of which the session recorded nothing.
    """
    if "session" not in assembly.coords:
        return {ALL: _without_unrecorded(assembly, PRESENTATION)}
    (dim,) = assembly["session"].dims
    labels = text(assembly["session"].to_numpy())
    sessions = {}
    for name in pd.unique(labels):
        part = assembly.isel({dim: np.flatnonzero(labels == name)}).drop_vars("session")
        part = _without_unrecorded(part, PRESENTATION)
        sessions[str(name)] = _without_unrecorded(part, NEUROID) if dim == PRESENTATION else part
    return sessions


def _without_unrecorded(session: xr.Dataset, dim: str) -> xr.Dataset:
    other = NEUROID if dim == PRESENTATION else PRESENTATION
    axis = session["response"].dims.index(other)
    recorded = ~np.isnan(session["response"].to_numpy()).all(axis=axis)
    return session.isel({dim: np.flatnonzero(recorded)})


def exclude(assembly: xr.Dataset, neuroids: Sequence[str], place: object) -> xr.Dataset:
    """Leave out the neuroids with these identifiers.

    Raises
    ------
    InputError
        If there is no neuroid of one of these names, or no other neuroid.
    """
    names = text(assembly["neuroid_id"].to_numpy())
    unknown = sorted(set(neuroids) - set(names.tolist()))
    if unknown:
        raise InputError(
            place,
            f"exclude_neuroids names {some(unknown)}, which were not recorded",
            expected=f"a neuroid_id of the recording, such as {some(names[:3])}",
            fix="remove these names from exclude_neuroids",
        )
    kept = np.flatnonzero(~np.isin(names, list(neuroids)))
    if not len(kept):
        raise InputError(
            place,
            "exclude_neuroids names all neuroids",
            expected="at least one neuroid to use",
            fix="remove some names from exclude_neuroids",
        )
    return assembly.isel({NEUROID: kept})


def number_repetitions(stimulus_ids: np.ndarray) -> np.ndarray:
    """Return each presentation's number among those of its stimulus, from 0 in their order."""
    return pd.Series(stimulus_ids).groupby(stimulus_ids).cumcount().to_numpy(dtype=np.int64)


def close_up_repeats(session: xr.Dataset, place: object) -> xr.Dataset:
    """Close the gaps of neuroids that lack single repeats, so that no response is missing.

    Every neuroid keeps its first m recorded responses to a stimulus, where m is the smallest number
    of responses that any neuroid of the session has. The responses of one row then may come from
    different presentations: this does not matter for measures of single neuroids, but rules out
    noise correlations.

    Parameters
    ----------
    session
        ``response(presentation, neuroid)`` with NaN where a repeat is missing.
    place
        The session's file, for messages.

    Raises
    ------
    InputError
        If a neuroid has no response to a stimulus of the session.
    """
    # ASSUME: surplus repeats are dropped, so that no loss or measure needs a mask.
    stimulus_ids, response = text(session["stimulus_id"].to_numpy()), session["response"].to_numpy()
    rows, responses = [], []
    for stimulus_id in pd.unique(stimulus_ids):
        shown = np.flatnonzero(stimulus_ids == stimulus_id)
        missing = np.isnan(response[shown])
        recorded = (~missing).sum(axis=0)
        if not recorded.min():
            raise InputError(
                place,
                f"no response to stimulus {stimulus_id} was recorded from "
                f"{some(text(session['neuroid_id'].to_numpy())[recorded == 0])}",
                expected="each stimulus of a session recorded at least once from each neuroid",
                fix="list these neuroids under exclude_neuroids",
            )
        kept = np.argsort(missing, axis=0, kind="stable")[: recorded.min()]
        rows.append(shown[: len(kept)])
        responses.append(np.take_along_axis(response[shown], kept, axis=0))
    closed = session.isel({PRESENTATION: np.concatenate(rows)})
    closed["response"] = session["response"].dims, np.concatenate(responses)
    numbers = number_repetitions(text(closed["stimulus_id"].to_numpy()))
    return closed.assign_coords(repetition=(PRESENTATION, numbers))
