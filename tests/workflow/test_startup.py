"""What a script loads before it does anything: no job pays for an import that it does not use.

Followed from file to file as written, which is quick and tells why. What a package loads in its
turn is its own affair: seaborn and scikit-learn bring much with them.
"""

import ast
from fnmatch import fnmatch
from pathlib import Path

import pytest

from neurobust.jobs import fingerprints

REPOSITORY = Path(__file__).parents[2]
SCRIPTS = sorted((REPOSITORY / "workflow_scripts").glob("*.py"))
_TESTS_OF_COLUMNS = ["correlate_published", "compare_likeness", "measure_preferred_frequencies"]
LOADED_BY = {  # what takes long to import: the scripts that nearly always use it
    "torch": [
        *("train_network", "synthesise_responses", "evaluate_*", "collect_learning"),
        *("measure_similarity", "measure_corruption_spectra"),
        *("corrupt_example", "make_hybrid_examples"),
    ],
    "foolbox": ["evaluate_attacks"],
    "sklearn": ["evaluate_predictivity", "evaluate_behaviour"],
    "matplotlib": ["draw_*"],
    "seaborn": ["draw_reliability"],
    "scipy.ndimage": ["evaluate_corruptions", "corrupt_example", "measure_corruption_spectra"],
    "scipy.stats": _TESTS_OF_COLUMNS,
    "statsmodels": [*_TESTS_OF_COLUMNS, "regress_robustness"],
    "h5py": ["import_recording", "simulate_recording"],
    # In few jobs of a script that has many, so in functions:
    "torchvision": [],
    "scipy.linalg": [],
}


def imported_at_once(file):
    """Return what executing a file imports: not what functions do, nor what is for types alone."""
    names, waiting = [], [ast.parse(file.read_text())]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif not isinstance(node, ast.FunctionDef) and not is_for_types(node):
            waiting += ast.iter_child_nodes(node)
    return names


def is_for_types(node):
    return isinstance(node, ast.If) and getattr(node.test, "id", None) == "TYPE_CHECKING"


def loaded(script):
    """Return the packages of the table that a script loads, each with the files in between."""
    chains, found = {script: [script.stem]}, {}
    waiting = [script]
    for file in waiting:
        for name in imported_at_once(file):
            for package in LOADED_BY:
                if f"{name}.".startswith(f"{package}."):
                    found.setdefault(package, " -> ".join([*chains[file], package]))
            if name.partition(".")[0] == fingerprints.PACKAGE:
                for module in fingerprints._files(name):
                    if module not in chains:
                        chains[module] = [*chains[file], module_name(module)]
                        waiting.append(module)
    return found


def module_name(file):
    return ".".join(file.relative_to(fingerprints._ROOT.parent).with_suffix("").parts)


def test_what_runs_at_once_is_told_from_what_does_not(tmp_path):
    file = tmp_path / "script.py"
    file.write_text(
        "import a.b\n"
        "from typing import TYPE_CHECKING\n"
        "if TYPE_CHECKING:\n    import c\n"
        "with d():\n    from e import f\n"
        "class G:\n    import h\n    def i(self):\n        import j\n"
    )
    assert {*imported_at_once(file)} == {"a.b", "typing", "typing.TYPE_CHECKING", "e", "e.f", "h"}


@pytest.mark.parametrize("script", SCRIPTS, ids=[script.stem for script in SCRIPTS])
def test_a_script_loads_what_it_uses(script):
    uses = {
        package
        for package, scripts in LOADED_BY.items()
        if any(fnmatch(script.stem, pattern) for pattern in scripts)
    }
    found = loaded(script)
    unused = [chain for package, chain in found.items() if package not in uses]
    assert not unused, "\n".join(["loaded but, says LOADED_BY, not used:", *unused])
    assert uses == {*found}, "LOADED_BY names what is not loaded"


def test_what_needs_torch_has_its_environment_and_nothing_else_has(scripted_rules):
    with_torch = {rule.script.stem for rule in scripted_rules if rule.environment.stem == "torch"}
    assert with_torch == {script.stem for script in SCRIPTS if "torch" in loaded(script)}


def test_a_job_keeps_the_memory_that_it_frees(workflow):
    rules = workflow.folder / "told.smk"
    rules.write_text(
        'include: "Snakefile"\nrule tell:\n    output: "told"\n    shell: "env > told"\n'
    )
    told = workflow.build("told", options=("--snakefile", "told.smk"))
    assert told.status == 0, told.said
    environment = (workflow.folder / "told").read_text().splitlines()
    rules.unlink()
    assert f"MALLOC_MMAP_THRESHOLD_={2**25}" in environment
    assert f"MALLOC_TRIM_THRESHOLD_={2**30}" in environment
