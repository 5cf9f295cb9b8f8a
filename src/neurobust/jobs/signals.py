"""Signals by which schedulers, batch systems and the keyboard ask a job to end."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

ASKING_TO_END = (signal.SIGTERM, signal.SIGUSR1, signal.SIGINT)
"""The request to end, the warning before it (preemption, time limit), and Ctrl-C."""


class Interrupted(BaseException):
    """A signal to end; like KeyboardInterrupt, it is not caught by ``except Exception``.

    Parameters
    ----------
    signal
        Name of the signal, such as ``SIGTERM``.
    message
        What has become of the job's work, for the user.
    """

    def __init__(
        self,
        signal: str,
        message: str = "there is no result yet; the same command runs the job again",
    ) -> None:
        self.signal = signal
        super().__init__(f"ended by {signal}: {message}")


def raise_on_signals() -> None:
    """Let a signal raise `Interrupted` in the main thread, so that context managers clean up.

    Further signals are ignored, so that they do not interrupt the cleaning up.
    """

    def handle(number: int, _: FrameType | None) -> None:
        for each in ASKING_TO_END:
            signal.signal(each, signal.SIG_IGN)
        raise Interrupted(signal.Signals(number).name)

    for each in ASKING_TO_END:
        signal.signal(each, handle)


@contextmanager
def deferred() -> Iterator[Callable[[], str | None]]:
    """Defer signals while the block runs; the block asks for them at points where it can end.

    Yields
    ------
    A function that returns the name of the first signal that has arrived, or None. A signal that
    arrives after its last call has no effect. Only the main thread receives signals; in other
    threads nothing is changed.
    """
    arrived: list[str] = []

    def handle(number: int, _: FrameType | None) -> None:
        arrived.append(signal.Signals(number).name)

    taken = ASKING_TO_END if threading.current_thread() is threading.main_thread() else ()
    before = {each: signal.signal(each, handle) for each in taken}
    try:
        yield lambda: arrived[0] if arrived else None
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
