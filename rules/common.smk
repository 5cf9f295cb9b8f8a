# What every rule shares: the checked configuration, fingerprints of code, and the GPU.

import shutil
import subprocess
from functools import cache

from snakemake.exceptions import WorkflowError

from neurobust.config import RAW_FILES
from neurobust.errors import InputError
from neurobust.experiment import Experiment
from neurobust.provenance import fingerprint

try:
    EXPERIMENT = Experiment(config)
except InputError as error:
    raise WorkflowError(str(error)) from None

CONFIG = EXPERIMENT.config
STUDY = CONFIG.safarani2021


wildcard_constraints:
    network="[A-Za-z0-9._-]+",
    images="[A-Za-z0-9._-]+",
    recording="[A-Za-z0-9._-]+",
    seed=r"\d+",


@cache
def code_of(script):
    """Fingerprint the library modules that a script reaches, so that their edit reruns its rule."""
    return fingerprint(Path(workflow.basedir) / "workflow_scripts" / f"{script}.py")


@cache
def gpus_per_job():
    """Ask for one GPU where the configuration wants one, or where this machine has one."""
    if CONFIG.device != "auto":
        return int(CONFIG.device == "gpu")
    if shutil.which("nvidia-smi") is None:
        return 0
    listed = subprocess.run(
        ["nvidia-smi", "--list-gpus"], capture_output=True, text=True
    )
    return int("GPU" in listed.stdout)


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
