"""Time the delivery of training batches against torchvision's usual pipeline, and its share.

The training images of the default experiment, gray, shifted, mirrored, rotated and standardised as
the default network sees them, in batches of 32 and 128:

- ours: what the objective of classification draws from bytes that were decoded once, with one and
  with two threads of torch;
- files: torchvision's ImageFolder on JPEG files, which the first epoch leaves in the page cache,
  its transforms, and torch's DataLoader with two worker processes that stay;
- decoded: the same from Pillow images in memory, gray already.

Images per second of wall time, over whole epochs in which the ways take turns. What comes before
(ours: a gray copy; theirs: starting the workers) is timed apart, up to the first batch, and an
epoch warms up. The share of training is that of an epoch's batches alone in an epoch of the default
network: in its steps, and in all of it with the validation.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import numpy as np
import pandas as pd
import torch
import xarray as xr
from default import RECIPE, photographs, schedule
from PIL import Image
from report import (
    Clock,
    Row,
    describe_machine,
    middle,
    parse_output,
    print_table,
    three_digits,
    write_rows,
)
from torch import Tensor
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms
from torchvision.datasets import ImageFolder

from neurobust.config.recipes import Augmentation
from neurobust.dims import TRAIN, VALIDATION
from neurobust.images.batches import LabelledPictures, Standard
from neurobust.images.form import select_split
from neurobust.networks.devices import place
from neurobust.networks.inference import correctness
from neurobust.networks.network import Heads, build_network
from neurobust.training.batches import BatchOrder
from neurobust.training.loop import train_stage
from neurobust.training.objectives.classification import Classification, Views

BATCH_SIZES, WORKERS, THREADS = (32, 128), 2, (1, 2)
EPOCHS, TRAINED_EPOCHS, SEED = 9, 5, 1000
SCHEDULE = schedule(epochs=1 + TRAINED_EPOCHS)
AUGMENTATION = Augmentation()
STREAM = {"seed": SEED, "purpose": "benchmark"}
THEIRS = ("files", "decoded")
CPU = torch.device("cpu")
START, RATE = "s to the first batch", "images/s"
ALONE, STEPS, EPOCH = "s of batches alone", "s of steps", "s of an epoch"


class OurEpochs:
    """Batches as the objective of classification draws them; each iteration is the next epoch."""

    def __init__(self, pictures: LabelledPictures, batch_size: int) -> None:
        self._pictures = pictures
        self._order = BatchOrder(len(pictures), batch_size, device=CPU, **STREAM)
        self._views = Views(pictures, AUGMENTATION, 0.0, **STREAM)
        self._turn = 0

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        turn, length = self._turn, self._order.per_pass
        self._turn += 1
        for number in range(turn * length, (turn + 1) * length):
            chosen = self._order[number]
            pixels = self._views.pixels(chosen, number, turn)
            yield self._pictures.standard(pixels), self._pictures.labels[chosen]


class DecodedImages(Dataset):
    """Gray Pillow images in memory."""

    def __init__(self, pictures: LabelledPictures, transform: transforms.Compose) -> None:
        self._images = [Image.fromarray(pixels) for pixels in pictures.seen()[:, 0].numpy()]
        self._labels = pictures.labels.tolist()
        self._transform = transform

    def __len__(self) -> int:
        return len(self._images)

    def __getitem__(self, number: int) -> tuple[Tensor, int]:
        return self._transform(self._images[number]), self._labels[number]


def build_transform(standard: Standard, side: int, *, gray: bool) -> transforms.Compose:
    """Return torchvision's transforms that mean the same; ``gray`` images need not become so."""
    return transforms.Compose(
        [
            *([] if gray else [transforms.Grayscale()]),
            transforms.RandomCrop(side, padding=AUGMENTATION.padding_px),
            transforms.RandomHorizontalFlip(),
            transforms.RandomRotation(AUGMENTATION.rotation_deg),
            transforms.ToTensor(),
            transforms.Normalize(standard.mean, standard.std),
        ]
    )


def load(dataset: Dataset, batch_size: int) -> DataLoader:
    """Return the usual loader."""
    workers = {"num_workers": WORKERS, "persistent_workers": True}
    return DataLoader(dataset, batch_size, shuffle=True, **workers)


def write_files(image_set: xr.Dataset, folder: Path) -> None:
    """Write the training images as ImageFolder expects them: a folder for each class."""
    training = select_split(image_set, TRAIN)
    names = ("pixels", "label", "image_id")
    for pixels, label, number in zip(*(training[name].values for name in names), strict=True):
        (folder / str(label)).mkdir(exist_ok=True)
        Image.fromarray(pixels).save(folder / str(label) / f"{number}.jpg", quality=95)


def time_delivery(image_set: xr.Dataset, folder: Path, batch_size: int) -> list[Row]:
    """Time all ways in turn, epoch by epoch."""
    pictures = LabelledPictures.of_split(image_set, TRAIN, colour=RECIPE.colour, device=CPU)
    transform = partial(build_transform, pictures.standard, pictures.pixels.shape[1])
    files = ImageFolder(str(folder), transform(gray=False))
    decoded = DecodedImages(pictures, transform(gray=True))
    ways: dict[str, tuple[int, Callable[[], Iterable]]] = {
        **{name_ours(n): (n, partial(OurEpochs, pictures, batch_size)) for n in THREADS},
        "files": (1, partial(load, files, batch_size)),
        "decoded": (1, partial(load, decoded, batch_size)),
    }
    rows: list[Row] = []
    epochs = {}
    for way, (threads, begin) in ways.items():
        torch.set_num_threads(threads)
        clock = Clock()
        epochs[way] = begin()
        epoch = iter(epochs[way])
        first, _ = next(epoch)
        rows.append(tell(way, batch_size, clock.read(), START))
        pixels = torch.cat([first, *(images for images, _ in epoch)])
        told = f"mean {pixels.mean():.3f}, standard deviation {pixels.std():.3f}"
        print(f"{way}, batches of {batch_size}: pixels of an epoch have {told}")
    for _ in range(EPOCHS):
        for way, epoch in epochs.items():
            torch.set_num_threads(ways[way][0])
            clock = Clock()
            images = sum(len(labels) for _, labels in epoch)
            rows.append(tell(way, batch_size, images / clock.read(), RATE))
    return rows


def time_training(image_set: xr.Dataset, threads: int) -> list[Row]:
    """Time epochs of the default network, then of its batches alone."""
    torch.set_num_threads(threads)
    training, validation = (
        LabelledPictures.of_split(image_set, split, colour=RECIPE.colour, device=CPU)
        for split in (TRAIN, VALIDATION)
    )
    network = place(build_network(RECIPE, Heads(image_set.sizes["class"]), seed=SEED), CPU)
    (stage,) = RECIPE.training()
    ((name, settings),) = stage.objectives.items()
    batch_size = SCHEDULE.batch_size
    objective = Classification(settings, training, batch_size=batch_size, **STREAM)
    ends: list[float] = []  # of each step and, once validated, of the epoch

    def stamp(_: object) -> None:
        ends.append(perf_counter())

    def validate() -> float:
        return correctness(network, validation).double().mean().item()

    train_stage(
        network,
        {name: objective},
        stage=stage,
        number=0,
        schedule=SCHEDULE,
        validate=validate,
        seed=SEED,
        device=CPU,
        history={},
        at_boundary=stamp,
    )
    by_epoch = np.reshape(ends, (-1, len(objective) + 1))
    begins, steps, epochs = by_epoch[:-1, -1], by_epoch[1:, -2], by_epoch[1:, -1]
    batches, alone = OurEpochs(training, batch_size), []
    for _ in range(1 + EPOCHS):
        clock = Clock()
        for _ in batches:
            pass
        alone.append(clock.read())
    taken = {STEPS: steps - begins, EPOCH: epochs - begins, ALONE: alone[1:]}  # warmed up
    way = name_ours(threads)
    return [tell(way, batch_size, s, unit) for unit, seconds in taken.items() for s in seconds]


def name_ours(threads: int) -> str:
    """Name our way with some threads."""
    return f"ours, {threads} thread{'s' * (threads > 1)}"


def tell(way: str, batch_size: int, value: float, unit: str) -> Row:
    """Return a measurement."""
    return {"way": way, "batch_size": batch_size, "value": value, "unit": unit}


def print_delivery(rows: list[Row]) -> None:
    """Print rates, how many times theirs they are, and what comes before the first batch."""
    data = pd.DataFrame(rows)
    starts = data[data["unit"] == START].set_index(["batch_size", "way"])["value"]
    rates = data[data["unit"] == RATE].groupby(["batch_size", "way"], sort=False)["value"]
    medians = rates.median()
    print_table(
        ["Batch", "Way", RATE, "times files", "times decoded", START],
        [
            [
                size,
                way,
                middle(values),
                *(three_digits(medians[size, way] / medians[size, n]) for n in THEIRS),
                three_digits(starts[size, way]),
            ]
            for (size, way), values in rates
        ],
    )


def print_shares(rows: list[Row]) -> None:
    """Print seconds of an epoch and the share of its batches."""
    table = []
    for way, data in pd.DataFrame(rows).groupby("way"):
        values = dict(iter(data.groupby("unit")["value"]))
        alone = values[ALONE].median()
        shares = [f"{100 * alone / values[unit].median():.1f} %" for unit in (STEPS, EPOCH)]
        table.append([way, *(middle(values[unit]) for unit in (ALONE, STEPS, EPOCH)), *shares])
    print_table(["Way", ALONE, STEPS, EPOCH, "share of steps", "share of the epoch"], table)


def main() -> None:
    """Time delivery, then training, and print both."""
    output = parse_output(__doc__)
    image_set = photographs()
    with TemporaryDirectory() as folder:
        write_files(image_set, Path(folder))
        delivered = [r for n in BATCH_SIZES for r in time_delivery(image_set, Path(folder), n)]
    trained = [row for threads in THREADS for row in time_training(image_set, threads)]
    machine = describe_machine("numpy", "pillow", "torch", "torchvision")
    print(machine)
    print_delivery(delivered)
    print_shares(trained)
    write_rows([*delivered, *trained], machine, output)


if __name__ == "__main__":
    main()
