"""The labelled form that all recordings share: a tree of datasets, saved as netCDF4 with groups.

``/`` (attributes only)
    identifier, species, region (cortical area), units, response_kind (``"counts"`` or
    ``"continuous"``), window_start_ms and window_stop_ms (after stimulus onset), px_per_deg (of
    the pictures below), simulated (0 or 1), source, licence.
``/stimuli``
    ``pixels(stimulus, row, column)``, uint8 gray at the size that a network sees. Coordinates of
    ``stimulus``: stimulus_id, split (``"train"``, ``"validation"`` or ``"test"``), and group
    (stimuli of one group are in one split).
``/sessions/<name>``
    A population that was recorded simultaneously: ``response(presentation, neuroid)``, float32,
    with stimulus_id and repetition of each presentation, and neuroid_id, region and animal of each
    neuroid. No value is missing.
"""

import re
from collections.abc import Mapping

import numpy as np
import pandas as pd
import xarray as xr

from neurobust import dims
from neurobust.dims import COLUMN, NEUROID, PRESENTATION, ROW, STIMULUS
from neurobust.errors import InputError

COUNTS, CONTINUOUS = RESPONSE_KINDS = ("counts", "continuous")
ATTRIBUTES = (
    "identifier",
    "species",
    "region",
    "units",
    "response_kind",
    "window_start_ms",
    "window_stop_ms",
    "px_per_deg",
    "simulated",
    "source",
    "licence",
)
_NAMED = 5  # neuroids or stimuli that a message names; it counts the others


def build_recording(
    stimuli: xr.Dataset, sessions: Mapping[str, xr.Dataset], attributes: Mapping[str, object]
) -> xr.DataTree:
    """Join pictures and sessions into the labelled form, without checks.

    Parameters
    ----------
    stimuli, sessions, attributes
        Contents of ``/stimuli``, of ``/sessions`` by name, and the attributes of the root. A
        session's name is made safe for a path; its attribute ``session`` has the original.

    Raises
    ------
    InputError
        If two sessions have the same safe name.
    """
    nodes = {"/": xr.Dataset(attrs=dict(attributes)), "/stimuli": stimuli}
    for name, session in sessions.items():
        path = f"/sessions/{_safe_name(name)}"
        if path in nodes:
            raise InputError(
                attributes.get("identifier", "recording"),
                f"session {name!r} has the same name in the file as another, {path}",
                expected="sessions that differ in letters and digits",
                fix="rename one of them",
            )
        nodes[path] = session.drop_attrs(deep=False).assign_attrs(session=name)
    return xr.DataTree.from_dict(nodes)


def sessions_of(tree: xr.DataTree) -> dict[str, xr.Dataset]:
    """Return the sessions of a recording by node name, in the order of the file."""
    if "sessions" not in tree.children:
        return {}
    return {str(name): node.to_dataset() for name, node in tree["sessions"].children.items()}


def average_repeats(session: xr.Dataset) -> xr.Dataset:
    """Average a session's responses over the repeats of each stimulus.

    Parameters
    ----------
    session
        ``response(presentation, neuroid)`` with ``stimulus_id(presentation)``.

    Returns
    -------
    xr.Dataset
        ``response(stimulus, neuroid)``, the mean, float32, and ``repeats(stimulus)``, the number
        of presentations averaged; stimuli in the order of their first presentation.
    """
    codes, stimulus_ids = pd.factorize(text(session["stimulus_id"].to_numpy()))
    repeats = np.bincount(codes, minlength=len(stimulus_ids))
    order = np.argsort(codes, kind="stable")
    starts = np.concatenate([[0], np.cumsum(repeats)[:-1]])
    responses = session["response"].transpose(PRESENTATION, NEUROID).to_numpy()[order]
    sums = np.add.reduceat(responses, starts, axis=0, dtype=np.float64)
    neuroid = {name: value for name, value in session.coords.items() if value.dims == (NEUROID,)}
    return xr.Dataset(
        {
            "response": (
                (STIMULUS, NEUROID),
                (sums / repeats[:, None]).astype(np.float32),
                session["response"].attrs,
            ),
            "repeats": (STIMULUS, repeats),
        },
        coords={"stimulus_id": (STIMULUS, stimulus_ids), **neuroid},
        attrs=session.attrs,
    )


def check_recording(tree: xr.DataTree, place: object) -> None:
    """Check that a recording has the labelled form and that a network can be fitted to it.

    Parameters
    ----------
    tree
        The recording.
    place
        The recording's file, for messages.

    Raises
    ------
    InputError
        If a group, variable, dimension or attribute is missing or of the wrong kind; if a stimulus
        of a session has no picture; if a response is missing, infinite, or a negative count; or if
        a neuroid's response does not vary over its training presentations.
    """
    dims.require(tree.to_dataset(), place, variables={}, attributes=ATTRIBUTES)
    if tree.attrs["response_kind"] not in RESPONSE_KINDS:
        raise InputError(
            place,
            f"attribute 'response_kind' is {tree.attrs['response_kind']!r}",
            expected=f"one of {', '.join(RESPONSE_KINDS)}",
            fix="set response_kind in the recording's configuration",
        )
    sessions = sessions_of(tree)
    if "stimuli" not in tree.children or not sessions:
        raise InputError(
            place,
            "group 'stimuli' is missing, or 'sessions' is empty",
            expected="a recording with pictures and at least one session",
            fix="check that region and exclude_neuroids leave neuroids to use, and import again",
        )
    stimuli = tree["stimuli"].to_dataset()
    _check_stimuli(stimuli, place)
    training = text(stimuli["stimulus_id"].to_numpy())[stimuli["split"].to_numpy() == dims.TRAIN]
    for name, session in sessions.items():
        where = f"{place}, session {session.attrs.get('session', name)}"
        _check_session(session, stimuli, where)
        _check_values(session, tree.attrs["response_kind"], where)
        _check_variation(session, training, where)


def _check_stimuli(stimuli: xr.Dataset, place: object) -> None:
    labels = dict.fromkeys(("stimulus_id", "split", "group"), (STIMULUS,))
    dims.require(stimuli, place, variables={"pixels": (STIMULUS, ROW, COLUMN), **labels})
    if stimuli["pixels"].dtype != np.uint8:
        raise InputError(
            place,
            f"'pixels' has type {stimuli['pixels'].dtype}",
            expected="uint8 gray values",
            fix="delete the file and let the workflow build it again",
        )
    unknown = sorted(set(stimuli["split"].to_numpy().tolist()) - set(dims.SPLITS))
    if unknown:
        raise InputError(
            place,
            f"'split' has the values {unknown}",
            expected=f"only {', '.join(dims.SPLITS)}",
            fix="use these names in the column that gives the splits",
        )
    refuse_duplicates(stimuli["stimulus_id"].to_numpy(), "stimulus_id", place)


def _check_session(session: xr.Dataset, stimuli: xr.Dataset, place: object) -> None:
    variables: dict[str, tuple[str, ...]] = {"response": (PRESENTATION, NEUROID)}
    variables |= dict.fromkeys(("stimulus_id", "repetition"), (PRESENTATION,))
    variables |= dict.fromkeys(("neuroid_id", "region", "animal"), (NEUROID,))
    dims.require(session, place, variables=variables)
    refuse_duplicates(session["neuroid_id"].to_numpy(), "neuroid_id", place)
    missing = set(text(session["stimulus_id"].to_numpy())) - set(
        text(stimuli["stimulus_id"].to_numpy())
    )
    if missing:
        raise InputError(
            place,
            f"no picture has the stimulus_id {some(sorted(missing))}",
            expected="a picture for each stimulus that was shown",
            fix="add the stimuli to the stimulus set, or use the set the recording was made with",
        )


def _check_values(session: xr.Dataset, kind: str, place: object) -> None:
    response, names = session["response"].to_numpy(), text(session["neuroid_id"].to_numpy())
    finite = np.isfinite(response).all(axis=0)
    if not finite.all():
        raise InputError(
            place,
            f"responses of {some(names[~finite])} are infinite or missing (NaN)",
            expected="a finite number for each presentation and neuroid of a session",
            fix="if a neuroid lacks some repeats, set missing_repeats to 'close_up'; "
            "otherwise list the neuroids under exclude_neuroids, or label populations that were "
            "recorded separately in the coordinate 'session'",
        )
    if kind == COUNTS and (response < 0).any():
        raise InputError(
            place,
            f"negative counts of {some(names[(response < 0).any(axis=0)])}",
            expected="spike counts, 0 or more",
            fix="if these are normalised responses, set response_kind to 'continuous'",
        )


def _check_variation(session: xr.Dataset, training: np.ndarray, place: object) -> None:
    trained = np.isin(text(session["stimulus_id"].to_numpy()), training)
    if not trained.any():
        raise InputError(
            place,
            "none of its presentations is of a training stimulus",
            expected="training stimuli in every session",
            fix="change the split of the stimuli, or leave the session out",
        )
    still = np.ptp(session["response"].to_numpy()[trained], axis=0) == 0
    if still.any():
        raise InputError(
            place,
            f"never fire, or never vary, in the training presentations: "
            f"{some(text(session['neuroid_id'].to_numpy())[still])}",
            expected="neuroids whose responses a network can be fitted to",
            fix="list them under the recording's exclude_neuroids: "
            f"[{', '.join(text(session['neuroid_id'].to_numpy())[still])}]",
        )


def refuse_duplicates(values: np.ndarray, field: str, place: object) -> None:
    """Raise an InputError if a label of ``field`` occurs twice."""
    names, counts = np.unique(text(values), return_counts=True)
    if (counts > 1).any():
        raise InputError(
            place,
            f"{field} occurs more than once: {some(names[counts > 1])}",
            expected=f"a {field} of its own for each",
            fix="rename them",
        )


def some(names: np.ndarray | list[str]) -> str:
    """Return the first few of many names, and their number: ``a, b, c, d, e, ... (12 in all)``."""
    shown = ", ".join(map(str, names[:_NAMED]))
    return shown if len(names) <= _NAMED else f"{shown}, ... ({len(names)} in all)"


def text(values: np.ndarray) -> np.ndarray:
    """Return labels of any type, bytes of older files included, as an array of str."""
    values = np.asarray(values)
    return np.char.decode(values, "utf-8") if values.dtype.kind == "S" else values.astype(str)


def _safe_name(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.-]", "_", name).lstrip(".-") or "_"
