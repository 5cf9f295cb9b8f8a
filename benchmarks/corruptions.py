"""Time the corruptions against the package imagecorruptions, and what they add to classifying.

Patches of photographs, 64 x 64 pixels in RGB, with the severities of ImageNet-C, 1 to 5:

- ours: `corrupt` on a batch of 256 images;
- theirs: the package, which takes one image at a time, on 32 of them.

Milliseconds per image, in CPU time and on one thread each, so that other work on the machine counts
little. Corruptions are compared by the mean over severities. That equal random fields give equal
images is tested elsewhere.

Where there is a GPU, also: images per second of wall time that VGG19 at full width classifies, as
`evaluate_corruptions` does, of clean images and of images that are corrupted first, at severity 3.
"""

import warnings
from dataclasses import replace
from functools import partial
from itertools import product
from time import process_time

import cv2
import numpy as np
import pandas as pd
import torch
from default import SEED, build, photographs
from jaxtyping import UInt8
from report import begin, middle, print_table, time_in_turn

from neurobust.config.recipes import Recipe
from neurobust.dims import TRAIN
from neurobust.images.batches import LabelledPictures, as_channels
from neurobust.images.corruptions import CORRUPTIONS, GROUPS, SEVERITIES, corrupt
from neurobust.networks.inference import correctness
from neurobust.networks.network import Heads

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import imagecorruptions

IMAGES, THEIR_IMAGES = 256, 32
CLASSIFIED, SEVERITY = 20, 3  # classified: batches of a measurement
RECIPE = Recipe(trunk="vgg19", width=1.0)
MAIN = tuple(name for group in GROUPS.values() for name in group)
OURS, THEIRS, CLEAN = "ours", "imagecorruptions", "clean"


def take_pictures(device: torch.device) -> LabelledPictures:
    """Return a batch of patches from eight photographs."""
    pictures = LabelledPictures.of_split(photographs(), TRAIN, colour="gray", device=device)
    part = slice(0, 3 * IMAGES, 3)  # of all photographs
    parts = {name: getattr(pictures, name)[part] for name in ("pixels", "labels", "image_ids")}
    return replace(pictures, **parts)


def corrupt_theirs(
    images: UInt8[np.ndarray, "image row column channel"], corruption: str, severity: int
) -> None:
    """Corrupt one image after the other."""
    for image in images:
        imagecorruptions.corrupt(image, severity, corruption)


def time_corrupting(rounds: int) -> pd.DataFrame:
    """Return the milliseconds that each way takes for an image."""
    pictures = take_pictures(torch.device("cpu"))
    images = pictures.pixels[:: IMAGES // THEIR_IMAGES].numpy()
    runs = {}
    for asked in product(CORRUPTIONS, SEVERITIES):
        own = {"image_ids": pictures.image_ids, "seed": SEED}
        runs[*asked, OURS] = (IMAGES, partial(corrupt, pictures.pixels, *asked, **own))
        runs[*asked, THEIRS] = (THEIR_IMAGES, partial(corrupt_theirs, images, *asked))
    data = time_in_turn(runs, ("corruption", "severity", "way"), rounds, process_time)
    return data[data["round"] > 0].assign(value=1000 * data["seconds"] / data["count"])


def print_corrupting(data: pd.DataFrame) -> None:
    """Print costs and how many times ours theirs are, and geometric means of that."""
    costs = data.pivot_table("value", ["corruption", "round"], "way", "mean", sort=False)
    costs["times faster"] = costs[THEIRS] / costs[OURS]
    by_corruption = costs.groupby("corruption", sort=False)
    print_table(by_corruption.agg(middle))
    faster = by_corruption["times faster"].median()
    for label, names in {"ImageNet-C": MAIN, "with the extra ones": CORRUPTIONS}.items():
        own = faster[[*names]]
        mean, slower = np.exp(np.log(own).mean()), [*own.index[own < 1]] or "none"
        print(f"{len(own)}, {label}: {mean:.2f} times faster (geometric mean); slower: {slower}")


def print_classifying(rounds: int) -> None:
    """Print how much longer a GPU takes to classify corrupted images than clean ones."""
    pictures = take_pictures(torch.device("cuda"))
    network = build(RECIPE, Heads(200), torch.device("cuda"))

    def classify(corruption: str) -> None:
        for _ in range(CLASSIFIED):
            shown = pictures.pixels
            if corruption != CLEAN:
                own = {"image_ids": pictures.image_ids, "seed": SEED}
                shown = corrupt(shown, corruption, SEVERITY, **own)
            correctness(network, pictures, as_channels(shown, RECIPE.colour))

    runs = {name: (CLASSIFIED * IMAGES, partial(classify, name)) for name in (CLEAN, *MAIN)}
    data = time_in_turn(runs, ("corruption",), rounds).query("round > 0")
    rates = (data["count"] / data["seconds"]).groupby(data["corruption"], sort=False)
    times = rates.median()[CLEAN] / rates.median()
    print_table(pd.DataFrame({"images/s": rates.agg(middle), "time, clean = 1": times.round(2)}))
    shares = times[[*MAIN]]
    print(f"corrupted: {shares.mean():.2f} times as long on average, at most {shares.max():.2f}")


def main() -> None:
    """Time corrupting, then classifying if there is a GPU."""
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    given = begin(__doc__, 7, "imagecorruptions-imaug", "numpy", "opencv-python", "torch")
    data = time_corrupting(given.rounds)
    print_corrupting(data)
    if torch.cuda.is_available():
        print_classifying(given.rounds)
    else:
        print("\nno GPU here: classifying corrupted images was not timed")
    if given.output:
        data.to_csv(given.output, index=False)


if __name__ == "__main__":
    main()
