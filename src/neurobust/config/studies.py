"""Studies in the configuration: each is a folder with its own settings."""

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from neurobust.config.model import Model

if TYPE_CHECKING:
    from neurobust.config.experiment import Experiment


class StudySettings(Model):
    """Settings of a study; ``studies/<name>/settings.py`` derives its ``Settings`` from this."""

    title: ClassVar[str]
    """Title of the study in the report."""
    data: ClassVar[str | None] = None
    """Description of its data, for a study whose results contain no network of the run."""

    def check(self, place: str, experiment: "Experiment") -> None:
        """Check that an experiment has what this study needs.

        Parameters
        ----------
        place
            Key of the study in the configuration, for messages.
        experiment
            The experiment, with its recipes expanded.

        Raises
        ------
        InputError
            If the study names something that does not exist or is not suitable.
        """


def find_studies(folder: Path) -> dict[str, type[StudySettings]]:
    """Return the settings of every study, by the name of its folder.

    Parameters
    ----------
    folder
        The folder ``studies/``. Its parent must be on the path of imports.
    """
    found = sorted(file.parent.name for file in folder.glob("*/settings.py"))
    return {
        name: importlib.import_module(f"{folder.name}.{name}.settings").Settings for name in found
    }
