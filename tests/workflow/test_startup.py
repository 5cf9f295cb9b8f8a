"""What a job loads before it does anything: no job pays for an import that it does not use.

Imports are followed from file to file as written, which is quick and shows the reason. What a
package loads in its turn is its own affair: seaborn and scikit-learn bring much with them.
"""

import ast
from fnmatch import fnmatch
from functools import cache

from tests.workflow.rules import reached_files

_CORRELATE = ["measure:*_correlations", "measure:brainscore2020_page", "measure:li2023_networks"]
# What takes long to import: the jobs that nearly always use it, as script:rule.
LOADED_BY = {
    "torch": [
        *("train_network:*", "synthesise_responses:*", "evaluate*:*", "measure_similarity:*"),
        *("collect_histories:*", "measure_on_device:*"),
        *("measure:safarani2021_example", "measure:li2023_hybrid_examples"),
    ],
    "foolbox": ["evaluate:evaluate_attacks"],
    "sklearn": ["evaluate:evaluate_predictivity", "*:evaluate_behaviour"],
    "matplotlib": ["draw:*"],
    "seaborn": ["draw:safarani2021_reliability"],
    "scipy.ndimage": [
        *("evaluate_corruptions:*", "measure:safarani2021_example"),
        "measure_on_device:li2023_corruption_spectra",
    ],
    "scipy.stats": _CORRELATE,
    "statsmodels": [*_CORRELATE, "measure:safarani2021_regressions"],
    # In few jobs of a rule that has many, so in functions or in a part that a recipe names:
    "h5py": [],
    "torchvision": [],
    "scipy.linalg": [],
}


@cache
def imported_at_once(file):
    """Return what executing a file imports, without its functions and what is for types alone."""
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


def loaded(rule):
    """Return the packages of the table that a rule's jobs load, each with the files in between."""
    modules = [] if rule.call is None else [rule.call.partition(":")[0]]
    found = {}
    for file, chain in reached_files(rule.script, modules, imported_at_once).items():
        for name in imported_at_once(file):
            for package in LOADED_BY:
                if f"{name}.".startswith(f"{package}."):
                    found.setdefault(package, " -> ".join([*chain, package]))
    return found


def test_what_runs_at_once_differs_from_what_a_function_imports(tmp_path):
    file = tmp_path / "script.py"
    file.write_text(
        "import a.b\n"
        "from typing import TYPE_CHECKING\n"
        "if TYPE_CHECKING:\n    import c\n"
        "with d():\n    from e import f\n"
        "class G:\n    import h\n    def i(self):\n        import j\n"
    )
    assert {*imported_at_once(file)} == {"a.b", "typing", "typing.TYPE_CHECKING", "e", "e.f", "h"}


def test_a_job_loads_what_it_uses(running_rule):
    job = f"{running_rule.script.stem}:{running_rule.name}"
    uses = {
        package
        for package, jobs in LOADED_BY.items()
        if any(fnmatch(job, pattern) for pattern in jobs)
    }
    found = loaded(running_rule)
    unused = [chain for package, chain in found.items() if package not in uses]
    assert not unused, "\n".join(["loaded but, by LOADED_BY, not used:", *unused])
    assert uses == {*found}, "LOADED_BY names what is not loaded"


def test_what_needs_torch_has_its_environment_and_nothing_else_has(running_rule):
    assert (running_rule.environment.stem == "torch") == ("torch" in loaded(running_rule))


def test_a_job_keeps_the_memory_that_it_frees(workflow):
    rules = workflow.folder / "environment.smk"
    rules.write_text(
        'include: "Snakefile"\n'
        'rule print_environment:\n    output: "environment"\n    shell: "env > {output}"\n'
    )
    printed = workflow.build("environment", options=("--snakefile", rules.name))
    assert printed.status == 0, printed.printed
    environment = (workflow.folder / "environment").read_text().splitlines()
    rules.unlink()
    assert f"MALLOC_MMAP_THRESHOLD_={2**25}" in environment
    assert f"MALLOC_TRIM_THRESHOLD_={2**30}" in environment
