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
from functools import cache
from pathlib import Path

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
Folders = Mapping[str, Path]
"""By the name of a top-level package its folder."""


def fingerprint(
    script: str | Path | None, modules: Iterable[str] = (), *, folders: Folders = _HERE
) -> str:
    """Return a fingerprint of the code that a job reaches.

    Parameters
    ----------
    script
        A Python file; its own content is not part of the fingerprint, since Snakemake sees it.
    modules
        Dotted names of modules that the job imports besides, such as the parts of its recipe.
    folders
        The packages that count: the library, and the studies.

    Raises
    ------
    ModuleNotFoundError
        If one of the modules is not in these packages.
    """
    digest = hashlib.sha256()
    for name in sorted(reached_modules(script, modules, folders=folders)):
        digest.update(f"{name}\0{_digest(_file(name, folders), name)}\0".encode())
    return digest.hexdigest()[:16]


def reached_modules(
    script: str | Path | None, modules: Iterable[str] = (), *, folders: Folders = _HERE
) -> set[str]:
    """Return the names of the modules that a job executes, but for the machinery."""
    waiting = [*modules]
    for name in waiting:
        if _file(name, folders) is None:
            raise ModuleNotFoundError(f"no module {name!r} in {', '.join(folders)}", name=name)
    waiting += [] if script is None else _imports(Path(script), None)
    reached: set[str] = set()
    while waiting:
        for name in _with_packages(waiting.pop()):
            file = _file(name, folders)
            if file is None or name in reached or _is_machinery(name):
                continue
            reached.add(name)
            waiting += _imports(file, name)
    return reached


def _is_machinery(name: str) -> bool:
    return any(name == each or name.startswith(f"{each}.") for each in MACHINERY)


def _with_packages(name: str) -> list[str]:
    """Return a dotted name and those of the packages that importing it executes."""
    parts = name.split(".")
    return [".".join(parts[:depth]) for depth in range(1, len(parts) + 1)]


def _file(name: str, folders: Folders) -> Path | None:
    """Return the file of a module or package, None if it is none of these packages."""
    package, *parts = name.split(".")
    if package not in folders:
        return None
    return _find(folders[package].joinpath(*parts))


@cache
def _find(stem: Path) -> Path | None:
    files = (stem.with_name(f"{stem.name}.py"), stem / "__init__.py")
    return next((file for file in files if file.is_file()), None)


@cache
def _imports(file: Path, name: str | None) -> tuple[str, ...]:
    """Return all dotted names that a file imports; some may be no modules but what these hold."""
    names: set[str] = set()
    for node in ast.walk(_parse(file)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            if node.level and name is not None:
                above = (
                    name.split(".")[: -node.level]
                    if file.stem != "__init__"
                    else (name.split(".")[: len(name.split(".")) - node.level + 1])
                )
                module = ".".join([*above, *([module] if module else [])])
            names |= {module, *(f"{module}.{alias.name}" for alias in node.names)}
    return tuple(sorted(names - {""}))


@cache
def _parse(file: Path) -> ast.Module:
    return ast.parse(file.read_text())


@cache
def _digest(file: Path, name: str) -> str:
    """Return a digest of what a module computes."""
    tree = ast.parse(file.read_text())
    _Strip(settings=name.startswith(f"{LIBRARY}.config.")).visit(tree)
    return hashlib.sha256(ast.dump(tree).encode()).hexdigest()


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
        """Of settings, leave out the fields and their validators."""
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
