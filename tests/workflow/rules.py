"""The workflow's rules as Snakemake reads them, and the modules that their jobs reach."""

import ast
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import NamedTuple

REPOSITORY = Path(__file__).parents[2]
STUDIES = sorted(file.parent.name for file in REPOSITORY.glob("studies/*/settings.py"))
PACKAGES = {"neurobust": REPOSITORY / "src" / "neurobust", "studies": REPOSITORY / "studies"}
LIBRARY = "neurobust"
# A figure that is drawn where the configuration names networks of such pictures.
WITH_ALL_FIGURES = {
    "images": {"pictures": {"source": "folder", "path": "resources/pictures"}},
    "networks": {"pictured": {"like": "baseline-32px", "images": "pictures", "colour": "rgb"}},
    "li2023": {"imagenet": {"baseline": "pictured", "networks": {}}},
}


class Rule(NamedTuple):
    """A rule of the workflow; the resources are those of the first attempts, in order."""

    name: str
    docstring: str
    file: Path
    script: Path | None
    environment: Path | None
    threads: int
    resources: dict[str, list[int | None]]
    input: list[str]
    output: list[str]
    log: list[str]
    benchmark: str | None
    params: list[str]
    call: str | None

    @property
    def runs(self) -> bool:
        """Whether jobs come from it: a base is only inherited, a target makes nothing."""
        return bool(self.script and self.output)

    @property
    def is_base(self) -> bool:
        return bool(self.script and not self.output)

    @property
    def study(self) -> str | None:
        folder = self.file.parent
        return folder.name if folder.parent.name == "studies" else None


def read_rules(configuration: dict) -> dict[str, Rule]:
    """Return the rules that a configuration leads to, in a folder without data, by name."""
    program = Path(__file__).with_name("print_rules.py")
    command = [sys.executable, program, REPOSITORY / "Snakefile", json.dumps(configuration)]
    with tempfile.TemporaryDirectory() as folder:
        ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if ran.returncode:
        raise RuntimeError(ran.stderr)
    rules = {}
    for given in json.loads(ran.stdout):
        for name in ("file", "script", "environment"):
            given[name] = None if given[name] is None else Path(given[name])
        rules[given["name"]] = Rule(**given)
    return rules


@cache
def all_rules() -> dict[str, Rule]:
    """Return every rule of the workflow, by name."""
    return read_rules(WITH_ALL_FIGURES)


def figure_names(study: str) -> list[str]:
    """Return the names of a study's figures: the modules of its folder that have a `draw`."""
    files = sorted((REPOSITORY / "studies" / study / "figures").glob("*.py"))
    return [file.stem for file in files if re.search(r"^def draw\(", file.read_text(), re.M)]


def reached_files(
    file: Path, modules: Iterable[str], imports: Callable[[Path], Iterable[str]]
) -> dict[Path, list[str]]:
    """Return the files of the library and the studies that a file reaches, and how.

    Parameters
    ----------
    file
        Where it begins, usually a script.
    modules
        Dotted names of modules that it loads besides its own imports.
    imports
        Returns the dotted names that a file imports; some may be no modules but what these hold.

    Returns
    -------
    dict
        By file, the file itself included, the names of what leads to it.
    """
    chains = {file: [file.stem]}
    waiting = [file]
    for each in waiting:
        for name in [*imports(each), *(modules if each == file else ())]:
            for module in _with_packages(name):
                found = module_file(module)
                if found is not None and found not in chains:
                    chains[found] = [*chains[each], module]
                    waiting.append(found)
    return chains


@cache
def module_file(name: str) -> Path | None:
    """Return the file of a module or package, None if it is neither ours nor a module."""
    package, *parts = name.split(".")
    if package not in PACKAGES:
        return None
    stem = PACKAGES[package].joinpath(*parts)
    files = (stem.with_name(f"{stem.name}.py"), stem / "__init__.py")
    return next((file for file in files if file.is_file()), None)


def parts_named_in(file: Path) -> set[str]:
    """Return the modules of the library that a file may load by name (`neurobust.parts`).

    These are the modules that a text names, and all of a folder that a text begins with, such as
    ``f"networks.trunks.{name}"``.
    """
    parts = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            name = node.value.removeprefix(f"{LIBRARY}.")
            if re.fullmatch(r"\w+(\.\w+)+\.?", name):
                parts |= _modules_below(name) if name.endswith(".") else {name}
    return {f"{LIBRARY}.{part}" for part in parts if module_file(f"{LIBRARY}.{part}")}


def _modules_below(folder: str) -> set[str]:
    files = PACKAGES[LIBRARY].joinpath(*folder.rstrip(".").split(".")).glob("*")
    return {f"{folder}{file.stem}" for file in files if not file.stem.startswith("_")}


def _with_packages(name: str) -> list[str]:
    """Return a dotted name and those of the packages that an import of it executes."""
    parts = name.split(".")
    return [".".join(parts[:depth]) for depth in range(1, len(parts) + 1)]
