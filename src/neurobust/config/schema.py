"""The JSON schema of the configuration: ``python -m neurobust.config.schema studies``."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path

from neurobust.config.experiment import config_model
from neurobust.config.studies import StudySettings, find_studies


def json_schema(studies: Mapping[str, type[StudySettings]]) -> str:
    """Return the JSON schema of a configuration with these studies as text."""
    schema = config_model(studies).model_json_schema()
    schema["required"] = [name for name in schema["required"] if name not in studies]
    return json.dumps(schema, indent=2) + "\n"


if __name__ == "__main__":
    folder = Path(sys.argv[1]).resolve()
    sys.path.insert(0, str(folder.parent))
    print(json_schema(find_studies(folder)), end="")
