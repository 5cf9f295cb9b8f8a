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

Images per second of wall time, in turn. What the compiled step takes longer in the round that warms
up is its compilation, which has paid after as many steps as save these seconds. How many times a
rate is another is taken within rounds.
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
from default import CLASSIFICATION, RECIPE, SCHEDULE, SEED, build, epoch_of_training, photographs
from report import begin, middle, print_table, time_in_turn
from torch import Tensor, nn

from neurobust.config.recipes import Recipe
from neurobust.config.schedules import Schedule
from neurobust.dims import IMAGE, TEST, TRAIN, VALIDATION
from neurobust.evaluation.corruptions.evaluate import evaluate_corruptions
from neurobust.images.batches import LabelledPictures
from neurobust.images.corruptions import TIN_TC
from neurobust.images.form import select_split
from neurobust.networks.devices import mixed_precision
from neurobust.networks.inference import correctness
from neurobust.networks.network import Heads, Network
from neurobust.training.schedules import build_optimiser

STEPS, NETWORKS, SEVERITIES = 20, 3, (1, 3, 5)  # steps: batches of a measurement
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
Run = Callable[[], object]


class Scale(NamedTuple):
    """What is trained where."""

    device: torch.device
    recipe: Recipe
    schedule: Schedule
    image_set: xr.Dataset
    heads: Heads
    at_once: int  # images, forward only


def choose_scale() -> Scale:
    """Return the scale of the paper preset if there is a GPU, else that of the default."""
    if not torch.cuda.is_available():
        return Scale(torch.device("cpu"), RECIPE, SCHEDULE, photographs(), Heads(8), 64)
    recipe = Recipe(trunk="vgg19", width=1.0, objectives=CLASSIFICATION)
    schedule = Schedule(lr=0.01, max_epochs=1)  # a tenth: finite on a batch that stays
    patches = photographs(range(20), short_side_px=1280)
    return Scale(torch.device("cuda"), recipe, schedule, patches, Heads(200), 512)


@torch.no_grad()
def answer_batch(network: Network, images: Tensor) -> None:
    """Classify a batch again and again."""
    for _ in range(STEPS):
        with mixed_precision(images.device):
            network.classify(images)


def answer(network: Network, pictures: LabelledPictures) -> None:
    """Classify clean images again and again."""
    for _ in range(STEPS):
        correctness(network, pictures)


def prepare_corrupted(scale: Scale, networks: list[Network]) -> tuple[int, Run]:
    """Return the classification of corrupted images; the clean ones, 1 of 43, do not count."""
    images = select_split(scale.image_set, TEST).sizes[IMAGE]
    settings = {"severities": SEVERITIES, "batch_size": 256, "seed": SEED, "device": scale.device}
    named = {"network": dict(enumerate(networks))}
    run = partial(evaluate_corruptions, named, scale.image_set, **settings)
    return len(networks) * images * len(TIN_TC) * len(SEVERITIES), run


def prepare_steps(
    scale: Scale,
    pictures: LabelledPictures,
    *,
    layout: torch.memory_format = torch.channels_last,
    compiled: bool = False,
    float32: str | None = None,
    threads: int = 1,
) -> tuple[int, Run]:
    """Return steps on a batch, by default as `train_stage` takes them."""
    network = build(scale.recipe, scale.heads, scale.device).to(memory_format=layout).train()
    optimiser = build_optimiser(scale.schedule, [*network.parameters()])
    classify = torch.compile(network.classify) if compiled else network.classify
    chosen = torch.linspace(0, len(pictures) - 1, scale.schedule.batch_size).long()  # all classes
    chosen = chosen.to(scale.device)
    images = pictures.standard(pictures.seen()[chosen]).contiguous(memory_format=layout)
    labels = pictures.labels[chosen]

    def run() -> None:
        torch.set_num_threads(threads)
        if float32:
            torch.backends.cuda.matmul.fp32_precision = float32
            torch.backends.cudnn.conv.fp32_precision = float32
        for _ in range(STEPS):
            optimiser.zero_grad(set_to_none=True)
            with nullcontext() if float32 else mixed_precision(scale.device):
                loss = nn.functional.cross_entropy(classify(images).float(), labels)
            loss.backward()
            optimiser.step()
        torch.set_num_threads(1)

    return STEPS * len(images), run


def prepare(scale: Scale) -> dict[str, tuple[int, Run]]:
    """Return all that is measured."""
    training, validation, test = (
        LabelledPictures.of_split(
            scale.image_set, split, colour=scale.recipe.colour, device=scale.device
        )
        for split in (TRAIN, VALIDATION, TEST)
    )
    networks = [
        build(scale.recipe, scale.heads, scale.device, SEED + number) for number in range(NETWORKS)
    ]
    batch = test.standard(test.seen()[: scale.at_once])
    step = partial(prepare_steps, scale, training)
    runs = {
        FORWARD: (STEPS * len(batch), partial(answer_batch, networks[0], batch)),
        CLEAN: (STEPS * len(test), partial(answer, networks[0], test)),
        CORRUPTED: prepare_corrupted(scale, networks[:1]),
        TOGETHER: prepare_corrupted(scale, networks),
        STEP: step(),
        CHANNELS_FIRST: step(layout=torch.contiguous_format),
    }
    for name, validated in ((TRAINING, None), (VALIDATED, validation)):
        network = build(scale.recipe, scale.heads, scale.device)
        epoch = epoch_of_training(network, scale.schedule, training, validated)
        runs[name] = (len(training), epoch)
    if shutil.which(os.environ.get("CXX", "g++")):
        runs[COMPILED] = step(compiled=True)
    else:
        print("no C++ compiler is here: the compiled training step is skipped")
    if scale.device.type == "cuda":
        return runs | {name: step(float32=precision) for name, precision in FLOAT32.items()}
    return runs | {ALL_THREADS: step(threads=os.cpu_count() or 1)}


def print_rates(rates: pd.DataFrame) -> None:
    """Print rates, and how many times those of the network alone they are."""
    for base, names in COMPARED.items():
        own = rates[[base, *(name for name in names if name in rates)]]
        print_table(
            pd.DataFrame(
                {RATE: own.agg(middle), f"times {base}": own.div(own[base], axis=0).agg(middle)}
            )
        )


def print_compilation(seconds: pd.DataFrame) -> None:
    """Print how long compilation took in the first round, and when it pays."""
    ours, later = (seconds[name][1:].median() for name in (STEP, COMPILED))
    spent, saved = seconds[COMPILED][0] - later, (ours - later) / STEPS
    paid = f"has paid after {spent / saved:,.0f} steps" if saved > 0 else "never pays"
    print(f"\ncompilation takes {spent:.0f} s and {paid}")


def main() -> None:
    """Time everything and print it."""
    torch.set_num_threads(1)
    given = begin(__doc__, 7, "torch")
    scale = choose_scale()
    with TemporaryDirectory() as folder:
        os.environ["TORCHINDUCTOR_CACHE_DIR"] = folder  # where nothing is compiled yet
        data = time_in_turn(prepare(scale), ("measured",), given.rounds)
    print(f"{scale.recipe.trunk} at width {scale.recipe.width:g} on {scale.device.type}")
    data["value"] = data["count"] / data["seconds"]
    print_rates(data.query("round > 0").pivot_table("value", "round", "measured"))
    seconds = data.pivot_table("seconds", "round", "measured")
    if COMPILED in seconds:
        print_compilation(seconds)
    if given.output:
        data.to_csv(given.output, index=False)


if __name__ == "__main__":
    main()
