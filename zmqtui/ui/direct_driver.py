"""A driver without threads: keys are read and pictures written by the loop itself.

A thread gets its turn among the threads of the roles only after some milliseconds, when they are busy. With Textual's
two threads a key and its picture wait for six turns, one after the other; here for two.
"""

from __future__ import annotations

import asyncio
import os
import select
from codecs import getincrementaldecoder
from contextlib import suppress
from queue import Queue
from typing import IO

from textual import constants
from textual._xterm_parser import XTermParser
from textual.drivers._writer_thread import MAX_QUEUED_WRITES, WriterThread
from textual.drivers.linux_driver import LinuxDriver
from textual.events import Key
from textual.message import Message

from zmqtui.ui.screen import QuickScreen

_MOST = 1 << 16
"""Bytes that are read at a time."""


class DirectDriver(LinuxDriver):
    """Draws on the terminal and reads its keys, both in the loop."""

    _parser: XTermParser
    _pending: asyncio.TimerHandle | None = None

    def start_application_mode(self) -> None:
        """Take the terminal."""
        super().start_application_mode()  # type: ignore[no-untyped-call]
        if self._writer_thread is None or self._file is None:
            return
        self._writer_thread.stop()
        self._writer_thread = Writer(self._file, self._loop)
        self._writer_thread.start()
        self._parser = XTermParser(self._debug)
        self._decode = getincrementaldecoder("utf-8")("replace").decode
        self._loop.add_reader(self.fileno, self._read)

    def run_input_thread(self) -> None:
        """Do nothing: the loop reads."""

    def disable_input(self) -> None:
        """Listen to keys no more."""
        self._loop.remove_reader(self.fileno)
        if self._pending:
            self._pending.cancel()
        super().disable_input()

    def flush(self) -> None:
        """Write the picture that is complete now."""
        if isinstance(self._writer_thread, Writer):
            self._writer_thread.flush()

    def send_message(self, message: Message) -> None:
        """Hand a message to the app; we are in its thread."""
        if isinstance(message, Key):
            for screen in self._app.screen_stack[-1:]:
                if isinstance(screen, QuickScreen):
                    screen.expect()
        self._app.post_message(message)

    def lost(self) -> None:
        """Hear that the terminal cannot be read any more."""

    def _read(self) -> None:
        try:
            data = os.read(self.fileno, _MOST)
        except OSError:
            data = b""
        if not data:
            self._loop.remove_reader(self.fileno)
            self.lost()
            return
        self._take(self._decode(data))
        if self._pending:
            self._pending.cancel()
        # What looks like the beginning of a sequence is the escape key if nothing follows.
        self._pending = self._loop.call_later(constants.ESCAPE_DELAY + 0.01, self._take, "")

    def _take(self, text: str) -> None:
        try:
            for message in self._parser.feed(text) if text else self._parser.tick():
                self.process_message(message)
        except Exception as error:
            self._app.call_later(self._app._handle_exception, error)


class Writer(WriterThread):
    """Writes at once what the terminal takes at once, and leaves the rest to a thread until all of that is taken."""

    def __init__(self, file: IO[str], loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(file)
        self._loop = loop
        self._picture: list[str] = []
        self._left: Queue[bytes | None] = Queue(MAX_QUEUED_WRITES)
        self._now = -1
        with suppress(OSError):
            # Opened anew: not to block is a matter of this descriptor only, the terminal's others belong to everybody.
            self._now = os.open(os.ttyname(file.fileno()), os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY)

    def write(self, text: str) -> None:
        """Keep text until the picture is complete; what nobody flushes is written when the loop gets to it."""
        if not self._picture:
            self._loop.call_soon(self.flush)
        self._picture.append(text)

    def flush(self) -> None:
        """Write what there is."""
        if not self._picture:
            return
        data = "".join(self._picture).encode("utf-8", "backslashreplace")
        self._picture.clear()
        if self._now >= 0 and not self._left.unfinished_tasks:
            with suppress(OSError):
                data = data[os.write(self._now, data) :]
        if data:
            self._left.put(data)

    def run(self) -> None:
        """Write what the terminal did not take at once."""
        # Another program may have left the terminal non-blocking: then a write does not wait.
        room = select.poll()
        room.register(self.fileno(), select.POLLOUT)
        while (data := self._left.get()) is not None:
            with suppress(OSError):
                while data:
                    room.poll()
                    with suppress(BlockingIOError):
                        data = data[os.write(self.fileno(), data) :]
            self._left.task_done()

    def stop(self) -> None:
        """Write what there is and end."""
        self.flush()
        self._left.put(None)
        self.join()
        if self._now >= 0:
            os.close(self._now)
            self._now = -1
