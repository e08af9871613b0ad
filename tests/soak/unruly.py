"""A pattern whose roles misbehave in every way that a role can, beside two that do not."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable

import zmq

from zmqtui.core.model import Endpoint, Endpoints, Knobs, Link, Pattern, Role
from zmqtui.core.role import ask, say, sleep
from zmqtui.core.sockets.traced import Context
from zmqtui.core.watch import Watcher


def listener(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
    """Take what comes."""
    socket = context.socket(zmq.PULL)
    socket.bind(endpoints.line)
    while True:
        socket.recv()


def ticker(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
    """Send a little, for ever."""
    socket = context.socket(zmq.PUSH)
    socket.connect(endpoints.line)
    while True:
        socket.send(b"tick")
        sleep(0.005)


def spinner(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
    """Be busy in pure Python."""
    context.socket(zmq.PUSH).connect(endpoints.line)
    total = 0.0
    while True:
        total += math.sqrt(total + 1)


def deaf(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
    """Eat every exception that a program may eat."""
    socket = context.socket(zmq.PULL)
    socket.bind(f"inproc://{id(socket)}")
    while True:
        with contextlib.suppress(Exception):
            socket.recv()


def stubborn(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
    """Eat even the first exception that it may not."""
    socket = context.socket(zmq.PULL)
    socket.bind(f"inproc://{id(socket)}")
    try:
        socket.recv()
    except BaseException:
        # Most likely it was told to go.
        socket.recv()


def raiser(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
    """Fail after a message."""
    socket = context.socket(zmq.PUSH)
    socket.connect(endpoints.line)
    socket.send(b"last words")
    raise ValueError("I was written like that")


def churner(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
    """Make sockets and close them."""
    while True:
        with context.socket(zmq.PUSH) as socket:
            socket.connect(endpoints.line)
            socket.send_json({"one": 1})
        if endpoints.line.startswith("inproc:"):
            # There each is kept until its peer looks: faster than this ends in EMFILE, on plain pyzmq, too.
            sleep(0.002)


def poller(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
    """Poll two sockets on which nothing comes."""
    watched = zmq.Poller()
    for kind in (zmq.PULL, zmq.SUB):
        socket = context.socket(kind)
        socket.bind(f"inproc://{id(socket)}")
        watched.register(socket, zmq.POLLIN)
    while True:
        watched.poll(50_000)


def relay(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
    """Run a proxy."""
    front, back = context.socket(zmq.PULL), context.socket(zmq.PUSH)
    front.bind(f"inproc://{id(front)}")
    back.connect(endpoints.line)
    zmq.proxy(front, back)


def talker(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
    """Talk faster than anybody reads."""
    context.socket(zmq.PUSH).connect(endpoints.line)
    while True:
        for number in range(50):
            say(f"bla {number}")
        sleep(0.01)


def asker(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
    """Ask, and ask again."""
    context.socket(zmq.PUSH).connect(endpoints.line)
    while True:
        ask("Well? ")


ODD: tuple[Callable[[Context, Endpoints, Knobs], None], ...] = (
    spinner, deaf, stubborn, raiser, churner, poller, relay, talker, asker,
)  # fmt: skip

UNRULY = Pattern(
    name="unruly",
    title="Unruly",
    short="Unruly",
    about="Roles that misbehave.",
    roles=(
        Role("listener", listener),
        Role("ticker", ticker, default=2, most=6),
        *(Role(function.__name__, function, default=1, most=2) for function in ODD),
    ),
    endpoints=(
        Endpoint(
            "line",
            5999,
            Link("listener", "PULL"),
            (Link("ticker", "PUSH"), *(Link(function.__name__, "PUSH") for function in ODD)),
        ),
    ),
    knobs=(),
    watcher=Watcher,
)
