"""Typed parts of the configuration that refuse what they do not know."""

import difflib
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from neurobust.errors import InputError


class Model(BaseModel):
    """A part of the configuration: unknown keys are refused, with the nearest valid one named."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _know_every_key(cls, given: Any) -> Any:  # noqa: ANN401 - pydantic gives whatever was there
        if isinstance(given, Mapping):
            for key in given:
                if key not in cls.model_fields:
                    raise ValueError(f"unknown key {key!r}; {nearest(str(key), cls.model_fields)}")
        return given

    def identity(self) -> dict[str, Any]:
        """Return the values that make this part what it is, as values of JSON.

        A field that is off by default (``None``, ``False``, 0 or empty) and left so is not among
        them: a field that is added to a model changes the identity of nothing that leaves it off.
        A changed default does, where it is not off. The model can be validated from its identity.
        """
        values = self.model_dump(mode="json")
        kept: dict[str, Any] = {}
        for name, field in type(self).model_fields.items():
            value = getattr(self, name)
            if value or value != field.get_default(call_default_factory=True):
                kept[name] = _identity(value, values[name])
        return kept


def _identity(value: object, plain: object) -> object:
    if isinstance(value, Model):
        return value.identity()
    if isinstance(value, Mapping) and isinstance(plain, Mapping):
        return {name: _identity(each, plain[name]) for name, each in value.items()}
    if isinstance(value, list) and isinstance(plain, list):
        return [_identity(*pair) for pair in zip(value, plain, strict=True)]
    return plain


def nearest(name: str, valid: Iterable[str]) -> str:
    """Say which valid name is nearest, and which there are."""
    valid = sorted(valid)
    close = difflib.get_close_matches(name, valid, n=1)
    choice = f"did you mean {close[0]!r}? " if close else ""
    return f"{choice}valid: {', '.join(valid) or 'none'}"


def require_known(place: str, name: str, valid: Iterable[str], kind: str) -> None:
    """Check that a name in the configuration refers to something.

    Parameters
    ----------
    place
        The key that gives the name.
    name, valid
        The name, and those that would do.
    kind
        What it names, such as ``network``.

    Raises
    ------
    InputError
        If it names nothing; the nearest valid name is given.
    """
    valid = [*valid]
    if name not in valid:
        raise InputError(
            place,
            f"names no {kind}: {name!r}",
            expected=nearest(name, valid),
            fix=f"correct the name, or define the {kind}",
        )


M = TypeVar("M", bound=Model)


def validate(model: type[M], given: Mapping[str, Any], place: str) -> M:
    """Validate a part of the configuration.

    Raises
    ------
    InputError
        With one line for each key at fault.
    """
    try:
        return model.model_validate(given)
    except ValidationError as error:
        lines = []
        for fault in error.errors():
            where = ".".join(str(part) for part in fault["loc"])
            problem = fault["msg"].removeprefix("Value error, ")
            lines.append(f"{where}: {problem}" if where else problem)
        raise InputError(
            place,
            "; ".join(lines),
            expected="the keys and values that config.schema.json describes",
            fix="correct the key in config.yaml, the preset or --config",
        ) from error
