"""Fingerprints of the code behind a rule, so that an edit reruns what it concerns.

Snakemake reruns a rule when its script changes, but not when a module that the script imports
does. Each rule therefore carries, as a parameter, a fingerprint of all library modules that its
script reaches: it changes with their code, not with their comments, docstrings or layout.
"""

import ast
import hashlib
from functools import cache
from pathlib import Path

PACKAGE = "neurobust"
_ROOT = Path(__file__).parent


def fingerprint(script: str | Path) -> str:
    """Return a fingerprint of the library modules that a script imports, directly or not.

    Parameters
    ----------
    script
        A Python file; its own content is not part of the fingerprint.
    """
    digest = hashlib.sha256()
    for module in sorted(reached_modules(Path(script))):
        digest.update(f"{module.relative_to(_ROOT)}\0{_code(module)}\0".encode())
    return digest.hexdigest()[:16]


def reached_modules(script: Path) -> set[Path]:
    """Return the files of the library that importing a script's imports would execute."""
    reached: set[Path] = set()
    waiting = [*_imports(script)]
    while waiting:
        module = waiting.pop()
        if module not in reached:
            reached.add(module)
            waiting += _imports(module)
    return reached


@cache
def _imports(file: Path) -> tuple[Path, ...]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return tuple(
        path for name in sorted(names) if name.split(".")[0] == PACKAGE for path in _files(name)
    )


def _files(name: str) -> list[Path]:
    """Return the files that importing a dotted name executes: packages, then the module."""
    parts = name.split(".")[1:]
    files = [_ROOT.joinpath(*parts[:depth], "__init__.py") for depth in range(len(parts) + 1)]
    if parts:
        files.append(_ROOT.joinpath(*parts).with_suffix(".py"))
    return [file for file in files if file.is_file()]


@cache
def _code(file: Path) -> str:
    tree = ast.parse(file.read_text())
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and _is_docstring(body[0]):
            node.body = body[1:]  # type: ignore[attr-defined]
    return ast.dump(tree)


def _is_docstring(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )
