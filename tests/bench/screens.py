"""What is measured through a real terminal: keys, first paint, processor time, leaving."""

from __future__ import annotations

import json
import os
import re
import select
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.ui.terminal import Terminal

DOWN = b"\x1b[B"
PICKED = rb"\x1b\[1;7[^m]*m"
"""How the name of the selected instance begins."""
FIRST = b"Ready: space"
"""What the first picture has below the cards: in it are tabs, cards, what can be done, and the keys, which are kept."""
WHOLE = b"(?<!Ready: )space starts it"
"""What the log says at the start, which is drawn last: then everything is there."""
BARE = b"Ready"


@contextmanager
def app(*arguments: str, columns: int = 120, rows: int = 40) -> Iterator[Terminal]:
    """Open one of the programs in a terminal: the playground as it is, or one of `tests.bench.apps`."""
    # A user's modules are compiled once, not at every start.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    if arguments[0] == "playground":
        terminal = Terminal(arguments[1:], columns, rows)
    else:
        terminal = Terminal(arguments, columns, rows, "tests.bench.apps")
    try:
        yield terminal
    finally:
        terminal.close()


def read(terminal: Terminal, pattern: bytes, seconds: float = 20.0) -> float:
    """Read until `pattern` comes, and return when that was."""
    seen, deadline = b"", time.perf_counter() + seconds
    while time.perf_counter() < deadline:
        if select.select([terminal.ours], [], [], 0.1)[0]:
            seen += os.read(terminal.ours, 65536)
            if re.search(pattern, seen):
                return time.perf_counter()
            seen = seen[-8192:]
    raise TimeoutError(f"{pattern!r} never came")


def drain(terminal: Terminal, seconds: float) -> None:
    """Take in whatever comes for some time."""
    deadline = time.perf_counter() + seconds
    while (left := deadline - time.perf_counter()) > 0:
        if select.select([terminal.ours], [], [], left)[0]:
            os.read(terminal.ours, 65536)


def first_paint(*arguments: str, until: bytes) -> float:
    """Return the seconds from the process's start to the picture that has `until` in it."""
    begun = time.perf_counter()
    with app(*arguments) as terminal:
        return read(terminal, until) - begun


def bare_keys(count: int) -> list[float]:
    """Return the seconds from each press of a key to its paint in the bare app."""
    times = []
    with app("bare") as terminal:
        read(terminal, BARE)
        drain(terminal, 0.5)
        for number in range(1, count + 1):
            begun = time.perf_counter()
            os.write(terminal.ours, DOWN)
            times.append(read(terminal, b"%d" % number) - begun)
            drain(terminal, 0.05)
    return times


def keys(
    names: list[str], count: int, *arguments: str, ready: bytes, others: str = "", settle: float = 2.0
) -> list[float]:
    """Return the seconds from each press of ↓ to the paint of the next card as the selected one.

    Args:
        names: The instances in the order of their cards.
        count: How many presses.
        arguments: For the playground.
        ready: What is on the screen when it is.
        others: Keys to press first.
        settle: Seconds before the first press.
    """
    times = []
    with app("playground", *arguments) as terminal:
        read(terminal, ready)
        for key in others:
            os.write(terminal.ours, key.encode())
            drain(terminal, 0.3)
        drain(terminal, settle)
        for number in range(1, count + 1):
            name = names[number % len(names)].encode()
            begun = time.perf_counter()
            os.write(terminal.ours, DOWN)
            times.append(read(terminal, PICKED + name) - begun)
            # Not in step with the app's frames.
            drain(terminal, 0.05 + 0.013 * (number % 7))
    return times


def processor(seconds: float, *arguments: str, ready: bytes) -> float:
    """Return the share of a core that a program takes while nobody does anything."""
    with app(*arguments) as terminal:
        read(terminal, ready)
        drain(terminal, 1.5)
        before, begun = _used(terminal.process.pid), time.perf_counter()
        drain(terminal, seconds)
        return (_used(terminal.process.pid) - before) / (time.perf_counter() - begun)


def _used(session: int) -> float:
    """Return the seconds of processor time that all threads of all processes of a session have used."""
    used = 0.0
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if int((folder / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()[3]) == session:
                for thread in (folder / "task").iterdir():
                    used += int((thread / "schedstat").read_text(encoding="utf-8").split()[0]) / 1e9
    return used


def loop_on_view(name: str, transport: str, total: int) -> tuple[float, int]:
    """Run a loop while its tab is on view; its counts must be exact.

    Returns:
        The seconds that it measured, and by how many bytes memory grew after the first tenth.
    """
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out"
        with app("loop", name, transport, str(total), str(out)) as terminal:
            deadline = time.perf_counter() + 60
            while terminal.process.poll() is None and time.perf_counter() < deadline:
                drain(terminal, 0.05)
        seconds, received, marks = json.loads(out.read_text(encoding="utf-8"))
    assert received == total, f"{received:,} of {total:,} are in the books"
    return float(seconds), max(marks, default=0) - marks[0] if marks else 0


def quitting(*arguments: str, ready: bytes) -> float:
    """Return the seconds from ctrl+q to the end of the process."""
    with app(*arguments) as terminal:
        read(terminal, ready)
        drain(terminal, 2)
        begun = time.perf_counter()
        os.write(terminal.ours, b"\x11")
        while terminal.process.poll() is None:
            drain(terminal, 0.005)
        return time.perf_counter() - begun
