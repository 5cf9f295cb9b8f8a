"""Draw what other benchmarks measured, from the CSVs that they write with `--output`.

    python benchmarks/draw.py --corruptions a.csv --scaling b.csv c.csv --stages d.csv

Each is optional. Figures go to docs/images: corruption-speed.png from what corruptions.py wrote,
scaling.png from evaluation.py and scheduling.py, and stages.png from stages.py, which names the
runs.
"""

from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Callable
from itertools import cycle
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import (
    FixedLocator,
    LogLocator,
    NullFormatter,
    NullLocator,
    StrMethodFormatter,
)
from report import slope, three_digits
from scipy.optimize import nnls

from neurobust.images.corruptions import CORRUPTIONS, EXTRA
from neurobust.plotting.style import (
    ACCENT,
    GREY,
    add_letter,
    new_figure,
    readable,
    save_figure,
    styled,
)

FOLDER = Path(__file__).parents[1] / "docs" / "images"
ORANGE = "#E69F00"  # of Okabe and Ito, as the colours of networks
MAIN = tuple(name for name in CORRUPTIONS if name not in EXTRA)
KINDS = {  # of corruptions: which, colour, marker
    f"{len(MAIN)} of ImageNet-C": (MAIN, ACCENT, "o"),
    f"{len(EXTRA)} extra ones": (EXTRA, ORANGE, "D"),
}
FEW = 7  # sizes: each is told on the axis
LEAST = 0.01  # of a run: rules that take less are drawn together
OTHERS = f"others, under {LEAST:.0%} each"
TASKS = {
    "corruptions": ("evaluating corruptions", "wall time"),
    "responses": ("synthesising responses", "wall time"),
    "planning": ("planning", "CPU time"),
}


class Input(NamedTuple):
    """What a figure is drawn from: the benchmarks that write it, and its columns."""

    benchmarks: str
    columns: set[str]


INPUTS = {
    "corruptions": Input("corruptions.py", {"corruption", "round", "way", "value", "unit"}),
    "scaling": Input("evaluation.py and scheduling.py", {"task", "varied", "value", "unit"}),
    "stages": Input("stages.py", {"run", "rule", "jobs", "seconds", "startup_seconds"}),
}


def read(figure: str, files: list[Path]) -> pd.DataFrame:
    """Read what benchmarks have written."""
    read_files = []
    for file in files:
        data = pd.read_csv(file)
        if missing := INPUTS[figure].columns - set(data.columns):
            raise SystemExit(
                f"{file}: no column {', '.join(sorted(missing))}\n"
                f"  expected: what {INPUTS[figure].benchmarks} in benchmarks/ writes\n"
                "  to fix:   run it with --output FILE, and name that file"
            )
        read_files.append(data)
    return pd.concat(read_files)


def summarise(values: pd.Series, by: str) -> pd.DataFrame:
    """Return the median of each group, and how far its range reaches below and above it."""
    groups = values.groupby(by)
    median = groups.median()
    below, above = median - groups.min(), groups.max() - median
    return pd.DataFrame({"median": median, "below": below, "above": above})


def use_logarithm(axes: Axes, which: str) -> None:
    """Make an axis logarithmic, with numbers written out."""
    axes.set(**{f"{which}scale": "log"})
    axis = getattr(axes, f"{which}axis")
    axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axis.set_minor_formatter(NullFormatter())


@styled
def draw_corruptions(data: pd.DataFrame) -> Figure:
    """Draw how many times faster ours is than the package, and what both take."""
    costs = data[data["unit"] == "ms per image"].pivot_table(
        "value", ["corruption", "round"], "way", "mean"
    )
    ratios = summarise(costs["imagecorruptions"] / costs["ours"], "corruption")
    ratios = ratios.sort_values("median")
    figure = new_figure(4.0)
    left, right = figure.subplots(1, 2, sharey=True, width_ratios=(1.2, 1))
    put_ratios(left, ratios)
    put_costs(right, costs, ratios.index)
    for axes, letter in ((left, "A"), (right, "B")):
        use_logarithm(axes, "x")
        add_letter(axes, letter)
    left.set_yticks(range(len(ratios)), [readable(name) for name in ratios.index])
    left.set(ylim=(-0.7, len(ratios) - 0.3), xlabel="times faster than imagecorruptions")
    right.set(xlabel="CPU time per image (ms)")
    figure.legend(*left.get_legend_handles_labels(), loc="outside lower left", ncols=4)
    rounds = costs.index.unique("round").size
    told = f"mean over severities 1 to 5, median and range of {rounds} rounds"
    figure.suptitle(f"64 × 64 pixels in RGB on one core: {told}")
    return figure


def put(axes: Axes, shown: pd.DataFrame, order: pd.Index, **look: object) -> None:
    """Put medians with their range into the rows that their names have."""
    reach = shown[["below", "above"]].to_numpy().T
    rows = order.get_indexer(shown.index)
    axes.errorbar(shown["median"], rows, xerr=reach, linestyle="none", **look)


def put_ratios(axes: Axes, ratios: pd.DataFrame) -> None:
    """Draw ratios with their geometric means."""
    for label, (names, colour, marker) in KINDS.items():
        put(axes, ratios.loc[[*names]], ratios.index, label=label, color=colour, marker=marker)
    axes.annotate("median", (0.99, 1.01), xycoords="axes fraction", ha="right", fontsize=6.5)
    for row, median in enumerate(ratios["median"]):
        place = {"transform": axes.get_yaxis_transform(), "ha": "right", "va": "center"}
        axes.text(0.99, row, three_digits(median), fontsize=6.5, **place)
    axes.axvline(1, color="black", linewidth=0.8, zorder=0)
    for names, line in ((MAIN, "--"), (CORRUPTIONS, ":")):
        mean = np.exp(np.log(ratios["median"][[*names]]).mean())
        label = f"geometric mean of {len(names)}: {mean:.1f}"
        axes.axvline(mean, color=GREY, linestyle=line, zorder=0, label=label)
    axes.set(xlim=(0.85, 2.5 * ratios["median"].max()))  # room for the numbers


def put_costs(axes: Axes, costs: pd.DataFrame, order: pd.Index) -> None:
    """Draw the costs of both, joined by a line."""
    ours, theirs = (summarise(costs[way], "corruption") for way in ("ours", "imagecorruptions"))
    axes.hlines(
        order.get_indexer(ours.index),
        ours["median"],
        theirs["median"],
        colors=GREY,
        linewidth=0.4,
        zorder=0,
    )
    for names, colour, marker in KINDS.values():
        label = "ours" if names is MAIN else None
        put(axes, ours.loc[[*names]], order, label=label, color=colour, marker=marker)
    hollow = {"color": GREY, "marker": "s", "markerfacecolor": "white"}
    put(axes, theirs, order, label="imagecorruptions", **hollow)
    axes.legend(loc="lower right", bbox_to_anchor=(1, 1), borderpad=0, ncols=2)


@styled
def draw_scaling(data: pd.DataFrame) -> Figure:
    """Draw seconds against sizes, with the line that was fitted and what linear growth would be."""
    series = data[data["unit"] == "s"].groupby(["task", "varied"], sort=False)
    figure = new_figure(3.7)
    panels = [*figure.subplots(2, 3).flat]
    for axes in panels[len(series) :]:
        axes.set_axis_off()
    drawn = panels[: len(series)]
    for axes, letter, ((task, varied), timed) in zip(drawn, "ABCDEF", series, strict=True):
        put_growth(axes, summarise(timed.set_index(varied)["value"], varied))
        add_letter(axes, letter)
        title, time = TASKS[task]
        axes.set(title=title, xlabel=f"number of {varied}", ylabel=f"{time} (s)")
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return figure


def put_growth(axes: Axes, seconds: pd.DataFrame) -> None:
    """Draw how seconds grow with a size."""
    sizes, medians = seconds.index.to_numpy(), seconds["median"].to_numpy()
    linear = medians[-1] * sizes / sizes[-1]
    axes.plot(sizes, linear, "--", color=GREY, label="slope 1, through the last")
    # time = constant + size * growth, by least squares of the relative errors
    terms = np.stack((1 / medians, sizes / medians), axis=1)
    constant, growth = nnls(terms, np.ones(len(sizes)))[0]
    within = np.geomspace(sizes[0], sizes[-1])
    axes.plot(within, constant + growth * within, color=ACCENT, label="constant + size × growth")
    reach = seconds[["below", "above"]].to_numpy().T
    axes.errorbar(sizes, medians, yerr=reach, fmt="o", color="black", label="median and range")
    use_logarithm(axes, "x")
    use_logarithm(axes, "y")
    if len(sizes) < FEW:
        axes.xaxis.set_major_locator(FixedLocator(sizes))
        axes.xaxis.set_minor_locator(NullLocator())
    told = f"slope of the last two: {slope(sizes[-2:], medians[-2:]):.2f}"
    axes.annotate(told, (0.97, 0.04), xycoords="axes fraction", ha="right", fontsize=6.5)


@styled
def draw_stages(data: pd.DataFrame) -> Figure:
    """Draw what the jobs of each rule took, start-up and work, the runs under each other."""
    rules, runs = join_small(data), data["run"].unique()
    largest = rules["seconds"].groupby("rule").max().sort_values()
    order = largest.index[np.argsort(largest.index != OTHERS, kind="stable")]  # others below
    height = 0.8 / len(runs)
    figure = new_figure(0.9 + 0.15 * len(runs) * len(order))
    axes = figure.subplots()
    for number, (run, colour) in enumerate(zip(runs, cycle((GREY, ACCENT, ORANGE)), strict=False)):
        shown = rules.xs(run, level="run")
        rows = order.get_indexer(shown.index) + (len(runs) / 2 - number - 0.5) * height
        put_run(axes, run, shown, rows, height=height, edgecolor=colour)
    axes.set_yticks(range(len(order)), order)
    axes.set(xlabel="wall time, sum over jobs (s)")
    axes.margins(x=0.12, y=0.02)
    unknown = "start-up of some rules was not measured" if data["startup_seconds"].hasnans else None
    axes.legend(loc="lower right", title=unknown, title_fontsize=7)
    return figure


def put_run(
    axes: Axes, run: str, shown: pd.DataFrame, rows: Float[np.ndarray, " rule"], **look: object
) -> None:
    """Draw the rules of a run."""
    startup, seconds, look = shown["startup_seconds"], shown["seconds"], {"linewidth": 0.5, **look}
    blank = {"color": "white", "hatch": "//////", "label": f"{run}: start-up"}
    axes.barh(rows, startup, **blank, **look)
    full = {"color": look["edgecolor"], "label": f"{run}: work"}
    axes.barh(rows, seconds - startup, left=startup, **full, **look)
    for row, jobs, end in zip(rows, shown["jobs"], seconds, strict=True):
        told = f" {three_digits(end)} s, {jobs} job{'s' if jobs > 1 else ''}"
        axes.text(end, row, told, va="center", fontsize=6.5)


def join_small(data: pd.DataFrame) -> pd.DataFrame:
    """Sum up by rule and run; rules that are small in all runs are summed up together.

    Start-up that was not measured counts as work; none is longer than the jobs.
    """
    shares = data["seconds"] / data.groupby("run")["seconds"].transform("sum")
    small = shares.groupby(data["rule"]).transform("max") < LEAST
    startup = data["startup_seconds"].fillna(0).clip(upper=data["seconds"])
    named = data.assign(rule=data["rule"].mask(small, OTHERS), startup_seconds=startup)
    return named.groupby(["rule", "run"])[["jobs", "seconds", "startup_seconds"]].sum()


def main() -> None:
    """Draw what is given."""
    drawn: dict[str, tuple[Callable[[pd.DataFrame], Figure], str]] = {
        "corruptions": (draw_corruptions, "corruption-speed.png"),
        "scaling": (draw_scaling, "scaling.png"),
        "stages": (draw_stages, "stages.png"),
    }
    parser = ArgumentParser(description=__doc__, formatter_class=RawDescriptionHelpFormatter)
    for figure in drawn:
        told = {"metavar": "FILE", "help": f"CSV of {INPUTS[figure].benchmarks}"}
        parser.add_argument(f"--{figure}", nargs="+", type=Path, **told)
    given = {name: files for name, files in vars(parser.parse_args()).items() if files}
    if not given:
        parser.error("no CSV is given")
    for figure, files in given.items():
        draw, name = drawn[figure]
        save_figure(draw(read(figure, files)), FOLDER / name)


if __name__ == "__main__":
    main()
