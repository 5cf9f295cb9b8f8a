"""Rules that name a function: what it is given, and where what it returns goes."""

import importlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from neurobust.files.storage import read_result, write_result

_OWN = {"call", "code"}  # parameters that are not the function's


def find_function(name: str) -> Callable[..., Any]:
    """Return a function by its name, ``package.module:function``."""
    module, _, function = name.partition(":")
    return getattr(importlib.import_module(module), function)


def call(job: Any) -> Any:  # noqa: ANN401 - Snakemake's object, and whatever a function returns
    """Call the function that a rule names, with the rule's inputs and parameters by their names.

    Inputs are read (`read_result`), those that one name gives several of as a list.
    """
    inputs = {name: _read(files) for name, files in job.input.items()}
    return find_function(job.params.call)(**inputs, **parameters(job))


def parameters(job: Any) -> dict[str, Any]:  # noqa: ANN401 - Snakemake's object, untyped
    """Return the parameters of a rule that are its function's."""
    return {name: value for name, value in job.params.items() if name not in _OWN}


def save(result: Any, job: Any) -> None:  # noqa: ANN401 - whatever a function returns
    """Write what a function returned to a rule's output: one file, or several by their names."""
    outputs = dict(job.output.items())
    if not outputs:
        write_result(result, job.output[0])
        return
    if not isinstance(result, Mapping) or result.keys() != outputs.keys():
        named = ", ".join(result) if isinstance(result, Mapping) else type(result).__name__
        raise TypeError(f"{job.params.call} returned {named}; the rule has {', '.join(outputs)}")
    for name, path in outputs.items():
        write_result(result[name], path)


def _read(files: Any) -> Any:  # noqa: ANN401 - a path, or a list of paths
    return read_result(files) if isinstance(files, str | Path) else [*map(read_result, files)]
