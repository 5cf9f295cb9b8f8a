# What the rules share: the checked configuration, fingerprints of code, the GPU, and the functions
# that name the files and parameters of a job.

import os
import re
import signal
import sys
from functools import cache

from snakemake.exceptions import WorkflowError

from neurobust.config.settings import RAW_FILES
from neurobust.errors import InputError
from neurobust.config.experiment import Experiment
from neurobust.jobs.fingerprints import fingerprint
from neurobust.jobs.gpus import visible_devices
from neurobust.files.provenance import describe_run
from neurobust.files.history import COMPLETE, FAILED, begin_run, end_run

# A scheduler warns every process of a job that is to end. Jobs answer for themselves
# (neurobust.jobs.signals); the Snakemake above them waits until they have.
signal.signal(signal.SIGUSR1, signal.SIG_IGN)

# Linux's allocator often gives the arrays of a training step back to the system, and the next step
# has them cleared anew, in up to a tenth of its time. Jobs keep what they free: arrays of up to
# 32 MiB, the most that every glibc accepts (mallopt(3)), and together up to a GiB.
os.environ.setdefault("MALLOC_MMAP_THRESHOLD_", str(2**25))
os.environ.setdefault("MALLOC_TRIM_THRESHOLD_", str(2**30))

try:
    EXPERIMENT = Experiment(config)
except InputError as error:
    raise WorkflowError(str(error)) from None

CONFIG = EXPERIMENT.config
RESOLVED = CONFIG.model_dump(mode="json")
# What jobs say of their run. A value of the configuration that is no parameter reruns nothing.
config["provenance"] = describe_run(RESOLVED, CONFIG.seeds, Path(workflow.basedir))
STUDY = CONFIG.safarani2021

RESULTS = Path(workflow.pathvars.get("results"))

TINY_IMAGENET = "resources/tiny-imagenet-200.zip"
SIMULATED = {
    "assembly": "<results>/recordings/simulated/{recording}/assembly.nc",
    "stimulus_set": "<results>/recordings/simulated/{recording}/stimulus_set.csv",
    "stimuli": "<results>/recordings/simulated/{recording}/stimuli.zip",
}


def tell_history(tell, *said):
    """Tell the history of the results of a run, unless it only dates what is there."""
    if not workflow.touch:
        tell(RESULTS, *said)


# Only what the configuration defines can be asked for. A network is looked up when it is: the
# names of all would be tried on every file of a plan.
wildcard_constraints:
    network="[^/]+",
    images="|".join(map(re.escape, CONFIG.images)),
    recording="|".join(map(re.escape, CONFIG.recordings)),
    predictivity="|".join(map(re.escape, CONFIG.predictivity)),
    behaviour="|".join(map(re.escape, CONFIG.behaviour)) or "none",
    seed=r"\d+",


@cache
def code_of(script):
    """Fingerprint the library modules that a script reaches, so that their edit reruns its rule."""
    return fingerprint(Path(workflow.basedir) / "workflow_scripts" / f"{script}.py")


def per_attempt(amount):
    """Ask for an amount of memory or time, and with each retry for as much again."""

    def ask(wildcards, attempt):
        return amount * attempt

    return ask


@cache
def gpus_per_job():
    """Ask for one GPU where the configuration wants one, or by default where there may be one.

    What the nodes of a cluster have is not known here: their jobs ask for one.
    """
    if CONFIG.device != "auto":
        return int(CONFIG.device == "gpu")
    on_a_cluster = workflow.resource_settings.nodes is not None
    return int(on_a_cluster or bool(visible_devices()))


def shown_to(wildcards):
    """Name the image set that a job works on: its own, or its network's."""
    return wildcards.get("images") or EXPERIMENT.networks[wildcards.network].images


def jobs_per_gpu(images=None):
    """Ask for as many jobs on a GPU as may share it, by the image set that they work on."""

    def ask(wildcards):
        return CONFIG.jobs_per_gpu.get(images or shown_to(wildcards), 1)

    return ask if CONFIG.jobs_per_gpu else 1


@cache
def network_files(network):
    """List the trained networks of a recipe, one per seed."""
    return expand(
        "<results>/networks/{network}/seed{seed}.pt",
        network=network,
        seed=EXPERIMENT.seeds(network),
    )


def first_network_file(network):
    """Name the network of the first seed: the one whose responses or trunk others use."""
    return network_files(network)[0]


def image_set_files(wildcards):
    """Name what an image set is built from: the photographs come with a package.

    Of Tiny ImageNet the official zip is retrieved; any other file is named by the reader if it is
    not there, so that a dry run works without it.
    """
    settings = CONFIG.images[wildcards.images]
    if settings.source == "photographs":
        return []
    wanted = str(settings.path)
    if settings.path.is_dir():
        # Folders of classes, too: their dates tell of files that came or went.
        return [wanted, *map(str, sorted(settings.path.glob("*/*/")))]
    return [wanted] if wanted == TINY_IMAGENET or settings.path.exists() else []


def recording_settings(wildcards):
    """Look up the settings of a recording."""
    return CONFIG.recordings[wildcards.recording].model_dump(mode="json")


def recording_files(wildcards):
    """Name the raw files of a recording, as far as they are there: the importer names the others.

    A plan does not need them, so that a dry run works before anything was fetched.
    """
    settings = CONFIG.recordings[wildcards.recording]
    if settings.source == "simulated":
        return {name: path.format(**wildcards) for name, path in SIMULATED.items()}
    return existing_files(settings, RAW_FILES[settings.source])


def existing_files(settings, names):
    """Name those of the user's files that are there; their reader names the others."""
    paths = {name: getattr(settings, name) for name in names}
    return {name: str(path) for name, path in paths.items() if path.exists()}


def shown_images(wildcards):
    """Name the image set that a simulated population is shown."""
    settings = CONFIG.recordings[wildcards.recording]
    return f"<results>/images/{settings.stimuli}.nc"


def by_network(look_up):
    """Look something up by a job's network, once for all of the network's jobs."""
    known = cache(look_up)

    def look_up_known(wildcards):
        return known(wildcards.network)

    return look_up_known


@by_network
def recipe_of(network):
    """Return a recipe as plain values, as jobs are given it."""
    return EXPERIMENT.networks[network].model_dump(mode="json")


schedules_of = by_network(EXPERIMENT.schedules_of)
# What every evaluation says of its network.
network_attributes = by_network(EXPERIMENT.attributes)


@by_network
def named_attributes(network):
    """Return the same under the network's name, for jobs that may evaluate several."""
    return {network: EXPERIMENT.attributes(network)}


@by_network
def training_files(network):
    """Name what a recipe is trained on."""
    recipe = EXPERIMENT.networks[network]
    files = {}
    if EXPERIMENT.trains_on_images(network):
        files["images"] = f"<results>/images/{recipe.images}.nc"
    source = recipe.response_source()
    if source in CONFIG.recordings:
        files["recording"] = f"<results>/recordings/{source}.nc"
    elif source is not None:
        files["responses"] = f"<results>/responses/{source}/{recipe.images}.nc"
    if recipe.similarity_source() is not None:
        files["similarity"] = f"<results>/similarity/{recipe.similarity_source()}.nc"
    if recipe.start_from is not None:
        files["start"] = first_network_file(recipe.start_from)
    # Absent, it is named by the job that needs it.
    if recipe.weights is not None and recipe.weights.exists():
        files["weights"] = str(recipe.weights)
    return files


def evaluated_networks(wildcards):
    """List the networks of all seeds."""
    return network_files(wildcards.network)


def evaluated_images(wildcards):
    """Name the image set that a network classifies."""
    return f"<results>/images/{EXPERIMENT.networks[wildcards.network].images}.nc"


def predicted_recording(wildcards):
    """Name the recording that a network predicts, and its reliability."""
    recording = EXPERIMENT.recording_of(wildcards.network)
    return {
        "recording": f"<results>/recordings/{recording}.nc",
        "reliability": f"<results>/evaluations/reliability/{recording}.nc",
    }


def scored_recording(wildcards):
    """Name the recording whose responses features are to predict."""
    recording = CONFIG.predictivity[wildcards.predictivity].recording
    return f"<results>/recordings/{recording}.nc"


def behaviour_files(wildcards):
    """Name the files of a behavioural benchmark, as far as they are there."""
    settings = CONFIG.behaviour[wildcards.behaviour]
    return existing_files(settings, ("assembly", "stimulus_set", "stimuli"))


def role_evaluations(wildcards):
    """Name the corruption evaluation of each role's network."""
    return {
        role: f"<results>/evaluations/corruptions/{name}.nc"
        for role, name in STUDY.roles.items()
    }


STUDIES = {
    "safarani2021": "Safarani 2021",
    "brainscore2020": "Brain-Score 2020",
    "brain-likeness": "Brain-likeness",
    "li2023": "Li 2023",
}


def figure_files(figure, study="safarani2021", prefix=""):
    """Name a figure's files: the PDF, and the PNG that the report shows with its caption."""
    stem = f"<results>/figures/{study}/{figure}"
    caption = figure if study == "safarani2021" else f"{study}-{figure}"
    shown = report(
        f"{stem}.png",
        caption=f"../docs/report/{caption}.rst",
        category=STUDIES[study],
        subcategory="Figures",
        labels={"figure": figure},
    )
    return {f"{prefix}pdf": f"{stem}.pdf", f"{prefix}png": shown}
