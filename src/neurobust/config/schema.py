"""The JSON schema of the configuration: ``python -m neurobust.config.schema``."""

import json
from collections.abc import Mapping

from neurobust.config.experiment import config_model
from neurobust.config.studies import StudySettings


def json_schema(studies: Mapping[str, type[StudySettings]] | None = None) -> str:
    """Return the JSON schema of a configuration as text.

    Parameters
    ----------
    studies
        Settings of studies by name. Without them further keys are allowed, so that a study can be
        added without a change of the schema.
    """
    schema = config_model(studies or {}).model_json_schema()
    schema["required"] = [name for name in schema["required"] if name not in (studies or {})]
    schema["additionalProperties"] = not studies
    return json.dumps(schema, indent=2) + "\n"


if __name__ == "__main__":
    print(json_schema(), end="")
