"""A nemesis at the keyboard: random keys for the real app in a real terminal, and the terminal's size changes, too."""

from __future__ import annotations

import random
import tempfile
import time

from tests.soak.play import Violation
from tests.ui.terminal import Terminal

ANSWERS = 15.0
"""Seconds in which the app draws itself anew when the terminal has another size."""
PROBE = 25
"""Keys between two looks whether it is still there."""
ARROWS = ("\x1b[A", "\x1b[B", "\x1b[C", "\x1b[D", "\x1b[5~", "\x1b[6~", "\x1b[H", "\x1b[F")
LETTERS = "abcdefghijklmnoprstuvwxyzABCDEFGHIJKLMNOPRSTUVWXYZ,./?<>[]+-*\\=%&"
PLAIN = ("\r", "\x1b", "\t", "\x7f", "\x13")
"""Enter, escape, tab, backspace, ^s. What may end the app is left out: ^q, ^c, ^z, and ^p with its list of commands."""
SIZES = ((80, 24), (120, 40), (200, 60), (40, 10), (8, 3), (1, 1))


class Keyboard:
    """Types on one run of the app.

    Args:
        seed: What the keys are drawn from.
    """

    def __init__(self, seed: str) -> None:
        self._dice = random.Random(seed)
        self.typed: list[str] = []
        transport = self._dice.choice(("inproc", "tcp", "ipc"))
        self._folder = tempfile.TemporaryDirectory()
        arguments = ("--transport", transport, "--set", "work=0.01")
        self._terminal = Terminal(arguments, 120, 40, folder=self._folder.name, controlling=True)

    def _key(self) -> str:
        dice = self._dice
        draw = dice.random()
        if draw < 0.12:
            return dice.choice("123")
        if draw < 0.3:
            # What the stage hears most.
            return dice.choice(" arkpdxwotef")
        if draw < 0.45:
            return dice.choice(ARROWS)
        if draw < 0.55:
            return dice.choice(PLAIN)
        return dice.choice(LETTERS)

    def _resize(self, columns: int, rows: int) -> None:
        self.typed.append(f"<{columns}×{rows}>")
        self._terminal.resize(columns, rows)

    def play(self, count: int) -> None:
        """Type so many keys, and check now and then that the app is there and draws.

        Raises:
            Violation: If it is not.
        """
        app = self._terminal
        self._drawn("it opens")
        for number in range(count):
            key = self._key()
            self.typed.append(repr(key)[1:-1])
            app.type(key)
            app.read(0.0)
            if number % PROBE == PROBE - 1:
                self._resize(*self._dice.choice(SIZES))
                app.read(0.02)
                self._resize(120, 40 + number // PROBE % 2)
                self._drawn("it draws itself anew")

    def _drawn(self, what: str) -> None:
        """Wait until all that the app had to draw is drawn and something of it was."""
        app, before, deadline = self._terminal, len(self._terminal.raw), time.monotonic() + ANSWERS
        while len(app.raw) - before < 500:
            if app.process.poll() is not None:
                raise Violation(f"the app ended with {app.process.returncode}: {app.text}")
            if time.monotonic() > deadline:
                raise Violation(f"never: {what}; on the screen is\n{app.text}")
            app.read(0.02)
        if b"Traceback" in app.raw:
            raise Violation(f"a traceback on the screen: {app.text}")

    def leave(self) -> None:
        """Quit, and check that the app leaves nothing behind.

        Raises:
            Violation: If it does.
        """
        app = self._terminal
        app.type("\x11")
        deadline = time.monotonic() + ANSWERS
        while app.process.poll() is None:
            if time.monotonic() > deadline:
                raise Violation(f"the app does not leave; on the screen is\n{app.text}")
            app.read(0.02)
        code = app.ends()
        if code or not app.restored or app.orphans:
            what = f"code {code}, restored {app.restored}, processes left {app.orphans}"
            raise Violation(f"the app left: {what}; on the screen is\n{app.text}")

    def close(self) -> None:
        """End the app, however it is."""
        self._terminal.close()
        self._folder.cleanup()

    @property
    def story(self) -> str:
        """All that was typed."""
        return " ".join(self.typed)
