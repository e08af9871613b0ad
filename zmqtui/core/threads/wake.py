"""Wakes one thread, whatever it waits in: a poll or a nap."""

from __future__ import annotations

import contextlib
import os
import socket as _socket
import sys
import threading


class Wake:
    """Wakes one thread from a poll (by a file descriptor) or from a nap (by a lock)."""

    def __init__(self) -> None:
        if sys.platform == "linux":
            self.fd = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
            self._ends: tuple[_socket.socket, ...] = ()
        else:
            self._ends = _socket.socketpair()
            for end in self._ends:
                end.setblocking(False)
            self.fd = self._ends[0].fileno()
        self._bell = threading.Lock()
        self._bell.acquire()
        self._guard = threading.Lock()
        self._closed = False

    def set(self) -> None:
        """Wake the thread, now or when it next waits; harmless once closed."""
        with self._guard:
            if self._closed:
                return
            with contextlib.suppress(BlockingIOError):
                if self._ends:
                    self._ends[1].send(b"!")
                else:
                    os.eventfd_write(self.fd, 1)
            with contextlib.suppress(RuntimeError):
                self._bell.release()

    def clear(self) -> None:
        """Forget earlier calls of `set`."""
        with contextlib.suppress(BlockingIOError):
            if self._ends:
                self._ends[0].recv(4096)
            else:
                os.eventfd_read(self.fd)
        self._bell.acquire(blocking=False)

    def nap(self, seconds: float) -> None:
        """Wait for `seconds` or until woken, which is then forgotten; precise to the microsecond the system gives."""
        if self._bell.acquire(timeout=min(seconds, 3600.0)):
            self.clear()

    def close(self) -> None:
        """Give the descriptor back."""
        with self._guard:
            if not self._closed:
                self._closed = True
                for end in self._ends:
                    end.close()
                if not self._ends:
                    os.close(self.fd)
