"""Kinds of settings, with a module for each: a new kind is a new file and needs no list."""

import importlib.util
import pkgutil
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import Field

from neurobust.config.model import Model


def modules_in(package: str) -> list[str]:
    """Return the names of a package's public modules, without importing them."""
    spec = importlib.util.find_spec(package)
    found = pkgutil.iter_modules(spec.submodule_search_locations if spec else [])
    return sorted(each.name for each in found if not each.name.startswith("_"))


@cache
def kinds_in(package: str, key: str) -> dict[str, type[Model]]:
    """Return the models of all kinds of settings in a package, by the kind's name.

    Parameters
    ----------
    package
        Package with a module for each kind, such as ``neurobust.config.objectives``.
    key
        Field that distinguishes kinds; its type in a kind's model is ``Literal["<name>"]``.
    """
    kinds: dict[str, type[Model]] = {}
    for name in modules_in(package):
        module = importlib.import_module(f"{package}.{name}")
        for model in vars(module).values():
            if not (isinstance(model, type) and issubclass(model, Model)):
                continue
            field = model.model_fields.get(key)
            if field is not None and get_origin(field.annotation) is Literal:
                kinds[get_args(field.annotation)[0]] = model
    return kinds


def one_of(package: str, key: str) -> Any:  # noqa: ANN401 - a type made at run time
    """Return the type of a field that accepts any kind of settings in a package (`kinds_in`)."""
    models = tuple(kinds_in(package, key).values())
    return Annotated[Union[models], Field(discriminator=key)]  # noqa: UP007 - of a tuple
