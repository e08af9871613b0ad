"""Who sent what one received: known for certain on tcp, and never guessed."""

from __future__ import annotations

import pytest
import zmq

from tests.helpers import connected, pattern_of, received, stage_of, until
from zmqtui.core.journal import Event
from zmqtui.core.model import Endpoints, Knobs, RoleFunction
from zmqtui.core.role import sleep
from zmqtui.core.sockets import Context
from zmqtui.core.stage import Stage

ONE_WAY = [
    ("PULL", "PUSH", 3),
    ("PUSH", "PULL", 1),
    ("SUB", "PUB", 3),
    ("PUB", "SUB", 3),
    ("ROUTER", "DEALER", 3),
    ("DEALER", "DEALER", 1),
    ("PAIR", "PAIR", 1),
]


def arrivals(stage: Stage) -> list[Event]:
    """Return the journal's received messages."""
    return [event for event in stage.journal.read(0)[0] if event.kind == "recv"]


def speaks(kind: str, *, bind: bool = False) -> RoleFunction:
    """Return a role that says its own name all the time."""

    def role(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
        socket = context.socket(getattr(zmq, kind))
        socket.bind(endpoints.line) if bind else socket.connect(endpoints.line)
        while True:
            socket.send_string(socket.actor.name)
            sleep(0.005)

    return role


def listens(kind: str, *, bind: bool = False) -> RoleFunction:
    """Return a role that takes whatever comes."""

    def role(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
        socket = context.socket(getattr(zmq, kind))
        if kind == "SUB":
            socket.subscribe(b"")
        socket.bind(endpoints.line) if bind else socket.connect(endpoints.line)
        while True:
            socket.recv_multipart()

    return role


@pytest.mark.parametrize(("bound", "connecting", "count"), ONE_WAY)
@pytest.mark.parametrize("transport", ["tcp", "ipc", "inproc"])
def test_the_sender_is_known_on_tcp_and_only_there(bound: str, connecting: str, count: int, transport: str) -> None:
    """Protects the arrows: with several peers at one socket each message has the one it came from, or nobody."""
    speaker = "there" if bound in ("PUB", "PUSH") else "here"
    functions = {
        "there": speaks(bound, bind=True) if speaker == "there" else listens(bound, bind=True),
        "here": speaks(connecting) if speaker == "here" else listens(connecting),
    }
    pattern = pattern_of(functions, bound, connecting, most=5)
    with stage_of(pattern, transport, counts={"here": count}) as stage:
        stage.start()
        connected(stage, "line", count)
        until(lambda: len({event.frames[-1] + event.instance.encode() for event in arrivals(stage)}) == count)
        # Who is at the other end is known once the monitors were read.
        begun = len(arrivals(stage))
        until(lambda: len(arrivals(stage)) > begun + 20 * count)
        for event in arrivals(stage)[begun + 5 * count :]:
            assert event.peer == (event.frames[-1].decode() if transport == "tcp" else "")


def test_the_reply_of_a_request_comes_from_the_server() -> None:
    """Protects the arrow of a reply, to the client from the server that binds, and after a restart as well."""

    def server(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
        socket = context.socket(zmq.REP)
        socket.bind(endpoints.line)
        while True:
            socket.send(socket.recv())

    def client(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
        socket = context.socket(zmq.REQ)
        socket.connect(endpoints.line)
        while True:
            socket.send(b"x")
            socket.recv()
            sleep(0.01)

    with stage_of(pattern_of({"server": server, "client": client}, "REP", "REQ", most=2), "tcp") as stage:
        stage.start()
        for _ in range(2):
            before = received(stage, "client")
            until(lambda before=before: received(stage, "client") > before + 20)  # type: ignore[misc]
            last = [event for event in arrivals(stage) if event.instance == "client-1"][-1]
            assert last.peer == "server-1"
            stage.kill("server-1")
            stage.kill("client-1")
            stage.launch("server-1")
            stage.launch("client-1")
