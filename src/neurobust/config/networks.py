"""Networks of the configuration, and their expansion to recipes by defaults, 'like' and sweeps."""

import re
from collections.abc import Mapping
from typing import Any

from pydantic import Field

from neurobust.config.model import Model, nearest, validate
from neurobust.config.recipes import Recipe
from neurobust.errors import InputError


class Sweep(Model):
    """Values of one field, each of which gives a network."""

    field: str = Field(description="path of the field, such as objectives.v1.ratio")
    values: list[bool | int | float | str] = Field(min_length=1)


class Entry(Recipe):
    """A recipe as written in the configuration, before inheritance and sweeps are expanded."""

    like: str | None = Field(None, description="network whose recipe this one changes")
    sweep: Sweep | None = None


class Member(Model):
    """The sweep that a network is a member of, and its value."""

    sweep: str
    value: bool | int | float | str


def expand(
    entries: Mapping[str, Entry], defaults: Recipe
) -> tuple[dict[str, Recipe], dict[str, Member]]:
    """Expand entries to recipes, with their defaults, inheritance and sweeps.

    ``like`` inherits all fields but ``display``, so that inheritance makes no two networks look
    alike.

    Returns
    -------
    The recipes by network name, and the sweep and value of each member of a sweep. Members of the
    sweep ``s`` are named ``s-<value>``, with "1:15" written as ``1to15``.

    Raises
    ------
    InputError
        If ``like`` names no network or leads in a circle, a sweep's field or value is wrong, or two
        networks have one name.
    """
    recipes: dict[str, Recipe] = {}
    members: dict[str, Member] = {}
    for name, entry in entries.items():
        fields = _merge(defaults.model_dump(exclude_unset=True), _inherited(name, entries))
        fields["display"] = {"label": name, **entry.display.model_dump(exclude_unset=True)}
        if entry.sweep is None:
            place = f"networks.{name}"
            _add(recipes, name, validate(Recipe, fields, place), place)
            continue
        for value in entry.sweep.values:
            slug = re.sub(r"[^A-Za-z0-9.]+", "-", str(value).replace(":", "to"))
            place = f"networks.{name}.sweep"
            swept = _merge(fields, _nested(entry.sweep.field, value))
            recipe = validate(Recipe, swept, place)
            _require_field(place, recipe, entry.sweep.field)
            _add(recipes, f"{name}-{slug}", recipe, place)
            members[f"{name}-{slug}"] = Member(sweep=name, value=value)
    return recipes, members


def _add(recipes: dict[str, Recipe], name: str, recipe: Recipe, place: str) -> None:
    if name in recipes:
        raise InputError(
            place,
            f"gives a second network the name {name!r}",
            expected="different names for all networks, members of sweeps included",
            fix="rename the network, or list the value once",
        )
    recipes[name] = recipe


def _inherited(name: str, entries: Mapping[str, Entry], seen: tuple[str, ...] = ()) -> dict:
    """Return the fields that an entry sets, merged into those of the entry that it is like."""
    place = f"networks.{(*seen, name)[0]}.like"
    if name in seen:
        raise InputError(
            place,
            f"leads in a circle: {' -> '.join((*seen, name))}",
            expected="a chain that ends",
            fix="remove one 'like'",
        )
    if name not in entries:
        raise InputError(
            place,
            f"names no network: {name!r}",
            expected=nearest(name, entries),
            fix="correct the name",
        )
    entry = entries[name]
    own = entry.model_dump(exclude_unset=True, exclude={"like", "sweep", "display"})
    base = _inherited(entry.like, entries, (*seen, name)) if entry.like else {}
    return _merge(base, own)


def _merge(base: dict, over: dict) -> dict:
    """Merge nested dictionaries; values of ``over`` take precedence."""
    merged = dict(base)
    for key, value in over.items():
        both = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = _merge(merged[key], value) if both else value
    return merged


def _nested(path: str, value: object) -> dict:
    for part in reversed(path.split(".")):
        value = {part: value}
    return value  # type: ignore[return-value] # a path has at least one part


def _require_field(place: str, recipe: Recipe, path: str) -> None:
    """Check that the path of a sweep leads to one value, not to a part of the recipe."""
    *parents, last = path.split(".")
    node: Any = recipe
    for part in parents:
        node = node[part] if isinstance(node, dict) else getattr(node, part)
    if isinstance(node, dict):
        raise InputError(
            place,
            f"field {path!r} is not one value but a part of the recipe",
            expected="a path to one value, such as objectives.v1.ratio",
            fix=f"choose a field below {last!r}",
        )
