"""The one kind of error that a user can mend."""


class InputError(Exception):
    """Something that the user gave cannot be used.

    The message names the place, the field, what was expected and how to mend it; jobs print it
    alone, without a traceback (see :mod:`neurobust.jobs`).

    Parameters
    ----------
    place
        The file, configuration key or option at fault.
    problem
        What was found, with the field's name.
    expected
        What would have been right.
    mend
        What the user can do about it.
    """

    def __init__(self, place: object, problem: str, *, expected: str, mend: str) -> None:
        self.place = str(place)
        self.problem = problem
        self.expected = expected
        self.mend = mend
        super().__init__(f"{place}: {problem}\n  expected: {expected}\n  to mend:  {mend}")
