"""Time evaluation and the synthesis of responses as their sizes grow, and measure their memory.

- corruptions: `evaluate_corruptions`, all corruptions on random images of 64 x 64 pixels, with
  more images, networks or severities, each alone;
- responses: `synthesise_responses`, with more neuroids or more images.

Seconds of wall time, which the sizes of a series take in turns. The slope is the power of the size
that the median grows with, over all sizes and over the last two alone, where what does not grow
counts least: 1 is linear. Peak memory (Linux) is that of a process of its own for each number of
images, imports included, that reads the images from a file.
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
from default import CPU, RECIPE, SEED, build
from report import begin, middle, print_table, slope, time_in_turn

from neurobust.dims import TEST, TRAIN, VALIDATION
from neurobust.evaluation.corruptions.evaluate import evaluate_corruptions
from neurobust.files.storage import load, open_dataset, write_dataset
from neurobust.images.form import make_image_set
from neurobust.networks.network import Heads
from neurobust.responses.synthesis import synthesise_responses

SIDE_PX, CLASSES, OTHERS = 64, 8, 8  # others: images of each split that is not evaluated


class Size(NamedTuple):
    """How much is evaluated; a task ignores what does not concern it."""

    images: int = 100
    networks: int = 1
    severities: int = 1
    neuroids: int = 400


SERIES: dict[tuple[str, str], tuple[int, ...]] = {
    ("corruptions", "images"): (100, 200, 400, 800),
    ("corruptions", "networks"): (1, 2, 4, 8),
    ("corruptions", "severities"): (1, 2, 3, 5),
    ("responses", "neuroids"): (100, 200, 400, 800, 1600, 3200),
    ("responses", "images"): (100, 200, 400, 800, 1600),
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


def prepare(task: str, size: Size, image_set: xr.Dataset) -> Callable[[], object]:
    """Return the task on an image set, with its networks built."""
    heads = Heads(CLASSES, {"session": [f"neuroid{n}" for n in range(size.neuroids)]})
    networks = {n: build(RECIPE, heads, seed=SEED + n) for n in range(size.networks)}
    if task == "responses":
        return partial(synthesise_responses, networks[0], load(image_set), CPU)
    severities = range(1, size.severities + 1)
    settings = {"severities": severities, "batch_size": 256, "seed": SEED, "device": CPU}
    return partial(evaluate_corruptions, {"network": networks}, image_set, **settings)


def time_series(task: str, varied: str, sizes: tuple[int, ...], rounds: int) -> pd.DataFrame:
    """Return the seconds for each size."""
    runs = {}
    for number in sizes:
        size = Size(**{varied: number})
        runs[number] = (number, prepare(task, size, build_images(size.images)))
    data = time_in_turn(runs, (varied,), rounds).query("round > 0")
    return data.assign(task=task, varied=varied, value=data["seconds"], unit="s")


def print_seconds(data: pd.DataFrame) -> None:
    """Print the seconds of each series and their slopes."""
    by_size = data.groupby(["task", "varied", "count"], sort=False)["value"]
    print_table(by_size.agg(middle).to_frame("s"))
    for names, series in data.groupby(["task", "varied"], sort=False):
        medians = series.groupby("count")["value"].median()
        every, last = slope(medians.index, medians), slope(medians.index[-2:], medians[-2:])
        print(f"{' by '.join(names)}: slope {every:.2f}, of the last two {last:.2f}")


def measure_peak(task: str, path: Path) -> float:
    """Return this process's peak memory in MB once it has run a task on the images of a file."""
    torch.set_num_threads(1)
    with open_dataset(path) as image_set:
        prepare(task, Size(), image_set)()
    status = Path("/proc/self/status").read_text()  # `ru_maxrss` begins at the parent's peak
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / 1024


def print_memory(task: str, sizes: tuple[int, ...]) -> None:
    """Print the peak for each number of images, each in a fresh process."""
    fresh = {"mp_context": get_context("spawn"), "max_tasks_per_child": 1}
    with TemporaryDirectory() as folder, ProcessPoolExecutor(1, **fresh) as processes:
        paths = [Path(folder) / f"{images}.nc" for images in sizes]
        for images, path in zip(sizes, paths, strict=True):
            write_dataset(build_images(images), path)
        peaks = [*processes.map(measure_peak, [task] * len(sizes), paths)]
    growth = 1024 * (peaks[-1] - peaks[-2]) / (sizes[-1] - sizes[-2])
    listed = ", ".join(f"{n} images {peak:.0f} MB" for n, peak in zip(sizes, peaks, strict=True))
    print(f"peak memory, {task}: {listed}; {growth:.1f} KB more per image, of the last two")


def main() -> None:
    """Measure time, then memory."""
    torch.set_num_threads(1)
    given = begin(__doc__, 3, "numpy", "torch")
    print(f"14 corruptions; what is not varied: {Size()}")
    timed = [time_series(*key, sizes, given.rounds) for key, sizes in SERIES.items()]
    print_seconds(pd.concat(timed))
    for task, sizes in MEMORY.items():
        print_memory(task, sizes)
    print(f"the pixels of an image take {3 * SIDE_PX**2 / 1024:.1f} KB")
    if given.output:
        pd.concat(timed).to_csv(given.output, index=False)


if __name__ == "__main__":
    main()
