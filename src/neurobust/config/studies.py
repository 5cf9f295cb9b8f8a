"""Studies plug into the configuration: each is a folder with settings of its own."""

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from neurobust.config.model import Model

if TYPE_CHECKING:
    from neurobust.config.experiment import Experiment


class StudySettings(Model):
    """Settings of a study; ``studies/<name>/settings.py`` derives its ``Settings`` from this."""

    title: ClassVar[str]
    """What the report calls the study."""
    data: ClassVar[str | None] = None
    """What its results come from where no network of this run is part of them, in words."""

    def check(self, place: str, experiment: "Experiment") -> None:
        """Check what must hold of the experiment for this study.

        Parameters
        ----------
        place
            The study's key in the configuration, for messages.
        experiment
            With its recipes expanded.

        Raises
        ------
        InputError
            If the study names what is not there or does not fit.
        """


def find_studies(folder: Path) -> dict[str, type[StudySettings]]:
    """Return the settings of every study, by the name of its folder.

    Parameters
    ----------
    folder
        ``studies/``; its parent is where modules are imported from.
    """
    found = sorted(file.parent.name for file in folder.glob("*/settings.py"))
    return {
        name: importlib.import_module(f"{folder.name}.{name}.settings").Settings for name in found
    }
