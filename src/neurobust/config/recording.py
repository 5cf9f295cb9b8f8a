"""Settings that all recordings have in common."""

from typing import ClassVar

from neurobust.config.model import Model


class RecordingSettings(Model):
    """Settings of a recording.

    A module of `neurobust.config.recordings` has the settings of one source; the module of the same
    name in `neurobust.recordings.sources` reads it.
    """

    files: ClassVar[tuple[str, ...]] = ()
    """Keys of the files that the user provides."""
    origin: ClassVar[str] = ""
    """Description of these files and where they come from, for messages."""
    simulated: ClassVar[bool] = False

    source: str
