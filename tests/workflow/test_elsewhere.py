"""The workflow from elsewhere: code and studies at its source, data and results where it runs."""

import json

import pytest

FIGURE = "figures/brainscore2020/fig1.png"
MADE_BY = {"brainscore2020_correlations": 1, "brainscore2020_fig1": 1}
MODULE = """\
module neurobust:
    snakefile: "{snakefile}"
    {config}


use rule * from neurobust as neurobust_*


rule mine:
    input: "{target}"
"""


@pytest.fixture
def elsewhere(tmp_path):
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    return folder


def write_module(workflow, folder, target, config=""):
    """Write a workflow that uses this one as a module, and asks for one of its files."""
    snakefile = workflow.folder / "Snakefile"
    text = MODULE.format(snakefile=snakefile, target=target, config=config)
    (folder / "Snakefile").write_text(text)


def with_prefix(jobs):
    return {f"neurobust_{rule}": count for rule, count in jobs.items()} | {"mine": 1}


@pytest.mark.slow
def test_a_figure_is_built_in_the_working_directory(workflow, elsewhere):
    snakefile = ("--snakefile", str(workflow.folder / "Snakefile"))
    built = workflow.run(f"results/{FIGURE}", *snakefile, "--cores", "2", folder=elsewhere)
    assert built.status == 0, built.printed
    assert built.jobs == MADE_BY
    assert (elsewhere / "results" / FIGURE).stat().st_size
    assert {path.name for path in elsewhere.iterdir()} == {"results", ".snakemake"}
    again = workflow.run(f"results/{FIGURE}", *snakefile, "--dry-run", folder=elsewhere)
    assert "Nothing to be done" in again.printed


def test_everything_can_be_planned_for_another_folder(workflow, elsewhere):
    here = workflow.plan(options=("--quiet", "rules", "--forceall"))
    plan = workflow.plan(options=("--quiet", "rules", "--directory", str(elsewhere)))
    assert plan.status == here.status == 0, plan.printed
    assert plan.jobs == here.jobs
    assert not (elsewhere / "results").exists()


def test_a_preset_is_found_from_another_folder(workflow, elsewhere):
    source = workflow.folder
    files = ("-s", str(source / "Snakefile"), "--configfile", str(source / "presets/smoke.yaml"))
    target = "results/smoke/networks/baseline/seed2000.pt"
    plan = workflow.run(target, *files, "--dry-run", folder=elsewhere)
    assert plan.status == 0, plan.printed
    assert plan.jobs == {"build_image_set": 1, "train_network": 1}


def test_it_is_a_module_with_its_own_configuration(workflow, elsewhere):
    write_module(workflow, elsewhere, f"results/{FIGURE}")
    plan = workflow.run("mine", "--dry-run", folder=elsewhere)
    assert plan.status == 0, plan.printed
    assert plan.jobs == with_prefix(MADE_BY)


@pytest.mark.slow
def test_it_is_a_module_that_overlays_a_configuration(workflow, elsewhere):
    config = 'config: {"studies": ["brainscore2020"], "pathvars": {"results": "mine"}}'
    write_module(workflow, elsewhere, f"mine/{FIGURE}", config)
    built = workflow.run("mine", "--cores", "2", folder=elsewhere)
    assert built.status == 0, built.printed
    assert built.jobs == with_prefix(MADE_BY)
    assert {path.name for path in elsewhere.iterdir()} == {"mine", ".snakemake", "Snakefile"}
    record = elsewhere / "mine/tables/brainscore2020/table1.csv.provenance.json"
    assert json.loads(record.read_text())["seeds"] == "1000 2000 3000"  # of config.yaml


def test_a_mistake_in_a_module_s_configuration_ends_in_one_message(workflow, elsewhere):
    write_module(workflow, elsewhere, f"results/{FIGURE}", 'config: {"studies": ["brainscore"]}')
    plan = workflow.run("mine", "--dry-run", folder=elsewhere)
    assert plan.status == 1
    assert "did you mean 'brainscore2020'?" in plan.printed
    assert "Traceback" not in plan.printed
