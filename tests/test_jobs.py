"""How a job ends, seen from outside: each script runs as a process of its own."""

import subprocess
import sys

import pytest

SCRIPT = """
import logging, sys, warnings
from types import SimpleNamespace
from neurobust.errors import InputError
from neurobust.jobs import run

def main(job):
    logging.getLogger("x").info("read %s", job.params)
    {body}

run(main, SimpleNamespace(rule="make_tea", log=["logs/deep/tea.log"], params="leaves"))
"""


@pytest.fixture
def job(tmp_path):
    def run_job(body):
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT.format(body=body)],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        return done, (tmp_path / "logs/deep/tea.log").read_text()

    return run_job


def test_what_a_user_can_mend_is_said_without_a_traceback(job):
    done, log = job("raise InputError('tea.yaml', 'no leaves', expected='some', mend='buy some')")
    assert done.returncode == 1
    said = "make_tea: tea.yaml: no leaves\n  expected: some\n  to mend:  buy some\n"
    assert done.stderr == said
    assert log == "read leaves\n" + said


def test_any_other_error_is_ours_and_keeps_its_traceback(job):
    done, log = job("1 / 0")
    assert done.returncode == 1
    for text in (done.stderr, log):
        assert "make_tea: this is a fault of neurobust" in text
        assert "Traceback" in text
        assert "ZeroDivisionError" in text


def test_a_job_that_succeeds_logs_and_says_nothing(job):
    done, log = job("warnings.warn('weak tea')")
    assert done.returncode == 0
    assert done.stderr == ""
    assert log.startswith("read leaves\n")
    assert "weak tea" in log
