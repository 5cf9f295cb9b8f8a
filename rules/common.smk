# What the rules share: the checked configuration, fingerprints of code, the GPU, and the functions
# that name the files and parameters of a job. It knows no study.

import os
import re
import signal
from functools import cache

from snakemake.exceptions import WorkflowError

from neurobust.config.checks import load_experiment
from neurobust.config.studies import find_studies
from neurobust.errors import InputError
from neurobust.files.history import COMPLETE, FAILED, begin_run, end_run
from neurobust.files.provenance import describe_run
from neurobust.jobs.fingerprints import LIBRARY, Code
from neurobust.jobs.gpus import visible_devices
from neurobust.parts import module_name

# A scheduler warns every process of a job that is to end. Jobs answer for themselves
# (neurobust.jobs.signals); the Snakemake above them waits until they have.
signal.signal(signal.SIGUSR1, signal.SIG_IGN)

# Linux's allocator often gives the arrays of a training step back to the system, and the next step
# has them cleared anew, in up to a tenth of its time. Jobs keep what they free: arrays of up to
# 32 MiB, the most that every glibc accepts (mallopt(3)), and together up to a GiB.
os.environ.setdefault("MALLOC_MMAP_THRESHOLD_", str(2**25))
os.environ.setdefault("MALLOC_TRIM_THRESHOLD_", str(2**30))

try:
    EXPERIMENT = load_experiment(config, find_studies(SOURCE / "studies"))
except InputError as error:
    raise WorkflowError(str(error)) from None

CONFIG = EXPERIMENT.config
RESOLVED = CONFIG.model_dump(mode="json")
# Part of the record of every file. A value of the configuration that is no parameter reruns nothing.
config["provenance"] = describe_run(RESOLVED, CONFIG.seeds, SOURCE)

RESULTS = Path(workflow.pathvars.get("results"))
CODE = Code({LIBRARY: SOURCE / "src" / LIBRARY, "studies": SOURCE / "studies"})

TINY_IMAGENET = "resources/tiny-imagenet-200.zip"
SIMULATED = {
    "assembly": "<results>/recordings/simulated/{recording}/assembly.nc",
    "stimulus_set": "<results>/recordings/simulated/{recording}/stimulus_set.csv",
    "stimuli": "<results>/recordings/simulated/{recording}/stimuli.zip",
}


def write_history(write, *about):
    """Add a run to the history of the results, unless it only dates what is there."""
    if not workflow.touch:
        write(RESULTS, *about)


# Only what the configuration defines can be asked for. A network is looked up when it is: the
# names of all would be tried on every file of a plan.
wildcard_constraints:
    network="[^/]+",
    images="|".join(map(re.escape, CONFIG.images)),
    recording="|".join(map(re.escape, CONFIG.recordings)) or "none",
    predictivity="|".join(map(re.escape, CONFIG.predictivity)) or "none",
    behaviour="|".join(map(re.escape, CONFIG.behaviour)) or "none",
    study="|".join(EXPERIMENT.studies) or "none",
    seed=r"\d+",


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


def on_cpu(mem_mb, runtime):
    """Ask for memory (MB) and time (minutes) for an attempt."""
    return {"mem_mb": per_attempt(mem_mb), "runtime": per_attempt(runtime)}


def on_gpu(mem_mb, runtime, images=None):
    """Ask for a GPU, memory (MB) and time (minutes) for an attempt."""
    gpu = {"gpu": gpus_per_job(), "jobs_per_gpu": jobs_per_gpu(images)}
    return {**gpu, **on_cpu(mem_mb, runtime)}


@cache
def code_of(script, *modules):
    """Fingerprint the code that a script and the modules reach, so that an edit reruns its job."""
    return CODE.fingerprint(SOURCE / "workflow_scripts" / f"{script}.py", modules)


def computed_by(function, script="measure"):
    """Name the function that a job calls, as package.module:function, and its code."""
    return {"call": function, "code": code_of(script, function.partition(":")[0])}


def drawn_by(study, figure):
    """Name the function that draws a study's figure, and its code."""
    return computed_by(f"studies.{study}.figures.{figure}:draw", "draw")


def library_parts(parts):
    """Name parts of the library by their modules."""
    return [f"{LIBRARY}.{part}" for part in parts]


def parts_of_networks(networks):
    """List the modules that build some networks."""
    parts = [
        part
        for network in networks
        for part in EXPERIMENT.networks[network].network_parts()
    ]
    return library_parts(dict.fromkeys(parts))


def code_with(script, *modules):
    """Fingerprint a script's code with that of the network that its job loads."""

    def look_up(wildcards):
        return code_of(script, *modules, *parts_of_networks([wildcards.network]))

    return look_up


def evaluated_by(function):
    """Name the function that evaluates a network, and its code with the network's."""
    return {"call": function, "code": code_with("evaluate", function.partition(":")[0])}


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


def evaluations(kind, networks):
    """List the evaluations of one kind of some networks."""
    return expand(
        "<results>/evaluations/{kind}/{network}.nc", kind=kind, network=networks
    )


def display_of(networks):
    """Return how figures and tables show networks; it is a parameter of these alone."""
    return {network: EXPERIMENT.display(network) for network in networks}


def source_file(path):
    """Name a file of the workflow, wherever it is used from."""
    return str(SOURCE / path)


def image_set_files(wildcards):
    """Name what an image set is built from: the photographs come with a package.

    Of Tiny ImageNet the official zip is retrieved; any other file is named by the reader if it is
    not there, so that a dry run works without it.
    """
    path = getattr(CONFIG.images[wildcards.images], "path", None)
    if path is None:
        return []
    if path.is_dir():
        # Folders of classes, too: their dates change when files come or go.
        return [str(path), *map(str, sorted(path.glob("*/*/")))]
    return [str(path)] if str(path) == TINY_IMAGENET or path.exists() else []


def image_set_code(wildcards):
    """Fingerprint the code that builds an image set: what its source reaches."""
    source = module_name(CONFIG.images[wildcards.images].source)
    return code_of("build_image_set", *library_parts([f"images.sources.{source}"]))


def recording_code(wildcards):
    """Fingerprint the code that reads a recording: what its source reaches."""
    source = module_name(CONFIG.recordings[wildcards.recording].source)
    return code_of("import_recording", *library_parts([f"recordings.sources.{source}"]))


def recording_settings(wildcards):
    """Look up the settings of a recording."""
    return CONFIG.recordings[wildcards.recording].identity()


def recording_files(wildcards):
    """Name the raw files of a recording, as far as they are there: the reader names the others.

    A plan does not need them, so that a dry run works before anything was fetched.
    """
    settings = CONFIG.recordings[wildcards.recording]
    if settings.simulated:
        return {name: path.format(**wildcards) for name, path in SIMULATED.items()}
    return existing_files(settings, settings.files)


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
def training_key_of(network):
    """Return what a training depends on of its recipe, from which jobs read it."""
    return EXPERIMENT.networks[network].training_key()


@by_network
def training_code_of(network):
    """Fingerprint the code that trains a network: the loop, and what its recipe names."""
    parts = EXPERIMENT.networks[network].training_parts()
    return code_of("train_network", *library_parts(parts))


schedules_of = by_network(EXPERIMENT.schedules_of)
# What every evaluation records of its network.
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
    source = recipe.source("responses")
    if source in CONFIG.recordings:
        files["recording"] = f"<results>/recordings/{source}.nc"
    elif source is not None:
        files["responses"] = f"<results>/responses/{source}/{recipe.images}.nc"
    if recipe.source("similarity") is not None:
        files["similarity"] = f"<results>/similarity/{recipe.source('similarity')}.nc"
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


def in_report(path, study, caption, subcategory, **labels):
    """Show a file in the report, with a caption of its study."""
    return report(
        path,
        caption=source_file(f"studies/{study}/captions/{caption}.rst"),
        category=EXPERIMENT.studies[study].title,
        subcategory=subcategory,
        labels=labels or None,
    )


def figure_files(study, figure):
    """Name a figure's files: the PDF, and the PNG that the report shows with its caption."""
    stem = f"<results>/figures/{study}/{figure}"
    shown = in_report(f"{stem}.png", study, figure, "Figures", figure=figure)
    return {"pdf": f"{stem}.pdf", "png": shown}
