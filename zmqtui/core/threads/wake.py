"""Wakes one thread, whatever it waits in: a poll or a nap."""

from __future__ import annotations

import contextlib
import ctypes
import os
import socket as _socket
import sys
import threading

_system = ctypes.PyDLL(None) if sys.platform == "linux" else None
"""The system's own functions. Python's would give the interpreter's lock away although these do not wait; in company
of busy threads it takes long to have it back."""
_ONE = (1).to_bytes(8, sys.byteorder)
_SIZE = ctypes.c_size_t(8)
_READ = ctypes.create_string_buffer(8)


class Wake:
    """Wakes one thread from a poll (by a file descriptor) or from a nap (by a lock)."""

    def __init__(self) -> None:
        self._ends: tuple[_socket.socket, ...] = ()
        if sys.platform == "linux":
            self.fd = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
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
            if _system:
                _system.write(self.fd, _ONE, _SIZE)
            else:
                with contextlib.suppress(BlockingIOError):
                    self._ends[1].send(b"!")
            with contextlib.suppress(RuntimeError):
                self._bell.release()

    def clear(self) -> None:
        """Forget earlier calls of `set`."""
        if _system:
            _system.read(self.fd, _READ, _SIZE)
        else:
            with contextlib.suppress(BlockingIOError):
                self._ends[0].recv(4096)
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
                if _system:
                    _system.close(self.fd)
