"""After a run: what an edit or a changed value runs again, and nothing else."""

from contextlib import contextmanager

import pytest

SMOKE = ("--configfile", "presets/smoke.yaml")
FIGURE = "src/neurobust/figures/reliability.py"
LOOP = "src/neurobust/training/loop.py"
TUNING = "src/neurobust/recordings/tuning.py"
SIMULATION = {"simulate_recording", "import_recording", "measure_reliability", "draw_reliability"}
NOTHING = "Nothing to be done"


@contextmanager
def edited(file, changes):
    """Make changes to a file of the copy, for a while."""
    before = after = file.read_text()
    for old, new in changes:
        assert after.count(old) == 1
        after = after.replace(old, new)
    file.write_text(after)
    try:
        yield
    finally:
        file.write_text(before)


def test_the_same_command_again_does_nothing(workflow, smoke_targets):
    again = workflow.build(*smoke_targets, options=SMOKE)
    assert again.status == 0
    assert NOTHING in again.said


@pytest.mark.parametrize(
    ("file", "old", "new", "rules"),
    [
        (FIGURE, "bins=20", "bins=21", {"draw_reliability"}),
        (LOOP, "tiny = 1e-9", "tiny = 1e-8", {"train_network"}),
        (TUNING, "CORRELATION = 0.75", "CORRELATION = 0.7", SIMULATION),
    ],
    ids=["a figure", "the training loop", "the simulated V1"],
)
def test_an_edit_of_a_module_reruns_what_depends_on_it(
    workflow, smoke_targets, file, old, new, rules
):
    with edited(workflow.folder / file, [(old, new)]):
        plan = workflow.plan(*smoke_targets, options=SMOKE)
    assert plan.status == 0, plan.said
    assert plan.jobs == dict.fromkeys(rules, 1)


def test_an_edit_of_words_reruns_nothing(workflow, smoke_targets):
    with (
        edited(
            workflow.folder / LOOP,
            [('"""The one training', '"""A training'), ("# dropout", "# Dropout")],
        ),
        edited(workflow.folder / FIGURE, [("\n\n@styled", "\n\n# a comment\n@styled")]),
    ):
        plan = workflow.plan(*smoke_targets, options=SMOKE)
    assert plan.status == 0
    assert NOTHING in plan.said


def test_a_changed_value_reruns_the_rule_that_uses_it(workflow, smoke_targets):
    changed = (*SMOKE, "--config", "schedules={classification: {max_epochs: 3}}")
    plan = workflow.plan(*smoke_targets, options=changed)
    assert plan.status == 0, plan.said
    assert plan.jobs == {"train_network": 1}


def test_a_value_that_no_target_uses_reruns_nothing(workflow, smoke_targets):
    changed = (*SMOKE, "--config", "evaluation={severities: [1]}", "seeds=[1000]")
    plan = workflow.plan(*smoke_targets, options=changed)
    assert plan.status == 0
    assert NOTHING in plan.said
