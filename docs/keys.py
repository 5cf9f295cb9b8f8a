"""The page of all keys of the configuration, made from config.schema.json."""

import json
import re
from collections.abc import Mapping
from typing import Any

_DEFINITION = re.compile(r"#/\$defs/(?:studies__(\w+)__settings__)?(\w+)")


def write_keys(schema: Mapping[str, Any]) -> str:
    """Return the page as Markdown: a table of keys for the configuration and each part of it."""
    parts = {_name(f"#/$defs/{name}"): part for name, part in schema["$defs"].items()}
    tables = [_table("config.yaml", schema), *(_table(*part) for part in sorted(parts.items()))]
    return "\n".join(["# Keys of the configuration\n", *tables])


def _table(name: str, part: Mapping[str, Any]) -> str:
    required = part.get("required", [])
    rows = [
        f"| `{key}` | {_type(field)} | {_default(field, key in required)} "
        f"| {_cell(field.get('description', ''))} |"
        for key, field in part.get("properties", {}).items()
    ]
    heading = f"## {name}\n\n{part.get('description', '')}\n"
    return "\n".join(
        [heading, "| Key | Value | Default | |", "| --- | --- | --- | --- |", *rows, ""]
    )


def _type(field: Mapping[str, Any]) -> str:
    """Return what a key takes; parts of the configuration are links to their tables."""
    if "$ref" in field:
        name = _name(field["$ref"])
        return f"[{name}](#{name.lower()})"
    if options := field.get("oneOf") or field.get("anyOf"):
        return " or ".join(_type(option) for option in options)
    if values := field.get("enum") or ([field["const"]] if "const" in field else []):
        return ", ".join(f"`{value}`" for value in values)
    if field.get("type") == "array":
        return f"list of {_type(field['items'])}" if field.get("items") else "list"
    if isinstance(field.get("additionalProperties"), Mapping):
        return f"mapping of names to {_type(field['additionalProperties'])}"
    return {"string": "text", "object": "mapping"}.get(field.get("type", ""), field.get("type", ""))


def _default(field: Mapping[str, Any], required: bool) -> str:
    if required or "default" not in field:
        return "required" if required else ""
    if "$ref" in field:  # its own table has its defaults
        return ""
    return f"`{json.dumps(field['default'], ensure_ascii=False)}`"


def _name(definition: str) -> str:
    found = _DEFINITION.fullmatch(definition)
    assert found is not None, definition
    study, name = found.groups()
    return study or name


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
