"""The one kind of error that a user can fix."""


class InputError(Exception):
    """Something that the user gave cannot be used.

    The message names the place, the field, what was expected and how to fix it; jobs print it
    alone, without a traceback (see `neurobust.jobs.run`).

    Parameters
    ----------
    place
        The file, configuration key or option at fault.
    problem
        What was found, with the field's name.
    expected
        What would have been right.
    fix
        What the user can do about it.
    """

    def __init__(self, place: object, problem: str, *, expected: str, fix: str) -> None:
        self.place = str(place)
        self.problem = problem
        self.expected = expected
        self.fix = fix
        super().__init__(f"{place}: {problem}\n  expected: {expected}\n  to fix:   {fix}")
