"""Signals: the first one ends us in order, a later one at once."""

from __future__ import annotations

import os
import signal
import time
from types import FrameType
from typing import Any

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_ORDERLY = 1.0
"""Seconds in which a further signal changes nothing: Ctrl-C comes twice easily."""


class Ending:
    """Takes signals as long as it is entered.

    Attributes:
        code: The exit code that the first signal asks for, 128 and its number; 0 before.
        since: When it came, on the monotonic clock.
    """

    def __init__(self) -> None:
        self.code = 0
        self.since = 0.0
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Ending:
        for number in _SIGNALS:
            # nohup has SIGHUP ignored, and means it.
            if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:
                self._before[number] = signal.signal(number, self._take)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _take(self, number: int, _frame: FrameType | None) -> None:
        # Only plain assignments: a lock here could be one that the interrupted code holds.
        if not self.code:
            self.code, self.since = 128 + number, time.monotonic()
        elif time.monotonic() - self.since > _ORDERLY:
            os._exit(self.code)
