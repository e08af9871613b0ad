"""A limit on how long a regular expression may take: the only way to end one is a signal."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import Final, TypeVar

PATIENCE: Final = 0.05
"""Seconds of the processor's time that a slice of matching may take."""

_TICK: Final = 0.005
"""Seconds between two alarms at least: one every microsecond would leave no time to get on."""

_Result = TypeVar("_Result")


class TooLong(Exception):
    """The expression takes too long."""


class _Alarm:
    """Raises in the main thread once that has worked for too long."""

    def __init__(self, seconds: float) -> None:
        self.on = True
        self._end = time.thread_time() + seconds

    def ring(self, number: int, frame: FrameType | None) -> None:
        """Take the signal; a busy machine, on which the time went to others, is no reason."""
        if self.on and time.thread_time() >= self._end:
            raise TooLong


def patiently(work: Callable[[], _Result], seconds: float = PATIENCE) -> _Result:
    """Return what `work` returns; off the main thread there is no limit.

    Raises:
        TooLong: If it took more than `seconds` of the processor's time.
    """
    if threading.current_thread() is not threading.main_thread():
        return work()
    alarm = _Alarm(seconds)
    handler = signal.signal(signal.SIGALRM, alarm.ring)
    timer = signal.getitimer(signal.ITIMER_REAL)
    try:
        try:
            # Again and again: an exception that is raised in a finaliser is lost.
            signal.setitimer(signal.ITIMER_REAL, max(seconds, _TICK), max(seconds / 2, _TICK))
            return work()
        finally:
            # From here on nothing is raised any more, so that what follows is done in any case.
            alarm.on = False
    finally:
        signal.setitimer(signal.ITIMER_REAL, *timer)
        signal.signal(signal.SIGALRM, signal.SIG_DFL if handler is None else handler)
