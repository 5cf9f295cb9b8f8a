"""The base of all parts of the configuration: typed, without unknown keys, with an identity."""

import difflib
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from neurobust.errors import InputError


class Model(BaseModel):
    """A part of the configuration. An unknown key is an error that names the nearest valid one."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _refuse_unknown_keys(cls, given: Any) -> Any:  # noqa: ANN401 - pydantic passes any value
        if isinstance(given, Mapping):
            for key in given:
                if key not in cls.model_fields:
                    raise ValueError(f"unknown key {key!r}; {nearest(str(key), cls.model_fields)}")
        return given

    def identity(self) -> dict[str, Any]:
        """Return the values by which this part differs from others, as values of JSON.

        Fields that are off by default (``None``, ``False``, 0 or empty) and not set are left out,
        so that a new field does not change the identity of parts that do not use it. A new value
        for a default that is not off does change it. The model can be validated from its identity.
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
    """Return a hint for a wrong name: the nearest valid one, and all valid ones.

    Examples
    --------
    >>> nearest("vgg9", ["resnet18", "vgg19"])
    "did you mean 'vgg19'? valid: resnet18, vgg19"
    """
    valid = sorted(valid)
    close = difflib.get_close_matches(name, valid, n=1)
    choice = f"did you mean {close[0]!r}? " if close else ""
    return f"{choice}valid: {', '.join(valid) or 'none'}"


def require_known(place: str, name: str, valid: Iterable[str], kind: str) -> None:
    """Check that a name in the configuration is a valid one.

    Parameters
    ----------
    place
        Key that gives the name.
    name, valid
        The name, and all valid names.
    kind
        Kind of thing that has the name, such as ``network``.

    Raises
    ------
    InputError
        If the name is not valid; the message proposes the nearest valid one.
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
        If a value is wrong; the message names every key at fault.
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
