"""The conda environments: well formed, complete for their rules, without more, pinned as uv is.

A script that runs does not show that its environment is complete, because it also sees Snakemake's
own packages. Its imports are therefore compared with the file.
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

from tests.workflow.rules import (
    LIBRARY,
    REPOSITORY,
    parts_named_in,
    reached_files,
)
from tests.workflow.rules import (
    PACKAGES as OURS,
)

FILES = sorted((REPOSITORY / "envs").iterdir())
PACKAGE_OF = {  # where the package has another name than the module
    "PIL": "pillow",
    "imagecorruptions": "imagecorruptions-imaug",
    "matplotlib": "matplotlib-base",
    "netCDF4": "netcdf4",
    "sklearn": "scikit-learn",
    "torch": "pytorch",
    "yaml": "pyyaml",
}
DISTRIBUTIONS = {"matplotlib-base": "matplotlib", "pytorch": "torch"}  # conda's name, PyPI's
NOT_IMPORTED = {"python", "pip"}  # the interpreter, and what installs the rest
IMPLIED = {"brendel_bethge": {"numba"}}  # what a module's imports need without an import
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
def names_in(file):
    """Return the dotted names that a file imports, wherever in it and however."""
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
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Call):
            names |= looked_up(node, constants)
        elif isinstance(node, ast.List):
            names |= run_as_module(node)
    return names | parts_named_in(file)


def imported(file):
    """Return the third-party modules that a file imports."""
    modules = {name.partition(".")[0] for name in names_in(file)}
    return modules - OURS.keys() - sys.stdlib_module_names


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
    return {words[index + 1] for index, word in enumerate(words[:-1]) if word == "-m"}


def needed(rule):
    """Return the packages that a rule's script needs, with what it calls, runs and reaches."""
    modules = [] if rule.call is None else [rule.call.partition(":")[0]]
    checks = [Path(file) for file in rule.input if file.endswith(".py")]
    files = set()
    for file in (rule.script, *checks):
        files |= {*reached_files(file, modules, names_in)}
    names = {name for file in files for name in imported(file)} - OPTIONAL
    names |= {name for file in files for name in IMPLIED.get(file.stem, ())}
    return {PACKAGE_OF.get(name, name) for name in names}


def test_imports_are_found_in_every_form(tmp_path):
    file = tmp_path / "script.py"
    file.write_text(
        "import os, numpy.linalg\n"
        "from importlib.util import find_spec\n"
        "import importlib.util\n"
        "import neurobust.files.storage\n"
        'load_part(f"networks.trunks.{name}")\n'
        'NAME = "foolbox"\n'
        "def late():\n"
        "    from scipy.stats import norm\n"
        "    importlib.util.find_spec(NAME)\n"
        '    importlib.util.find_spec("imagecorruptions")\n'
        '    open_it("a.nc", engine="netcdf4")\n'
        '    run([python, "-m", "pytest", "-v"])\n'
    )
    assert imported(file) == {"numpy", "scipy", "foolbox", "imagecorruptions", "netcdf4", "pytest"}
    assert {f"{LIBRARY}.files.storage", f"{LIBRARY}.networks.trunks.vgg19"} <= names_in(file)


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


def test_it_provides_what_a_rule_imports(running_rule):
    file = running_rule.environment
    assert needed(running_rule) <= {*conda_specs(file), *pip_pins(file)}


@of_every_file
def test_it_has_nothing_that_none_of_its_rules_imports(file, running_rules):
    given = {*conda_specs(file), *pip_pins(file)} - NOT_IMPORTED
    assert given == set().union(
        *(needed(rule) for rule in running_rules if rule.environment == file)
    )
