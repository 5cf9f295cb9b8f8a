"""Software deployed with conda, which a shim answers for: see ``conda_shim/bin/conda``.

Snakemake's part is the real one: it hashes the environment files, creates what is missing, and
activates for each job the environment that its rule names. Whether the packages of these files can
be installed needs the internet; ``test_envs.py`` compares them with what the scripts import.
"""

import re
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from tests.workflow.rules import all_rules

pytestmark = pytest.mark.slow
SMOKE = ("--configfile", "presets/smoke.yaml")
CONDA = ("--sdm", "conda")
FIGURE = "results/smoke/figures/safarani2021/reliability.png"
NETWORK = "results/smoke/networks/baseline/seed1000.pt"
RAN = re.compile(r"^(\S+) \S+/\.snakemake/scripts/\w+\.(\w+)\.py$", re.MULTILINE)


@pytest.fixture(scope="module")
def created(smoke_results):
    """Return the environments of the smoke preset: the folder of each, and the file it is from."""
    done = (smoke_results.folder / ".snakemake" / "conda").glob("*.env_setup_done")
    prefixes = [file.with_suffix("") for file in done]
    return {prefix: prefix.with_suffix(".yaml").read_text() for prefix in prefixes}


def test_each_environment_is_created_once(smoke_results, created):
    given = [file.read_text() for file in (smoke_results.folder / "envs").iterdir()]
    assert sorted(created.values()) == sorted(given)


def test_no_environment_holds_the_library(created):
    # It is found beside the Snakefile, in this and in every other test here.
    for prefix in created:
        importing = [prefix / "bin" / "python3", "-I", "-c", "import numpy, neurobust"]
        imported = subprocess.run(importing, capture_output=True, text=True, check=False)
        assert "No module named 'neurobust'" in imported.stderr


def test_every_job_ran_in_the_environment_that_its_rule_names(smoke_results, created):
    record = (smoke_results.folder / ".snakemake" / "conda" / "ran").read_text()
    ran = Counter((script, created[Path(prefix)]) for prefix, script in RAN.findall(record))
    # Each job leaves a benchmark, BENCHMARKS/RULE.tsv or BENCHMARKS/RULE/....tsv.
    benchmarks = smoke_results.folder / "results" / "smoke" / "benchmarks"
    files = [file.relative_to(benchmarks) for file in benchmarks.rglob("*.tsv")]
    rules = [all_rules()[file.parts[0].removesuffix(".tsv")] for file in files]
    assert ran == Counter((rule.script.stem, rule.environment.read_text()) for rule in rules)
    assert {environment for _, environment in ran} == {*created.values()}


def test_the_same_command_again_has_nothing_to_do(smoke_results):
    again = smoke_results.plan(options=(*SMOKE, *CONDA))
    assert again.status == 0
    assert "Nothing to be done" in again.printed, again.printed


@pytest.mark.parametrize(
    ("environment", "jobs"),
    [
        ("analysis", {"safarani2021_reliability": 1}),
        ("torch", {"train_network": 1}),
        (
            "data",
            {
                "build_image_set": 2,
                "simulate_recording": 1,
                "import_recording": 1,
                "measure_reliability": 1,
                "safarani2021_reliability": 1,
                "train_network": 1,
            },  # all is made from its outputs
        ),
    ],
)
def test_an_edited_environment_is_created_anew_and_its_jobs_alone_run_again(
    smoke_results, environment, jobs
):
    file = smoke_results.folder / "envs" / f"{environment}.yaml"
    before = file.read_text()
    assert before.count("numpy =") == 1
    file.write_text(before.replace("numpy =", "numpy >="))
    try:
        plan = smoke_results.plan(FIGURE, NETWORK, options=(*SMOKE, *CONDA))
    finally:
        file.write_text(before)
    assert plan.status == 0, plan.printed
    assert plan.jobs == jobs
    created = re.findall(r"^Conda environment (\S+) will be created", plan.printed, re.MULTILINE)
    assert created == [f"envs/{environment}.yaml"]


def test_an_environment_that_cannot_be_created_is_named_and_nothing_is_left_of_it(workflow):
    file = workflow.folder / "envs" / "data.yaml"
    before = file.read_text()
    file.write_text(before.replace("numpy =", "unheard-of ="))
    try:
        image_set = "results/conda/images/photographs.nc"
        elsewhere = ("--config", "pathvars={results: results/conda}")
        run = workflow.build(image_set, options=(*SMOKE, *CONDA, *elsewhere))
    finally:
        file.write_text(before)
    assert run.status == 1
    assert "Could not create conda environment from" in run.printed
    assert "envs/data.yaml" in run.printed
    assert "PackagesNotFoundError" in run.printed
    assert "unheard-of =" in run.printed
    assert "Traceback" not in run.printed
    assert not (workflow.folder / image_set).exists()
    assert not [*(workflow.folder / ".snakemake" / "conda").glob("*/")]
