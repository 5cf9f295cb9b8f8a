"""Time the corruptions against the package imagecorruptions, and what they add to classifying.

Patches of photographs, 64 x 64 pixels in RGB, with the severities of ImageNet-C, 1 to 5:

- ours: `corrupt` on a batch of 256 images;
- theirs: the package, which takes one image at a time, on 32 of them.

Milliseconds per image, in CPU time and on one thread each, so that other work on the machine counts
little. A round times every corruption and severity once, ours and theirs in turn; before the
first, all run once, which compiles theirs and fills caches. Corruptions are compared by the mean
over severities. The change is the mean absolute difference from the original, in levels, over the
same 32 images; it differs where random fields do. That equal fields give equal images is tested.

Where there is a GPU, also: images per second of wall time that VGG19 at full width classifies, as
`evaluate_corruptions` does, of clean images and of images that are corrupted first, at severity 3.
"""

import warnings
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from time import process_time

import cv2
import numpy as np
import pandas as pd
import torch
from default import photographs
from jaxtyping import UInt8
from report import (
    Clock,
    Row,
    describe_machine,
    middle,
    parse_output,
    print_table,
    synchronise,
    write_rows,
)

from neurobust.config.recipes import Recipe
from neurobust.dims import TRAIN
from neurobust.images.batches import LabelledPictures, as_channels
from neurobust.images.corruptions import CORRUPTIONS, GROUPS, SEVERITIES, corrupt
from neurobust.networks.devices import place
from neurobust.networks.inference import correctness
from neurobust.networks.network import Heads, build_network

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import imagecorruptions

IMAGES, THEIR_IMAGES = 256, 32
ROUNDS, CLASSIFIED, SEVERITY, SEED = 7, 20, 3, 1000  # classified: batches of a measurement
RECIPE = Recipe(trunk="vgg19", width=1.0)
CLASSES = 200
MAIN = tuple(name for group in GROUPS.values() for name in group)
OURS, THEIRS, CLEAN = "ours", "imagecorruptions", "clean"
COST, RATE = "ms per image", "images/s"

Images = UInt8[np.ndarray, "image row column channel"]


def take_pictures(device: torch.device) -> LabelledPictures:
    """Return a batch of patches from eight photographs."""
    pictures = LabelledPictures.of_split(photographs(), TRAIN, colour=RECIPE.colour, device=device)
    part = slice(0, 3 * IMAGES, 3)  # of all photographs
    return replace(
        pictures,
        pixels=pictures.pixels[part],
        labels=pictures.labels[part],
        image_ids=pictures.image_ids[part],
    )


def corrupt_ours(pictures: LabelledPictures, corruption: str, severity: int) -> Images:
    """Corrupt a batch at once; return as many images as they do."""
    corrupted = corrupt(
        pictures.pixels, corruption, severity, image_ids=pictures.image_ids, seed=SEED
    )
    return corrupted[:: IMAGES // THEIR_IMAGES].numpy()


def corrupt_theirs(images: Images, corruption: str, severity: int) -> Images:
    """Corrupt one image after the other."""
    return np.stack([imagecorruptions.corrupt(image, severity, corruption) for image in images])


def time_corrupting(pictures: LabelledPictures) -> tuple[list[Row], pd.DataFrame]:
    """Time both in turn; return the times, and the changes by corruption and way."""
    images = pictures.pixels[:: IMAGES // THEIR_IMAGES].numpy()
    ways: dict[str, tuple[int, Callable[[str, int], Images]]] = {
        OURS: (IMAGES, partial(corrupt_ours, pictures)),
        THEIRS: (THEIR_IMAGES, partial(corrupt_theirs, images)),
    }
    rows: list[Row] = []
    changes = []
    for number in range(ROUNDS + 1):
        for corruption in CORRUPTIONS:
            for severity in SEVERITIES:
                for way, (count, run) in ways.items():
                    begin = process_time()
                    corrupted = run(corruption, severity)
                    cost = 1000 * (process_time() - begin) / count
                    if number:
                        rows.append(tell(number, corruption, severity, way, cost, COST))
                    else:
                        change = np.abs(corrupted.astype(int) - images).mean()
                        changes.append(tell(0, corruption, severity, way, change, "levels"))
    return rows, by_way(pd.DataFrame(changes), "corruption")


def time_classifying(pictures: LabelledPictures, recipe: Recipe) -> list[Row]:
    """Time classifying a batch, clean and under each corruption in turn."""
    device = pictures.pixels.device
    network = place(build_network(recipe, Heads(CLASSES), seed=SEED).eval(), device)

    def classify(corruption: str) -> None:
        shown = pictures.pixels
        if corruption != CLEAN:
            shown = corrupt(shown, corruption, SEVERITY, image_ids=pictures.image_ids, seed=SEED)
        correctness(network, pictures, as_channels(shown, recipe.colour))

    rows = []
    for number in range(ROUNDS + 1):
        for corruption in (CLEAN, *MAIN):
            synchronise(device)
            clock = Clock()
            for _ in range(CLASSIFIED):
                classify(corruption)
            synchronise(device)
            rate = CLASSIFIED * len(pictures) / clock.read()
            rows.append(tell(number, corruption, SEVERITY, OURS, rate, RATE))
    return [row for row in rows if row["round"]]  # the first warms up


def tell(number: int, corruption: str, severity: int, way: str, value: float, unit: str) -> Row:
    """Return a measurement."""
    measured = {"corruption": corruption, "severity": severity, "way": way}
    return {"round": number, **measured, "value": value, "unit": unit}


def by_way(data: pd.DataFrame, *index: str) -> pd.DataFrame:
    """Return means over severities, with a column for each way."""
    return data.pivot_table("value", list(index), "way", "mean", sort=False)


def print_corrupting(rows: list[Row], changes: pd.DataFrame) -> None:
    """Print costs and how many times ours theirs are, and means of that."""
    costs = by_way(pd.DataFrame(rows), "corruption", "round")
    ratios = (costs[THEIRS] / costs[OURS]).groupby("corruption", sort=False)
    medians = ratios.median().sort_values(ascending=False)
    print_table(
        ["Corruption", f"ours, {COST}", f"theirs, {COST}", "times ours", "change, ours", "theirs"],
        [
            [
                name,
                *(middle(costs.loc[name, way]) for way in (OURS, THEIRS)),
                middle(ratios.get_group(name)),
                *(f"{changes.loc[name, way]:.1f}" for way in (OURS, THEIRS)),
            ]
            for name in medians.index
        ],
    )
    print()
    for told, names in {"ImageNet-C": MAIN, "with the extra ones": CORRUPTIONS}.items():
        mean = np.exp(np.log(medians[list(names)]).mean())
        print(
            f"{len(names)} corruptions, {told}: {mean:.2f} times faster (geometric mean); slower: "
            f"{', '.join(n for n in medians.index if n in names and medians[n] < 1) or 'none'}"
        )


def print_classifying(rows: list[Row]) -> None:
    """Print rates and how much longer corrupted images take than clean ones."""
    rates = pd.DataFrame(rows).groupby("corruption", sort=False)["value"]
    times = rates.median()[CLEAN] / rates.median()
    print_table(
        ["Images", f"classified, {RATE}", "time, clean = 1"],
        [[name, middle(values), f"{times[name]:.2f}"] for name, values in rates],
    )
    shares = times[list(MAIN)]
    print(f"\ncorrupted: {shares.mean():.2f} times as long on average, at most {shares.max():.2f}")


def main() -> None:
    """Time corrupting, then classifying if there is a GPU, and print both."""
    output = parse_output(__doc__)
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    rows, changes = time_corrupting(take_pictures(torch.device("cpu")))
    classified = []
    if torch.cuda.is_available():
        classified = time_classifying(take_pictures(torch.device("cuda")), RECIPE)
    packages = ("imagecorruptions-imaug", "numpy", "opencv-python", "torch")
    machine = describe_machine(*packages)
    print(machine)
    print_corrupting(rows, changes)
    if classified:
        print_classifying(classified)
    else:
        print("\nno GPU here: classifying corrupted images was not timed")
    write_rows([*rows, *classified], machine, output)


if __name__ == "__main__":
    main()
