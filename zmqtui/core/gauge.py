"""What the process has taken of the system: memory and descriptors, read without needing more of either."""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import resource
import sys
from pathlib import Path

_PAGES = Path("/proc/self/statm")
_trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
"""glibc's; it runs without the interpreter's lock."""
_UNIT = 1 if sys.platform == "darwin" else 2**10
"""Bytes in which the system tells of the most memory there ever was."""


class Gauge:
    """Reads memory and descriptors. It has a descriptor of its own from the start: later there may be none left.

    Raises:
        OSError: If there is none left already.
    """

    def __init__(self) -> None:
        self._reads_pages = _PAGES.exists()
        self._file = os.open(_PAGES if self._reads_pages else os.devnull, os.O_RDONLY | os.O_CLOEXEC)

    def mib(self) -> float:
        """Return how much memory the process has, in MiB; where only the most it ever had is known, that."""
        if self._reads_pages:
            pages = int(os.pread(self._file, 200, 0).split()[1])
            return pages * os.sysconf("SC_PAGE_SIZE") / 2**20
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _UNIT / 2**20

    def descriptors(self) -> tuple[int, int]:
        """Return how many descriptors are in use, but for holes, and how many there can be."""
        most = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        try:
            used = fcntl.fcntl(self._file, fcntl.F_DUPFD_CLOEXEC, 0)
        except OSError:
            return most, most
        os.close(used)
        return used, most

    def close(self) -> None:
        """Give its descriptor back."""
        os.close(self._file)


def give_back() -> None:
    """Give memory that was freed back to the system, as far as the C library can."""
    if _trim is not None:
        with contextlib.suppress(OSError):
            _trim(0)
