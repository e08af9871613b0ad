"""The terminal's driver: Textual's, but for what it leaves switched on and for being stopped and continued."""

from __future__ import annotations

import asyncio
import os
import select
import signal
import termios
import tty
from contextlib import suppress

from textual.app import App

from zmqtui.ui.direct_driver import DirectDriver

_MOMENT = 0.1
"""Seconds that it goes on in the background before it stops again."""


class TerminalDriver(DirectDriver):
    """Draws on the terminal and reads its keys."""

    def __init__(
        self, app: App[object], *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None
    ) -> None:
        self._loop = asyncio.get_running_loop()
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        self._keys = select.poll()
        self._keys.register(self.fileno, 0)
        self._look()

    @property
    def drawing(self) -> bool:
        """Whether the terminal is ours now."""
        return self._writer_thread is not None

    @property
    def foreground(self) -> bool:
        """Whether the terminal is there for us, and not for a shell that we were started from."""
        try:
            return os.tcgetpgrp(self.fileno) == os.getpgrp()
        except OSError:
            # Not the terminal that we take orders from: nobody else does.
            return True

    def _get_terminal_size(self) -> tuple[int, int]:
        # Textual believes COLUMNS and LINES, and gives up at standard output: the terminal knows better.
        for descriptor in (self.fileno, 1):
            with suppress(OSError):
                if all(size := os.get_terminal_size(descriptor)):
                    return size.columns, size.lines
        return super()._get_terminal_size()

    def write(self, data: str) -> None:
        """Write to the terminal while it is ours."""
        if self.drawing:
            super().write(data)

    def start_application_mode(self) -> None:
        """Take the terminal: its attributes first, so that whoever finds them as they were knows it was not taken."""
        before = None
        # In the background to set them would stop us here; Textual sees to that.
        if self.foreground:
            with suppress(termios.error):
                before, ours = termios.tcgetattr(self.fileno), termios.tcgetattr(self.fileno)
                ours[tty.LFLAG] = self._patch_lflag(ours[tty.LFLAG])
                termios.tcsetattr(self.fileno, termios.TCSANOW, ours)
        super().start_application_mode()
        self.attrs_before = before or self.attrs_before

    def stop_application_mode(self) -> None:
        """Give the terminal back: all is switched off and written before its attributes are as they were."""
        if not self.drawing:
            return
        before, self.attrs_before = self.attrs_before, None
        if self._mouse_pixels:
            self.write("\x1b[?1016l")
            self._mouse_pixels = False
        if getattr(self._app, "pointer", "default") != "default":
            self.write("\x1b]22;default\x07")
        super().stop_application_mode()
        self.close()
        if before is not None:
            with suppress(termios.error):
                termios.tcsetattr(self.fileno, termios.TCSANOW, before)

    def disable_input(self) -> None:
        """Listen to keys no more; a terminal that is not ours we leave alone."""
        if self.drawing:
            super().disable_input()

    def close(self) -> None:
        """Write what is left to write."""
        super().close()
        self._writer_thread = None

    def _sigtstp_application(self, *_: object) -> None:
        # Not here and now: this may have interrupted a write to the queue that the following needs too.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._suspend)

    def _sigcont_application(self, *_: object) -> None:
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._resume)

    def _suspend(self) -> None:
        # A second signal may have come before the first was obeyed.
        if self.drawing:
            self.suspend_application_mode()
            self._must_signal_resume = True
            os.kill(os.getpid(), signal.SIGSTOP)

    def _resume(self) -> None:
        if not self.foreground:
            # We cannot draw here, but were perhaps told to leave in the same moment.
            self._loop.call_later(_MOMENT, self._wait)
            return
        if self.drawing:
            # Stopped without a word by SIGSTOP: who knows what the terminal is like now, but we know what it was.
            self.suspend_application_mode()
        self._must_signal_resume = True
        self.resume_application_mode()
        # Textual draws what has changed only, and the screen is empty now.
        self._app.call_later(self._app.refresh)

    def _wait(self) -> None:
        if self._app._exit:
            return
        if self.foreground:
            self._resume()
        else:
            os.kill(os.getpid(), signal.SIGSTOP)

    def _look(self) -> None:
        # A terminal that was hung up says so by a signal, but not to everyone; its reads end at once, for ever.
        if any(happening & (select.POLLHUP | select.POLLNVAL) for _, happening in self._keys.poll(0)):
            self._app.exit(return_code=128 + signal.SIGHUP)
        else:
            self._loop.call_later(1, self._look)

    def lost(self) -> None:
        """Leave if the terminal was hung up."""
        self._look()
