"""The one kind of error that a user can fix."""


class InputError(Exception):
    """An input that cannot be used.

    The message names the place and the problem, what was expected and how to fix it. Jobs print it
    alone, without a traceback (`neurobust.jobs.run`).

    Parameters
    ----------
    place
        File, configuration key or option at fault.
    problem
        What is wrong, with the field's name.
    expected
        What would be right.
    fix
        What the user can do.

    Examples
    --------
    >>> print(InputError("config.yaml", "seeds is empty", expected="a seed", fix="add a seed"))
    config.yaml: seeds is empty
      expected: a seed
      to fix:   add a seed
    """

    def __init__(self, place: object, problem: str, *, expected: str, fix: str) -> None:
        self.place = str(place)
        self.problem = problem
        self.expected = expected
        self.fix = fix
        super().__init__(f"{place}: {problem}\n  expected: {expected}\n  to fix:   {fix}")
