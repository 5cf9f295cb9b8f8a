"""Time the smallest targeted perturbations against foolbox's Brendel & Bethge attack alone.

On one network, which is trained here on photographs that come with foolbox, with the same images
and targets:

- ours: `perturb` with the attack `fmn`, at several numbers of steps. What it returns is verified,
  in the time that is given.
- Brendel & Bethge: foolbox's classes as they are, with the settings of Li et al. 2023, from test
  images of other labels that the network answers with the targets. Numba's compilation is not
  timed.

Sizes are of what a fresh look confirms, and means are over images for which both found something.
Seconds are of CPU time, in one thread, so that other work on the machine counts little.
"""

import warnings
from dataclasses import dataclass
from time import process_time

import numpy as np
import torch
from jaxtyping import Float, Int64
from report import describe_machine
from torch import Tensor

from neurobust.config.recipes import Recipe
from neurobust.config.settings import Schedule
from neurobust.dims import TEST
from neurobust.evaluation.attacks.perturb import perturb
from neurobust.evaluation.attacks.search import NORMS, Start, verify
from neurobust.images.batches import LabelledPictures
from neurobust.images.pairing import derange_labels
from neurobust.images.sources.photographs import build_photographs
from neurobust.networks.pixels import PixelClassifier
from neurobust.randomness import generator
from neurobust.training.train import TrainingData, train_network

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    from foolbox import PyTorchModel, TargetedMisclassification
    from foolbox.attacks import L2BrendelBethgeAttack, LinfinityBrendelBethgeAttack

IMAGES, SEED, REPETITIONS = 40, 1000, 3
OURS = (40, 60, 80, 100, 150)  # steps
CPU = torch.device("cpu")
BRENDEL_BETHGE = {"linf": LinfinityBrendelBethgeAttack, "l2": L2BrendelBethgeAttack}
SETTINGS = {
    "overshoot": 1.1,
    "lr": 1e-3,
    "lr_decay": 0.5,
    "lr_num_decay": 20,
    "momentum": 0.8,
}


@dataclass
class Task:
    """A network, images in [0, 1], their targets and, for each, an image answered with it."""

    classifier: PixelClassifier
    images: Float[Tensor, "image channel row column"]
    targets: Int64[Tensor, " image"]
    examples: Float[Tensor, "image channel row column"]


def build_task() -> Task:
    """Train VGG11 at width 1/8 on gray patches of 8 photographs; draw images and targets."""
    shares = {"test_fraction": 0.2, "validation_fraction": 0.1}
    image_set = build_photographs(range(0, 16, 2), **shares, seed=SEED)
    schedule = {"optimiser": "adam", "lr": 0.003, "patience": 3, "lr_steps": 3}
    network, _ = train_network(
        Recipe(trunk="vgg11", width=1 / 8, objectives={"names": {"kind": "classification"}}),
        {"classification": Schedule(**schedule, max_epochs=12, batch_size=32)},
        TrainingData(images=image_set),
        seed=SEED,
        device=CPU,
    )
    test = LabelledPictures.of_split(image_set, TEST, colour="gray", device=CPU)
    classifier = PixelClassifier(network, test.standard)
    pixels, labels = test.seen().float() / 255, test.labels
    answers = classifier.answers(pixels)
    partner = derange_labels(labels.numpy(), generator=generator(SEED, "benchmark", "targets"))
    targets = labels[torch.from_numpy(partner)]
    random = generator(SEED, "benchmark", "images")
    chosen, examples = [], []
    for row in random.permutation(len(labels)):
        fit = (answers == targets[row]) & (labels != labels[row])
        if answers[row] != targets[row] and fit.any() and len(chosen) < IMAGES:
            chosen.append(row)
            examples.append(random.choice(np.flatnonzero(fit.numpy())))
    accuracy = (answers == labels).double().mean()
    print(f"{len(labels)} test images, accuracy {accuracy:.2f}; {len(chosen)} are attacked")
    return Task(classifier, pixels[chosen], targets[chosen], pixels[examples])


def run_ours(task: Task, norm: str, steps: int) -> Float[Tensor, " image"]:
    """Return the sizes that we find."""
    start = Start(0, noise=torch.zeros_like(task.images), examples=task.examples)
    return perturb(
        task.classifier,
        task.images,
        task.targets,
        NORMS[norm],
        attacks=["fmn"],
        steps=steps,
        starts=[start],
    ).sizes


def run_brendel_bethge(task: Task, norm: str, steps: int) -> Float[Tensor, " image"]:
    """Return the sizes that foolbox's attack finds."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "At the first initialisation")
        attack = BRENDEL_BETHGE[norm](steps=steps, **SETTINGS)
    _, found, _ = attack(
        PyTorchModel(task.classifier, bounds=(0, 1), device=CPU),
        task.images,
        TargetedMisclassification(task.targets),
        epsilons=None,
        starting_points=task.examples,
    )
    return verify(task.classifier, task.images, found, task.targets, NORMS[norm])


def main() -> None:
    """Time both, norm by norm, and print what was found."""
    torch.set_num_threads(1)
    print(describe_machine("foolbox", "numba", "numpy", "torch"))
    task = build_task()
    totals = dict.fromkeys(["theirs", *OURS], 0.0)
    for norm in NORMS:
        run_brendel_bethge(task, norm, 1)  # compiles
        begin = process_time()
        theirs = run_brendel_bethge(task, norm, 1000)
        whole = process_time() - begin
        totals["theirs"] += whole
        print(
            f"{norm}, Brendel & Bethge, 1000 steps: {whole:.1f} s, {theirs.isinf().sum()} not "
            f"found, mean {255 * theirs[theirs.isfinite()].mean():.2f}/255"
        )
        for steps in OURS:
            taken = []
            for _ in range(REPETITIONS):
                begin = process_time()
                sizes = run_ours(task, norm, steps)
                taken.append(process_time() - begin)
            totals[steps] += float(np.median(taken))
            both = sizes.isfinite() & theirs.isfinite()
            shares = sizes[both] / theirs[both]
            print(
                f"{norm}, ours, {steps} steps: {np.median(taken):.1f} s, median "
                f"({min(taken):.1f} to {max(taken):.1f} in {REPETITIONS}), "
                f"{whole / np.median(taken):.1f} times faster; {sizes.isinf().sum()} not found; "
                f"mean {255 * sizes[both].mean():.2f}/255 against "
                f"{255 * theirs[both].mean():.2f}/255, ratio "
                f"{sizes[both].mean() / theirs[both].mean():.3f}; "
                f"ratios of images: median {shares.median():.3f}, largest {shares.max():.2f}"
            )
    for steps in OURS:
        ratio = totals["theirs"] / totals[steps]
        print(f"both norms, ours, {steps} steps: {ratio:.1f} times faster")


if __name__ == "__main__":
    main()
