"""How a job is asked to end: what schedulers, batch systems and the keyboard send it."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

ASKING_TO_END = (signal.SIGTERM, signal.SIGUSR1, signal.SIGINT)
"""The end of a job, the warning before it (preemption, time limit), and Ctrl-C."""


class Interrupted(BaseException):
    """A signal asks the job to end; like a KeyboardInterrupt, it passes by ``except Exception``.

    Parameters
    ----------
    signal
        The signal's name, such as ``SIGTERM``.
    told
        What becomes of the work that was done.
    """

    def __init__(
        self, signal: str, told: str = "there is no result yet; the same command runs the job again"
    ) -> None:
        self.signal = signal
        super().__init__(f"ended by {signal}: {told}")


def raise_on_signals() -> None:
    """Let a signal raise Interrupted in the main thread, so that context managers clean up.

    Further signals are ignored from then on: they must not disturb the cleaning up.
    """

    def handle(number: int, _: FrameType | None) -> None:
        for each in ASKING_TO_END:
            signal.signal(each, signal.SIG_IGN)
        raise Interrupted(signal.Signals(number).name)

    for each in ASKING_TO_END:
        signal.signal(each, handle)


@contextmanager
def deferred() -> Iterator[Callable[[], str | None]]:
    """Let signals wait while the block runs, which asks for them where it can end.

    Yields
    ------
    A function that returns the name of the first signal that arrived, None if none did. One that
    arrives after it was asked for the last time has no effect. Outside of the main thread, which
    alone takes signals, they are left as they are.
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
