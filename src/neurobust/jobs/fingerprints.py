"""Fingerprints of the code behind a job, so that an edit reruns what it concerns and nothing else.

Snakemake reruns a rule when its script changes, but not when a module that the script imports
does. Each rule therefore has, as a parameter, a fingerprint of all modules that its job reaches:
those that its script imports, directly or not, and the parts that its recipe names
(`neurobust.parts`).

What cannot alter a result is not part of it: comments, docstrings and layout, the messages of
errors, logging, and the machinery of jobs (`MACHINERY`). Fields of the configuration are not
either, since a job's parameters hold their values.
"""

import ast
import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

LIBRARY = "neurobust"
MACHINERY = (
    "neurobust.errors",
    "neurobust.parts",
    "neurobust.jobs.gpus",
    "neurobust.jobs.run",
    "neurobust.jobs.signals",
    "neurobust.files.history",
    "neurobust.files.provenance",
    "neurobust.files.whole",
    "neurobust.config.kinds",
    "neurobust.config.model",
    "neurobust.training.checkpoints",
)
"""Modules, or packages, that decide how jobs run and how errors read, not what comes out."""

_LOGS = {"log", "logger", "logging", "warnings"}
_VALIDATORS = {"field_validator", "model_validator"}
_HERE = {LIBRARY: Path(__file__).parents[1]}


class _Module(NamedTuple):
    """A module: those that it imports, and a digest of what it computes."""

    imports: frozenset[str]
    digest: str


class Code:
    """The code of some packages, read once.

    Parameters
    ----------
    folders
        By the name of a package its folder: those whose code counts, the library and the studies.
    """

    def __init__(self, folders: Mapping[str, Path] = _HERE) -> None:
        self._folders = folders
        self._files: dict[str, Path | None] = {}
        self._modules: dict[str, _Module] = {}

    def fingerprint(self, script: Path | None, modules: Iterable[str] = ()) -> str:
        """Return a fingerprint of the code that a job reaches.

        Parameters
        ----------
        script
            A Python file; its own content is not part of the fingerprint, since Snakemake sees it.
        modules
            Dotted names of modules that the job imports besides, such as the parts of its recipe.

        Raises
        ------
        ModuleNotFoundError
            If one of the modules is not in these packages.
        """
        digest = hashlib.sha256()
        for name in sorted(self.reached(script, modules)):
            digest.update(f"{name}\0{self._module(name).digest}\0".encode())
        return digest.hexdigest()[:16]

    def reached(self, script: Path | None, modules: Iterable[str] = ()) -> set[str]:
        """Return the names of the modules that a job executes, but for the machinery."""
        modules = [*modules]
        for name in modules:
            if self._file(name) is None:
                packages = ", ".join(self._folders)
                raise ModuleNotFoundError(f"no module {name!r} in {packages}", name=name)
        waiting = self._executed(modules)
        if script is not None:
            waiting |= self._executed(_imports(ast.parse(script.read_text()), []))
        reached: set[str] = set()
        while waiting:
            name = waiting.pop()
            reached.add(name)
            waiting |= self._module(name).imports - reached
        return reached

    def _executed(self, names: Iterable[str]) -> set[str]:
        """Return the modules that importing names executes: packages, too, but no machinery."""
        found = set()
        for name in names:
            parts = name.split(".")
            found |= {".".join(parts[:depth]) for depth in range(1, len(parts) + 1)}
        return {name for name in found if self._file(name) and not is_machinery(name)}

    def _file(self, name: str) -> Path | None:
        """Return the file of a module or package, None if it is none of these packages."""
        if name not in self._files:
            package, *parts = name.split(".")
            stem = self._folders.get(package, Path("nowhere")).joinpath(*parts)
            files = (stem.with_name(f"{stem.name}.py"), stem / "__init__.py")
            self._files[name] = next((file for file in files if file.is_file()), None)
        return self._files[name]

    def _module(self, name: str) -> _Module:
        if name not in self._modules:
            file = self._file(name)
            assert file is not None
            tree = ast.parse(file.read_text())
            package = name.split(".") if file.stem == "__init__" else name.split(".")[:-1]
            imports = self._executed(_imports(tree, package))
            _Strip(settings=name.startswith(f"{LIBRARY}.config.")).visit(tree)
            digest = hashlib.sha256(ast.dump(tree).encode()).hexdigest()
            self._modules[name] = _Module(frozenset(imports), digest)
        return self._modules[name]


def is_machinery(name: str) -> bool:
    """Return whether a module is part of the machinery of jobs."""
    return any(name == each or name.startswith(f"{each}.") for each in MACHINERY)


def _imports(tree: ast.Module, package: list[str]) -> set[str]:
    """Return all dotted names that a module imports; some are what modules hold, not modules.

    Parameters
    ----------
    tree
        The parsed module.
    package
        The parts of the name of its package, which relative imports start from.
    """
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*above, *([node.module] if node.module else [])])
            names |= {module, *(f"{module}.{alias.name}" for alias in node.names)}
    return names


class _Strip(ast.NodeTransformer):
    """Take away what cannot alter a result.

    Parameters
    ----------
    settings
        Whether the module holds settings, whose values stand in the parameters of jobs.
    """

    def __init__(self, *, settings: bool) -> None:
        self._settings = settings

    def visit(self, node: ast.AST) -> ast.AST | None:
        """Visit a node, its docstring taken away."""
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and _is_docstring(body[0]):
            node.body = body[1:]  # type: ignore[attr-defined]
        return super().visit(node)

    def visit_Raise(self, node: ast.Raise) -> ast.AST:
        """Keep the kind of an error, not its message."""
        kind = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
        return ast.Raise(exc=kind, cause=None)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """Keep that an error is made, not its message."""
        if isinstance(node.func, ast.Name) and node.func.id == "InputError":
            return ast.Call(func=node.func, args=[], keywords=[])
        return self.generic_visit(node)

    def visit_Expr(self, node: ast.Expr) -> ast.AST:
        """Leave out what is logged."""
        call = node.value
        if (
            isinstance(call, ast.Call)
            and isinstance(call.func, ast.Attribute)
            and isinstance(call.func.value, ast.Name)
            and call.func.value.id in _LOGS
        ):
            return ast.Pass()
        return self.generic_visit(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        """Leave out the fields of settings, and their validators."""
        if self._settings:
            node.body = [each for each in node.body if not (_is_field(each) or _validates(each))]
        return self.generic_visit(node)


def _is_docstring(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def _is_field(node: ast.AST) -> bool:
    return isinstance(node, ast.AnnAssign) and not ast.unparse(node.annotation).startswith(
        "ClassVar"
    )


def _validates(node: ast.AST) -> bool:
    if not isinstance(node, ast.FunctionDef):
        return False
    named = [each.func if isinstance(each, ast.Call) else each for each in node.decorator_list]
    return any(isinstance(each, ast.Name) and each.id in _VALIDATORS for each in named)
