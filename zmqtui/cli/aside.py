"""Standard error while the app draws on the terminal: what others write there waits for the end."""

from __future__ import annotations

import faulthandler
import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from zmqtui.cli import supervisor
from zmqtui.core.text import printable_lines


class Screen(io.TextIOWrapper):
    """A terminal that takes everything, also after it was hung up: who writes there has no one to tell."""

    def write(self, text: str) -> int:
        """Write `text`."""
        with suppress(OSError):
            super().write(text)
        return len(text)

    def flush(self) -> None:
        """Write what is not written yet."""
        with suppress(OSError, ValueError):
            super().flush()


@contextmanager
def aside() -> Iterator[None]:
    """Let Textual draw on a stream of its own, and what is written to standard error wait in a file; then show that.

    libzmq writes there before it ends the program, Python when it is ended by a fault.
    """
    waiting = supervisor.errors if supervisor.errors is not None else supervisor.nameless_file()
    sys.stderr.flush()
    terminal = os.dup(2)
    usual = sys.__stderr__
    screen = Screen(
        io.BufferedWriter(io.FileIO(terminal, "w")), encoding="utf-8", errors="backslashreplace", newline=""
    )
    try:
        os.dup2(waiting, 2)
        sys.__stderr__ = screen  # type: ignore[misc]
        faulthandler.enable(2, all_threads=False)
        yield
    finally:
        sys.__stderr__ = usual  # type: ignore[misc]
        sys.stderr.flush()
        os.dup2(terminal, 2)
        size = os.fstat(waiting).st_size
        text = os.pread(waiting, 1 << 16, max(0, size - (1 << 16)))
        os.ftruncate(waiting, 0)
        os.lseek(waiting, 0, os.SEEK_SET)
        # Not on standard error: where the terminal was hung up, that would end us with another code.
        for line in printable_lines(text):
            screen.write(f"{line}\n")
        with suppress(OSError):
            screen.close()
