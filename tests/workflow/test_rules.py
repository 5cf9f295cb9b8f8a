"""Every rule has what a rule of this workflow has, its own or inherited from a base."""

import ast
import re

import pytest

from tests.workflow.rules import REPOSITORY, STUDIES, all_rules, module_file

MOST_LINES = 60
RETRIEVES = "retrieve_"
TOGETHER = re.compile(r"_together_(\d+)$")  # of a rule that does the same for several networks
VERBS = {
    *("retrieve", "build", "simulate", "import", "train", "synthesise", "evaluate", "measure"),
    *("draw", "check", "collect"),
}


def called(file):
    """Return the names of the functions that a file calls."""
    calls = [node.func for node in ast.walk(ast.parse(file.read_text())) if type(node) is ast.Call]
    return {function.id for function in calls if isinstance(function, ast.Name)}


def test_a_rule_has_a_docstring_of_one_sentence(rule):
    assert re.fullmatch(r"[A-Z].+\.", rule.docstring, re.DOTALL), rule.docstring
    sentences = re.split(r"(?<!Fig)(?<!Figs)(?<!Eq)(?<!al)\.\s", rule.docstring)
    assert len(sentences) == 1, rule.docstring


def test_a_rule_has_what_its_job_needs(running_rule):
    assert running_rule.environment.parent == REPOSITORY / "envs"
    assert running_rule.environment.is_file()
    assert running_rule.threads >= 1
    assert running_rule.params
    for resource in ("mem_mb", "runtime"):  # with each retry more
        first, second, third = running_rule.resources[resource]
        assert 0 < first < second < third, resource


def test_log_and_benchmark_have_the_rules_name(running_rule):
    name = TOGETHER.sub(r"/together/\1", running_rule.name)
    stems = [(*running_rule.log, "logs", "log"), (running_rule.benchmark, "benchmarks", "tsv")]
    for file, folder, ending in stems:
        assert re.fullmatch(rf"results/{folder}/{name}(/.+)?\.{ending}", file)


def test_log_and_benchmark_have_the_wildcards_of_the_output(running_rule):
    wildcards = {*re.findall(r"\{(\w+)", " ".join(running_rule.output))}
    for file in (*running_rule.log, running_rule.benchmark):
        assert {*re.findall(r"\{(\w+)", file)} == wildcards


def test_a_rule_is_named_by_its_study_or_by_what_it_does(running_rule):
    if running_rule.study:
        assert running_rule.name.startswith(f"{running_rule.study}_")
    else:
        assert running_rule.name.partition("_")[0] in VERBS
        assert not any(study in running_rule.name for study in STUDIES)


@pytest.mark.parametrize("study", STUDIES)
def test_each_study_has_the_target_of_its_name(study):
    target = all_rules()[study]
    assert target.study == study
    assert target.input
    assert not target.output
    assert not target.script


def test_a_base_makes_nothing_and_is_inherited(base_rule, running_rules):
    assert not base_rule.input
    assert any(rule.script == base_rule.script for rule in running_rules)


def test_its_script_is_thin(running_rule):
    assert running_rule.script.parent == REPOSITORY / "workflow_scripts"
    assert len(running_rule.script.read_text().splitlines()) < MOST_LINES


def test_its_script_has_its_name_or_that_of_its_base(running_rule):
    bases = {rule.script: rule.name for rule in all_rules().values() if rule.is_base}
    name = bases.get(running_rule.script, TOGETHER.sub("", running_rule.name))
    assert running_rule.script.stem == name


def test_an_edit_of_the_library_reruns_it(running_rule):
    if running_rule.name.startswith(RETRIEVES):
        pytest.skip("a fetched file does not depend on this code: its checksum is given")
    assert "code" in running_rule.params


def test_the_function_that_it_names_is_there(running_rule):
    if running_rule.call is None:
        pytest.skip("its script calls one function")
    module, _, function = running_rule.call.partition(":")
    tree = ast.parse(module_file(module).read_text())
    assert function in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_it_asks_for_a_gpu_if_its_script_chooses_a_device(running_rule):
    asks = "gpu" in running_rule.resources
    assert asks == ("jobs_per_gpu" in running_rule.resources)
    assert asks == ("choose_device" in called(running_rule.script))


def test_its_script_reads_no_value_that_would_not_rerun_it(running_rule):
    # Snakemake compares params with the last run's, not the configuration. Only what does not
    # alter a result may change without a rerun.
    uses = re.findall(r'job\.config\b(?:\["(\w+)"\])?', running_rule.script.read_text())
    assert {*uses} <= {"device", "checkpoint_minutes"}


def test_no_script_and_no_environment_is_left_over(running_rules):
    scripts = {rule.script for rule in running_rules}
    assert scripts == {*(REPOSITORY / "workflow_scripts").glob("*.py")}
    environments = {rule.environment for rule in running_rules}
    assert environments == {*(REPOSITORY / "envs").iterdir()}
