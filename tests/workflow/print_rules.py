"""Print the rules of a workflow in JSON, as Snakemake reads them in the working directory.

Started by `tests.workflow.rules` in a process of its own, since a workflow changes the search path
and the signal handlers of the process that reads it.
"""

import json
import sys

from snakemake.api import SnakemakeApi
from snakemake.exceptions import WorkflowError
from snakemake.iocontainers import Wildcards
from snakemake.settings.types import ConfigSettings, OutputSettings, Quietness, ResourceSettings

ATTEMPTS = (1, 2, 3)


def describe(rule):
    """Return what a rule states, with None for a value that depends on its wildcards."""
    return {
        "name": rule.name,
        "docstring": rule.docstring,
        "file": str(rule.snakefile),
        "script": path(rule.script),
        "environment": path(rule.conda_env),
        "threads": amounts(rule.resources["_cores"])[0],
        "resources": {
            name: amounts(resource)
            for name, resource in rule.resources.items()
            if not name.startswith("_") and name != "tmpdir"
        },
        "input": texts(rule.input),
        "output": texts(rule.output),
        "log": texts(rule.log),
        "benchmark": str(rule.benchmark) if rule.benchmark else None,
        "params": sorted(rule.params.keys()),
        "call": rule.params.get("call"),
    }


def path(file):
    """Return the path of a source file."""
    return None if file is None else str(file)


def amounts(resource):
    """Return what is asked for at each attempt."""
    values = [resource.evaluate(Wildcards(), attempt=attempt).value for attempt in ATTEMPTS]
    return [value if isinstance(value, int | str) else None for value in values]


def texts(files):
    """Return the paths that are written out; the others follow from functions of wildcards."""
    return [str(file) for file in files if not callable(file)]


def main(snakefile, configuration):
    with SnakemakeApi(OutputSettings(quiet={Quietness.ALL})) as snakemake:
        given = snakemake.workflow(
            ResourceSettings(), ConfigSettings(config=configuration), snakefile=snakefile
        )
        try:
            rules = [*given._workflow.rules]
        except WorkflowError as error:
            sys.exit(str(error))
        json.dump([describe(rule) for rule in rules], sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1], json.loads(sys.argv[2]))
