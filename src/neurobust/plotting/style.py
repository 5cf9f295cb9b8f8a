"""One look for all figures: sizes, fonts, and each network's colour and marker."""

import json
import logging
from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from itertools import cycle
from pathlib import Path
from typing import Any, NamedTuple, ParamSpec

import matplotlib as mpl
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from neurobust.files import provenance
from neurobust.files.whole import whole

log = logging.getLogger(__name__)
PAGE_WIDTH_IN = 7.1
GREY = "#767676"
ACCENT = "#0072B2"
_Parameters = ParamSpec("_Parameters")

_RC: dict[Any, Any] = {
    "font.size": 7.5,
    "axes.titlesize": 8,
    "axes.labelsize": 7.5,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "legend.fontsize": 7,
    "legend.frameon": False,
    "legend.handletextpad": 0.4,
    "legend.columnspacing": 1.4,
    "figure.titlesize": 8.5,
    "figure.labelsize": 7.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.6,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "lines.linewidth": 1.1,
    "lines.markersize": 3.6,
    "errorbar.capsize": 0,
    "savefig.dpi": 300,
    "pdf.fonttype": 42,  # text stays text in the PDF
    "svg.hashsalt": "neurobust",
}


class Mark(NamedTuple):
    """How figures show a network."""

    label: str
    colour: str
    marker: str
    line: str


Display = Mapping[str, Mapping[str, str | None]]
"""By network its label, colour, marker and line, as its recipe gives them."""

# Colours of Okabe and Ito, which the colour-blind can tell apart; markers differ along with them.
_SPARE = [
    (colour, marker, line)
    for line, marker in (("-.", "<"), (":", ">"), ("--", "h"))
    for colour in ("#009E73", "#8C564B", "#949494", "#B8A300")
]


def network_marks(display: Display) -> dict[str, Mark]:
    """Return the mark of each network; spare ones fill in what a recipe leaves open, in order.

    A colour that one of these networks has is not spare, as long as other colours are left.
    """
    taken = {given["colour"] for given in display.values()}
    spare = cycle([mark for mark in _SPARE if mark[0] not in taken] or _SPARE)
    marks = {}
    for name, given in display.items():
        own = tuple(given[part] for part in ("colour", "marker", "line"))
        filler = own if all(own) else next(spare)
        colour, marker, line = (mine or other for mine, other in zip(own, filler, strict=True))
        marks[name] = Mark(given["label"] or name, str(colour), str(marker), str(line))
    return marks


def new_figure(height_in: float, width_in: float = PAGE_WIDTH_IN) -> Figure:
    """Return an empty figure whose parts make room for each other."""
    figure = Figure(figsize=(width_in, height_in), layout="constrained")
    figure.get_layout_engine().set(w_pad=0.03, h_pad=0.03)  # type: ignore[union-attr,call-arg]
    return figure


def styled(draw: Callable[_Parameters, Figure]) -> Callable[_Parameters, Figure]:
    """Draw within the style, and leave matplotlib's settings as they were."""

    @wraps(draw)
    def drawn(*args: _Parameters.args, **kwargs: _Parameters.kwargs) -> Figure:
        with mpl.rc_context(_RC):
            return draw(*args, **kwargs)

    return drawn


def add_title(figure: Figure, title: str, data: xr.Dataset | Iterable[xr.Dataset]) -> None:
    """Set a figure's title, which names simulated neurons if any of its data comes from them."""
    datasets = [data] if isinstance(data, xr.Dataset) else data
    simulated = any(dataset.attrs.get("simulated", 0) for dataset in datasets)
    figure.suptitle(f"{title} – simulated V1" if simulated else title)


def add_letter(axes: Axes, letter: str) -> None:
    """Write a panel's letter at its upper left."""
    axes.set_title(letter, loc="left", fontweight="bold", fontsize=9)


def readable(name: str) -> str:
    """Return a name such as ``jpeg_compression`` as a title: JPEG compression."""
    words = str(name).replace("_", " ")
    return (words[:1].upper() + words[1:]).replace("Jpeg", "JPEG")


def save_figure(figure: Figure, *paths: str | Path) -> None:
    """Save a figure to each path, in the format of its ending (.png, .pdf, .svg).

    Its metadata record where it comes from (`neurobust.files.provenance`). A warning is logged if
    its numbers come from different commits.
    """
    if (mixed := provenance.mixture()) is not None:
        log.warning("%s: %s", Path(paths[0]).stem, mixed)
    for path in paths:
        with mpl.rc_context(_RC), whole(path) as part:
            figure.savefig(part, metadata=_metadata(Path(path).suffix))


def _metadata(suffix: str) -> dict[str, str | None]:
    """Return the metadata of a figure, without a date: the same data give the same file."""
    record, date = {
        ".png": ("Description", None),
        ".pdf": ("Subject", "CreationDate"),
        ".svg": ("Description", "Date"),
    }[suffix]
    metadata: dict[str, str | None] = {} if date is None else {date: None}
    if stamped := provenance.stamp():
        metadata[record] = json.dumps(stamped)
    return metadata
