"""An extension of griffe: sections 'Returns' of plain prose are read as one description."""

import re
import textwrap

from griffe import Extension, Function

_RETURNS = re.compile(r"(^Returns\n-{7}\n)((?:.*\n?)+?)(?=^\w[\w ]*\n-{3,}|\Z)", re.MULTILINE)


class ProseReturns(Extension):
    """Indent what a function returns, under the type of its annotation.

    numpydoc wants a type first and its description indented below. Where the annotation has the
    type, this project writes the description alone.
    """

    def on_function_instance(self, *, func: Function, **_: object) -> None:
        """Rewrite the docstring of a function."""
        if func.docstring is not None:
            func.docstring.value = _RETURNS.sub(_indent, func.docstring.value)


def _indent(section: re.Match[str]) -> str:
    heading, body = section.groups()
    if re.search(r"^ {4}", body, re.MULTILINE):
        return section[0]
    return f"{heading}:\n{textwrap.indent(body, '    ')}"
