"""A role for each type of socket that can be bound, and what a real peer of it does to find out whether it lives."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable

import zmq

from tests.hostile.wire import PATIENCE, dial
from zmqtui.core.model import Endpoint, Endpoints, Knobs, Link, Pattern, Role
from zmqtui.core.role import sleep
from zmqtui.core.sockets.traced import Context
from zmqtui.core.watch import Watcher

TOKEN = b"a real peer's own words"
TRY = 500
"""Milliseconds that a real peer waits before another one tries."""


def _answers(kind: int) -> Callable[[Context, Endpoints, Knobs], None]:
    """Return a role that sends back what it receives, to whom it came from."""

    def role(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
        with context.socket(kind) as socket:
            socket.bind(endpoints.line)
            while True:
                frames = socket.recv_multipart()
                if kind == zmq.STREAM and not frames[-1]:
                    # Somebody came or went; to send that back would be to hang up.
                    continue
                with contextlib.suppress(zmq.ZMQError):
                    # Whoever it came from may be gone, and nobody else be there.
                    socket.send_multipart(frames, zmq.DONTWAIT)

    return role


def _listens(kind: int) -> Callable[[Context, Endpoints, Knobs], None]:
    """Return a role that takes what comes."""

    def role(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
        with context.socket(kind) as socket:
            if kind == zmq.SUB:
                socket.subscribe(b"")
            socket.bind(endpoints.line)
            if kind == zmq.XSUB:
                socket.send(b"\x01")
            while True:
                socket.recv_multipart()

    return role


def _speaks(kind: int) -> Callable[[Context, Endpoints, Knobs], None]:
    """Return a role that goes on sending; an XPUB takes subscriptions, too."""

    def role(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
        with context.socket(kind) as socket:
            socket.bind(endpoints.line)
            while True:
                socket.send(TOKEN)
                sleep(0.002)
                while kind == zmq.XPUB and socket.poll(0):
                    socket.recv_multipart()

    return role


def _asks(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
    """Ask whoever comes, and do not wait for ever for an answer."""
    while True:
        with context.socket(zmq.REQ) as socket:
            socket.req_relaxed = socket.req_correlate = 1
            socket.rcvtimeo = 200
            socket.bind(endpoints.line)
            with contextlib.suppress(zmq.Again):
                while True:
                    socket.send(TOKEN)
                    socket.recv_multipart()


VICTIMS: dict[str, tuple[Callable[[Context, Endpoints, Knobs], None], int]] = {
    "REP": (_answers(zmq.REP), zmq.REQ),
    "ROUTER": (_answers(zmq.ROUTER), zmq.DEALER),
    "DEALER": (_answers(zmq.DEALER), zmq.DEALER),
    "PAIR": (_answers(zmq.PAIR), zmq.PAIR),
    "STREAM": (_answers(zmq.STREAM), zmq.STREAM),
    "REQ": (_asks, zmq.REP),
    "PUB": (_speaks(zmq.PUB), zmq.SUB),
    "XPUB": (_speaks(zmq.XPUB), zmq.XSUB),
    "PUSH": (_speaks(zmq.PUSH), zmq.PULL),
    "PULL": (_listens(zmq.PULL), zmq.PUSH),
    "SUB": (_listens(zmq.SUB), zmq.PUB),
    "XSUB": (_listens(zmq.XSUB), zmq.XPUB),
}
"""By type: the role that binds it, and the type of a peer that fits."""


def pattern(kind: str) -> Pattern:
    """Declare the pattern of one victim."""
    return Pattern(
        name=f"victim-{kind.lower()}",
        title=kind,
        short=kind,
        about="For tests.",
        roles=(Role("victim", VICTIMS[kind][0]),),
        endpoints=(Endpoint("line", 1, Link("victim", kind), ()),),
        knobs=(),
        watcher=Watcher,
    )


def lives(kind: str, port: int, heard: Callable[[], int]) -> None:
    """Be a real peer, and another if that one is not served, and fail if none is.

    Garbage can cost somebody else a message: a REP drops a reply, and of a PAIR there is one.

    Args:
        kind: The victim's type.
        port: Where it is.
        heard: Returns how many messages it has received.
    """
    until = time.monotonic() + PATIENCE
    while not (_streams(port) if kind == "STREAM" else _served(kind, port, heard)):
        assert time.monotonic() < until, f"{kind} serves nobody any more"


def _served(kind: str, port: int, heard: Callable[[], int]) -> bool:
    with zmq.Context() as context, context.socket(VICTIMS[kind][1]) as peer:
        peer.linger = 0
        peer.rcvtimeo = peer.sndtimeo = TRY
        if kind == "PUB":
            peer.subscribe(b"")
        peer.connect(f"tcp://127.0.0.1:{port}")
        with contextlib.suppress(zmq.Again):
            match kind:
                case "REP" | "ROUTER" | "PAIR":
                    peer.send(TOKEN)
                case "DEALER":
                    # It answers everybody who is there in turn.
                    for _ in range(100):
                        peer.send(TOKEN)
                case "XPUB":
                    peer.send(b"\x01")
                case "PULL" | "SUB" | "XSUB":
                    before, until = heard(), time.monotonic() + TRY / 1000
                    while time.monotonic() < until and heard() == before:
                        peer.send(TOKEN)
                        time.sleep(0.002)
                    return heard() > before
            if kind == "REQ":
                assert peer.recv() == TOKEN
                peer.send(b"answer")
            return peer.recv() == TOKEN
    return False


def _streams(port: int) -> bool:
    with dial(port) as plug:
        plug.settimeout(TRY / 1000)
        plug.sendall(TOKEN)
        got = b""
        with contextlib.suppress(OSError):
            while len(got) < len(TOKEN) and (more := plug.recv(1000)):
                got += more
        return got == TOKEN
