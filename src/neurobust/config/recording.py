"""What the settings of all recordings have in common."""

from typing import ClassVar

from neurobust.config.model import Model


class RecordingSettings(Model):
    """Settings of a recording.

    A module of `neurobust.config.recordings` holds those of one source, the module of the same
    name in `neurobust.recordings.sources` reads it.
    """

    files: ClassVar[tuple[str, ...]] = ()
    """The keys that name the user's files."""
    origin: ClassVar[str] = ""
    """What these files are and where they come from, in words."""
    simulated: ClassVar[bool] = False

    source: str
