"""Parts of the library that only some jobs use: imported by name where a recipe asks for them.

A job's fingerprint (`neurobust.jobs.fingerprints`) covers what its script imports, and the parts
that its recipe names. Code that is imported through `load_part` alone reruns nothing else.
"""

import importlib
from types import ModuleType


def load_part(name: str) -> ModuleType:
    """Import a module of the library by its name within it, such as ``networks.trunks.vgg19``."""
    return importlib.import_module(f"neurobust.{name}")


def module_name(name: str) -> str:
    """Return the module that implements a name of the configuration: ``cornet-s`` is cornet_s."""
    return name.replace("-", "_")
