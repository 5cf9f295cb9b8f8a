"""After a run: what an edit or a changed value runs again, and nothing else.

All by dry runs on the finished smoke preset. At the papers' scale each training that is repeated
for nothing costs hours on a GPU.
"""

import os
import shutil
from contextlib import ExitStack, contextmanager

import pytest

pytestmark = pytest.mark.slow

SMOKE = ("--configfile", "presets/smoke.yaml")
CONDA = ("--sdm", "conda")
LIBRARY = "src/neurobust"
LOOP = f"{LIBRARY}/training/loop.py"
NOTHING = "Nothing to be done"
STUDY = "li2023"
OWN = ("check_claims", "collect_claims", "all")
"""Rules that make something of every study."""


@pytest.fixture(scope="module")
def finished(smoke_results):
    """Return the finished smoke preset; each test leaves it as it was."""
    again = smoke_results.plan(options=(*SMOKE, *CONDA))
    assert NOTHING in again.printed, again.printed
    return smoke_results


def plan(finished, *overlay):
    options = (*SMOKE, *CONDA, *(("--config", *overlay) if overlay else ()))
    planned = finished.plan(options=options)
    assert planned.status == 0, planned.printed
    return planned


def rerun(finished, *overlay):
    """Return how many jobs of each rule would run."""
    planned = plan(finished, *overlay)
    assert (not planned.jobs) == (NOTHING in planned.printed)
    return planned.jobs


@contextmanager
def edited(file, *changes):
    """Make changes to a file of the copy, for a while; its date stays as it was, too."""
    before, dates = file.read_text(), file.stat()
    after = before
    for old, new in changes:
        assert old in after, f"{file} has no {old!r}"
        after = after.replace(old, new, 1)
    file.write_text(after)
    try:
        yield
    finally:
        file.write_text(before)
        os.utime(file, ns=(dates.st_atime_ns, dates.st_mtime_ns))


@contextmanager
def added(file, text):
    """Add a file to the copy, for a while."""
    assert not file.exists()
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    try:
        yield
    finally:
        file.unlink()


def kinds(jobs):
    """Return the beginnings of the rules' names: train, evaluate, a study ..."""
    return {rule.partition("_")[0] for rule in jobs}


def test_a_default_of_a_study_reruns_its_statistics_and_what_follows(finished):
    settings = finished.folder / "studies" / STUDY / "settings.py"
    with edited(settings, ("bootstrap_seed: int = 1000", "bootstrap_seed: int = 1001")):
        jobs = rerun(finished)
    assert f"{STUDY}_networks" in jobs
    assert all(rule.startswith(STUDY) or rule in OWN for rule in jobs), jobs


def test_a_default_that_the_configuration_overrides_reruns_nothing(finished):
    settings = finished.folder / "studies" / STUDY / "settings.py"
    with edited(settings, ("bootstrap: int = Field(1000", "bootstrap: int = Field(2000")):
        assert not rerun(finished)


@pytest.mark.parametrize("display", ["{label: Reference}", '{colour: "#123456"}', "{marker: x}"])
def test_how_a_network_is_shown_reruns_figures_and_tables_that_show_it(finished, display):
    jobs = rerun(finished, f"networks={{baseline: {{display: {display}}}}}")
    assert {"safarani2021_fig3", "brain_likeness_robustness", "li2023_fig2"} <= {*jobs}
    assert not kinds(jobs) & {"build", "simulate", "import", "train", "evaluate", "predict"}
    for statistics in ("safarani2021_scores", "brain_likeness_errors", "li2023_networks"):
        assert statistics not in jobs


def test_another_seed_is_trained_and_those_that_are_there_are_not(finished):
    jobs = rerun(finished, "networks={cornet-z: {seeds: [1000, 2000]}}")
    assert jobs["train_network"] == 1
    together = [rule for rule in jobs if rule.startswith("evaluate_corruptions")]
    assert len(together) == 1
    assert jobs["evaluate_predictivity"] == 1
    assert "safarani2021_scores" not in jobs


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        (f"{LIBRARY}/networks/trunks/robustbench.py", "correct the recipe's", "mind the recipe's"),
        (f"{LIBRARY}/jobs/gpus.py", "SLOTS = 12", "SLOTS = 24"),
        (f"{LIBRARY}/networks/trunks/vgg19.py", "(2, 2, 4, 4, 4)", "(2, 2, 4, 4, 5)"),
        (LOOP, '"""The training loop', '"""A training loop'),
        (LOOP, "the loss is not finite", "the loss is infinite"),
        (
            f"{LIBRARY}/config/recipes.py",
            "    stages: list[Stage] = []",
            "    stages: list[Stage] = []\n    new: int | None = None",
        ),
        (
            f"{LIBRARY}/config/schedules.py",
            "    cycles: int",
            "    new: bool = False\n    cycles: int",
        ),
    ],
    ids=[
        "message of a trunk that no recipe uses",
        "how GPUs are leased",
        "a trunk that no recipe uses",
        "docstring",
        "message",
        "a field of recipes, off by default",
        "a field of schedules, off by default",
    ],
)
def test_an_edit_that_alters_no_result_reruns_nothing(finished, file, old, new):
    with edited(finished.folder / file, (old, new)):
        assert not rerun(finished)


SETTINGS = '''"""Mine."""

from typing import Literal

from neurobust.config.{module} import {base}


class Mine({base}):
    """Mine."""

    {key}: Literal["mine"]
'''
OBJECTIVE = SETTINGS.format(module="objective", base="ObjectiveSettings", key="kind")
FRONTEND = SETTINGS.format(module="model", base="Model", key="kind")
RECORDING = SETTINGS.format(module="recording", base="RecordingSettings", key="source")
IMAGES = SETTINGS.format(module="model", base="Model", key="source")
STUDY_SETTINGS = '''"""Mine."""

from typing import ClassVar

from neurobust.config.studies import StudySettings


class Settings(StudySettings):
    """Mine."""

    title: ClassVar[str] = "Mine"
'''


@pytest.mark.parametrize(
    "files",
    [
        {f"{LIBRARY}/networks/trunks/mine.py": '"""Mine."""\n'},
        {
            f"{LIBRARY}/config/objectives/mine.py": OBJECTIVE,
            f"{LIBRARY}/training/objectives/mine.py": '"""Mine."""\n',
        },
        {
            f"{LIBRARY}/config/frontends/mine.py": FRONTEND,
            f"{LIBRARY}/networks/frontends/mine.py": '"""Mine."""\n',
        },
        {
            f"{LIBRARY}/config/recordings/mine.py": RECORDING,
            f"{LIBRARY}/recordings/sources/mine.py": '"""Mine."""\n',
        },
        {
            f"{LIBRARY}/config/images/mine.py": IMAGES,
            f"{LIBRARY}/images/sources/mine.py": '"""Mine."""\n',
        },
        {"studies/mine/settings.py": STUDY_SETTINGS, "studies/mine/rules.smk": ""},
    ],
    ids=["trunk", "objective", "frontend", "recording source", "image source", "study"],
)
def test_what_is_new_in_the_library_reruns_nothing_until_a_recipe_uses_it(finished, files):
    with ExitStack() as stack:
        for file, text in files.items():
            stack.enter_context(added(finished.folder / file, text))
        assert not rerun(finished)


# The reverse: what concerns a result reruns it, and all that follows.


def test_an_edit_of_a_figure_redraws_it(finished):
    figure = finished.folder / "studies/safarani2021/figures/reliability.py"
    with edited(figure, ("bins=20", "bins=21")):
        assert rerun(finished) == {"safarani2021_reliability": 1, "all": 1}


def test_an_edit_of_the_loop_trains_every_network(finished):
    networks = len([*(finished.folder / "results/smoke/networks").glob("*/seed*.pt")])
    with edited(finished.folder / LOOP, ("tiny = 1e-9", "tiny = 1e-8")):
        assert rerun(finished)["train_network"] == networks


def test_an_edit_of_a_loss_trains_the_networks_that_have_it(finished):
    loss = finished.folder / LIBRARY / "training/objectives/similarity.py"
    with edited(loss, ("LARGEST = 0.999", "LARGEST = 0.99")):
        jobs = rerun(finished)
    assert jobs["train_network"] == 3  # mouse similarity, its control, monkey similarity
    assert jobs["evaluate_attacks"] == jobs["evaluate_hybrids"] == 3


def test_an_edit_of_a_corruption_reruns_what_sees_corrupted_images(finished):
    noise = finished.folder / LIBRARY / "images/corruptions/noise.py"
    code = noise.read_text()
    first = next(line for line in code.splitlines() if line.startswith("def "))
    with edited(noise, (first, f"NEW = 1\n\n\n{first}")):
        planned = plan(finished)
    assert "networks/oracle/seed1000.pt" in planned.printed
    assert "networks/mtl-oracle/seed1000.pt" in planned.printed  # it learns the oracle's responses
    assert "networks/baseline/seed1000.pt" not in outputs(planned)
    assert "networks/mtl-monkey-1to1/seed1000.pt" not in outputs(planned)
    assert any(rule.startswith("evaluate_corruptions") for rule in planned.jobs)


def outputs(planned):
    """Return the lines of a plan that name what its jobs make."""
    return "\n".join(line for line in planned.printed.splitlines() if "output:" in line)


def test_a_number_in_a_recipe_trains_its_network(finished):
    jobs = rerun(finished, "networks={pca: {frontend: {components: 8}}}")
    assert jobs["train_network"] == 1
    assert jobs["evaluate_attacks"] == jobs["evaluate_hybrids"] == 1
    assert f"{STUDY}_networks" in jobs
    assert "safarani2021_scores" not in jobs


def test_a_schedule_trains_the_networks_that_name_it(finished):
    jobs = rerun(finished, "schedules={small: {max_epochs: 3}}")
    assert 0 < jobs["train_network"] < 15
    assert "safarani2021_scores" not in jobs


def test_a_value_of_an_evaluation_reruns_the_evaluation(finished):
    jobs = rerun(finished, "hybrids={permutations: 2}")
    assert "train_network" not in jobs
    assert "evaluate_attacks" not in jobs
    assert jobs["evaluate_hybrids"] > 10


def test_a_study_that_moves_makes_its_own_anew_and_nothing_else(finished):
    """Rename a study's folder, and its name within it and in the configuration."""
    old, new = STUDY, "lowfrequency"
    folder = finished.folder
    moved = folder / "studies" / new
    shutil.copytree(folder / "studies" / old, moved)
    try:
        with ExitStack() as stack:
            for file in [*moved.rglob("*.py"), *moved.rglob("*.smk")]:
                file.write_text(file.read_text().replace(old, new))
            for file in (folder / "config.yaml", folder / SMOKE[1]):
                text = file.read_text()
                stack.enter_context(edited(file, (text, text.replace(old, new))))
            jobs = rerun(finished)
    finally:
        shutil.rmtree(moved)
    assert jobs[f"{new}_fig4"] == 1
    assert all(rule.startswith(new) or rule in OWN for rule in jobs), jobs
    assert jobs["check_claims"] == 1
