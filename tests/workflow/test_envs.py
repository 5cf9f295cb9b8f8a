"""The conda environments: well formed, complete for their rules, nothing too much, pinned as uv is.

That a script runs does not show that its environment is complete, because it also sees Snakemake's
own packages. What it imports is therefore compared with the file.
"""

import ast
import re
import sys
from functools import cache
from importlib import metadata
from pathlib import Path

import pytest
import yaml
from rattler import MatchSpec

from neurobust.jobs.fingerprints import reached_modules

REPOSITORY = Path(__file__).parents[2]
FILES = sorted((REPOSITORY / "envs").iterdir())
OURS = {"neurobust"}  # found beside the Snakefile
PACKAGES = {  # where the package has another name than the module
    "PIL": "pillow",
    "imagecorruptions": "imagecorruptions-imaug",
    "matplotlib": "matplotlib-base",
    "sklearn": "scikit-learn",
    "torch": "pytorch",
    "yaml": "pyyaml",
}
DISTRIBUTIONS = {"matplotlib-base": "matplotlib", "pytorch": "torch"}  # conda's name, PyPI's
NOT_IMPORTED = {"python", "pip"}  # the interpreter, and what installs the rest
UNSAID = {"brendel_bethge": {"numba"}}  # what a module's imports need and do not say
OPTIONAL = {"robustbench"}  # looked for, and named with what installs it where it is absent

of_every_file = pytest.mark.parametrize("file", FILES, ids=[file.stem for file in FILES])


def conda_specs(file):
    """Return what conda installs by name: its specification."""
    listed = yaml.safe_load(file.read_text())["dependencies"]
    specs = [MatchSpec(entry) for entry in listed if isinstance(entry, str)]
    return {spec.name.normalized: spec for spec in specs}


def pip_pins(file):
    """Return what pip installs by name: its version."""
    listed = yaml.safe_load(file.read_text())["dependencies"]
    given = [entry["pip"] for entry in listed if isinstance(entry, dict)]
    return dict(pin.split("==") for pins in given for pin in pins)


@cache
def imported(file):
    """Return the third-party modules that a file names, wherever in it and however."""
    tree = ast.parse(file.read_text())
    constants = {
        node.targets[0].id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    }
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module)
        elif isinstance(node, ast.Call):
            names |= looked_up(node, constants)
        elif isinstance(node, ast.List):
            names |= run_as_module(node)
    modules = {name.partition(".")[0] for name in names}
    return modules - OURS - sys.stdlib_module_names


def looked_up(call, constants):
    """Return what a call of ``find_spec`` looks for, or xarray's ``engine=`` loads."""
    values = [word.value for word in call.keywords if word.arg == "engine"]
    if isinstance(call.func, ast.Attribute) and call.func.attr == "find_spec":
        values += call.args
    values = [constants.get(getattr(value, "id", None), value) for value in values]
    return {value.value for value in values if isinstance(value, ast.Constant)}


def run_as_module(command):
    """Return what a command, written as a list, runs with ``python -m``."""
    words = [getattr(word, "value", None) for word in command.elts]
    return {words[place + 1] for place, word in enumerate(words[:-1]) if word == "-m"}


def needed(rule):
    """Return the packages that a rule's script, and what it reaches of the library, needs."""
    own = {rule.script}
    for file in re.findall(r'"(.+?\.py)"', rule.directives.get("input", "")):
        own |= {*REPOSITORY.glob(re.sub(r"\{\w+\}", "*", file))}
    files = own.union(*(reached_modules(file) for file in own))
    names = {name for file in files for name in imported(file)} - OPTIONAL
    names |= {name for file in files for name in UNSAID.get(file.stem, ())}
    return {PACKAGES.get(name, name) for name in names}


def test_imports_are_found_in_every_form(tmp_path):
    file = tmp_path / "script.py"
    file.write_text(
        "import os, numpy.linalg\n"
        "from importlib.util import find_spec\n"
        "import importlib.util\n"
        "import neurobust.files.storage\n"
        'NAME = "foolbox"\n'
        "def late():\n"
        "    from scipy.stats import norm\n"
        "    importlib.util.find_spec(NAME)\n"
        '    importlib.util.find_spec("imagecorruptions")\n'
        '    open_it("a.nc", engine="netcdf4")\n'
        '    run([python, "-m", "pytest", "-v"])\n'
    )
    assert imported(file) == {"numpy", "scipy", "foolbox", "imagecorruptions", "netcdf4", "pytest"}


@of_every_file
def test_it_is_well_formed(file):
    content = yaml.safe_load(file.read_text())
    assert content["channels"] == ["conda-forge", "nodefaults"]
    assert {*content} == {"channels", "dependencies"}
    assert all(spec.version for name, spec in conda_specs(file).items() if name != "pip")
    assert ("pip" in conda_specs(file)) == bool(pip_pins(file))
    assert not {*conda_specs(file)} & {*pip_pins(file)}


@of_every_file
def test_its_pins_are_the_versions_that_uv_installed(file):
    conda = {name: spec for name, spec in conda_specs(file).items() if name not in NOT_IMPORTED}
    pinned = {name: str(spec.version) for name, spec in conda.items()} | pip_pins(file)
    for name, version in pinned.items():
        installed = metadata.version(DISTRIBUTIONS.get(name, name))
        # conda-forge names the release alone; MatchSpec writes =1.2 as 1.2.*
        released = re.sub(r"\.post\d+$|\+.*$", "", installed)
        assert version.removesuffix(".*") == released, name


def test_it_provides_what_a_rule_imports(scripted_rule):
    file = scripted_rule.environment
    assert needed(scripted_rule) <= {*conda_specs(file), *pip_pins(file)}


@of_every_file
def test_it_has_nothing_that_none_of_its_rules_imports(file, scripted_rules):
    given = {*conda_specs(file), *pip_pins(file)} - NOT_IMPORTED
    assert given == set().union(
        *(needed(rule) for rule in scripted_rules if rule.environment == file)
    )
