"""Kinds of one thing, a module for each: a new kind is a new file, and no list names it."""

import importlib.util
import pkgutil
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import Field

from neurobust.config.model import Model


def modules_in(package: str) -> list[str]:
    """Return the names of the public modules of a package, none of which is imported."""
    spec = importlib.util.find_spec(package)
    found = pkgutil.iter_modules(spec.submodule_search_locations if spec else [])
    return sorted(each.name for each in found if not each.name.startswith("_"))


@cache
def kinds_in(package: str, key: str) -> dict[str, type[Model]]:
    """Return the settings of every kind of a thing, by the kind's name.

    Parameters
    ----------
    package
        Holds a module for each kind, such as ``neurobust.config.objectives``.
    key
        The field that tells kinds apart; its type in a kind's model is ``Literal["<name>"]``.
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


def one_of(package: str, key: str) -> Any:  # noqa: ANN401 - a type made of what is there
    """Return the type of a field that takes any kind of a thing; see `kinds_in`."""
    models = tuple(kinds_in(package, key).values())
    return Annotated[Union[models], Field(discriminator=key)]  # noqa: UP007 - of a tuple
