"""docs/add-a-study.md, followed for real: its files, its commands, and a figure at the end."""

import re
import shlex
import shutil

import pytest
import yaml

from tests.workflow.conftest import SMOKE
from tests.workflow.rules import REPOSITORY

PAGE = (REPOSITORY / "docs" / "add-a-study.md").read_text()
FILES = dict(re.findall(r"^\*\*`(\S+?)`\*\*\n\n```\w+\n(.+?)^```$", PAGE, re.MULTILINE | re.DOTALL))
(COMMAND,) = re.findall(r"^```sh\n(uv run snakemake .+)\n```$", PAGE, re.MULTILINE)
(WORD,) = re.findall(r"^```yaml\n(studies: .+)\n```$", PAGE, re.MULTILINE)
STUDY = "recurrence"
JOBS = {"recurrence_accuracy": 1, "recurrence_fig1": 1, "recurrence": 1}
MADE_BY_RUNS = ("results", ".snakemake", ".cache")


def arguments():
    """Return what the page's command gives to Snakemake."""
    given = shlex.split(COMMAND)
    assert given[:3] == ["uv", "run", "snakemake"]
    return given[3:]


def write_files(folder):
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def contents(folder):
    """Return the files of a copy that no run makes, and what is in them."""
    files = [file for file in folder.rglob("*") if file.is_file()]
    named = {file.relative_to(folder): file for file in files}
    return {
        name: file.read_bytes()
        for name, file in named.items()
        if name.parts[0] not in MADE_BY_RUNS and "__pycache__" not in name.parts
    }


def test_all_files_lie_in_the_folder_of_the_study():
    assert len(FILES) == 6
    assert all(name.startswith(f"studies/{STUDY}/") for name in FILES)


def test_the_page_s_list_of_studies_is_the_default_s_and_the_new_one():
    default = yaml.safe_load((REPOSITORY / "config.yaml").read_text())["studies"]
    assert yaml.safe_load(WORD) == {"studies": [*default, STUDY]}


def test_its_folder_alone_plans_a_figure(workflow, tmp_path):
    copy = workflow.copy(workflow.folder, tmp_path / "neurobust")
    write_files(copy.folder)
    plan = copy.run(*arguments(), "--dry-run")
    assert plan.status == 0, plan.printed
    assert plan.jobs.items() >= JOBS.items()
    assert plan.jobs["train_network"] == 2
    lint = copy.run("--lint", "--config", f"studies=[{STUDY}]")
    assert lint.status == 0, lint.printed


@pytest.mark.slow
def test_the_page_leads_to_a_figure_and_changes_nothing_else(smoke_results, tmp_path):
    folder = tmp_path / "neurobust"
    shutil.copytree(smoke_results.folder, folder, symlinks=True)
    copy = smoke_results._replace(folder=folder)
    # Conda's environments are bound to their folder: without this, all would count as outdated.
    touched = copy.run("--touch", "--forceall", "--cores", "1", *SMOKE)
    assert touched.status == 0, touched.printed
    before = contents(folder)

    write_files(folder)
    built = copy.run(*arguments(), *SMOKE)
    assert built.status == 0, built.printed
    assert built.jobs == JOBS
    for ending in ("pdf", "png"):
        assert (folder / f"results/smoke/figures/{STUDY}/fig1.{ending}").stat().st_size

    config = folder / "config.yaml"
    config.write_text(re.sub(r"^studies: .+$", WORD, config.read_text(), flags=re.MULTILINE))
    again = copy.plan(STUDY, options=SMOKE)
    assert "Nothing to be done" in again.printed

    after = contents(folder)
    changed = {str(name) for name in after if after[name] != before.get(name)}
    assert changed == {*FILES, "config.yaml"}
    assert before.keys() <= after.keys()
