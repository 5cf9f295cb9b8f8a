"""Signals raise by default, wait while they are deferred, and have their old handlers after."""

import signal
import subprocess
import sys
import threading

import pytest

from neurobust.files.whole import whole
from neurobust.jobs.signals import ASKING_TO_END, Interrupted, deferred, raise_on_signals

NAMES = ["SIGTERM", "SIGUSR1", "SIGINT"]


@pytest.fixture(autouse=True)
def handlers():
    """Put back the handlers of this process, whatever a test does to them."""
    before = {each: signal.getsignal(each) for each in ASKING_TO_END}
    yield before
    for each, handler in before.items():
        signal.signal(each, handler)


def handlers_now():
    return {each: signal.getsignal(each) for each in ASKING_TO_END}


@pytest.mark.parametrize("name", NAMES)
def test_a_signal_raises_its_name_and_nothing_half_written_is_left(name, tmp_path):
    def write():
        with whole(tmp_path / "result.txt") as part:
            part.write_text("half of")
            signal.raise_signal(signal.Signals[name])

    raise_on_signals()
    with pytest.raises(Interrupted, match=f"ended by {name}: .*same command") as caught:
        write()
    assert caught.value.signal == name
    assert list(tmp_path.iterdir()) == []


def test_an_interruption_is_no_exception_that_a_library_may_swallow():
    def call_a_library():
        try:
            signal.raise_signal(signal.SIGTERM)
        except Exception:
            pytest.fail("it was taken for an error")

    raise_on_signals()
    with pytest.raises(Interrupted):
        call_a_library()


def test_further_signals_do_not_disturb_the_cleaning_up():
    cleaned = []

    def work():
        try:
            signal.raise_signal(signal.SIGUSR1)
        finally:
            for each in ASKING_TO_END:
                signal.raise_signal(each)
                cleaned.append(each)

    raise_on_signals()
    with pytest.raises(Interrupted, match="SIGUSR1"):
        work()
    assert cleaned == [*ASKING_TO_END]


@pytest.mark.parametrize("name", NAMES)
def test_a_deferred_signal_waits_until_it_is_asked_for(name):
    raise_on_signals()
    before = handlers_now()
    with deferred() as interrupted:
        assert interrupted() is None
        signal.raise_signal(signal.Signals[name])
        signal.raise_signal(signal.Signals[name])  # neither the first nor the second raises
        assert interrupted() == name
        signal.raise_signal(signal.SIGTERM)
        assert interrupted() == name  # the first one counts
    assert handlers_now() == before


def test_handlers_come_back_when_the_block_fails(handlers):
    def fail():
        with deferred():
            assert handlers_now() != handlers
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert handlers_now() == handlers


def test_another_thread_than_the_main_one_leaves_signals_as_they_are(handlers):
    seen = []

    def work():
        with deferred() as interrupted:
            seen.append((interrupted(), handlers_now() == handlers))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [(None, True)]


def test_a_process_that_was_asked_to_end_cleans_up_and_prints_a_message():
    script = """
import os, signal
from neurobust.jobs.signals import Interrupted, raise_on_signals
raise_on_signals()
try:
    os.kill(os.getpid(), signal.SIGUSR1)
    while True: pass
except Interrupted as interruption:
    print(interruption.signal, flush=True)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == "SIGUSR1\n"
