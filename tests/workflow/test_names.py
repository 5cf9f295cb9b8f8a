"""The library, the shared rules and the scripts name no study, no network and no figure.

Where one is named, a new study would have to edit them. Four things are not names in this sense:

- A paper that is cited as the source of a number, such as ``Li et al. 2023``, with its figure.
- A word that is a method's or a trunk's name as well and has a module of the library for it (blur,
  pca, augmix, cornet-s): the library knows the method, whatever network uses it.
- The same word in prose or as a variable, such as a baseline, an oracle in a test of a claim, or a
  standard deviation. As a text in code it would refer to the network, and is found.
- The default schedules, which are named on their own (`neurobust.config.schedules`).
"""

import re

import pytest
import yaml

from neurobust.config.schedules import SCHEDULES
from tests.workflow.rules import LIBRARY, PACKAGES, REPOSITORY, STUDIES, figure_names

FILES = sorted(
    [
        REPOSITORY / "Snakefile",
        *PACKAGES[LIBRARY].rglob("*.py"),
        *(REPOSITORY / "rules").glob("*.smk"),
        *(REPOSITORY / "workflow_scripts").glob("*.py"),
    ]
)
CONFIGURATIONS = [REPOSITORY / "config.yaml", *(REPOSITORY / "presets").glob("*.yaml")]
METHODS = {file.stem.replace("_", "-") for file in PACKAGES[LIBRARY].rglob("*.py")}
NETWORKS = sorted(
    {
        name
        for file in CONFIGURATIONS
        for name in yaml.safe_load(file.read_text()).get("networks", {})
        if name not in METHODS | SCHEDULES.keys()
    }
)
NUMBERED_FIGURES = sorted(
    {name for study in STUDIES for name in figure_names(study) if re.match(r"figs?[\da-z]$", name)}
)
PRINTED_FIGURE = re.compile(r"\b(?:fig(?:ure|s)?\.?|tables?) [A-Z]?\d", re.IGNORECASE)
CITATION = re.compile(r'[A-Z]\w+.*\b(?:19|20)\d\d|"[A-Z]|", fig')  # name and year, or a title
LINES_OF_A_CITATION = 3


def lines_with(pattern):
    """Return where a pattern is found, in words."""
    return [
        f"{file.relative_to(REPOSITORY)}:{number}: {line.strip()}"
        for file in FILES
        for number, line in enumerate(file.read_text().splitlines(), start=1)
        if re.search(pattern, line)
    ]


def occurs(name):
    """Return a pattern of a name in any case, also with other separators between its words."""
    words = "[-_ ]".join(map(re.escape, re.split("[-_]", name)))
    return rf"(?i)(?<![\w-]){words}(?![\w-])"


def test_there_are_names_to_look_for():
    assert len(STUDIES) > 2
    assert {"baseline", "mtl-monkey", "monkey-predictor", "carmon2019"} <= {*NETWORKS}
    assert {"fig2", "fig3", "fig4", "figs1"} <= {*NUMBERED_FIGURES}


@pytest.mark.parametrize("study", STUDIES)
def test_no_study_is_named(study):
    found = lines_with(occurs(study).replace(r"(?![\w-])", ""))
    assert not found, "\n".join(found)


@pytest.mark.parametrize("network", NETWORKS)
def test_no_network_is_named(network):
    ordinary = network.isalpha()
    found = lines_with(rf"[\"']{network}[\"']" if ordinary else occurs(network))
    assert not found, "\n".join(found)


@pytest.mark.parametrize("figure", NUMBERED_FIGURES)
def test_no_figure_is_named(figure):
    found = lines_with(occurs(figure))
    assert not found, "\n".join(found)


@pytest.mark.parametrize("file", FILES, ids=[str(each.relative_to(REPOSITORY)) for each in FILES])
def test_a_printed_figure_is_cited_with_its_paper(file):
    lines = file.read_text().splitlines()
    for number, line in enumerate(lines):
        if PRINTED_FIGURE.search(line):
            around = " ".join(lines[max(0, number - LINES_OF_A_CITATION) : number + 1])
            assert CITATION.search(around), f"{number + 1}: {line}"
