"""Time training and evaluation against the network alone, and ways of computing a training step.

On a CPU, network `baseline` of the default experiment with its photographs; on a GPU, VGG19 at full
width as in the paper preset, with 8000 patches of photographs of the size of Tiny ImageNet's:

- forward only: a standardised batch that stays on the device, in evaluation mode;
- evaluation: of clean test images from their bytes, and under all corruptions at three severities,
  by one network and by three at once, for each of which an image counts;
- training step: forward, backward and optimiser on a batch that stays;
- training: an epoch of `train_stage` with augmentation, without and with validation;
- ways of a training step: ours, with channels first, compiled; on a GPU in float32, on a CPU on all
  threads, where all else runs on one.

Images per second of wall time. A round measures each once, in turn; the first warms up, and what
that takes the compiled step longer than the median is its compilation, which has paid after as many
steps as save these seconds. How many times a rate is another is told within rounds.
"""

import os
import shutil
from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from tempfile import TemporaryDirectory
from typing import NamedTuple

import pandas as pd
import torch
import xarray as xr
from default import CLASSIFICATION, RECIPE, SPLIT, photographs, schedule
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
from torch import Tensor, nn

from neurobust.config.recipes import Recipe
from neurobust.config.settings import Schedule
from neurobust.dims import IMAGE, TEST, TRAIN, VALIDATION
from neurobust.evaluation.corruptions.evaluate import evaluate_corruptions
from neurobust.images.batches import LabelledPictures
from neurobust.images.corruptions import TIN_TC
from neurobust.images.form import select_split
from neurobust.images.sources.photographs import build_photographs
from neurobust.networks.devices import mixed_precision, place
from neurobust.networks.inference import correctness
from neurobust.networks.network import Heads, Network, build_network
from neurobust.training.loop import train_stage
from neurobust.training.objectives.classification import Classification
from neurobust.training.schedules import build_optimiser

ROUNDS, STEPS, SEED = 7, 20, 1000  # steps: batches of a measurement
NETWORKS, SEVERITIES, AT_ONCE = 3, (1, 3, 5), 256  # at once: images that are corrupted
RATE = "images/s"
FORWARD, CLEAN, CORRUPTED = "forward only", "clean images", "corrupted images"
TOGETHER = f"{CORRUPTED}, {NETWORKS} networks"
STEP, TRAINING, VALIDATED = "training step", "training", "training and validation"
CHANNELS_FIRST, COMPILED, ALL_THREADS = "channels first", "compiled", "all threads"
FLOAT32 = {"float32 with TF32": "tf32", "float32": "ieee"}
COMPARED = {
    FORWARD: (CLEAN, CORRUPTED, TOGETHER),
    STEP: (TRAINING, VALIDATED, CHANNELS_FIRST, COMPILED, ALL_THREADS, *FLOAT32),
}

Run = Callable[[], int]
"""What is measured; it returns the number of its images."""


class Scale(NamedTuple):
    """What is trained where."""

    device: torch.device
    recipe: Recipe
    schedule: Schedule
    image_set: xr.Dataset
    n_classes: int
    answered: int  # images at once, forward only


def choose_scale() -> Scale:
    """Return the scale of the paper preset if there is a GPU, else that of the default."""
    if torch.cuda.is_available():
        return Scale(
            torch.device("cuda"),
            Recipe(trunk="vgg19", width=1.0, objectives=CLASSIFICATION),
            Schedule(lr=0.01, max_epochs=1),  # a tenth: finite on a batch that stays
            build_photographs(range(20), short_side_px=1280, **SPLIT),
            n_classes=200,
            answered=512,
        )
    return Scale(
        torch.device("cpu"),
        RECIPE,
        schedule(epochs=1),
        photographs(),
        n_classes=8,
        answered=64,  # as in `correctness`
    )


def build(scale: Scale, seed: int = SEED) -> Network:
    """Return a network on the device, in evaluation mode."""
    network = build_network(scale.recipe, Heads(scale.n_classes), seed=seed)
    return place(network, scale.device).eval()


@torch.no_grad()
def answer_batch(network: Network, images: Tensor) -> int:
    """Classify a batch again and again."""
    for _ in range(STEPS):
        with mixed_precision(images.device):
            network.classify(images)
    return STEPS * len(images)


def answer(network: Network, pictures: LabelledPictures) -> int:
    """Classify clean images again and again."""
    return sum(len(correctness(network, pictures)) for _ in range(STEPS))


def answer_corrupted(scale: Scale, networks: list[Network]) -> int:
    """Classify corrupted images; of 43 that are classified one is clean and does not count."""
    evaluate_corruptions(
        {"network": dict(enumerate(networks))},
        scale.image_set,
        severities=SEVERITIES,
        batch_size=AT_ONCE,
        seed=SEED,
        device=scale.device,
    )
    images = select_split(scale.image_set, TEST).sizes[IMAGE]
    return len(networks) * images * len(TIN_TC) * len(SEVERITIES)


def prepare_steps(
    scale: Scale,
    pictures: LabelledPictures,
    *,
    layout: torch.memory_format = torch.channels_last,
    compiled: bool = False,
    float32: str | None = None,
) -> Run:
    """Return steps on a batch, as `train_stage` makes them where nothing else is said."""
    network = build(scale).to(memory_format=layout).train()
    optimiser = build_optimiser(scale.schedule, list(network.parameters()))
    classify = torch.compile(network.classify) if compiled else network.classify
    chosen = torch.linspace(0, len(pictures) - 1, scale.schedule.batch_size).long()  # all classes
    chosen = chosen.to(scale.device)
    images = pictures.standard(pictures.seen()[chosen]).contiguous(memory_format=layout)
    labels = pictures.labels[chosen]

    def run() -> int:
        if float32:
            torch.backends.cuda.matmul.fp32_precision = float32
            torch.backends.cudnn.conv.fp32_precision = float32
        for _ in range(STEPS):
            optimiser.zero_grad(set_to_none=True)
            with nullcontext() if float32 else mixed_precision(scale.device):
                loss = nn.functional.cross_entropy(classify(images).float(), labels)
            loss.backward()
            optimiser.step()
        return STEPS * len(images)

    return run


def prepare_epochs(scale: Scale, pictures: LabelledPictures, validate: Callable) -> Run:
    """Return training, an epoch at a time; ``validate`` is given the network."""
    network = build(scale)
    (stage,) = scale.recipe.training()
    ((name, settings),) = stage.objectives.items()
    drawn = {"batch_size": scale.schedule.batch_size, "seed": SEED, "purpose": "benchmark"}
    training = partial(
        train_stage,
        network,
        {name: Classification(settings, pictures, **drawn)},
        stage=stage,
        number=0,
        schedule=scale.schedule,
        validate=partial(validate, network),
        seed=SEED,
        device=scale.device,
    )

    def run() -> int:
        training(history={})
        return len(pictures)

    return run


def skip(network: Network) -> float:
    """Do not validate."""
    return 0.0


def validate(pictures: LabelledPictures, network: Network) -> float:
    """Return the accuracy, as training does."""
    return correctness(network, pictures).double().mean().item()


def prepare(scale: Scale) -> dict[str, Run]:
    """Return all that is measured."""
    seen = {"colour": scale.recipe.colour, "device": scale.device}
    splits = (TRAIN, VALIDATION, TEST)
    training, validation, test = (
        LabelledPictures.of_split(scale.image_set, split, **seen) for split in splits
    )
    networks = [build(scale, SEED + number) for number in range(NETWORKS)]
    step = partial(prepare_steps, scale, training)
    measured = {
        FORWARD: partial(answer_batch, networks[0], test.standard(test.seen()[: scale.answered])),
        CLEAN: partial(answer, networks[0], test),
        CORRUPTED: partial(answer_corrupted, scale, networks[:1]),
        TOGETHER: partial(answer_corrupted, scale, networks),
        TRAINING: prepare_epochs(scale, training, skip),
        VALIDATED: prepare_epochs(scale, training, partial(validate, validation)),
        STEP: step(),
        CHANNELS_FIRST: step(layout=torch.contiguous_format),
    }
    if shutil.which(os.environ.get("CXX", "g++")):
        measured[COMPILED] = step(compiled=True)
    else:
        print("no C++ compiler is here: the compiled training step is skipped")
    if scale.device.type == "cuda":
        return measured | {name: step(float32=precision) for name, precision in FLOAT32.items()}
    return measured | {ALL_THREADS: measured[STEP]}


def time_in_turn(scale: Scale) -> list[Row]:
    """Time everything in turn, the first round too."""
    rows: list[Row] = []
    measured = prepare(scale)
    for number in range(ROUNDS + 1):
        for name, run in measured.items():
            threads = (os.cpu_count() or 1) if name == ALL_THREADS else 1
            torch.set_num_threads(threads)
            synchronise(scale.device)
            clock = Clock()
            images = run()
            synchronise(scale.device)
            told = {"round": number, "measured": name, "threads": threads}
            rows.append({**told, "value": images / clock.read(), "unit": RATE})
    torch.set_num_threads(1)
    return rows


def print_rates(rates: pd.DataFrame) -> None:
    """Print rates, and how many times those of the network alone they are."""
    for base, names in COMPARED.items():
        shown = [base, *(name for name in names if name in rates)]
        cells = {name: (middle(rates[name]), middle(rates[name] / rates[base])) for name in shown}
        print_table(["Measured", RATE, f"times {base}"], [[n, *told] for n, told in cells.items()])


def print_compilation(rates: pd.DataFrame, first: pd.Series, images: int) -> None:
    """Print how long compilation took in the first round, of so many images, and when it pays."""
    ours, later = (images / rates[name].median() for name in (STEP, COMPILED))
    seconds = images / first[COMPILED] - later
    saved = (ours - later) / STEPS
    paid = f"has paid after {seconds / saved:,.0f} steps" if saved > 0 else "never pays"
    print(f"\ncompilation takes {seconds:.0f} s and {paid}")


def main() -> None:
    """Time everything and print it."""
    output = parse_output(__doc__)
    scale = choose_scale()
    with TemporaryDirectory() as folder:
        os.environ["TORCHINDUCTOR_CACHE_DIR"] = folder  # where nothing is compiled yet
        rows = time_in_turn(scale)
    machine = describe_machine("torch")
    print(machine)
    recipe, schedule = scale.recipe, scale.schedule
    print(
        f"{recipe.trunk} at width {recipe.width:g} on {scale.device.type}, {schedule.optimiser}, "
        f"batches of {schedule.batch_size}, {scale.answered} forward only"
    )
    rates = pd.DataFrame(rows).pivot_table("value", "round", "measured")
    print_rates(rates[1:])
    if COMPILED in rates:
        print_compilation(rates[1:], rates.loc[0], STEPS * schedule.batch_size)
    write_rows(rows, machine, output)


if __name__ == "__main__":
    main()
