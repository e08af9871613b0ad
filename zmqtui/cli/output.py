"""Standard output and error for a program that must end when it is told to, whoever reads it."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import select
import sys
import time

from zmqtui.cli.ending import Ending
from zmqtui.core.text import printable

_PATIENCE = 2.0
"""Seconds for which a reader that stalls can hold up the end."""


def complain(text: str) -> None:
    """Write one line to standard error; everything foreign in `text` must be printable."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        sys.stderr.write(f"zmqtui: {printable(text, 2000)}\n")
        sys.stderr.flush()


def mend_output() -> None:
    """Make standard output take everything: it may be closed, or its encoding know fewer characters than we use."""
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    elif isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


class Output:
    """Standard output, written in pieces that never block: a reader that stalls cannot keep a signal from us.

    Args:
        ending: Knows whether we are told to end.

    Attributes:
        closed: Whether nobody reads any more.
        error: What went wrong, other than a reader that left.
    """

    def __init__(self, ending: Ending) -> None:
        self._ending = ending
        sys.stdout.flush()
        self._fd = sys.stdout.fileno()
        self.encoding = sys.stdout.encoding
        self.closed = False
        self.error = ""

    def write(self, text: str) -> None:
        """Write `text`, unless nobody reads."""
        data = text.encode(self.encoding, "backslashreplace")
        since = time.monotonic()
        while data and not self.closed:
            if not select.select([], [self._fd], [], 0.05)[1]:
                told = self._ending.code and max(since, self._ending.since)
                self.closed = bool(told) and time.monotonic() > told + _PATIENCE
                continue
            try:
                # Select promises room for that much in a pipe and no more.
                data = data[os.write(self._fd, data[: select.PIPE_BUF]) :]
                since = time.monotonic()
            except BlockingIOError:
                time.sleep(0.01)
            except OSError as error:
                self.closed = True
                if error.errno not in (errno.EPIPE, errno.ECONNRESET, errno.EIO):
                    self.error = f"cannot write: {error.strerror}"
