"""What the app owes to the terminal: it is given back, however the app ends, and with a word on what went wrong."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
import traceback
from contextlib import suppress

from rich.console import RenderableType
from textual.app import App
from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver
from textual.events import Event, Paste
from textual.screen import Screen
from textual.worker import WorkerFailed

from zmqtui.core.text import pasted, printable, printable_lines
from zmqtui.ui.driver import TerminalDriver
from zmqtui.ui.screen import QuickScreen

PATIENCE = 3.0
"""Seconds that leaving may take after a signal or an error."""
SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGINT)
_MUCH = 1 << 20
"""Bytes of standard error that are kept to be shown at the end."""


class TerminalApp(App[None]):
    """An app that leaves at a signal or an error in order, and says what went wrong when the terminal is given back.

    Attributes:
        error: What ended it, in one line; empty if it was no error.
        pointer: The shape that the mouse's pointer was given.
    """

    def __init__(self) -> None:
        super().__init__()
        self.error = ""
        self.pointer = "default"
        self._told = 0
        self._threads_hook = threading.excepthook

    def get_driver_class(self) -> type[Driver]:
        """Take our driver where Textual would take the one for terminals."""
        usual = super().get_driver_class()
        return TerminalDriver if usual is LinuxDriver else usual

    def get_default_screen(self) -> Screen[object]:
        """Return a screen that is quick."""
        return QuickScreen()

    def on_mount(self) -> None:
        """Listen to signals, and for threads that fail."""
        loop = asyncio.get_running_loop()
        for number in SIGNALS:
            # nohup has SIGHUP ignored, and means it.
            if signal.getsignal(number) is not signal.SIG_IGN:
                loop.add_signal_handler(number, self._leave, number)
        threading.excepthook = self._thread_failed

    async def on_unmount(self) -> None:
        """Listen no more, unless a signal is being obeyed."""
        threading.excepthook = self._threads_hook
        loop = asyncio.get_running_loop()
        for number in SIGNALS:
            if not self._told:
                loop.remove_signal_handler(number)

    def on_resize(self) -> None:
        """Draw everything: sizes that came and went at once leave a spoilt picture, of which Textual knows nothing."""
        self.refresh()

    async def on_event(self, event: Event) -> None:
        """Take what was pasted as if it had been typed: an input would give it to the terminal as it is."""
        if isinstance(event, Paste):
            event.text = pasted(event.text)
        await super().on_event(event)

    def _leave(self, number: int) -> None:
        if not self._told:
            self._told = 128 + number
            self._hurry(self._told)
            self.exit(return_code=self._told)

    def _hurry(self, code: int) -> None:
        # A terminal that was hung up can block the last words to it for ever: then leave without them.
        watchdog = threading.Timer(PATIENCE, os._exit, [code])
        watchdog.daemon = True
        watchdog.start()

    def _handle_exception(self, error: Exception) -> None:
        # Textual would print every local variable as it is, payloads with all they hold too.
        self._return_code = 1
        if self._exception is None:
            self._exception = error
            self._exception_event.set()

        cause = error.error if isinstance(error, WorkerFailed) else error
        self._fail(*explain(cause))

    def panic(self, *renderables: RenderableType) -> None:
        """Leave because of what `renderables` say."""
        self._return_code = 1
        text = "".join(part.text for each in renderables for part in self.console.render(each))
        self._fail("the app cannot go on", printable_lines(text))

    def _fail(self, error: str, details: tuple[str, ...]) -> None:
        if not self.error:
            self.error = error
            if not self.is_headless:
                self._note("".join(f"{line}\n" for line in details))
                self._hurry(1)
        self._close_messages_no_wait()

    def _thread_failed(self, failed: threading.ExceptHookArgs) -> None:
        self._threads_hook(failed)
        name = failed.thread.name if failed.thread else "?"
        with suppress(RuntimeError):
            self.call_later(self._tell, f"{name}: {explain(failed.exc_value)[0]}")

    def _tell(self, words: str) -> None:
        self.notify(
            f"A thread of the playground failed, what is shown may be wrong from now on. {words}",
            severity="error", timeout=60, markup=False,
        )  # fmt: skip

    def _set_pointer_shape(self, shape: str) -> None:
        self.pointer = shape
        super()._set_pointer_shape(shape)

    def _print(self, text: str, stderr: bool = False) -> None:
        # Textual drops this; where standard error is a file, it waits there to be shown at the end.
        super()._print(text, stderr)
        if stderr and not self.is_headless:
            self._note(text)

    def _note(self, text: str) -> None:
        with suppress(OSError):
            if not os.isatty(2) and os.fstat(2).st_size < _MUCH:
                os.write(2, text.encode("utf-8", "backslashreplace"))


def explain(error: BaseException | None) -> tuple[str, tuple[str, ...]]:
    """Return one line that says what `error` is, and the lines that say where it happened; all of it printable."""
    if error is None:
        return "unknown error", ()
    text = "".join(traceback.format_exception(error))
    return printable("".join(traceback.format_exception_only(error)).strip(), 500), printable_lines(text)
