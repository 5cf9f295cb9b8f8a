"""Estimate the GPU hours and the disk of the paper preset from counted operations.

No GPU is timed. Floating-point operations and kernels of one step are counted on torch's device
"meta", where nothing is computed, and turned into time by assumed rates of a GPU of the A100's
class. What is not counted is printed, and so is how well counted operations predict time on this
CPU, in CPU seconds. The result is the section `costs` of presets/paper.yaml: numbers to plan by,
until a run on a GPU has left measured ones in its benchmarks/*.tsv.
"""

import math
import sys
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from time import process_time
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from report import ROOT, begin, time_in_turn
from snakemake.common.configfile import load_configfile
from snakemake.utils import update_config
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode

from neurobust.config.experiment import Experiment
from neurobust.config.objective import ObjectiveSettings
from neurobust.config.recipes import ROBUSTBENCH
from neurobust.config.studies import find_studies
from neurobust.evaluation.attacks.descent import LEVELS
from neurobust.evaluation.hybrids.evaluate import MIXING_FREQUENCIES
from neurobust.evaluation.predictivity.mapping import predict_by_pls, reduce_features
from neurobust.images.corruptions import TIN_TC
from neurobust.networks.network import Heads, Network, build_network

# Assumed of the GPU: a fifth of what an A100 can do in bfloat16 or TensorFloat-32 (of attacks and
# features, which are not in mixed precision); each kernel takes at least the time of its launch.
FLOPS_PER_S = {"mixed": 60e12, "single": 30e12}
LAUNCH_S = 8e-6
START_S = 30.0  # of a job, with its GPU already held: imports, files, the first kernels
# Assumed of the attacks, since only a run would show it: fmn makes all three passes and need not be
# patient; pgd finds something at the middle of its sizes. The solver of Brendel &
# Bethge runs on a core, for its 1000 steps in L-infinity so long per pixel: docs/performance.md.
FMN_PASSES, PGD_LEVELS, PGD_STEPS = 3, (len(LEVELS) + 1) // 2, {"linf": 40, "l2": 50}
BRENDEL_BETHGE_STEPS, SOLVER_S_PER_PIXEL = 1000, 0.0005
SPLITS = 10  # of predictivity, as many PLS regressions for each seed


class Images(NamedTuple):
    """An image set of the preset: images of each split, classes, and the side in pixels."""

    training: int
    validation: int
    test: int
    classes: int
    side: int


IMAGES = {  # a tenth of the training images validates
    "tiny-imagenet": Images(90_000, 10_000, 10_000, 200, 64),
    "cifar-10": Images(45_000, 5_000, 10_000, 10, 32),
    "photographs-32px": Images(0, 0, 0, 8, 32),
}


class Stimuli(NamedTuple):
    """A recording of the preset: stimuli of each split, neuroids, and the side in pixels."""

    training: int
    validation: int
    test: int
    neuroids: int
    side: int


# TVSD has 512 electrodes in V1, not all of them reliable; the mouse is as by default.
STIMULI = {
    "macaque-v1": Stimuli(17_798, 4_450, 100, 512, 64),
    "simulated-mouse-v1": Stimuli(640, 160, 75, 160, 32),
}
# Depth and widening factor of RobustBench's wide ResNets, or operations of a forward pass and
# parameters: they are counted in closed form, since the package is optional.
WIDE_RESNETS = {
    "Rebuffi2021Fixing_70_16_cutmix_extra": (70, 16),
    "Gowal2020Uncovering_70_16_extra": (70, 16),
    "Cui2020Learnable_34_20": (34, 20),
}
OTHERS_OF_ZOO = {
    "Hendrycks2020AugMix_ResNeXt": (1.6e9, 6.9e6),
    "Kireev2021Effectiveness_RLATAugMix": (1.1e9, 11.2e6),
}
# Hours and megabytes of what no network makes: decoded pictures, TVSD with 30 repeats of 100 test
# stimuli, the official zip; "any" as measured in a run of the default experiment.
OTHERS = {
    "li2023_corruption_spectra": (START_S / 3600, {"any": 1}),
    "retrieve_tiny_imagenet": (0, {"any": 248}),
    "build_image_set": (0, {"tiny-imagenet": 1352, "cifar-10": 184, "any": 3}),
    "simulate_recording": (0, {"any": 4}),
    "import_recording": (0, {"macaque-v1": (22_348 * 64**2 + 25_248 * 512 * 4) / 1e6, "any": 3}),
}
NOT_COUNTED = (
    "optimisers, casts of mixed precision, augmentation, AugMix, corruption of images (of the "
    "Oracle's views and of what is evaluated), hybrids' transforms, frontends, reading and writing"
)
MEGA = 1e6
CALIBRATED = {"baseline": 8, "baseline-rgb": 32, "cornet-s": 8, "monkey-predictor": 16}  # batches
# A network that takes so many times as much or as little, and more than some minutes or some MB
# beside, is stated on its own.
APART, LEAST = 2.5, (0.1, 20)


class Work(NamedTuple):
    """Operations and kernels of a pass, on which a GPU is assumed to be busy."""

    flops: float
    kernels: float = 0

    def seconds(self, precision: str = "mixed") -> float:
        """Return the time of the operations, or that of launching kernels if it is longer."""
        return max(self.flops / FLOPS_PER_S[precision], self.kernels * LAUNCH_S)


class KernelCounter(TorchDispatchMode):
    """Counts the operations of torch that compute something: views launch no kernel."""

    count = 0

    def __torch_dispatch__(self, operation, types, args=(), kwargs=None):  # noqa: ANN001, ANN204
        """Count and carry out an operation."""
        self.count += not operation.is_view
        return operation(*args, **(kwargs or {}))


def count(run: Callable[..., object], *given: object) -> Work:
    """Call something on the device "meta" and return what it would have computed."""
    with torch.device("meta"), KernelCounter() as kernels, FlopCounterMode(display=False) as flops:
        run(*given)
    return Work(flops.get_total_flops(), kernels.count)


def build(experiment: Experiment, name: str, device: str = "meta") -> Network:
    """Build a network of the preset; its frontend, a hundredth of the work, is left out."""
    recipe, recording = experiment.networks[name], experiment.recording_of(name)
    neuroids = STIMULI[recording].neuroids if recording else 0
    heads = Heads(
        IMAGES[recipe.images].classes if recipe.classifies() else 0,
        {"session": [f"neuroid{number}" for number in range(neuroids)]},
        continuous=True,
    )
    with torch.device(device):
        return build_network(recipe.model_copy(update={"frontend": None}), heads, seed=1000)


def blank(network: Network, images: int, side: int) -> Tensor:
    """Return images on the network's device."""
    device = next(network.parameters()).device
    return torch.zeros((images, network.recipe.in_channels(), side, side), device=device)


def learn(network: Network, objective: ObjectiveSettings, batch: int, side: int) -> None:
    """Pass a batch of an objective forwards and backwards."""
    images = blank(network, batch, side)
    if objective.kind == "matching":
        first, second = network.features(torch.cat([images, images]), objective.layer).chunk(2)
        nn.functional.mse_loss(first, second).backward()
    elif objective.kind == "responses":
        network.respond(images).square().mean().backward()
    elif objective.kind == "similarity":
        shown = blank(network, objective.batch_size, side)
        features = network.features_of(shown, objective.layers or network.stage_layers())
        sum((f.flatten(1) @ f.flatten(1).T).sum() for f in features).backward()
    else:
        for _ in range(objective.adversarial.steps if objective.adversarial else 0):
            ascend(network, images)
        mixed = torch.cat([images] * 3) if objective.augmix else images
        cross_entropy(network, mixed).backward()


def ascend(network: Network, images: Tensor) -> None:
    """Compute the gradient with respect to images."""
    images = images.detach().requires_grad_()
    cross_entropy(network, images).backward(inputs=[images])


def cross_entropy(network: Network, images: Tensor) -> Tensor:
    """Return the loss of some labels."""
    labels = torch.zeros(len(images), dtype=torch.long, device=images.device)
    return nn.functional.cross_entropy(network.classify(images), labels)


def estimate_training(experiment: Experiment, name: str) -> float:
    """Return the seconds of one seed, all stages at their most epochs, and print the counts."""
    recipe, network = experiment.networks[name], build(experiment, name)
    seconds = START_S
    for stage in recipe.training():
        schedule = experiment.config.schedules[stage.schedule]
        phases = (schedule.phase_epochs or math.inf) * schedule.lr_steps * schedule.cycles
        epochs = int(min(phases, schedule.max_epochs))
        if stage.freeze_to:
            network.up_to(stage.freeze_to).requires_grad_(False)
        recorded = STIMULI.get(getattr(next(iter(stage.objectives.values())), "source", ""))
        shown = recorded or IMAGES[recipe.images]
        steps = math.ceil(shown.training / schedule.batch_size)
        step, flops, kernels = 0.0, 0.0, 0.0
        for number, objective in enumerate(stage.objectives.values()):
            work = count(learn, network, objective, schedule.batch_size, shown.side)
            share = objective.ratio if number else 1.0
            step += share * work.seconds()
            flops, kernels = flops + share * work.flops, kernels + share * work.kernels
        answer = network.respond if recorded else network.classify
        one = count(answer, blank(network, 512, shown.side)).seconds() / 512
        network.requires_grad_(True)
        seconds += epochs * (steps * step + shown.validation * one)
        print(
            f"{name:20}{stage.schedule:16}{flops / 1e12:8.3f} TFLOP{kernels:7.0f} kernels"
            f"{1000 * step:8.1f} ms a step,{steps:5} steps,{epochs:4} epochs"
        )
    return seconds


def estimate_zoo(architecture: str) -> tuple[Work, float]:
    """Return the work of a forward pass of one image of CIFAR-10, and the parameters."""
    if architecture in OTHERS_OF_ZOO:
        flops, parameters = OTHERS_OF_ZOO[architecture]
        return Work(flops), parameters
    depth, widen = WIDE_RESNETS.get(architecture, (28, 10))
    flops, parameters, before = 2 * 9 * 3 * 16 * 32**2, 0, 16
    for width, side in ((16 * widen, 32), (32 * widen, 16), (64 * widen, 8)):
        weights = 10 * before * width + (2 * (depth - 4) // 6 - 1) * 9 * width**2
        flops, parameters, before = flops + 2 * weights * side**2, parameters + weights, width
    return Work(flops), parameters


def answer_and_ascend(experiment: Experiment, name: str, batch: int) -> tuple[Work, Work]:
    """Return the work of answering to a batch, and of a gradient with respect to it."""
    recipe = experiment.networks[name]
    if recipe.architecture:
        flops = estimate_zoo(recipe.architecture)[0].flops * batch
        return Work(flops), Work(2 * flops)
    network = build(experiment, name).eval().requires_grad_(False)
    shown = blank(network, batch, IMAGES[recipe.images].side)
    return count(network.classify, shown), count(ascend, network, shown)


def estimate_attacks(experiment: Experiment, name: str, gradient: float, pixels: int) -> float:
    """Return the seconds of attacking one network by both norms, from those of a gradient."""
    settings = experiment.config.attacks
    steps = settings.steps
    spent = {
        "fmn": 2 * (steps // 3 + FMN_PASSES * (steps - steps // 3)),
        "ddn": steps,
        "pgd": PGD_LEVELS * sum(PGD_STEPS.values()),
        "brendel-bethge": 2 * BRENDEL_BETHGE_STEPS,
    }
    gradients = settings.images * sum(spent[attack] for attack in settings.attacks)
    solved = settings.images * ("brendel-bethge" in settings.attacks) * pixels
    return settings.restarts * (gradients * gradient + solved * SOLVER_S_PER_PIXEL)


def time_predictivity(experiment: Experiment) -> tuple[float, float]:
    """Time, at a quarter of the stimuli, the rotation of a layer and a regression on it.

    These are left to the CPU. The first is scaled by the cube of the stimuli, as eigenvalues are,
    the second by their square.
    """
    settings = next(iter(experiment.config.predictivity.values()))
    fitted, recorded = settings.fit_stimuli // 4, STIMULI[settings.recording]
    random, shown = np.random.default_rng(1000), 2 * fitted + recorded.test // 4
    falling = np.arange(1, 4 * shown + 1) ** -0.5  # standard deviations, as of features
    features = torch.from_numpy((random.normal(size=(shown, 4 * shown)) * falling).astype("f4"))
    start = process_time()
    known = reduce_features(features)
    rotated = process_time()
    drive = known[:, :50] @ random.normal(size=(50, recorded.neuroids))
    responses = drive / drive.std(0) + random.normal(size=drive.shape)
    fit, new = slice(fitted), slice(2 * fitted, None)
    predict_by_pls(known[fit], responses[fit], known[new], components=settings.components)
    return 4**3 * (rotated - start), 4**2 * (process_time() - rotated)


def estimate_seconds(experiment: Experiment) -> dict[str, dict[str, float]]:
    """Return seconds per seed, by rule and network."""
    rules: dict[str, dict[str, float]] = defaultdict(dict)
    settings, recipes = experiment.config, experiment.networks
    compared = experiment.studies["brain_likeness"].compared(experiment)
    predictors = {
        "synthesise_responses": {recipe.source("responses") for recipe in recipes.values()},
        "measure_similarity": {recipe.source("similarity") for recipe in recipes.values()},
    }
    compared_recordings = {experiment.recording_of(name) for name in compared} - {None}
    rotation, regression = time_predictivity(experiment)
    print(f"predictivity: {rotation:.0f} s to rotate a layer, {regression:.0f} s for a regression")
    for name, recipe in recipes.items():
        start = START_S / len(experiment.seeds(name))
        trained = estimate_training(experiment, name) if recipe.training() else START_S
        rules["train_network"][name] = trained
        if experiment.recording_of(name) in compared_recordings:
            rules["evaluate_readout"][name] = start
        for rule, sources in predictors.items():
            if name in sources:
                rules[rule][name] = 2 * START_S
        if not recipe.classifies():
            continue
        batch, images = settings.corruptions.batch_size, IMAGES[recipe.images]
        answer, gradient = answer_and_ascend(experiment, name, batch)
        one, slope = images.test * answer.seconds() / batch, gradient.seconds("single") / batch
        attacks = estimate_attacks(experiment, name, slope, images.side**2 * recipe.in_channels())
        for rule, answers in answers_per_image(experiment).items():
            rules[rule][name] = start + answers * one
        rules["evaluate_attacks"][name] = start + attacks
        if name in compared:
            layers, seeds = len(build(experiment, name).layers), len(experiment.seeds(name))
            chosen = layers * (rotation + regression) / seeds
            scored = (1 - 1 / seeds) * rotation + SPLITS * regression
            rules["evaluate_predictivity"][name] = start + chosen + scored
    return rules


def answers_per_image(experiment: Experiment) -> dict[str, int]:
    """Return how many times an evaluation classifies each test image, by rule."""
    settings = experiment.config
    return {
        "evaluate_corruptions": 1 + len(TIN_TC) * len(settings.corruptions.severities),
        "evaluate_hybrids": settings.hybrids.permutations * len(MIXING_FREQUENCIES),
    }


def estimate_megabytes(experiment: Experiment, rule: str, name: str) -> float:
    """Return the size of a seed's output, not compressed."""
    recipe, recording = experiment.networks[name], experiment.recording_of(name)
    images, recorded = IMAGES[recipe.images], STIMULI[recording or "macaque-v1"]
    answers = answers_per_image(experiment)
    if rule in answers:
        values = answers[rule] * images.test / 4  # bytes, all others are of 4
    elif rule == "train_network" and recipe.architecture:
        values = estimate_zoo(recipe.architecture)[1]
    elif rule == "train_network":
        values = sum(value.numel() for value in build(experiment, name).state_dict().values())
    elif rule == "measure_similarity":
        values = recorded.training * (recorded.training + recorded.side**2 / 4)
    elif rule == "synthesise_responses":
        values = (images.training + images.validation + images.test) * recorded.neuroids
    elif rule == "evaluate_attacks":
        squares = np.arange(images.side // 2 + 1) ** 2
        radii = len(np.unique(np.add.outer(squares, squares)))
        values = experiment.config.attacks.images * (2 * radii + 5) + 4 * images.side**2
    else:
        values = 2 * recorded.neuroids * (2 if rule == "evaluate_readout" else SPLITS)
    return 4 * values / MEGA


def summarise(experiment: Experiment, estimates: pd.DataFrame) -> pd.DataFrame:
    """Return hours and megabytes by image set; by network, sweep or zoo where they differ much.

    Each is the mean over seeds, so that the sum over the whole preset stays what it is.
    """

    def group_of(name: str) -> str:
        member, zoo = experiment.members.get(name), experiment.networks[name].architecture
        return ROBUSTBENCH if zoo else member.sweep if member else name

    seeds = [len(experiment.seeds(name)) for name in estimates.index]
    seeded = estimates.loc[estimates.index.repeat(seeds)]  # a row for each seed
    entries = {}
    for images in IMAGES:
        own = seeded[[experiment.networks[name].images == images for name in seeded.index]]
        groups = own.groupby(own.index.map(group_of)).mean()
        if own.empty:
            continue
        typical = groups.median()
        differs = ((groups - typical).abs() > LEAST) & ~(
            (groups / typical).ge(1 / APART) & (groups / typical).le(APART)
        )
        apart = groups[differs.any(axis=1)]
        # Most of the zoo's files are not there, as a rule: without them, the mean is another.
        usual = [experiment.available(n) and group_of(n) not in apart.index for n in own.index]
        entries[images] = own[usual].mean()
        entries |= dict(apart.iterrows())
    return pd.DataFrame(entries).T


def calibrate(experiment: Experiment, rounds: int) -> None:
    """Time some steps on this CPU and print how far counted operations predict their time."""
    runs = {}
    for name, batch in CALIBRATED.items():
        recipe = experiment.networks[name]
        (objective,) = recipe.all_objectives()
        given = (objective, batch, IMAGES[recipe.images].side)
        flops = count(learn, build(experiment, name), *given).flops
        runs[name] = (flops, partial(learn, build(experiment, name, "cpu"), *given))
    data = time_in_turn(runs, ("network",), rounds, process_time).query("round > 0")
    speeds = (data["count"] / data["seconds"] / 1e9).groupby(data["network"]).median()
    print(f"GFLOP/s on this CPU: {', '.join(f'{n} {speed:.1f}' for n, speed in speeds.items())}")
    print(f"fastest to slowest: {speeds.max() / speeds.min():.1f}")


def load_preset() -> Experiment:
    """Return the experiment of the paper preset."""
    sys.path.insert(0, str(ROOT))  # for the studies
    given: dict = {}
    for file in ("config.yaml", "presets/paper.yaml"):  # laid over each other as by Snakemake
        update_config(given, load_configfile(ROOT / file))
    return Experiment(given, find_studies(ROOT / "studies"))


def main() -> None:
    """Print the counts, how well they predict time here, and the costs as YAML."""
    given = begin(__doc__, 3, "torch")
    experiment = load_preset()
    seconds = estimate_seconds(experiment)
    print(f"not counted: {NOT_COUNTED}")
    calibrate(experiment, given.rounds)
    hours, disk, rows = 0.0, 0.0, []
    for rule, by_network in seconds.items():
        sizes = {name: estimate_megabytes(experiment, rule, name) for name in by_network}
        estimates = pd.DataFrame({"hours": by_network, "megabytes": sizes})
        estimates["hours"] /= 3600
        seeds = [len(experiment.seeds(name)) for name in by_network]
        totals = estimates.mul(seeds, axis=0).sum()
        hours, disk = hours + totals["hours"], disk + totals["megabytes"]
        entries = summarise(experiment, estimates).itertuples()
        rows += [(rule, name, spent, size) for name, spent, size in entries]
    for rule, (spent, sizes) in OTHERS.items():
        rows += [(rule, name, spent, size) for name, size in sizes.items()]
        disk += sum(sizes.values())
    print("\ncosts:")
    for number, (rule, name, spent, size) in enumerate(rows):
        if number == 0 or rows[number - 1][0] != rule:
            print(f"  {rule}:")
        held = f"gpu_hours: {spent:.2g}, " if spent else ""
        print(f"    {name}: {{{held}disk_mb: {float(f'{size:.2g}'):g}}}")
    included = "with checkpoints that may be absent and networks that no study asks for"
    print(f"\neverything, {included}: {hours:.0f} GPU hours, {disk / 1000:.0f} GB")
    if given.output:
        columns = ["rule", "network", "gpu_hours", "disk_mb"]
        pd.DataFrame(rows, columns=columns).to_csv(given.output, index=False)


if __name__ == "__main__":
    main()
