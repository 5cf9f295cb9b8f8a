"""The configuration: every default once, with its source, and clear refusals.

``config.yaml`` and the presets set values of these models; ``config.schema.json`` is generated
from them (``python -m neurobust.config.settings > config.schema.json``).
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from neurobust.config.model import Model
from neurobust.config.recipes import Entry, Recipe
from neurobust.jobs.gpus import Share

ALEXNET = "alexnet"  # as a reference of corruption errors: published ones
SPLIT_SEED = 1000  # released code: the data split is fixed across initialisations


class Photographs(Model):
    """Patches of the ImageNet photographs that the package foolbox ships (embedded)."""

    source: Literal["photographs"]
    photographs: list[int] = Field(min_length=2, description="numbers of the photographs, 0-19")
    short_side_px: int = Field(768, ge=64)
    tile_px: int = Field(64, ge=32)
    test: float = Field(0.2, gt=0, lt=1, description="fraction of tiles")
    validation: float = Field(0.1, gt=0, lt=1, description="fraction of the other tiles")


class TinyImageNet(Model):
    """Tiny ImageNet from the official zip or folder; its official validation set is the test."""

    source: Literal["tiny-imagenet"]
    path: Path = Path("resources/tiny-imagenet-200.zip")
    classes: list[str] | int | None = Field(None, description="WordNet ids, or how many; null: all")
    validation: float = Field(0.1, gt=0, lt=1, description="fraction of train; released code")


class CIFAR10(Model):
    """CIFAR-10 from its python version, the folder or the tar; its test batch is the test."""

    source: Literal["cifar-10"]
    path: Path = Path("resources/cifar-10-python.tar.gz")
    classes: list[str] | None = Field(None, description="names of classes; null: all ten")
    validation: float = Field(0.1, gt=0, lt=1, description="fraction of train; Li et al. 2023")


class Folder(Model):
    """Pictures in a folder for each class, train/CLASS/ and test/CLASS/, as of ImageNet."""

    source: Literal["folder"]
    path: Path
    classes: list[str] | int | None = Field(None, description="folders, or how many; null: all")
    size_px: int = Field(224, ge=32, description="side of the central square")
    short_side_px: int = Field(256, ge=32, description="of the resized picture it is cut from")
    validation: float = Field(0.1, gt=0, lt=1, description="fraction of train")


ImageSet = Annotated[Photographs | TinyImageNet | CIFAR10 | Folder, Field(discriminator="source")]


class Split(Model):
    """How the stimuli of a recording are divided; groups are never torn apart."""

    by: str = Field("stimulus_id", description="column of the stimulus set that defines groups")
    column: str | None = Field(None, description="column that already names the splits")
    test: float = Field(0.2, gt=0, lt=1, description="fraction of the groups")
    validation: float = Field(0.2, gt=0, lt=1, description="fraction of the rest; released code")


class Simulated(Model):
    """A simulated population of V1 cells that is shown the tiles of an image set."""

    source: Literal["simulated"]
    species: Literal["macaque", "mouse"] = "macaque"
    stimuli: str = Field(description="the image set shown")
    neuroids: int = Field(160, ge=1)
    sessions: int = Field(4, ge=1)
    test_stimuli: int = Field(75, ge=2, description="Safarani 2021, section 2: 75")
    test_repeats: int = Field(40, ge=2, description="Safarani 2021, section 2: 40-50")
    px_per_deg: float = Field(14.0, gt=0, description="Safarani 2021, section 2: 14")
    size_px: int = Field(64, ge=16, description="side of the network's input")
    seed: int = 1000
    exclude_neuroids: list[str] = []


class BrainIO(Model):
    """A recording in the form of Brain-Score: netCDF assembly, stimulus CSV and zip."""

    source: Literal["brainio"]
    assembly: Path
    stimulus_set: Path
    stimuli: Path
    species: str
    region: str | None = Field(None, description="keep this region alone; null: all neuroids")
    response_kind: Literal["counts", "continuous"] = "counts"
    px_per_deg: float = Field(gt=0, description="of the stimuli at size_px")
    crop_px: int = Field(0, ge=0, description="cut off each side before the resize")
    size_px: int = Field(64, ge=16, description="side of the network's input")
    window_ms: tuple[float, float] = Field(description="counted after stimulus onset")
    split: Split = Split()
    missing_repeats: Literal["refuse", "close_up"] = Field(
        "refuse", description="close_up: number the repeats that each neuroid has anew"
    )
    reference: str = ""
    licence: str = "see the source"
    exclude_neuroids: list[str] = []


class TVSD(Model):
    """THINGS Ventral stream Spiking Dataset (Papale et al. 2025): multi-unit z-scores."""

    source: Literal["tvsd"]
    normalised_mua: Path
    image_list: Path
    photographs: Path
    monkey: Literal["F", "N"]
    region: Literal["V1", "V4", "IT"] = "V1"
    min_reliability: float = Field(0.3, ge=-1, le=1)
    size_px: int = Field(64, ge=16)


RAW_FILES = {
    "simulated": (),
    "brainio": ("assembly", "stimulus_set", "stimuli"),
    "tvsd": ("normalised_mua", "image_list", "photographs"),
}
"""The keys that name a recording's files under resources/, by source."""

Recording = Annotated[Simulated | BrainIO | TVSD, Field(discriminator="source")]


class Schedule(Model):
    """Optimiser and learning rate of one stage.

    The rate falls at plateaus of the validation score, where the best epoch is restored (released
    code of Safarani 2021), or, with ``phase_epochs``, every so many epochs (Li et al. 2023).
    Training ends after the last step or at ``max_epochs``; the best epoch is kept.
    """

    optimiser: Literal["sgd", "adam"] = "sgd"
    lr: float = Field(0.1, gt=0)
    momentum: float = Field(0.75, ge=0, lt=1)
    weight_decay: float = Field(5e-4, ge=0)
    lr_factor: float = Field(0.4, gt=0, lt=1)
    min_lr: float = Field(1e-4, ge=0)
    patience: int = Field(5, ge=0, description="bad epochs tolerated: 5 acts after the sixth")
    lr_steps: int = Field(5, ge=1, description="plateaus or phases; the last ends training")
    phase_epochs: int | None = Field(None, ge=1, description="null: plateaus; Li et al. 2023: 4")
    cycles: int = Field(1, ge=1, description="of lr_steps phases, each begun at lr; Li 2023: 2")
    threshold: float = Field(1e-4, ge=0, description="smallest improvement, absolute")
    max_epochs: int = Field(400, ge=1)
    batch_size: int = Field(128, ge=2)


# Released code of Safarani 2021; "oracle" from its nearest public relative (hyper-parameters of
# the Oracle are not public), "readout" from the paper's 10 epochs on the predictor's settings.
SCHEDULES: dict[str, dict[str, Any]] = {
    "classification": {},
    "cotraining": {"lr_factor": 0.3, "max_epochs": 407},
    "prediction": {
        "optimiser": "adam",
        "lr": 5e-4,
        "lr_factor": 0.5,
        "threshold": 1e-6,
        "max_epochs": 150,
    },
    "oracle": {
        "momentum": 0.8,
        "weight_decay": 5e-5,
        "lr_factor": 0.3,
        "patience": 10,
        "max_epochs": 100,
    },
    "readout": {
        "optimiser": "adam",
        "lr": 5e-4,
        "lr_factor": 0.5,
        "threshold": 1e-6,
        "max_epochs": 10,
    },
}


class Evaluation(Model):
    """What every classifier is evaluated on."""

    severities: list[Annotated[int, Field(ge=1, le=5)]] = [1, 2, 3, 4, 5]
    batch_size: int = Field(256, ge=1)
    seed: int = Field(1000, description="of the corruptions' random fields")


class Predictivity(Model):
    """How well a network's features predict a recording, as Brain-Score defines it."""

    recording: str
    splits: Literal["held-out", "stratified", "groups"] = Field(
        "held-out",
        description="held-out: fitted to training stimuli, scored on the recording's test stimuli; "
        "stratified: shuffled, groups in proportion; groups: whole groups are scored",
    )
    n_splits: int = Field(10, ge=2, description="Schrimpf et al. 2018: 10")
    left_out: float = Field(
        0.1,
        gt=0,
        lt=1,
        description="share of stimuli, or groups, that a split is not fitted to; Schrimpf: .1",
    )
    components: int = Field(25, ge=1, description="of the PLS regression; Schrimpf et al. 2018: 25")
    halves: int = Field(10, ge=1, description="random halves of the repeats, for the ceiling")
    layers: list[str] | None = Field(None, description="to choose from; null: all of the trunk")
    fit_stimuli: int | None = Field(None, ge=2, description="most stimuli fitted to; null: all")
    seed: int = Field(1000, description="of the splits and the halves")


class Behaviour(Model):
    """Choices of observers between two objects, to which networks are compared (i2n)."""

    assembly: Path
    stimulus_set: Path
    stimuli: Path
    truth: str = Field("object_name", description="column that names each picture's object")
    layer: str | None = Field(None, description="that choices are read from; null: the last")
    size_px: int = Field(64, ge=16, description="side of the network's input")
    crop_px: int = Field(0, ge=0, description="cut off each side before the resize")
    fit_share: float = Field(
        0.0,
        ge=0,
        lt=1,
        description="share of each object's shown pictures that choices are fitted to, not scored; "
        "0: they are fitted to the stimulus set's pictures that no trial shows",
    )
    halves: int = Field(10, ge=2, description="random halves of the trials")
    seed: int = Field(1000, description="of the halves and the share")


class Attacks(Model):
    """Smallest targeted perturbations (Li et al. 2023)."""

    images: int = Field(1000, ge=2, description="test images, the same for all; Li et al.: 1000")
    attacks: list[Literal["fmn", "ddn", "pgd", "brendel-bethge"]] = Field(
        ["fmn"],
        min_length=1,
        description="in turn, the smallest perturbation counts; Li et al.: brendel-bethge, pgd",
    )
    steps: int = Field(100, ge=2, description="gradients of fmn, ddn per image; hard ones get more")
    restarts: int = Field(1, ge=1, description="of each attack, the first from the image itself")
    batch_size: int = Field(256, ge=1, description="images attacked at once")
    seed: int = 1000


class Hybrids(Model):
    """Hybrid images: low frequencies of one image, high ones of another (Li et al. 2023)."""

    permutations: int = Field(4, ge=1, description="pairings of the test images; Li et al.: 4")
    batch_size: int = Field(256, ge=1)
    seed: int = 1000


class BrainLikeness(Model):
    """Neural predictivity of all classifiers of one image set against their robustness."""

    predictivity: str = Field("v1", description="the entry of 'predictivity' on the abscissa")
    reference: str = Field(
        "baseline",
        description="the network whose corruption errors are 100 %, or 'alexnet': its published "
        "ones on ImageNet-C",
    )
    images: str | None = Field(None, description="image set; null: that of the reference network")
    bootstrap: int = Field(250, ge=10, description="repetitions")


def _without_none(given: object) -> object:
    """Leave out what an overlay sets to null: so it takes away what it lies over."""
    if not isinstance(given, Mapping):
        return given
    return {name: value for name, value in given.items() if value is not None}


class Pair(Model):
    """A baseline and the same network regularised by neural data."""

    baseline: str
    regularised: str
    controls: list[str] = Field([], description="drawn beside them, such as shuffled responses")


Family = Literal["neural", "adversarial", "corruption", "preprocessing", "other"]


class Comparison(Model):
    """Networks of one image set whose robustness and preferred frequencies are compared."""

    baseline: str
    networks: Annotated[dict[str, Family], BeforeValidator(_without_none)] = Field(
        description="what makes each robust; an overlay takes one away with null"
    )
    blur: str | None = Field(None, description="a sweep over frontend.sigma_px; the blur series")


class Li2023(Model):
    """The low-frequency study: which networks are compared."""

    pairs: Annotated[dict[str, Pair], BeforeValidator(_without_none)] = Field(
        min_length=1,
        description="Figs. 2, 3 and B, in their order; an overlay takes one away with null",
    )
    comparison: Comparison = Field(description="Figs. 4 and 5")
    imagenet: Comparison | None = Field(None, description="Fig. 6, of an ImageNet-like folder")
    representations: list[str] = Field(
        [], description="networks that predict a recording: whose geometry Fig. D takes apart"
    )
    norm: Literal["linf", "l2"] = Field("linf", description="of the attacks in figures; Li: linf")
    bootstrap: int = Field(1000, ge=10, description="repetitions, over seeds and images")
    example_image: int = Field(0, ge=0, description="test image of the hybrids in Fig. 3")


class Safarani2021(Model):
    """The main study: which network plays which part."""

    roles: dict[
        Literal["baseline", "oracle", "mtl-oracle", "mtl-monkey", "mtl-shuffled", "mtl-real"], str
    ] = Field(description="networks compared, in the order of the figures")
    predictor: str = "monkey-predictor"
    ratios: dict[Literal["mtl-monkey", "mtl-shuffled"], str] = Field(
        {}, description="sweeps over the batch ratio for Fig. 3C"
    )
    bootstrap: int = Field(250, ge=10, description="repetitions; Safarani 2021, section 2: 250")
    example_image: int = Field(0, ge=0, description="test image shown in Fig. 9")


class Cost(Model):
    """What one seed of a job takes: estimated, or measured by an earlier run."""

    gpu_hours: float = Field(0.0, ge=0, description="for which a GPU is held")
    disk_mb: float = Field(ge=0, description="output, in megabytes (10^6 bytes)")


class Config(Model):
    """One experiment."""

    scale: str = Field(description="one line that says at which scale this runs; stands in results")
    seeds: list[int] = Field([1000, 2000, 3000, 4000, 5000], min_length=1)
    pathvars: dict[str, str] = Field({}, description="folders; see Snakemake's path variables")
    device: Literal["auto", "cpu", "gpu"] = Field("auto", description="auto: a GPU where there is")
    jobs_per_gpu: dict[str, Share] = Field(
        {}, description="networks of an image set that share one GPU; others have it alone"
    )
    checkpoint_minutes: float = Field(10, ge=0, description="between saves of a training's state")
    costs: dict[str, dict[str, Cost]] = Field(
        {},
        description="by rule, then network, sweep, trunk, image set, recording or 'any': what one "
        "seed takes; a dry run adds it up",
    )
    images: dict[str, ImageSet]
    recordings: dict[str, Recording]
    schedules: dict[str, Schedule] = {}
    network_defaults: Recipe = Recipe()
    networks: dict[str, Entry]
    evaluation: Evaluation = Evaluation()
    evaluate_together: list[Annotated[list[str], Field(min_length=1)]] = Field(
        [],
        description="lists of classifiers or sweeps of one image set; a job evaluates a list, with "
        "each image corrupted once for all",
    )
    predictivity: dict[str, Predictivity] = {}
    behaviour: dict[str, Behaviour] = {}
    attacks: Attacks = Attacks()
    hybrids: Hybrids = Hybrids()
    safarani2021: Safarani2021
    li2023: Li2023
    brain_likeness: BrainLikeness = BrainLikeness()


def json_schema() -> str:
    """Return the JSON schema of the configuration, as text."""
    return json.dumps(Config.model_json_schema(), indent=2) + "\n"


if __name__ == "__main__":
    print(json_schema(), end="")
