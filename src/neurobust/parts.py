"""Parts of the library that only some jobs use, imported by name when a recipe needs them.

A job's fingerprint (`neurobust.jobs.fingerprints`) covers the modules that its script imports and
the parts that its recipe names. A change of code that is imported only by `load_part` therefore
reruns no job that does not use it.
"""

import importlib
from types import ModuleType


def load_part(name: str) -> ModuleType:
    """Import a module of the library by its name within it, such as ``networks.trunks.vgg19``."""
    return importlib.import_module(f"neurobust.{name}")


def module_name(name: str) -> str:
    """Return the name of the module for a name in the configuration.

    Examples
    --------
    >>> module_name("cornet-s")
    'cornet_s'
    """
    return name.replace("-", "_")
