"""A program: the app under its supervisor, on a pattern that fails in the way that its first word names."""

from __future__ import annotations

import asyncio
import ctypes
import errno
import os
import sys
import threading
import time
from collections.abc import Callable
from typing import ClassVar

import zmq
from textual.binding import Binding, BindingType

from zmqtui.cli import supervisor
from zmqtui.cli.app import show
from zmqtui.core.model import Endpoint, Endpoints, Knobs, Link, Pattern, Role
from zmqtui.core.role import say, sleep
from zmqtui.core.sockets.traced import Context
from zmqtui.core.stage import Stage
from zmqtui.core.watch import Watcher
from zmqtui.ui.app import Playground

HOSTILE = "\x1b]52;c;SE9TVElMRQ==\x07\x1b[31mHOSTILE\u202e\x9b5m[/red]"
"""What an exception brings along."""


def fault(*_: object) -> None:
    """Read where there is nothing."""
    ctypes.string_at(0)


def unbound(*_: object) -> None:
    """Make libzmq abort: libzmq #4778."""
    context = zmq.Context()
    for _each in range(700):
        socket = context.socket(zmq.PUSH)
        socket.connect("inproc://nobody")
        socket.close(0)
    context.term()


def broken(*_: object) -> None:
    """Raise."""
    payload = HOSTILE
    raise ValueError(f"broken by {payload}")


def in_a_thread(*_: object) -> None:
    """Raise in a thread that no one waits for, as one of the engine's could."""
    threading.Thread(target=broken, name="books").start()


def tell(*_: object) -> None:
    """Write to standard error in every way there is."""
    print(f"printed {HOSTILE}", file=sys.stderr)  # noqa: T201
    os.write(2, f"written {HOSTILE}\n".encode())


async def later() -> None:
    """Raise in a task that nobody waits for."""
    asyncio.get_running_loop().call_soon(broken)


ROLES: dict[str, Callable[..., None]] = {
    "role": broken,
    "assertion": unbound,
    "abort": lambda *_: ctypes.CDLL(None).abort(),
    "nameless": lambda *_: ctypes.CDLL(None).abort(),
    "fault": fault,
    "books": in_a_thread,
    "tell": tell,
}
"""What a role does that has to fail."""


class Failing(Playground):
    """The playground with keys that make it fail."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(key, f"fail('{how}')", priority=True)
        for key, how in zip("ABCDEF", ("action", "timer", "worker", "thread", "hang", "callback"), strict=True)
    ]

    async def action_fail(self, how: str) -> None:
        """Fail."""
        payload = HOSTILE
        match how:
            case "action":
                raise ValueError(f"broken by {payload}")
            case "timer":
                self.set_timer(0.01, broken)
            case "worker":
                self.run_worker(broken, thread=True)
            case "thread":
                in_a_thread()
            case "hang":
                os.write(2, b"written before it hung\n")
                # On the terminal at once: nothing is drawn any more.
                os.write(1, b"It hangs.")
                time.sleep(1000)
            case "callback":
                await later()


def speaker(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
    """Send without end, and fail after a while."""
    sender = context.socket(zmq.PUSH)
    sender.bind(endpoints.line)
    say("It is on.")
    fail, since = ROLES.get(sys.argv[1]), time.monotonic()
    while True:
        sender.send(b"x")
        if fail and time.monotonic() > since + 0.3:
            fail()
            say("It has failed.")
            fail = None
        sleep(0)


def listener(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
    """Take everything."""
    receiver = context.socket(zmq.PULL)
    receiver.connect(endpoints.line)
    while True:
        receiver.recv()


PATTERN = Pattern(
    name="failing",
    title="Failing",
    short="Failing",
    about="For tests.",
    roles=(Role("listener", listener), Role("speaker", speaker)),
    endpoints=(Endpoint("line", 1, Link("speaker", "PUSH"), (Link("listener", "PULL"),)),),
    knobs=(),
    watcher=Watcher,
)


def no_name(descriptor: int) -> str:
    """Be a terminal that is somebody else's, or has no name here."""
    raise PermissionError(errno.EACCES, "denied")


def main() -> int:
    """Open the app."""
    if sys.argv[1] == "nameless":
        os.ttyname = no_name
    # One that hangs is not waited for.
    supervisor.GRACE = 0.5 if sys.argv[1] == "hang" else supervisor.GRACE
    if (ended := supervisor.supervise()) is not None:
        return ended
    return show(Failing([Stage(PATTERN, transport="inproc")], start=True))


if __name__ == "__main__":
    sys.exit(main())
