"""Estimate the GPU hours and the disk of the paper preset from counted operations.

No GPU is timed. Floating-point operations and kernels of one step are counted on torch's device
"meta", where nothing is computed, and turned into time by assumed rates of a GPU of the A100's
class. What is not counted is printed, and so is how well counted operations predict time on this
CPU, in CPU seconds. The result is the section `costs` of presets/paper.yaml: numbers to plan by,
until a run on a GPU has left measured ones in its benchmarks/*.tsv.
"""

import math
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from time import process_time

import numpy as np
import torch
from report import describe_machine
from snakemake.common.configfile import load_configfile
from snakemake.utils import update_config
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode

from neurobust.config import recipes
from neurobust.config.experiment import Experiment
from neurobust.evaluation.attacks.descent import LEVELS
from neurobust.evaluation.hybrids.evaluate import MIXING_FREQUENCIES
from neurobust.evaluation.predictivity.mapping import predict_by_pls, reduce_features
from neurobust.images.corruptions import TIN_TC
from neurobust.networks.network import Heads, Network, build_network
from neurobust.networks.trunks.robustbench import ROBUSTBENCH

# Assumed of the GPU: a fifth of what an A100 can do in bfloat16 or TensorFloat-32 (of attacks and
# features, which are not in mixed precision); each kernel takes at least the time of its launch.
FLOPS_PER_S = {"mixed": 60e12, "single": 30e12}
LAUNCH_S = 8e-6
START_S = 30.0  # of a job, with its GPU already held: imports, files, the first kernels
# Assumed of the attacks, of which no more is known before they run: fmn makes all three passes and
# need not be patient; pgd finds something at the middle of its sizes. The solver of Brendel &
# Bethge runs on a core, for its 1000 steps in L-infinity so long per pixel: docs/performance.md.
FMN_PASSES, PGD_LEVELS, PGD_STEPS = 3, (len(LEVELS) + 1) // 2, {"linf": 40, "l2": 50}
BRENDEL_BETHGE_STEPS, SOLVER_S_PER_PIXEL = 1000, 0.0005

TRAIN = {"tiny-imagenet": 90_000, "cifar-10": 45_000}  # without a tenth that validates
VALIDATION = {"tiny-imagenet": 10_000, "cifar-10": 5_000}
TEST = {"tiny-imagenet": 10_000, "cifar-10": 10_000}
CLASSES = {"tiny-imagenet": 200, "cifar-10": 10, "photographs-32px": 8}
SIDE_PX = {"tiny-imagenet": 64, "cifar-10": 32, "photographs-32px": 32}
# Training, validation and test stimuli, neuroids, side: TVSD has 512 electrodes in V1, of which
# some are not reliable; the mouse is simulated as by default.
STIMULI = {
    "macaque-v1": (17_798, 4_450, 100, 512, 64),
    "simulated-mouse-v1": (640, 160, 75, 160, 32),
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
    "retrieve_tiny_imagenet": (0, {"any": 248}),
    "build_image_set": (
        0,
        {
            "tiny-imagenet": 110_000 * 3 * 64**2 / 1e6,
            "cifar-10": 60_000 * 3 * 32**2 / 1e6,
            "any": 3,
        },
    ),
    "simulate_recording": (0, {"any": 4}),
    "import_recording": (0, {"macaque-v1": (22_348 * 64**2 + 25_248 * 512 * 4) / 1e6, "any": 3}),
    "measure_corruption_spectra": (START_S / 3600, {"any": 1}),
}
NOT_COUNTED = (
    "optimisers, casts of mixed precision, augmentation, AugMix, corruption of images (of the "
    "Oracle's views and of what is evaluated), hybrids' transforms, frontends, reading and writing"
)
SPLITS = 10  # of predictivity, as many PLS regressions for each seed
MEGA, REPETITIONS = 1e6, 3
CALIBRATED = {"baseline": 8, "baseline-rgb": 32, "cornet-s": 8, "monkey-predictor": 16}  # batches
# A network that takes so many times as much or as little, and more than some minutes or some MB
# beside, is stated on its own.
APART, LEAST = 2.5, (0.1, 20)


@dataclass(frozen=True)
class Work:
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
    neuroids = STIMULI[recording][3] if recording else 0
    heads = Heads(
        CLASSES[recipe.images] if recipe.classifies() else 0,
        {"session": [f"neuroid{number}" for number in range(neuroids)]},
        continuous=True,
    )
    with torch.device(device):
        return build_network(recipe.model_copy(update={"frontend": None}), heads, seed=1000)


def blank(network: Network, images: int, side: int) -> Tensor:
    """Return images on the network's device."""
    device = next(network.parameters()).device
    return torch.zeros(
        (images, 1 if network.recipe.colour == "gray" else 3, side, side), device=device
    )


def learn(network: Network, objective: recipes.Objective, batch: int, side: int) -> None:
    """Pass a batch of an objective forwards and backwards."""
    images = blank(network, batch, side)
    if isinstance(objective, recipes.Matching):
        first, second = network.features(torch.cat([images, images]), objective.layer).chunk(2)
        nn.functional.mse_loss(first, second).backward()
    elif isinstance(objective, recipes.Responses):
        network.respond(images).square().mean().backward()
    elif isinstance(objective, recipes.Similarity):
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
    images, seconds = recipe.images, START_S
    for stage in recipe.training():
        schedule = experiment.config.schedules[stage.schedule]
        phases = (schedule.phase_epochs or math.inf) * schedule.lr_steps * schedule.cycles
        epochs = int(min(phases, schedule.max_epochs))
        if stage.freeze_to:
            network.up_to(stage.freeze_to).requires_grad_(False)
        recorded = STIMULI.get(getattr(next(iter(stage.objectives.values())), "source", ""))
        examples, validated, side = (
            (recorded[0], recorded[1], recorded[4])
            if recorded
            else (TRAIN[images], VALIDATION[images], SIDE_PX[images])
        )
        steps = math.ceil(examples / schedule.batch_size)
        step, flops, kernels = 0.0, 0.0, 0.0
        for place, objective in enumerate(stage.objectives.values()):
            work = count(learn, network, objective, schedule.batch_size, side)
            share = objective.ratio if place else 1.0
            step += share * work.seconds()
            flops, kernels = flops + share * work.flops, kernels + share * work.kernels
        answer = network.respond if recorded else network.classify
        validation = count(answer, blank(network, 512, side)).seconds() * validated / 512
        network.requires_grad_(True)
        seconds += epochs * (steps * step + validation)
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
    network, side = build(experiment, name).eval().requires_grad_(False), SIDE_PX[recipe.images]
    shown = blank(network, batch, side)
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
    fitted, (_, _, tested, neuroids, _) = settings.fit_stimuli // 4, STIMULI[settings.recording]
    random, shown = np.random.default_rng(1000), 2 * fitted + tested // 4
    falling = np.arange(1, 4 * shown + 1) ** -0.5  # standard deviations, as of features
    features = torch.from_numpy((random.normal(size=(shown, 4 * shown)) * falling).astype("f4"))
    begin = process_time()
    known = reduce_features(features)
    rotated = process_time()
    drive = known[:, :50] @ random.normal(size=(50, neuroids))
    responses = drive / drive.std(0) + random.normal(size=drive.shape)
    fit, new = slice(fitted), slice(2 * fitted, None)
    predict_by_pls(known[fit], responses[fit], known[new], components=settings.components)
    return 4**3 * (rotated - begin), 4**2 * (process_time() - rotated)


def estimate_gpu_hours(experiment: Experiment) -> dict[str, dict[str, float]]:
    """Return hours per seed, by rule and network."""
    rules: dict[str, dict[str, float]] = defaultdict(dict)
    compared, all_recipes = experiment.compared_networks(), experiment.networks.values()
    predictors = {
        "synthesise_responses": {recipe.response_source() for recipe in all_recipes},
        "measure_similarity": {recipe.similarity_source() for recipe in all_recipes},
    }
    compared_recordings = {experiment.recording_of(name) for name in compared} - {None}
    rotation, regression = time_predictivity(experiment)
    print(f"predictivity: {rotation:.0f} s to rotate a layer, {regression:.0f} s for a regression")
    for name, recipe in experiment.networks.items():
        start = START_S / len(experiment.seeds(name))
        trained = estimate_training(experiment, name) if recipe.training() else START_S
        rules["train_network"][name] = trained
        if experiment.recording_of(name) in compared_recordings:
            rules["evaluate_prediction"][name] = start
        for rule, sources in predictors.items():
            if name in sources:
                rules[rule][name] = 2 * START_S
        if not recipe.classifies():
            continue
        batch, images = experiment.config.evaluation.batch_size, recipe.images
        answer, gradient = answer_and_ascend(experiment, name, batch)
        settings = experiment.config
        corrupted = 1 + len(TIN_TC) * len(settings.evaluation.severities)
        mixed = settings.hybrids.permutations * len(MIXING_FREQUENCIES)
        pixels = SIDE_PX[images] ** 2 * (1 if recipe.colour == "gray" else 3)
        one, slope = TEST[images] * answer.seconds() / batch, gradient.seconds("single") / batch
        rules["evaluate_corruptions"][name] = start + corrupted * one
        rules["evaluate_hybrids"][name] = start + mixed * one
        rules["evaluate_attacks"][name] = start + estimate_attacks(experiment, name, slope, pixels)
        if name in compared:
            layers, seeds = len(build(experiment, name).layers), len(experiment.seeds(name))
            chosen = layers * (rotation + regression) / seeds
            scored = (1 - 1 / seeds) * rotation + SPLITS * regression
            rules["evaluate_predictivity"][name] = start + chosen + scored
    return {rule: {n: s / 3600 for n, s in found.items()} for rule, found in rules.items()}


def estimate_megabytes(experiment: Experiment, rule: str, name: str) -> float:
    """Return the size of a seed's output, not compressed."""
    recipe, recording = experiment.networks[name], experiment.recording_of(name)
    images = recipe.images
    neuroids = STIMULI[recording or "macaque-v1"][3]
    if rule == "train_network":
        if recipe.architecture:
            return 4 * estimate_zoo(recipe.architecture)[1] / MEGA
        return (
            4 * sum(value.numel() for value in build(experiment, name).state_dict().values()) / MEGA
        )
    if rule == "measure_similarity":
        stimuli, side = STIMULI[str(recording)][0], STIMULI[str(recording)][4]
        return stimuli * (4 * stimuli + side**2) / MEGA
    if rule == "synthesise_responses":
        pictures = sum(split.get(images, 0) for split in (TRAIN, VALIDATION, TEST))
        return 4 * pictures * neuroids / MEGA
    if rule in ("evaluate_prediction", "evaluate_predictivity"):
        return 8 * neuroids * (2 if rule == "evaluate_prediction" else SPLITS) / MEGA
    settings = experiment.config
    if rule == "evaluate_attacks":
        squares = np.arange(SIDE_PX[images] // 2 + 1) ** 2
        radii = len(np.unique(np.add.outer(squares, squares)))
        return 2 * (settings.attacks.images * (4 * radii + 10) + 8 * SIDE_PX[images] ** 2) / MEGA
    answers = {
        "evaluate_corruptions": 1 + len(TIN_TC) * len(settings.evaluation.severities),
        "evaluate_hybrids": settings.hybrids.permutations * len(MIXING_FREQUENCIES),
    }
    return answers[rule] * TEST[images] / MEGA


def summarise(
    experiment: Experiment, hours: dict[str, float], megabytes: dict[str, float]
) -> dict[str, tuple[float, float]]:
    """Return hours and megabytes by image set; by network, sweep or zoo where they differ much.

    Each is the mean over seeds, so that the sum over the whole preset stays what it is.
    """
    groups: dict[str, list[str]] = defaultdict(list)
    for name in hours:
        member, zoo = experiment.members.get(name), experiment.networks[name].architecture
        groups[ROBUSTBENCH if zoo else member.sweep if member else name].append(name)

    def mean(names: list[str]) -> tuple[float, float]:
        seeds = [len(experiment.seeds(name)) for name in names]
        pairs = [(hours[name], megabytes[name]) for name in names]
        found = np.average(pairs, axis=0, weights=seeds)
        return float(found[0]), float(found[1])

    entries: dict[str, tuple[float, float]] = {}
    for images in CLASSES:
        own = {g: n for g, n in groups.items() if experiment.networks[n[0]].images == images}
        if not own:
            continue
        typical = np.median([mean(names) for names in own.values()], axis=0)
        apart = {
            group: mean(names)
            for group, names in own.items()
            if any(
                abs(value - usual) > least and not 1 / APART <= value / usual <= APART
                for value, usual, least in zip(mean(names), typical, LEAST, strict=True)
            )
        }
        usual = [name for group, names in own.items() if group not in apart for name in names]
        # Most of the zoo's files are not there, as a rule: without them, the mean is another.
        entries[images] = mean([name for name in usual if experiment.available(name)])
        entries |= apart
    return entries


def calibrate(experiment: Experiment) -> None:
    """Time some steps on this CPU and print how far counted operations predict their time."""
    speeds = []
    for name, batch in CALIBRATED.items():
        recipe, network = experiment.networks[name], build(experiment, name, "cpu")
        (objective,) = recipe.objectives_of_kind(object)
        side = SIDE_PX[recipe.images]
        work = count(learn, build(experiment, name), objective, batch, side)
        taken = []
        for _ in range(REPETITIONS + 1):
            begin = process_time()
            learn(network, objective, batch, side)
            taken.append(process_time() - begin)
        median = float(np.median(taken[1:]))  # the first warms up
        speeds.append(work.flops / median / 1e9)
        print(
            f"{name:20}{batch:4} images{work.flops / 1e9:8.1f} GFLOP{median:7.2f} s, median "
            f"({min(taken[1:]):.2f} to {max(taken[1:]):.2f} in {REPETITIONS}):"
            f"{speeds[-1]:7.1f} GFLOP/s"
        )
    print(f"fastest to slowest: {max(speeds) / min(speeds):.1f}")


def round_to_two(value: float) -> str:
    """Write two digits, without an exponent."""
    return f"{float(f'{value:.2g}'):g}"


def main() -> None:
    """Print the counts, how well they predict time here, and the costs as YAML."""
    print(describe_machine("torch"))
    given: dict = {}
    for file in ("config.yaml", "presets/paper.yaml"):  # laid over each other as by Snakemake
        update_config(given, load_configfile(file))
    experiment = Experiment(given)
    hours = estimate_gpu_hours(experiment)
    print(f"not counted: {NOT_COUNTED}")
    calibrate(experiment)
    whole, disk = 0.0, 0.0
    print("\ncosts:")
    for rule, by_network in hours.items():
        sizes = {name: estimate_megabytes(experiment, rule, name) for name in by_network}
        for name, value in by_network.items():
            whole += len(experiment.seeds(name)) * value
            disk += len(experiment.seeds(name)) * sizes[name]
        print(f"  {rule}:")
        for name, (spent, size) in summarise(experiment, by_network, sizes).items():
            print(f"    {name}: {{gpu_hours: {spent:.2g}, disk_mb: {float(f'{size:.2g}'):g}}}")
    for rule, (spent, sizes) in OTHERS.items():
        print(f"  {rule}:")
        for name, size in sizes.items():
            told = f"gpu_hours: {spent:.2g}, " if spent else ""
            print(f"    {name}: {{{told}disk_mb: {round_to_two(size)}}}")
            disk += size
    told = "everything, with checkpoints that may be absent and networks that no study asks for"
    print(f"\n{told}: {whole:.0f} GPU hours, {disk / 1000:.0f} GB")


if __name__ == "__main__":
    main()
