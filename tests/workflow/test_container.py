"""The image's definition, as far as it can be checked without an engine that builds it.

Its files are read as the engine reads them: the Dockerfile by instructions with their line
continuations, .dockerignore by patterns, the last that matches decides. The files that would lie
in the image are laid out in a folder, which must plan the whole workflow.
"""

import re
import shutil
import tomllib
from datetime import datetime

import pytest
from packaging.specifiers import SpecifierSet

from neurobust.files.provenance import commit_of
from tests.workflow.rules import REPOSITORY

MADE_BY_RUNS = {"results", "resources", ".snakemake", ".cache"}
NOT_NEEDED = "docs/images"


def read_instructions(text):
    """Return the instructions of a Dockerfile in order: keyword and the rest of the line."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    return [tuple(line.split(maxsplit=1)) for line in joined.splitlines() if line.strip()]


def is_sent(path, patterns):
    """Return whether .dockerignore sends a file to the image: the last matching pattern decides."""
    sent = True
    for pattern in patterns:
        regex = re.escape(pattern.removeprefix("!"))
        regex = regex.replace(r"\*\*/", "(?:.*/)?").replace(r"\*", "[^/]*")
        if re.fullmatch(rf"{regex}(/.*)?", str(path)):  # the file, or a folder above it
            sent = pattern.startswith("!")
    return sent


INSTRUCTIONS = read_instructions((REPOSITORY / "Dockerfile").read_text())
IGNORED = [
    line
    for line in (REPOSITORY / ".dockerignore").read_text().splitlines()
    if line and not line.startswith("#")
]
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())


def values(keyword):
    """Return the values of every instruction of a kind."""
    return [rest for name, rest in INSTRUCTIONS if name == keyword]


def position(keyword, words):
    """Return the position of the one instruction that has some words."""
    (found,) = [
        number
        for number, (name, rest) in enumerate(INSTRUCTIONS)
        if name == keyword and words in rest
    ]
    return found


def sent_files():
    """Return the files that the engine would be sent, relative to the repository."""
    tops = {pattern[1:].split("/")[0] for pattern in IGNORED if pattern.startswith("!")}
    files = []
    for top in map(REPOSITORY.joinpath, sorted(tops)):
        files += [top] if top.is_file() else sorted(top.rglob("*"))
    names = (file.relative_to(REPOSITORY) for file in files if file.is_file())
    return {name for name in names if is_sent(name, IGNORED)}


def test_instructions_are_joined_and_comments_left_out():
    text = "# one\nFROM a:1 AS b\n\nRUN x \\\n    # between\n    && y\nENV A=1 \\\n    B=2\n"
    assert read_instructions(text) == [("FROM", "a:1 AS b"), ("RUN", "x && y"), ("ENV", "A=1 B=2")]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("a", False),
        ("src/a.py", True),
        ("src/deep/a.py", True),
        ("src/deep/__pycache__/a.pyc", False),
        ("tests/a.py", False),
        ("tests/kept/a.py", True),
        ("srcs/a.py", False),
    ],
)
def test_the_last_pattern_that_matches_decides(path, expected):
    patterns = ["*", "!src", "!tests/kept", "**/__pycache__"]
    assert is_sent(path, patterns) is expected


def test_what_is_copied_is_there_and_sent():
    for sources in (rest.split()[:-1] for rest in values("COPY")):
        for source in sources:
            assert (REPOSITORY / source).exists()
            assert source == "." or is_sent(source, IGNORED)


@pytest.mark.parametrize("pattern", [pattern for pattern in IGNORED if pattern.startswith("!")])
def test_what_is_let_in_is_there(pattern):
    assert (REPOSITORY / pattern[1:]).exists()


@pytest.mark.parametrize(
    "path",
    [
        *("results/networks/baseline/seed1000.pt", "resources/tiny-imagenet-200.zip"),
        *(".venv/bin/python", ".git/HEAD", ".snakemake/metadata/a", "uv.lock", ".env"),
        *("src/neurobust/__pycache__/dims.cpython-311.pyc", "tests/workflow/conftest.py"),
    ],
)
def test_results_data_environments_and_history_are_not_sent(path):
    assert not is_sent(path, IGNORED)


def test_all_that_the_workflow_needs_is_sent(workflow, running_rules):
    """The oracle: the folders that other tests copy to run the workflow in, and what rules name."""
    copied = {path.relative_to(workflow.folder) for path in workflow.folder.rglob("*")}
    needed = {
        name
        for name in copied
        if (REPOSITORY / name).is_file()
        and name.parts[0] not in MADE_BY_RUNS
        and "__pycache__" not in name.parts
        and not name.is_relative_to(NOT_NEEDED)
    }
    named = {rule.script for rule in running_rules} | {rule.environment for rule in running_rules}
    needed |= {file.relative_to(REPOSITORY) for file in named}
    assert len(needed) > len(named)
    assert needed <= sent_files()


def test_what_is_sent_plans_all_studies(workflow, tmp_path):
    for name in sent_files():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(REPOSITORY / name, tmp_path / name)
    plan = workflow._replace(folder=tmp_path).plan()
    assert plan.status == 0, plan.printed
    assert plan.jobs["all"] == 1
    assert plan.jobs["train_network"] > 1


def test_base_image_and_uv_have_one_version():
    (base,) = values("FROM")
    python = re.fullmatch(r"python:(\d+\.\d+\.\d+)-slim-\w+", base)
    assert python, base
    assert python[1] in SpecifierSet(PROJECT["project"]["requires-python"])
    installed = re.findall(r"pip install .*?(\S+)$", "\n".join(values("RUN")), re.MULTILINE)
    assert len(installed) == 1
    assert re.fullmatch(r"uv==\d+\.\d+\.\d+", installed[0])


def test_the_date_that_pins_versions_is_there_when_they_are_resolved():
    pinned = datetime.fromisoformat(PROJECT["tool"]["uv"]["exclude-newer"])
    assert pinned.tzinfo is not None
    assert PROJECT["tool"]["uv"]["compile-bytecode"]
    assert position("COPY", "pyproject.toml") < position("RUN", "--no-install-project")


def test_an_edit_of_code_installs_no_dependency_again():
    """Instructions before the first that copies an edited file are taken from the last build."""
    assert (
        position("RUN", "--no-install-project")
        < position("COPY", ". ./")
        < position("RUN", "--frozen")
    )


def test_both_installations_have_the_same_groups():
    """Else the second would remove what the first installed; checks of results run pytest."""
    syncs = re.findall(r"uv sync ([^&\n]+)", "\n".join(values("RUN")))
    groups = [re.findall(r"--all-groups|--no-group \w+", sync) for sync in syncs]
    assert len(syncs) == 2
    assert groups[0] == groups[1] == ["--all-groups", "--no-group docs"]


def test_no_registry_is_named():
    text = "\n".join(rest for _, rest in INSTRUCTIONS)
    assert not re.search(r"://|--(default-|extra-)?index|find-links|trusted-host", text)


def test_results_of_the_image_name_the_commit_it_was_built_from(monkeypatch, tmp_path):
    (default,) = [rest for rest in values("ARG") if rest.startswith("COMMIT=")]
    assert default == "COMMIT=unknown"
    assert INSTRUCTIONS.index(("ARG", default)) > position(
        "RUN", "--frozen"
    )  # else all is built anew
    (setting,) = [rest for rest in values("ENV") if "$COMMIT" in rest]
    name, value = setting.split("=")
    monkeypatch.setenv(name, value.replace("$COMMIT", "0123abc"))
    assert commit_of(tmp_path) == "0123abc"


def test_it_starts_snakemake_without_a_shell():
    """A shell would keep signals from it, and from the jobs."""
    (entry,) = values("ENTRYPOINT")
    assert entry.startswith("[")
    assert entry.endswith('"snakemake"]')
