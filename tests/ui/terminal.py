"""A real terminal for the app: a pseudo-terminal, and an emulator that knows what is on its screen."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pyte

ROOT = Path(__file__).parents[2]
_CONTROLLING = (
    "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])"
)
"""A program that makes the terminal the one of its session, as every terminal window does, and becomes another."""
_MODES = re.compile(rb"\x1b\[\?([0-9;]+)([hl])|\x1b\[([<>])[0-9]*u")
_UNKNOWN = re.compile(rb"\x1b\[\?[0-9]+\$p|\x1b\[[<>][0-9]*u")
_SCREENS = re.compile(rb"(\x1b\[\?1049[hl])")
_WORDS = re.compile(
    r"\x1b\[[0-9;]*m|\x1b\[[0-9]+;[0-9]+H|\x1b\[\?[0-9;]+[hl]|\x1b\[\?[0-9]+\$p|\x1b\[>[0-9]+u|\x1b\[<u"
    r"|\x1b\]52;c;[A-Za-z0-9+/=]*\x07|\x1b\]22;[a-z-]*\x07|\r?\n"
)
PATIENCE = 20.0
"""Seconds after which what should be on the screen is taken to be missing."""


class Terminal:
    """The app in a terminal.

    Attributes:
        process: The app.
        raw: Every byte it wrote.
        ours: Our end of the terminal.
    """

    def __init__(
        self,
        arguments: tuple[str, ...],
        columns: int,
        rows: int,
        module: str = "zmqtui",
        folder: str | None = None,
        command: list[str] | None = None,
        controlling: bool = False,
    ) -> None:
        self.ours, self._theirs = pty.openpty()
        self._ends = [self.ours, self._theirs]
        fcntl.ioctl(self._theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self._before = termios.tcgetattr(self._theirs)
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self.raw = b""
        command = command or [sys.executable, "-m", module, *arguments]
        self.process = subprocess.Popen(
            [sys.executable, "-ISc", _CONTROLLING, *command] if controlling else command,
            cwd=folder,
            stdin=self._theirs,
            stdout=self._theirs,
            stderr=self._theirs,
            env={**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", "PYTHONPATH": str(ROOT)},
            start_new_session=True,
        )

    @property
    def text(self) -> str:
        """What is on the screen, line by line."""
        return "\n".join(self._screen.display)

    @property
    def folded(self) -> str:
        """What is on the screen as one line: wherever the app wraps a sentence, its words are side by side."""
        return " ".join(self.text.split())

    @property
    def modes(self) -> set[str]:
        """The private modes that are on now, with ``kitty`` for each time that its keyboard protocol is."""
        return modes(self.raw)

    @property
    def restored(self) -> bool:
        """Whether the terminal is as it was before: alternate screen, cursor, mouse, keyboard, attributes."""
        return self.modes == modes(b"") and termios.tcgetattr(self._theirs) == self._before

    @property
    def orphans(self) -> bool:
        """Whether a process of the app is left after its end."""
        self.process.wait(PATIENCE)
        try:
            os.killpg(self.process.pid, 0)
        except ProcessLookupError:
            return False
        return True

    def resize(self, columns: int, rows: int) -> None:
        """Give the terminal another size; the app is sent a signal."""
        fcntl.ioctl(self._theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self._screen.resize(rows, columns)

    def type(self, text: str) -> None:
        """Press keys."""
        os.write(self.ours, text.encode())

    def read(self, seconds: float) -> None:
        """Take in what the app writes within `seconds`, or at once if it writes something."""
        if select.select([self.ours], [], [], seconds)[0]:
            data = os.read(self.ours, 65536)
            self.raw += data
            # The emulator has one screen only, and takes private sequences that it does not know for text.
            for part in _SCREENS.split(_UNKNOWN.sub(b"", data)):
                if part.startswith(b"\x1b[?1049"):
                    self._screen.reset()
                self._stream.feed(part)

    def until(self, condition: Callable[[], object]) -> None:
        """Read until `condition` holds, and fail with the screen if it does not."""
        deadline = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < deadline, f"never saw it; on the screen was\n{self.text}"
            self.read(0.05)

    def shows(self, *words: str) -> None:
        """Wait until all of `words` are on the screen."""
        self.until(lambda: all(word in self.text for word in words))

    def ends(self) -> int:
        """Wait until the app has ended and return its exit code."""
        self.until(lambda: self.process.poll() is not None)
        while select.select([self.ours], [], [], 0.05)[0]:
            self.read(0)
        return self.process.returncode

    def hang_up(self) -> None:
        """Take the terminal away."""
        # Once only: the numbers may be somebody else's by then.
        while self._ends:
            os.close(self._ends.pop())

    def close(self) -> None:
        """End the app and give the terminal back."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.hang_up()


def modes(raw: bytes) -> set[str]:
    """Return the private modes that are on after a terminal has read `raw`; its cursor and wrapping are from the start.

    The kitty keyboard protocol is a stack: each level is in the set as ``kitty`` and its number. A shape of the mouse's
    pointer is ``pointer``.
    """
    on = {"7", "25"}
    depth = 0
    for found in _MODES.finditer(raw):
        numbers, switch, kitty = (part.decode() if part else "" for part in found.groups())
        for number in filter(None, numbers.split(";")):
            (on.add if switch == "h" else on.discard)(number)
        depth = max(0, depth + {">": 1, "<": -1}.get(kitty, 0))
    shapes = re.findall(rb"\x1b\]22;([a-z-]*)\x07", raw)
    pointer = {"pointer"} if shapes and shapes[-1] != b"default" else set()
    return on | pointer | {f"kitty {level}" for level in range(1, depth + 1)}


def foreign(raw: bytes, own: str = "") -> set[str]:
    """Return all in `raw` that the app itself does not write: other sequences, and characters that are not printable.

    Its own words are colours, places, modes and their queries, the keyboard protocol, the shape of the mouse's pointer,
    and base64 for the clipboard; and the characters in `own`.
    """
    text = _WORDS.sub("", raw.decode("utf-8", "surrogateescape"))
    return {
        ascii(text[max(0, at - 5) : at + 25])
        for at, sign in enumerate(text)
        if not sign.isprintable() and sign not in own
    }


@contextmanager
def terminal(
    *arguments: str,
    columns: int = 120,
    rows: int = 40,
    module: str = "zmqtui",
    folder: str | None = None,
    command: list[str] | None = None,
) -> Iterator[Terminal]:
    """Open the app, or another program that opens one, in a terminal.

    Args:
        arguments: The program's arguments.
        columns: The terminal's width.
        rows: Its height.
        module: The program.
        folder: Where to run it.
        command: What to run instead of a module, such as a shell.
    """
    opened = Terminal(arguments, columns, rows, module, folder, command, controlling=True)
    try:
        yield opened
    finally:
        opened.close()
