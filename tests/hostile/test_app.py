"""Attacks on the app in a real terminal: it lives, says what happened, and goes on."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import zmq

from tests.helpers import free_port, until
from tests.hostile.wire import Crowd, endless, flood, subscriptions
from tests.ui.terminal import Terminal, terminal

GUARD = ("--limit", "memory=64")


def _mib(pid: int) -> float:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096 / 2**20


def _app(opened: Terminal) -> int:
    """Return the process that has the app: whoever was started only watches over it."""
    tasks = Path(f"/proc/{opened.process.pid}/task/{opened.process.pid}/children").read_text().split()
    return int(tasks[0]) if tasks else opened.process.pid


def _messages() -> Callable[[], bytes]:
    blocks = endless()
    return lambda: next(blocks)


@pytest.mark.parametrize(
    ("pattern", "endpoint", "kind", "block", "what"),
    [
        ("reqrep", "requests", b"REQ", _messages(), "endless messages"),
        ("pubsub", "weather", b"SUB", subscriptions(2), "endless subscriptions"),
    ],
)
def test_a_flood(pattern: str, endpoint: str, kind: bytes, block: Callable[[], bytes], what: str) -> None:
    """The pattern is stopped, the tab says why, the memory is given back, and it starts again as if nothing was."""
    port = free_port()
    with terminal(pattern, "--start", *GUARD, f"--at={endpoint}=tcp://127.0.0.1:{port}", columns=150) as opened:
        opened.shows("■ Stop")
        before = _mib(_app(opened))
        who = flood(port, kind, block)
        opened.shows("▶ Start")
        opened.until(lambda: re.search(rf"Stopped by its memory guard: {who} sent .* of {what}", opened.folded))
        until(lambda: _mib(_app(opened)) < before + 32, what="memory that is given back")
        opened.type(" ")
        opened.shows("■ Stop")
        opened.until(lambda: "Stopped by its memory guard" not in opened.text)
        with zmq.Context() as context, context.socket(zmq.SUB if kind == b"SUB" else zmq.REQ) as client:
            client.linger = 0
            if kind == b"SUB":
                client.subscribe(b"")
            client.connect(f"tcp://127.0.0.1:{port}")
            if kind == b"REQ":
                client.send(b"?")
            opened.until(lambda: client.poll(0))
        opened.type("\x11")
        assert opened.ends() == 0
        assert opened.restored


def test_a_crowd_where_files_are_few() -> None:
    """The app runs out of descriptors and lives: it stops the pattern, says who had them, and goes on."""
    port = free_port()
    words = ("160", "reqrep", "--start", "--set=requests=0", f"--at=requests=tcp://127.0.0.1:{port}")
    with terminal(*words, columns=150, module="tests.hostile.cramped") as opened:
        opened.shows("■ Stop", "client-3")
        opened.until(lambda: opened.text.count("a peer connected") >= 1)
        with Crowd(port, 320, shakes=False) as crowd:

            def pressed() -> bool:
                crowd.press()
                return "descriptors were left, and 127.0.0.1 had " in opened.text

            opened.until(pressed)
        opened.shows("Stopped by its guard", "▶ Start")
        opened.type(" ")
        opened.shows("■ Stop")
        opened.type("\x11")
        assert opened.ends() == 0
        assert opened.restored
