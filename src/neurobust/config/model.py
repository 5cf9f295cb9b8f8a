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


def nearest(name: str, valid: Iterable[str]) -> str:
    """Say which valid name is nearest, and which there are."""
    valid = sorted(valid)
    close = difflib.get_close_matches(name, valid, n=1)
    choice = f"did you mean {close[0]!r}? " if close else ""
    return f"{choice}valid: {', '.join(valid) or 'none'}"


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
            said = fault["msg"].removeprefix("Value error, ")
            lines.append(f"{where}: {said}" if where else said)
        raise InputError(
            place,
            "; ".join(lines),
            expected="the keys and values that config.schema.json describes",
            fix="correct the key in config.yaml, the preset or --config",
        ) from error
