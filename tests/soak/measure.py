"""What a soak measures: stops against the noise of the machine, and what is left behind."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os
import select
import subprocess
import sys
import threading
import time
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryFile
from typing import ClassVar, NamedTuple

import zmq

from zmqtui.core.stage import Stage
from zmqtui.core.threads.life import quick_turns

WINDOW = 1.0
"""Seconds around a stop in which the control tells how noisy the machine was."""
SETTLE = 3.0
"""Seconds that threads, sockets and descriptors get to be gone."""


class Sample(NamedTuple):
    """One thing that took time.

    Attributes:
        begun: When, in seconds on the system's monotonic clock, which all processes share.
        seconds: How long.
        what: What it was.
    """

    begun: float
    seconds: float
    what: str = ""


def wake(count: int = 1) -> Sample:
    """Wake plain threads, each waiting for its eventfd, and wait for their ends: what a stop can cost at least.

    Args:
        count: How many.
    """

    def wait(fd: int) -> None:
        poll = select.poll()
        poll.register(fd, select.POLLIN)
        waiting.release()
        poll.poll()

    waiting = threading.Semaphore(0)
    fds = [os.eventfd(0) for _ in range(count)]
    threads = [threading.Thread(target=wait, args=(fd,)) for fd in fds]
    with quick_turns():
        for thread in threads:
            thread.start()
        for _ in threads:
            waiting.acquire()
    begun = time.monotonic()
    for fd in fds:
        os.eventfd_write(fd, 1)
    for thread in threads:
        thread.join()
    taken = time.monotonic() - begun
    for fd in fds:
        os.close(fd)
    return Sample(begun, taken)


class Noise:
    """The same in a process of its own, a hundred times a second: how noisy the machine is without us."""

    def __init__(self) -> None:
        self.samples: list[Sample] = []
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.soak.measure"],
            stdout=subprocess.PIPE,
            stdin=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )

    def stop(self) -> list[Sample]:
        """End it and return what it measured."""
        told, _ = self._process.communicate("")
        for line in told.splitlines():
            begun, seconds = line.split()
            self.samples.append(Sample(float(begun), float(seconds)))
        return self.samples


def _make_noise() -> None:
    """Measure until whoever asked closes our input."""
    samples = []
    poll = select.poll()
    poll.register(0, select.POLLIN | select.POLLHUP)
    while not poll.poll(10):
        samples.append(wake())
    with contextlib.suppress(BrokenPipeError):
        for sample in samples:
            print(sample.begun, sample.seconds)  # noqa: T201


class Samples:
    """Samples, kept in a file: in memory, a few thousand of them would keep all the room in between from being free."""

    def __init__(self) -> None:
        self._file = TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115
        # Several stop something at once, and Python's text files are not for several threads: lines went missing.
        self._lock = threading.Lock()

    def append(self, sample: Sample) -> None:
        """Keep one more."""
        with self._lock:
            self._file.write(f"{sample.begun} {sample.seconds} {sample.what}\n")

    def __iter__(self) -> Iterator[Sample]:
        self._file.seek(0)
        for line in self._file:
            begun, seconds, what = line.removesuffix("\n").split(" ", 2)
            yield Sample(float(begun), float(seconds), what)


class Stops:
    """How long stops took, and the control, measured in the same seconds."""

    def __init__(self) -> None:
        self.blocked = Samples()
        self.busy = Samples()
        self.company = Samples()
        self.whole = Samples()
        self.settled = Samples()
        self.control = Samples()
        self.crowd = Samples()
        self.noise: list[Sample] = []

    def excess(self, stops: Iterable[Sample]) -> list[Sample]:
        """Return how much longer each stop took than the worst of the control around it."""
        control = sorted([*self.control, *self.noise])
        times = [sample.begun for sample in control]
        found = []
        for stop in stops:
            first = bisect_left(times, stop.begun - WINDOW)
            last = bisect_right(times, stop.begun + stop.seconds + WINDOW)
            worst = max((sample.seconds for sample in control[first:last]), default=0.0)
            found.append(stop._replace(seconds=max(0.0, stop.seconds - worst)))
        return found


class Spread(NamedTuple):
    """How samples are spread, in milliseconds."""

    p50: float
    p90: float
    p99: float
    most: float


def spread(samples: Iterable[Sample]) -> Spread:
    """Return how samples are spread."""
    times = [sample.seconds * 1000 for sample in samples]
    if len(times) < 2:
        return Spread(*(times or [0.0]) * 4)
    cuts = quantiles(times, n=100, method="inclusive")
    return Spread(cuts[49], cuts[89], cuts[98], max(times))


class Left(NamedTuple):
    """What a process has.

    Attributes:
        threads: Threads.
        descriptors: File descriptors.
        sockets: ZeroMQ sockets that are open.
        stages: Stages that are still in memory.
        used: MiB in use, by Python's small objects (64 bytes each or so) and by all that malloc gave out.
        memory: MiB in memory, after a collection and after malloc gave back what it could; what it could not is room
            between what is in use, which follows the worst moment there ever was.
    """

    threads: int
    descriptors: int
    sockets: int
    stages: int
    used: float
    memory: float

    def flat(self, before: Left) -> bool:
        """Whether there is no more than before of what can be counted."""
        return all(now <= then for now, then in zip(self[:4], before[:4], strict=True))


class _Mallinfo(ctypes.Structure):
    """What glibc's malloc says of itself."""

    _fields_: ClassVar = [
        (name, ctypes.c_size_t)
        for name in [
            "arena",
            "ordblks",
            "smblks",
            "hblks",
            "hblkhd",
            "usmblks",
            "fsmblks",
            "uordblks",
            "fordblks",
            "keepcost",
        ]
    ]


def _given() -> int:
    """Return how many bytes malloc gave out; 0 where it does not say."""
    ask = getattr(ctypes.CDLL(None), "mallinfo2", None)
    if ask is None:
        return 0
    ask.restype = _Mallinfo
    told = ask()
    return int(told.uordblks + told.hblkhd)


def left() -> Left:
    """Return what this process has now."""
    gc.collect()
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
    things = gc.get_objects()
    pages = int(Path("/proc/self/statm").read_text(encoding="utf-8").split()[1])
    return Left(
        len(os.listdir("/proc/self/task")),
        len(os.listdir("/proc/self/fd")),
        sum(1 for thing in things if isinstance(thing, zmq.Socket) and not thing.closed),
        sum(1 for thing in things if isinstance(thing, Stage)),
        (sys.getallocatedblocks() * 64 + _given()) / 2**20,
        pages * os.sysconf("SC_PAGE_SIZE") / 2**20,
    )


def settled(before: Left | None) -> Left:
    """Return what this process has as soon as that is no more than before, or after some seconds anyway."""
    deadline = time.monotonic() + SETTLE
    while True:
        now = left()
        flat = before is None or (
            now.threads <= before.threads and now.descriptors <= before.descriptors and now.sockets <= before.sockets
        )
        if flat or time.monotonic() > deadline:
            return now
        time.sleep(0.02)


if __name__ == "__main__":
    _make_noise()
