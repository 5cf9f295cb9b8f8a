"""Time the smallest targeted perturbations against foolbox's Brendel & Bethge attack alone.

On one network, which is trained here on photographs that come with foolbox, with the same images
and targets:

- ours: `perturb` with the attack `fmn`, at several numbers of steps. What it returns is verified,
  within the time that is given.
- Brendel & Bethge: foolbox's classes as they are, once, with the settings of Li et al. 2023, from
  test images of other labels that the network answers with the targets. Numba's compilation is not
  timed.

Sizes are those that a new forward pass confirms, and means are over images for which both found
something. Seconds are of CPU time, in one thread, so that other work on the machine counts little.
"""

import warnings
from functools import partial
from time import process_time
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from default import CPU, RECIPE, SCHEDULE, SEED, photographs
from jaxtyping import Float, Int64
from report import begin, middle, print_table, time_in_turn
from torch import Tensor

from neurobust.dims import TEST
from neurobust.evaluation.attacks.perturb import perturb
from neurobust.evaluation.attacks.search import NORMS, Start, verify
from neurobust.images.batches import LabelledPictures
from neurobust.images.pairing import derange_labels
from neurobust.networks.pixels import PixelClassifier
from neurobust.randomness import generator
from neurobust.training.train import TrainingData, train_network

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    from foolbox import PyTorchModel, TargetedMisclassification
    from foolbox.attacks import L2BrendelBethgeAttack, LinfinityBrendelBethgeAttack

OURS = (40, 60, 80, 100, 150)  # steps
BRENDEL_BETHGE = {"linf": LinfinityBrendelBethgeAttack, "l2": L2BrendelBethgeAttack}
SETTINGS = {"overshoot": 1.1, "lr": 1e-3, "lr_decay": 0.5, "lr_num_decay": 20, "momentum": 0.8}
Sizes = Float[Tensor, " image"]


class Task(NamedTuple):
    """A network, images in [0, 1], their targets and, for each, an image answered with it."""

    classifier: PixelClassifier
    images: Float[Tensor, "image channel row column"]
    targets: Int64[Tensor, " image"]
    examples: Float[Tensor, "image channel row column"]


def build_task(images: int) -> Task:
    """Train VGG11 at width 1/8 on gray patches of 8 photographs; draw images and targets."""
    image_set = photographs()
    schedule = SCHEDULE.model_copy(update={"patience": 3, "lr_steps": 3, "max_epochs": 12})
    data = TrainingData(images=image_set)
    network, _ = train_network(RECIPE, {"classification": schedule}, data, seed=SEED, device=CPU)
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
        if answers[row] != targets[row] and fit.any() and len(chosen) < images:
            chosen.append(row)
            examples.append(random.choice(np.flatnonzero(fit.numpy())))
    accuracy = (answers == labels).double().mean()
    print(f"{len(labels)} test images, accuracy {accuracy:.2f}; {len(chosen)} are attacked")
    return Task(classifier, pixels[chosen], targets[chosen], pixels[examples])


def run_ours(task: Task, norm: str, steps: int) -> Sizes:
    """Return the sizes that we find."""
    starts = [Start(0, noise=torch.zeros_like(task.images), examples=task.examples)]
    given = (task.classifier, task.images, task.targets, NORMS[norm])
    return perturb(*given, attacks=["fmn"], steps=steps, starts=starts).sizes


def run_brendel_bethge(task: Task, norm: str, steps: int) -> Sizes:
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


def compare(own: Sizes, theirs: Sizes) -> dict[str, object]:
    """Return how many images we did not find, and our sizes in relation to theirs."""
    both = own.isfinite() & theirs.isfinite()
    ratios = own[both] / theirs[both]
    return {
        "not found": int(own.isinf().sum()),
        "mean, 255 levels": f"{255 * own[both].mean():.2f}",
        "ratio of means": f"{own[both].mean() / theirs[both].mean():.3f}",
        "median ratio (largest)": f"{ratios.median():.3f} ({ratios.max():.2f})",
    }


def main() -> None:
    """Time both, norm by norm, and print what was found."""
    torch.set_num_threads(1)
    given = begin(__doc__, 3, "foolbox", "numba", "numpy", "torch")
    task = build_task(images=40)
    totals, rows = dict.fromkeys(["theirs", *OURS], 0.0), []
    for norm in NORMS:
        run_brendel_bethge(task, norm, 1)  # compiles
        start = process_time()
        theirs = run_brendel_bethge(task, norm, 1000)
        whole = process_time() - start
        totals["theirs"] += whole
        rows.append({"norm": norm, "way": "Brendel & Bethge", "s": f"{whole:.1f}"})
        rows[-1] |= compare(theirs, theirs)
        runs = {steps: (1, partial(run_ours, task, norm, steps)) for steps in OURS}
        timed = time_in_turn(runs, ("steps",), given.rounds, process_time).query("round > 0")
        for steps, seconds in timed.groupby("steps")["seconds"]:
            totals[steps] += seconds.median()
            faster = {"s": middle(seconds), "times faster": f"{whole / seconds.median():.1f}"}
            found = compare(run_ours(task, norm, steps), theirs)
            rows.append({"norm": norm, "way": f"fmn, {steps} steps", **faster, **found})
    print_table(pd.DataFrame(rows).set_index("norm").fillna(""))
    for steps in OURS:
        print(f"both norms, {steps} steps: {totals['theirs'] / totals[steps]:.1f} times faster")
    if given.output:
        pd.DataFrame(rows).to_csv(given.output, index=False)


if __name__ == "__main__":
    main()
