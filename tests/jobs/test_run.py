"""The output and status of jobs: each script runs in its own process."""

import json
import signal
import subprocess
import sys

import pytest

SCRIPT = """
import logging, sys, warnings
from types import SimpleNamespace
from neurobust.errors import InputError
from neurobust.jobs.run import run

def main(job):
    logging.getLogger("x").info("read %s", job.params["tea"])
    {body}

job = SimpleNamespace(
    rule="make_tea",
    log=["logs/deep/tea.log"],
    output={output},
    params=dict(tea="leaves"),
    wildcards=dict(),
    config=dict(),
    resources={resources},
)
run(main, job)
"""


@pytest.fixture
def job(tmp_path):
    def run_job(body, output=(), resources=None):
        script = SCRIPT.format(body=body, output=output, resources=resources or {})
        done = subprocess.run(
            [sys.executable, "-c", script],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        return done, (tmp_path / "logs/deep/tea.log").read_text()

    return run_job


def test_an_input_error_is_printed_without_a_traceback(job):
    done, log = job("raise InputError('tea.yaml', 'no leaves', expected='some', fix='buy some')")
    assert done.returncode == 1
    message = "make_tea: tea.yaml: no leaves\n  expected: some\n  to fix:   buy some\n"
    assert done.stderr == message
    assert log == "read leaves\n" + message


def test_any_other_error_is_ours_and_keeps_its_traceback(job):
    done, log = job("1 / 0")
    assert done.returncode == 1
    for text in (done.stderr, log):
        assert "make_tea: this is a fault of neurobust" in text
        assert "Traceback" in text
        assert "ZeroDivisionError" in text


def test_a_job_that_succeeds_logs_and_prints_nothing(job):
    done, log = job("warnings.warn('weak tea')")
    assert done.returncode == 0
    assert done.stderr == ""
    assert log.startswith("read leaves\n")
    assert "weak tea" in log


def test_a_warning_of_the_library_is_printed_at_once(job):
    done, log = job("logging.getLogger('neurobust.tea').warning('no milk')")
    assert done.returncode == 0
    assert done.stderr == "no milk\n"
    assert "no milk\n" in log


@pytest.mark.parametrize("name", ["SIGTERM", "SIGUSR1", "SIGINT"])
def test_a_signal_ends_it_in_one_message_with_nothing_half_written(job, tmp_path, name):
    done, log = job(
        "import os, signal\n"
        "    from neurobust.files.whole import whole\n"
        "    with whole('half.txt') as part:\n"
        "        part.write_text('half')\n"
        f"        os.kill(os.getpid(), signal.{name})"
    )
    assert done.returncode == 128 + signal.Signals[name]  # as in a shell
    assert done.stderr.startswith("make_tea: ")
    assert name in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr in log
    assert {file.name for file in tmp_path.iterdir()} == {"logs"}


def test_a_job_with_a_gpu_sees_that_one_alone(job, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "5,6")
    done, log = job("print(__import__('os').environ['CUDA_VISIBLE_DEVICES'])", resources={"gpu": 1})
    assert done.stdout.strip() in {"5", "6"}
    assert log.startswith(f"GPUs leased: {done.stdout}")


def test_a_job_without_a_gpu_sees_none(job, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "5,6")
    done, log = job("print(__import__('os').environ['CUDA_VISIBLE_DEVICES'])", resources={"gpu": 0})
    assert done.stdout == "\n"
    assert log == "read leaves\n"


def test_a_file_that_cannot_carry_its_record_has_it_beside_it(job, tmp_path):
    done, _ = job("open('tea.csv', 'w').write('leaves')", output=["tea.csv", "tea.nc"])
    assert done.returncode == 0, done.stderr
    beside = json.loads((tmp_path / "tea.csv.provenance.json").read_text())
    assert beside["made_by"] == "rule make_tea"
    assert not (tmp_path / "tea.nc.provenance.json").exists()
