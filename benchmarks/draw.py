"""Draw what other benchmarks measured, from the CSVs that they write with `--output`.

    python benchmarks/draw.py --corruptions a.csv --scaling b.csv c.csv --stages d.csv e.csv

Each is optional. Figures go to docs/images: corruption-speed.png from corruptions.py, scaling.png
from evaluation.py and scheduling.py, and stages.png from stages.py.
"""

from argparse import ArgumentParser, RawDescriptionHelpFormatter
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from report import ROOT, slope, three_digits
from scipy.optimize import nnls

from neurobust.images.corruptions import EXTRA
from neurobust.plotting.style import (
    ACCENT,
    GREY,
    add_letter,
    new_figure,
    readable,
    save_figure,
    styled,
)

LEAST = 0.01  # of a run: rules that take less are drawn together
OTHERS = f"others, under {LEAST:.0%} each"
TASKS = {
    "corruptions": ("evaluating corruptions", "wall time"),
    "responses": ("synthesising responses", "wall time"),
    "planning": ("planning", "CPU time"),
}


def reach(values: "pd.Series[float]", by: str) -> tuple[pd.Series, np.ndarray]:
    """Return the median of each group, and how far its range reaches below and above it."""
    groups = values.groupby(by)
    median = groups.median()
    return median, np.stack([median - groups.min(), groups.max() - median])


def draw_corruptions(data: pd.DataFrame) -> Figure:
    """Draw how many times faster ours is than the package, and what both take."""
    costs = data.pivot_table("value", ["corruption", "round"], "way", "mean")
    costs["ratio"] = costs["imagecorruptions"] / costs["ours"]
    medians = costs["ratio"].groupby("corruption").median().sort_values()
    figure = new_figure(4.0)
    left, right = figure.subplots(1, 2, sharey=True, width_ratios=(1.2, 1))
    for axes, way, colour in (
        (left, "ratio", ACCENT),
        (right, "ours", ACCENT),
        (right, "imagecorruptions", GREY),
    ):
        median, errors = reach(costs[way], "corruption")
        rows = medians.index.get_indexer(median.index)
        axes.errorbar(median, rows, xerr=errors, fmt="o", color=colour, label=way)
        axes.set_xscale("log")
    for row, median in enumerate(medians):
        place = left.get_yaxis_transform()
        left.text(0.99, row, three_digits(median), transform=place, ha="right", va="center")
    main = medians.drop([*EXTRA])
    for names, line in ((main, "--"), (medians, ":")):
        mean = np.exp(np.log(names).mean())
        label = f"geometric mean of {len(names)}: {mean:.1f}"
        left.axvline(mean, color=GREY, linestyle=line, zorder=0, label=label)
    left.axvline(1, color="black", linewidth=0.8, zorder=0)
    left.set_yticks(range(len(medians)), [readable(name) for name in medians.index])
    left.set(xlim=(0.85, 2.5 * medians.max()), xlabel="times faster than imagecorruptions")
    right.set(xlabel="CPU time per image (ms)")
    for axes, letter, corner in ((left, "A", "upper left"), (right, "B", "lower right")):
        add_letter(axes, letter)
        axes.legend(loc=corner)
    return figure


def draw_scaling(data: pd.DataFrame) -> Figure:
    """Draw seconds against sizes, with the line that was fitted and what linear growth would be."""
    series = data.groupby(["task", "varied"], sort=False)
    figure = new_figure(3.7)
    panels = figure.subplots(2, 3).flat
    for axes, letter, ((task, varied), timed) in zip(panels, "ABCDEF", series, strict=False):
        draw_growth(axes, *reach(timed.set_index("count")["value"], "count"))
        add_letter(axes, letter)
        title, time = TASKS[task]
        axes.set(title=title, xlabel=f"number of {varied}", ylabel=f"{time} (s)")
    for axes in panels:  # those that are left
        axes.set_axis_off()
    handles = figure.axes[0].get_legend_handles_labels()
    figure.legend(*handles, loc="outside lower center", ncols=3)
    return figure


def draw_growth(axes: Axes, seconds: pd.Series, errors: np.ndarray) -> None:
    """Draw how seconds grow with a size."""
    sizes, medians = seconds.index.to_numpy(), seconds.to_numpy()
    linear = medians[-1] * sizes / sizes[-1]
    axes.loglog(sizes, linear, "--", color=GREY, label="slope 1, through the last")
    # time = constant + size * growth, by least squares of the relative errors
    terms = np.stack((1 / medians, sizes / medians), axis=1)
    constant, growth = nnls(terms, np.ones(len(sizes)))[0]
    within = np.geomspace(sizes[0], sizes[-1])
    axes.plot(within, constant + growth * within, color=ACCENT, label="constant + size × growth")
    axes.errorbar(sizes, medians, yerr=errors, fmt="o", color="black", label="median and range")
    last = f"slope of the last two: {slope(sizes[-2:], medians[-2:]):.2f}"
    axes.annotate(last, (0.97, 0.04), xycoords="axes fraction", ha="right", fontsize=6.5)


def draw_stages(data: pd.DataFrame) -> Figure:
    """Draw what the jobs of each rule took, start-up and work, the runs side by side."""
    shares = data["seconds"] / data.groupby("run")["seconds"].transform("sum")
    small = shares.groupby(data["rule"]).transform("max") < LEAST
    # Start-up that was not measured counts as work; none is longer than the jobs.
    startup = data["startup_seconds"].fillna(0).clip(upper=data["seconds"])
    named = data.assign(rule=data["rule"].mask(small, OTHERS), startup=startup)
    values = ["seconds", "startup"]
    rules = named.pivot_table(values, "rule", "run", "sum", fill_value=0)
    order = rules["seconds"].max(axis=1).sort_values().index
    rules = rules.loc[order]
    runs = data["run"].unique()
    figure = new_figure(0.9 + 0.15 * len(runs) * len(rules))
    axes = figure.subplots()
    height = 0.8 / len(runs)
    for number, (run, colour) in enumerate(zip(runs, (GREY, ACCENT, "#E69F00"), strict=False)):
        rows = np.arange(len(rules)) + (len(runs) / 2 - number - 0.5) * height
        whole = axes.barh(
            rows, rules["seconds", run], height, color=colour, label=f"{run}: all of it"
        )
        axes.bar_label(whole, fmt=lambda seconds: f" {three_digits(seconds)} s")
        blank = {"color": "white", "hatch": "//////", "edgecolor": colour, "linewidth": 0.5}
        axes.barh(rows, rules["startup", run], height, label=f"{run}: start-up", **blank)
    axes.set_yticks(range(len(rules)), rules.index)
    axes.set(xlabel="wall time, sum over jobs (s)")
    axes.margins(x=0.12, y=0.02)
    axes.legend(loc="lower right")
    return figure


def main() -> None:
    """Draw what is given."""
    figures = {
        "corruptions": (draw_corruptions, "corruption-speed.png"),
        "scaling": (draw_scaling, "scaling.png"),
        "stages": (draw_stages, "stages.png"),
    }
    parser = ArgumentParser(description=__doc__, formatter_class=RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=ROOT / "docs" / "images")
    for figure in figures:
        parser.add_argument(f"--{figure}", nargs="+", type=Path, metavar="FILE")
    given = parser.parse_args()
    for figure, (draw, name) in figures.items():
        if files := getattr(given, figure):
            save_figure(styled(draw)(pd.concat(map(pd.read_csv, files))), given.folder / name)


if __name__ == "__main__":
    main()
