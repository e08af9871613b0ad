"""Nothing may hang: every operation has a deadline, and whoever misses it ends the process with all stacks shown."""

from __future__ import annotations

import faulthandler
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

DEADLINE = 20.0
"""Seconds that an operation may take, its waiting for messages included."""


class Watchdog:
    """Watches one operation at a time.

    Args:
        tell: Says what was going on.
    """

    def __init__(self, tell: Callable[[], str]) -> None:
        self._tell = tell
        self._until = 0.0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)
        self._thread.start()

    @contextmanager
    def watching(self, seconds: float = DEADLINE) -> Iterator[None]:
        """Watch what is done within; it may take so many seconds."""
        # Where somebody holds the interpreter's lock for ever no thread of ours runs: this one is not Python's.
        faulthandler.dump_traceback_later(2 * seconds, exit=True)
        self._until = time.monotonic() + seconds
        try:
            yield
        finally:
            self._until = 0.0
            faulthandler.cancel_dump_traceback_later()

    def close(self) -> None:
        """Watch no more."""
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._ended.wait(0.25):
            if 0 < self._until < time.monotonic():
                sys.stderr.write(f"HANG: {self._tell()}\n")
                sys.stderr.flush()
                faulthandler.dump_traceback(all_threads=True)
                os._exit(1)
