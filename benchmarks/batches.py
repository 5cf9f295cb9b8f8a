"""Time the delivery of training batches against torchvision's usual pipeline, and its share.

The training images of the default experiment, gray, shifted, mirrored, rotated and standardised as
the default network sees them, in batches of 32 and 128:

- ours: what the objective of classification draws from bytes that were decoded once, with one and
  with two threads of torch;
- files: torchvision's ImageFolder on JPEG files, which the first epoch leaves in the page cache,
  its transforms, and torch's DataLoader with two worker processes that stay;
- decoded: the same from Pillow images in memory, gray already.

Images per second of wall time, over whole epochs in which the ways take turns; an epoch warms up,
in which the workers start. The share of training is that of an epoch's batches in an epoch of the
default network with its validation.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
import torch
import xarray as xr
from default import CPU, RECIPE, SCHEDULE, SEED, build, epoch_of_training, photographs
from PIL import Image
from report import begin, middle, print_table, time_in_turn
from torch import Tensor
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms
from torchvision.datasets import ImageFolder

from neurobust.config.objective import Augmentation
from neurobust.dims import TRAIN, VALIDATION
from neurobust.images.batches import LabelledPictures, Standard
from neurobust.images.form import select_split
from neurobust.networks.network import Heads
from neurobust.training.batches import BatchOrder
from neurobust.training.views import Views

BATCH_SIZES, WORKERS, THREADS = (32, 128), 2, (1, 2)
AUGMENTATION = Augmentation()
STREAM = {"seed": SEED, "purpose": "benchmark"}


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


def write_files(image_set: xr.Dataset, folder: Path) -> None:
    """Write the training images as ImageFolder expects them: a folder for each class."""
    training = select_split(image_set, TRAIN)
    names = ("pixels", "label", "image_id")
    for pixels, label, number in zip(*(training[name].values for name in names), strict=True):
        (folder / str(label)).mkdir(exist_ok=True)
        Image.fromarray(pixels).save(folder / str(label) / f"{number}.jpg", quality=95)


def pass_through(epochs: Iterable, threads: int = 1) -> Callable[[], None]:
    """Return an epoch of batches that are thrown away."""

    def run() -> None:
        torch.set_num_threads(threads)
        deque(epochs, maxlen=0)

    return run


def time_delivery(pictures: LabelledPictures, folder: Path, rounds: int) -> pd.DataFrame:
    """Time all ways in turn, epoch by epoch."""
    transform = partial(build_transform, pictures.standard, pictures.pixels.shape[1])
    theirs = {
        "files": ImageFolder(str(folder), transform(gray=False)),
        "decoded": DecodedImages(pictures, transform(gray=True)),
    }
    workers = {"num_workers": WORKERS, "persistent_workers": True}
    runs = {}
    for size in BATCH_SIZES:
        for threads in THREADS:
            epoch = pass_through(OurEpochs(pictures, size), threads)
            runs[size, f"ours, {threads} threads"] = (len(pictures), epoch)
        for way, dataset in theirs.items():
            loader = DataLoader(dataset, size, shuffle=True, **workers)
            runs[size, way] = (len(pictures), pass_through(loader))
    data = time_in_turn(runs, ("batch", "way"), rounds).query("round > 0")
    return data.assign(value=data["count"] / data["seconds"])


def print_shares(image_set: xr.Dataset, pictures: LabelledPictures, rounds: int) -> None:
    """Print the share of drawing batches in an epoch of the default network."""
    validation = LabelledPictures.of_split(image_set, VALIDATION, colour="gray", device=CPU)
    network = build(RECIPE, Heads(image_set.sizes["class"]))
    for threads in THREADS:
        epoch = epoch_of_training(network, SCHEDULE, pictures, validation)
        alone = pass_through(OurEpochs(pictures, SCHEDULE.batch_size), threads)
        data = time_in_turn({"batches": (1, alone), "epoch": (1, epoch)}, ("what",), rounds)
        batches, whole = data.query("round > 0").groupby("what")["seconds"].median()
        print(f"{threads} threads: batches take {batches / whole:.1%} of {whole:.2f} s an epoch")


def main() -> None:
    """Time delivery, then training."""
    given = begin(__doc__, 9, "numpy", "pillow", "torch", "torchvision")
    image_set = photographs()
    pictures = LabelledPictures.of_split(image_set, TRAIN, colour=RECIPE.colour, device=CPU)
    with TemporaryDirectory() as folder:
        write_files(image_set, Path(folder))
        data = time_delivery(pictures, Path(folder), given.rounds)
    table = data.groupby(["batch", "way"])["value"].agg(["median", middle])
    for way in ("files", "decoded"):
        theirs = table["median"].xs(way, level="way")
        table[f"times {way}"] = table["median"].div(theirs, level="batch").round(1)
    print_table(table.drop(columns="median").rename(columns={"middle": "images/s"}))
    print_shares(image_set, pictures, given.rounds)
    if given.output:
        data.to_csv(given.output, index=False)


if __name__ == "__main__":
    main()
