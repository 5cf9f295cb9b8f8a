"""Every rule has what a rule of this workflow has."""

import ast
import re
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
MOST_LINES = 60
RETRIEVES = "retrieve_"
USE_A_GPU = {
    "train_network",
    "synthesise_responses",
    "evaluate_corruptions",
    "evaluate_prediction",
    "evaluate_predictivity",
    "evaluate_behaviour",
    "evaluate_attacks",
    "evaluate_hybrids",
    "measure_similarity",
    "measure_corruption_spectra",
}


TOGETHER = "_together"  # what a rule's name adds that does the same for several networks


def called(file):
    """Return the names of the functions that a file calls."""
    calls = [node.func for node in ast.walk(ast.parse(file.read_text())) if type(node) is ast.Call]
    return {function.id for function in calls if isinstance(function, ast.Name)}


def test_a_rule_has_a_docstring_of_one_sentence(rule):
    assert re.fullmatch(r"[A-Z].+\.", rule.docstring, re.DOTALL), rule.docstring


def test_a_rule_has_what_its_job_needs(scripted_rule):
    wanted = {"output", "log", "benchmark", "conda", "threads", "resources", "params", "script"}
    assert wanted <= {*scripted_rule.directives}
    for resource in ("mem_mb", "runtime"):  # with each retry more
        assert f"{resource}=per_attempt(" in scripted_rule.directives["resources"]


def test_log_and_benchmark_have_the_rules_name(scripted_rule):
    name = scripted_rule.name.replace(TOGETHER, f"/{TOGETHER[1:]}")
    for directive, ending in (("log", "log"), ("benchmark", "tsv")):
        stem = rf'"<{directive}s?>/{name}(/.+)?\.{ending}"'
        assert re.search(stem, scripted_rule.directives[directive]), directive


def test_its_script_has_the_rules_name_and_is_thin(scripted_rule):
    name = scripted_rule.name.removesuffix(TOGETHER)
    assert scripted_rule.script == REPOSITORY / "workflow_scripts" / f"{name}.py"
    assert len(scripted_rule.script.read_text().splitlines()) < MOST_LINES


def test_its_environment_is_there(scripted_rule):
    assert scripted_rule.environment.parent == REPOSITORY / "envs"
    assert scripted_rule.environment.is_file()


def test_an_edit_of_the_library_reruns_it(scripted_rule):
    if scripted_rule.name.startswith(RETRIEVES):
        pytest.skip("what is fetched does not depend on our code: its checksum is given")
    assert f'code=code_of("{scripted_rule.script.stem}")' in scripted_rule.directives["params"]


def test_it_asks_for_a_gpu_if_its_script_chooses_a_device(scripted_rule):
    resources = scripted_rule.directives["resources"]
    asks = "gpu=gpus_per_job()" in resources
    assert asks == ("jobs_per_gpu=jobs_per_gpu(" in resources)
    assert asks == ("choose_device" in called(scripted_rule.script))
    assert asks == (scripted_rule.script.stem in USE_A_GPU)


def test_its_script_reads_no_value_that_would_not_rerun_it(scripted_rule):
    # Snakemake compares params with the last run's, not the configuration. Only what does not
    # alter a result may change without a rerun.
    uses = re.findall(r'job\.config\b(?:\["(\w+)"\])?', scripted_rule.script.read_text())
    assert {*uses} <= {"device", "checkpoint_minutes"}


def test_no_script_and_no_environment_is_left_over(scripted_rules):
    scripts = {rule.script for rule in scripted_rules}
    assert scripts == {*(REPOSITORY / "workflow_scripts").glob("*.py")}
    environments = {rule.environment for rule in scripted_rules}
    assert environments == {*(REPOSITORY / "envs").iterdir()}
