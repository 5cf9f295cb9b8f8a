"""Time evaluation and the synthesis of responses as their sizes grow, and measure their memory.

- corruptions: `evaluate_corruptions`, all corruptions on random images of 64 x 64 pixels, with
  more images, networks or severities, each alone;
- responses: `synthesise_responses`, with more neuroids or more images.

Seconds of wall time, which the sizes of a series take in turns. The slope is the power of the size
that the median grows with, over all sizes and over the last two alone, where what does not grow
counts least: 1 is linear. Peak memory (Linux) is that of a process of its own for each number of
images, imports included, that reads the images from a file; its growth is told per image.
"""

import re
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
import xarray as xr
from report import (
    Clock,
    Row,
    describe_machine,
    middle,
    parse_output,
    print_table,
    slope,
    three_digits,
    write_rows,
)

from neurobust.config.recipes import Recipe
from neurobust.dims import TEST, TRAIN, VALIDATION
from neurobust.evaluation.corruptions.evaluate import evaluate_corruptions
from neurobust.files.storage import load, open_dataset, write_dataset
from neurobust.images.corruptions import TIN_TC
from neurobust.images.form import make_image_set
from neurobust.networks.network import Heads, Network, build_network
from neurobust.responses.synthesis import synthesise_responses

SIDE_PX, CLASSES, OTHERS = 64, 8, 8  # others: images of each split that is not evaluated
SEED, REPETITIONS, BATCH_SIZE = 1000, 3, 256
CPU = torch.device("cpu")
SECONDS, PEAK = "s", "MB at the peak"


class Size(NamedTuple):
    """How much is evaluated; what a task does not know of is ignored."""

    images: int = 100
    networks: int = 1
    severities: int = 1
    neuroids: int = 400


SERIES: dict[str, dict[str, tuple[int, ...]]] = {
    "corruptions": {
        "images": (100, 200, 400, 800),
        "networks": (1, 2, 4, 8),
        "severities": (1, 2, 3, 5),
    },
    "responses": {
        "neuroids": (100, 200, 400, 800, 1600, 3200),
        "images": (100, 200, 400, 800, 1600),
    },
}
# Numbers of images: more than a batch, and more than fill the cache of netCDF4 (64 MB).
MEMORY = {"corruptions": (3000, 6000, 9000), "responses": (600, 1200, 2400)}


def build_images(images: int) -> xr.Dataset:
    """Return an image set of random bytes, with so many images for the test."""
    number = images + 2 * OTHERS
    random = np.random.default_rng(SEED)
    return make_image_set(
        pixels=random.integers(0, 256, (number, SIDE_PX, SIDE_PX, 3), np.uint8),
        image_id=np.arange(number),
        label=np.arange(number) % CLASSES,
        split=np.repeat([TEST, TRAIN, VALIDATION], [images, OTHERS, OTHERS]).tolist(),
        class_names=[f"class {number}" for number in range(CLASSES)],
        identifier="random bytes",
        source="a benchmark",
        licence="CC0",
        task="none",
    )


def build_networks(size: Size) -> list[Network]:
    """Return networks as by default, VGG11 at width 1/8 on gray images, with a readout."""
    heads = Heads(CLASSES, {"session": [f"neuroid{n}" for n in range(size.neuroids)]})
    recipe = Recipe(trunk="vgg11", width=1 / 8)
    return [build_network(recipe, heads, seed=SEED + n).eval() for n in range(size.networks)]


def evaluate(networks: list[Network], image_set: xr.Dataset, severities: int) -> None:
    """Classify corrupted images with all networks, at the first so many severities."""
    evaluate_corruptions(
        {"network": dict(enumerate(networks))},
        image_set,
        severities=range(1, severities + 1),
        batch_size=BATCH_SIZE,
        seed=SEED,
        device=CPU,
    )


def prepare(task: str, size: Size) -> Callable[[], object]:
    """Return what is timed, with its images and networks built."""
    networks, image_set = build_networks(size), build_images(size.images)
    if task == "corruptions":
        return partial(evaluate, networks, image_set, size.severities)
    return partial(synthesise_responses, networks[0], image_set, CPU)


def time_series(task: str, varied: str, sizes: tuple[int, ...]) -> list[Row]:
    """Time all sizes in turn, after the smallest has warmed up."""
    given = {number: Size(**{varied: number}) for number in sizes}
    runs = {number: prepare(task, size) for number, size in given.items()}
    runs[min(sizes)]()
    rows = []
    for _ in range(REPETITIONS):
        for number, run in runs.items():
            clock = Clock()
            run()
            rows.append(tell(task, varied, given[number], clock.read(), SECONDS))
    return rows


def measure_peak(task: str, size: Size, path: Path) -> float:
    """Return this process's peak memory in MB once it has run a task on the images of a file."""
    torch.set_num_threads(1)
    networks = build_networks(size)
    with open_dataset(path) as image_set:
        if task == "corruptions":
            evaluate(networks, image_set, size.severities)
        else:
            synthesise_responses(networks[0], load(image_set), CPU)
    status = Path("/proc/self/status").read_text()  # `ru_maxrss` begins at the parent's peak
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / 1024


def measure_memory(task: str) -> list[Row]:
    """Measure the peak for each number of images, each in a fresh process."""
    sizes = [Size(images=images) for images in MEMORY[task]]
    fresh = {"mp_context": get_context("spawn"), "max_tasks_per_child": 1}
    with TemporaryDirectory() as folder, ProcessPoolExecutor(1, **fresh) as processes:
        paths = [Path(folder) / f"{size.images}.nc" for size in sizes]
        for size, path in zip(sizes, paths, strict=True):
            write_dataset(build_images(size.images), path)
        peaks = list(processes.map(measure_peak, [task] * len(sizes), sizes, paths))
    return [tell(task, "images", size, peak, PEAK) for size, peak in zip(sizes, peaks, strict=True)]


def tell(task: str, varied: str, size: Size, value: float, unit: str) -> Row:
    """Return a measurement."""
    return {"task": task, "varied": varied, **size._asdict(), "value": value, "unit": unit}


def print_seconds(rows: list[Row]) -> None:
    """Print the seconds of each series and their slopes."""
    table = []
    for (task, varied), data in pd.DataFrame(rows).groupby(["task", "varied"], sort=False):
        by_size = data.groupby(str(varied))["value"]
        medians = by_size.median()
        sizes, seconds = medians.index.to_numpy(), medians.to_numpy()
        slopes = (slope(sizes, seconds), slope(sizes[-2:], seconds[-2:]))
        for number, values in by_size:
            last = number == sizes[-1]
            told = [f"{value:.2f}" for value in slopes] if last else ["", ""]
            table.append([task, varied, number, middle(values), *told])
    print_table(["Task", "Varied", "Size", "s, median (range)", "slope", "of the last two"], table)


def print_memory(rows: list[Row]) -> None:
    """Print the peaks and how they grow with the images."""
    table = []
    for task, data in pd.DataFrame(rows).groupby("task", sort=False):
        images, peaks = data["images"].to_numpy(), data["value"].to_numpy()
        growth = 1024 * (peaks[-1] - peaks[-2]) / (images[-1] - images[-2])
        for number, peak in zip(images, peaks, strict=True):
            last = number == images[-1]
            table.append([task, number, three_digits(peak), f"{growth:.1f}" if last else ""])
    print_table(["Task", "Images", PEAK, "KB more per image, of the last two"], table)
    print(f"\nthe pixels of an image take {3 * SIDE_PX**2 / 1024:.1f} KB")


def main() -> None:
    """Measure memory, then time, and print both."""
    output = parse_output(__doc__)
    torch.set_num_threads(1)
    memory = [row for task in MEMORY for row in measure_memory(task)]
    timed = [
        row
        for task, series in SERIES.items()
        for varied, sizes in series.items()
        for row in time_series(task, varied, sizes)
    ]
    machine = describe_machine("numpy", "torch")
    print(machine)
    print(f"{len(TIN_TC)} corruptions; where nothing else is said: {Size()}")
    print_seconds(timed)
    print_memory(memory)
    write_rows([*timed, *memory], machine, output)


if __name__ == "__main__":
    main()
