"""Who sent what one received: known for certain on tcp, and never guessed."""

from __future__ import annotations

import ctypes
import os
import socket
import threading

import pytest
import zmq

from tests.helpers import connected, pattern_of, received, stage_of, until
from zmqtui.core.connections.descriptors import Ends, ends, peer_name
from zmqtui.core.journal import Event
from zmqtui.core.model import Endpoints, Knobs, RoleFunction
from zmqtui.core.role import sleep
from zmqtui.core.sockets.traced import Context
from zmqtui.core.stage import Stage
from zmqtui.core.state import Stopped

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


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_the_ends_are_the_systems_own(host: str) -> None:
    """Protects who is who: both ends as the system names them, for either kind of address."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, 0), family=family)
    except OSError:
        pytest.skip(f"this system has no {host}")
    with listener, socket.create_connection(listener.getsockname()[:2]) as mine, listener.accept()[0] as other:
        local, remote = ("{}:{}".format(*end.getsockname()[:2]) for end in (mine, other))
        assert ends(mine.fileno()) == Ends(local, remote)
        assert peer_name(other.fileno()) == local
    assert ends(mine.fileno()) == Ends()


def test_a_role_that_is_made_to_raise_leaves_no_descriptor() -> None:
    """Protects connections from a role that is stopped while it asks who sent something: no copy keeps them open."""
    ready = threading.Event()

    def asks() -> None:
        for _ in range(300):
            try:
                ready.set()
                while True:
                    peer_name(descriptor)
            except Stopped:
                pass

    ours, other = socket.socketpair()
    with ours, other:
        descriptor = ours.fileno()
        before = len(os.listdir("/dev/fd"))
        thread = threading.Thread(target=asks)
        thread.start()
        ident, stopped = ctypes.c_ulong(thread.ident or 0), ctypes.py_object(Stopped)
        for _ in range(300):
            assert ready.wait(10)
            ready.clear()
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ident, stopped)
        thread.join()
        assert len(os.listdir("/dev/fd")) == before
