"""What libzmq says of connections: told at once, in order, in plain words, whoever is at the other end."""

from __future__ import annotations

import errno
import os
import socket as raw_socket
import statistics
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import Queue
from types import SimpleNamespace
from typing import Any, cast

import pytest
import zmq

from tests.helpers import connected, events, free_port, instance, pattern_of, stage_of, stop, until
from zmqtui.core.connections import connections, monitor, words
from zmqtui.core.connections import contacts as contacts_module
from zmqtui.core.connections.bereft import LATE
from zmqtui.core.connections.contacts import (
    CONNECTED,
    CONNECTING,
    DISCONNECTED,
    HANDSHAKE,
    MISFIT,
    REFUSED,
    RETRIED,
    SILENT,
    Contacts,
    End,
    Report,
)
from zmqtui.core.connections.descriptors import Ends, ends
from zmqtui.core.connections.directory import Directory
from zmqtui.core.connections.monitor import Monitor
from zmqtui.core.journal import Event, now
from zmqtui.core.model import Endpoints, Knobs
from zmqtui.core.role import sleep
from zmqtui.core.sockets.traced import Context
from zmqtui.core.stage import Stage
from zmqtui.core.state import State

GREETING = b"\xff" + bytes(8) + b"\x7f\x03\x00"


def echoes(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
    server = context.socket(zmq.REP)
    server.set(zmq.HANDSHAKE_IVL, 200)
    server.bind(endpoints.line)
    while True:
        server.send(server.recv())


def asks(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
    client = context.socket(zmq.REQ)
    client.connect(endpoints.line)
    while True:
        client.send(b"?")
        client.recv()
        sleep(0.01)


def happened(stage: Stage, who: str = "") -> list[Event]:
    """Return the journal's events about connections, of one instance where named."""
    return [
        event
        for event in stage.journal.read(0)[0]
        if event.kind in ("link", "monitor") and (not who or event.instance == who)
    ]


def whats(stage: Stage, who: str) -> list[str]:
    """Return what happened to an instance's connections; retries in a row count once."""
    found: list[str] = []
    for event in happened(stage, who):
        if not (event.what == RETRIED and found and found[-1] == RETRIED):
            found.append(event.what)
    return found


def waits(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
    client = context.socket(zmq.PULL)
    client.connect(endpoints.line)
    client.recv()


def binds(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
    context.socket(zmq.PUSH).bind(endpoints.line)
    sleep(1000)


@pytest.mark.parametrize("most", [1, 1000])
@pytest.mark.parametrize("transport", ["tcp", "ipc"])
def test_a_server_that_dies_and_comes_back(transport: str, most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Protects the order of what is told, and that it is told when it happens, not when the books are kept.

    With few events read in one go, nothing may be left lying: libzmq says only once that there is something.
    """
    monkeypatch.setattr(monitor, "MOST", most)
    late = []
    with stage_of(pattern_of({"server": binds, "client": waits}, "PUSH", "PULL"), transport) as stage:
        stage.start()
        until(lambda: HANDSHAKE in whats(stage, "client"))
        for life in range(1, 8):
            begun = now()
            stage.kill("server")
            until(lambda life=life: whats(stage, "client").count(DISCONNECTED) == life)  # type: ignore[misc]
            late.append(next(e.time for e in reversed(happened(stage, "client")) if e.what == DISCONNECTED) - begun)
            stage.launch("server")
            until(lambda life=life: whats(stage, "client").count(HANDSHAKE) == life + 1)  # type: ignore[misc]
        told = [what for what in whats(stage, "client") if what != RETRIED]
        assert told == [CONNECTING, CONNECTED, HANDSHAKE] + [DISCONNECTED, CONNECTED, HANDSHAKE] * 7
        assert whats(stage, "client").count(RETRIED) >= 7
        assert {event.peer for event in happened(stage, "client")} == {"server"}
        server = whats(stage, "server")
        assert server[:4] == ["listening", "accepted", "connected", "closed"]
        assert server.count("closed") == 7
    assert statistics.median(late) < 0.015


def test_one_outside_is_marked_and_named_by_its_address() -> None:
    """Protects who is who on tcp: instances by name, everybody else by address, in events and as it stands."""
    with stage_of(pattern_of({"server": echoes, "client": asks}, "REP", "REQ")) as stage:
        stage.start()
        connected(stage, "line", 1)
        with zmq.Context() as context, context.socket(zmq.REQ) as stranger:
            stranger.linger = 0
            stranger.connect(stage.addresses["line"])
            stranger.send(b"!")
            stranger.recv()
            connected(stage, "line", 2)
            ends = {
                (each.instance, each.peer if not each.outside else "outside") for each in stage.view().connections()
            }
            assert ends == {("server", ""), ("server", "client"), ("server", "outside"), ("client", "server")}
            address = next(each.peer for each in stage.view().connections() if each.outside)
            until(lambda: f"a peer connected: outside {address}" in events(stage, "server", "link"))
            assert "a peer connected: client" in events(stage, "server", "link")
        until(
            lambda: any(f"a peer disconnected: outside {address} " in text for text in events(stage, "server", "link"))
        )
        connected(stage, "line", 1)


@pytest.mark.skipif(sys.platform != "linux", reason="asks the system for the peer's process")
def test_one_outside_is_marked_on_ipc() -> None:
    """Protects who is who on ipc: another process is outside, a role of this one is not."""
    program = "import sys, zmq; s = zmq.Context().socket(zmq.REQ); s.connect(sys.argv[1]); sys.stdin.read()"
    with stage_of(pattern_of({"server": echoes, "client": asks}, "REP", "REQ"), "ipc") as stage:
        stage.start()
        connected(stage, "line", 1)
        with subprocess.Popen(
            [sys.executable, "-c", program, stage.addresses["line"]], stdin=subprocess.PIPE
        ) as stranger:
            try:
                named = f"process {stranger.pid}"
                until(lambda: any(each.outside and each.peer == named for each in stage.view().connections()))
                until(lambda: f"a peer connected: outside {named}" in events(stage, "server", "link"))
                assert sum(each.outside for each in stage.view().connections()) == 1
            finally:
                stranger.kill()


def knocks(said: bytes, *, stay: bool) -> Callable[[int], Any]:
    """Return one who connects and says something that is no ZMTP."""

    def knock(port: int) -> Any:
        peer = raw_socket.create_connection(("127.0.0.1", port))
        peer.sendall(said)
        if not stay:
            peer.close()
        return peer

    return knock


def curve(port: int) -> Any:
    """Connect as a client that wants encryption."""
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    stranger = context.socket(zmq.REQ)
    stranger.curve_publickey, stranger.curve_secretkey = zmq.curve_keypair()
    stranger.curve_serverkey = zmq.curve_keypair()[0]
    stranger.connect(f"tcp://127.0.0.1:{port}")

    def close() -> None:
        stranger.close(0)
        context.term()

    return SimpleNamespace(close=close)


@pytest.mark.parametrize(
    ("knock", "words"),
    [
        (knocks(b"", stay=True), "did not finish the handshake within 0."),
        (knocks(b"", stay=False), "hung up before the handshake was done"),
        (knocks(b"GET / HTTP/1.1\r\n\r\n", stay=False), "hung up before the handshake was done"),
        (knocks(GREETING + b"NULL" + bytes(48) + b"\x04\x20" + b"garbage!" * 4, stay=True), "does not keep to ZMTP"),
        (knocks(GREETING + b"PLAIN" + bytes(47), stay=True), "its security differs"),
        (curve, "security"),
    ],
    ids=["silent", "hangs up", "http", "garbage", "plain", "curve"],
)
def test_a_failure_is_told_in_plain_words(knock: Callable[[int], Any], words: str) -> None:
    """Protects the only witness there is: on the sockets themselves libzmq is silent about whom it refuses."""
    with stage_of(pattern_of({"server": echoes})) as stage:
        stage.start()
        until(lambda: "listening" in whats(stage, "server"))
        peer = knock(int(stage.addresses["line"].rpartition(":")[2]))
        try:
            until(lambda: any(words in text for text in events(stage, "server", "link")))
            assert stage.view().peers["line"] == 0
        finally:
            peer.close()


def test_socket_types_that_do_not_fit() -> None:
    """Protects the commonest mistake: libzmq has no event for it, and the one who connects never tries again."""

    def publishes(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
        context.socket(zmq.PUB).bind(endpoints.line)
        sleep(1000)

    with stage_of(pattern_of({"server": publishes, "client": asks}, "PUB", "REQ")) as stage:
        stage.start()
        until(lambda: any(each.state == REFUSED for each in stage.view().connections()))
        said = [event.text for event in happened(stage) if event.what == REFUSED]
        assert any(
            "a REQ talks to REP and ROUTER, not to PUB" in text or "a PUB talks to SUB and XSUB" in text
            for text in said
        )
        assert stage.view().peers["line"] == 0


def test_nothing_is_told_of_inproc() -> None:
    """Protects honesty: libzmq reports nothing there, so nothing is made up."""
    with stage_of(pattern_of({"server": echoes, "client": asks}, "REP", "REQ"), "inproc") as stage:
        stage.start()
        until(lambda: instance(stage, "client").received.messages > 3)
        assert happened(stage) == []
        assert stage.view().connections() == ()
        assert instance(stage, "client").connected == {"line"}


def test_a_request_after_the_servers_death_is_not_lost() -> None:
    """Protects a REQ that sends right after its server died: what the next server answers was never called lost."""
    go, sent, ends = threading.Event(), threading.Event(), Queue[str]()

    def asks_when_told(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
        while True:
            with context.socket(zmq.REQ) as client:
                client.rcvtimeo = 700
                client.connect(endpoints.line)
                try:
                    client.send(b"first")
                    client.recv()
                    while True:
                        ends.put("ready")
                        while not go.is_set():
                            sleep(0.0005)
                        go.clear()
                        client.send(b"?")
                        sent.set()
                        client.recv()
                        ends.put("answered")
                except zmq.Again:
                    # Sent before anybody could know: that one is lost indeed.
                    ends.put("lost")

    answered = lost = 0
    with stage_of(pattern_of({"server": echoes, "client": asks_when_told}, "REP", "REQ")) as stage:
        stage.start()
        for _ in range(12):
            until(lambda: ends.get(timeout=5) == "ready")
            stage.kill("server")
            go.set()
            assert sent.wait(5)
            sent.clear()
            stage.launch("server")
            if ends.get(timeout=5) == "answered":
                answered += 1
            else:
                lost += 1
            assert len(events(stage, "client", "lost")) == lost
    assert answered >= 3


@pytest.mark.parametrize("transport", ["tcp", "inproc", "ipc"])
def test_a_reply_that_was_not_read_yet_is_not_lost(transport: str) -> None:
    """Protects a REQ whose server died after its reply: nobody says that no reply can come while it is in its queue."""
    replied, go, read = threading.Event(), threading.Event(), threading.Event()

    def replies(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
        server = context.socket(zmq.REP)
        server.bind(endpoints.line)
        server.recv()
        server.send(b"!")
        replied.set()
        sleep(1000)

    def reads_late(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
        client = context.socket(zmq.REQ)
        client.connect(endpoints.line)
        client.send(b"?")
        replied.wait(5)
        # The reply has arrived for certain.
        sleep(0.05)
        read.set()
        while not go.is_set():
            sleep(0.001)
        client.recv()
        sleep(1000)

    with stage_of(pattern_of({"server": replies, "client": reads_late}, "REP", "REQ"), transport) as stage:
        stage.start()
        assert read.wait(5)
        stage.kill("server")
        killed = now()
        until(lambda: stage.view().peers["line"] == 0 and now() - killed > 3 * LATE)
        assert not instance(stage, "client").orphaned
        go.set()
        until(lambda: instance(stage, "client").received.messages == 1)
        assert events(stage, "client", "lost") == []


@contextmanager
def not_heard(monkeypatch: pytest.MonkeyPatch, kind: int) -> Iterator[None]:
    """Have libzmq's news of all sockets of one type wait, as on a busy machine."""
    read = connections.Connections._read

    def later(known: connections.Connections, each: Monitor, selector: Any) -> None:
        if each.socket.kind == kind:
            known._unfinished[each] = None
        else:
            read(known, each, selector)

    with monkeypatch.context() as patch:
        patch.setattr(connections.Connections, "_read", later)
        yield


def test_a_break_that_is_heard_with_the_next_connection_is_a_break(monkeypatch: pytest.MonkeyPatch) -> None:
    """Protects "waits for ever" on a busy machine: a request died with its server, though the next one is there."""

    def dies(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
        server = context.socket(zmq.REP)
        server.bind(endpoints.line)
        server.recv()
        sleep(1000)

    with stage_of(pattern_of({"server": dies, "client": asks}, "REP", "REQ")) as stage:
        stage.start()
        until(lambda: instance(stage, "server").received.messages == 1)
        asked = instance(stage, "client").awaiting
        until(lambda: stage.books.connections._looked > asked + LATE)
        with not_heard(monkeypatch, zmq.REQ):
            stage.revive("server")
            connected(stage, "line", 1)
        until(lambda: instance(stage, "client").orphaned)


def test_a_request_after_a_break_is_not_lost_however_late_that_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    """Protects from a wrong "no reply can come" on a busy machine: who asks a dead server asks the next."""
    ask, reply = threading.Event(), threading.Event()

    def takes_its_time(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
        server = context.socket(zmq.REP)
        server.bind(endpoints.line)
        server.recv()
        while not reply.is_set():
            sleep(0.001)
        server.send(b"!")
        sleep(1000)

    def asks_when_told(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
        client = context.socket(zmq.REQ)
        client.connect(endpoints.line)
        while not ask.is_set():
            sleep(0.001)
        client.send(b"?")
        client.recv()
        sleep(1000)

    with stage_of(pattern_of({"server": takes_its_time, "client": asks_when_told}, "REP", "REQ")) as stage:
        stage.start()
        connected(stage, "line", 1)
        [client] = [socket for socket in stage.books.sockets() if socket.kind == zmq.REQ]
        until(lambda: client.peers() == 1)
        assert client.watched
        [(descriptor, end)] = client.watched.contacts.open.items()
        with not_heard(monkeypatch, zmq.REQ):
            stage.kill("server")
            until(lambda: ends(descriptor) != end.ends)
            ask.set()
            until(lambda: (asked := instance(stage, "client").awaiting) and now() - asked > 2 * LATE)
            stage.launch("server")
            until(lambda: instance(stage, "server").received.messages == 1)
        heard = now()
        until(lambda: DISCONNECTED in [event.text.split()[0] for event in happened(stage, "client")])
        until(lambda: now() - heard > 4 * LATE)
        assert not instance(stage, "client").orphaned
        reply.set()
        until(lambda: instance(stage, "client").received.messages == 1)
        assert events(stage, "client", "lost") == []


def test_of_several_servers_nobody_knows_which_has_the_request() -> None:
    """Protects from a wrong "no reply can come": the request may wait for a server that has not come yet."""
    late = f"tcp://127.0.0.1:{free_port()}"
    replied = threading.Event()

    def asks_two(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
        client = context.socket(zmq.REQ)
        client.connect(late)
        client.connect(endpoints.line)
        sleep(0.2)
        client.send(b"?")
        client.recv()
        replied.set()

    with stage_of(pattern_of({"server": echoes, "client": asks_two}, "REP", "REQ")) as stage:
        stage.start()
        until(lambda: instance(stage, "client").awaiting)
        asked = instance(stage, "client").awaiting
        until(lambda: stage.books.connections._looked > asked + LATE)
        stage.kill("server")
        until(lambda: DISCONNECTED in [event.text.split()[0] for event in happened(stage, "client")])
        heard = now()
        until(lambda: now() - heard > 4 * LATE)
        assert not instance(stage, "client").orphaned
        with zmq.Context() as context, context.socket(zmq.REP) as server:
            server.linger = 0
            server.bind(late)
            assert server.poll(5000)
            server.send(server.recv())
            until(replied.is_set)


@pytest.mark.parametrize("found", [Ends("127.0.0.1:5555", "127.0.0.1:40000"), Ends("127.0.0.1:40000", "127.0.0.1:80")])
def test_a_descriptor_that_is_anothers_by_now(monkeypatch: pytest.MonkeyPatch, found: Ends) -> None:
    """Protects names: who connects never passes for who is bound there, as it did where libzmq was heard late."""
    monkeypatch.setattr(contacts_module, "ends", lambda descriptor: found)
    with contacts() as (mine, _):
        mine.take(zmq.EVENT_CONNECTED, 9, "tcp://127.0.0.1:5555", 0.0)
        assert mine.open[9].ends == Ends()
        mine.take(zmq.EVENT_ACCEPTED, 10, "tcp://127.0.0.1:5556", 0.0)
        assert mine.open[10].ends == Ends()


def test_sockets_made_without_end_do_not_hold_up_the_books() -> None:
    """Protects the counts from a role that makes sockets faster than they are heard of: each round has an end."""
    known = connections.Connections()
    made: list[Any] = []

    class Fleeting:
        """A monitor, while which is adopted the next one comes."""

        unfinished = followed = False
        fd, other = os.pipe()

        def follow(self, tell: Any) -> None:
            if len(made) < 1000:
                made.append(Fleeting())
                known.watch(made[-1])

        def read(self) -> bool:
            return True

        def close(self) -> None:
            """Be closed."""

        abandon = close

    known.open()
    try:
        known.watch(cast(Monitor, Fleeting()))
        known.listen(0.01)
        assert len(made) < 1000
    finally:
        made += [None] * 1000
        known.close()
        os.close(Fleeting.fd)
        os.close(Fleeting.other)


def test_whoever_makes_sockets_waits_for_who_listens() -> None:
    """Protects the system from running out of descriptors where a role makes sockets faster than they are heard of."""
    known = connections.Connections()
    paced: list[float] = []

    def pace(seconds: float) -> None:
        paced.append(seconds)
        known._new.clear()

    class Watched:
        """A monitor of a socket of that role."""

        def __init__(self) -> None:
            self.socket = SimpleNamespace(actor=SimpleNamespace(pace=pace))
            self.followed = False

    def watched() -> Monitor:
        return cast(Monitor, Watched())

    known.open()
    try:
        for _ in range(connections.CROWD):
            monitor = watched()
            known.watch(monitor)
        assert not paced
        known.watch(watched())
        assert len(paced) == 1
        known.closing(monitor)
        for _ in range(connections.CROWD):
            known.watch(watched())
        assert len(paced) == 2
    finally:
        known.close()


def test_a_crowd_half_open_is_not_looked_through() -> None:
    """Protects the books from thousands who connect and say nothing: whose handshake succeeded is one of the newest."""

    class Old:
        def __getattr__(self, name: str) -> Any:
            raise AssertionError("looked at")

    contacts = Contacts(cast(Monitor, None), lambda report: None)
    shaking = cast(dict[Any, None], contacts._shaking)
    for _ in range(1000):
        shaking[Old()] = None
    late, first, second = (
        End(cast(Monitor, None), "tcp://a", HANDSHAKE, since, binds=True) for since in (1, 9.95, 9.97)
    )
    for end in (late, first, second):
        end.ends = Ends("a:1", "b:2")
        shaking[end] = None
    assert contacts._whose("tcp://a", 10.0) is first
    del shaking[first], shaking[second]
    assert contacts._whose("tcp://a", 10.0) is late


def test_what_is_not_kept_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Protects memory from those who knock without end, and the reader from believing that this was all."""
    monkeypatch.setattr(connections, "UNREAD", 5)
    with stage_of(pattern_of({"server": echoes})) as stage:
        stage.start()
        until(lambda: "listening" in whats(stage, "server"))
        address = ("127.0.0.1", int(stage.addresses["line"].rpartition(":")[2]))
        for _ in range(100):
            raw_socket.create_connection(address).close()
        until(lambda: any("connection events were not kept" in text for text in events(stage, kind="link")))


def test_books_that_are_late_freeze_nobody() -> None:
    """Protects the context from the trap of monitors that nobody reads: it froze after some 2,000 events."""
    with stage_of(pattern_of({"server": echoes})) as stage:
        stage.start()
        until(lambda: "listening" in whats(stage, "server"))
        with zmq.Context() as context, context.socket(zmq.REQ) as client:
            client.linger = 0
            client.rcvtimeo = 10_000
            client.connect(stage.addresses["line"])
            address = ("127.0.0.1", int(stage.addresses["line"].rpartition(":")[2]))
            with stage.books._lock:
                for _ in range(900):
                    raw_socket.create_connection(address).close()
                client.send(b"still there?")
                assert client.recv() == b"still there?"
                stage._interrupt(stage._cast.order, State.KILLED)
            assert instance(stage, "server").state is State.KILLED


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="counts descriptors")
def test_nothing_is_left_behind() -> None:
    """Protects the process: runs, restarts and reconnections leave no descriptor and no thread."""
    with stage_of(pattern_of({"server": echoes, "client": asks}, "REP", "REQ", most=3), counts={"client": 3}) as stage:
        left = []
        for _ in range(3):
            stage.start()
            connected(stage, "line", 3)
            stage.revive("server-1")
            connected(stage, "line", 3)
            stop(stage)
            left.append((len(os.listdir("/proc/self/fd")), threading.active_count()))
        assert len(set(left)) == 1, left


@contextmanager
def contacts() -> Iterator[tuple[Contacts, list[Report]]]:
    """Make the connections of a socket that is not there; descriptors are of nothing."""
    reports: list[Report] = []
    yield Contacts(cast(Monitor, None), reports.append), reports


def test_retries_are_told_ever_more_seldom() -> None:
    """Protects the journal from a client that tries ten times a second for an hour."""
    with contacts() as (mine, reports):
        mine.take(zmq.EVENT_CONNECT_DELAYED, 0, "tcp://there:1", 0.0)
        for tenth in range(36_000):
            mine.take(zmq.EVENT_CONNECT_RETRIED, 100, "tcp://there:1", tenth / 10)
            mine.take(zmq.EVENT_CONNECT_DELAYED, 0, "tcp://there:1", tenth / 10)
        assert [report.what for report in reports[:2]] == [CONNECTING, RETRIED]
        assert 5 < len(reports) < 20
        assert mine.wanted["tcp://there:1"].retries == 36_000
        mine.take(zmq.EVENT_CONNECTED, -1, "tcp://there:1", 3600.0)
        mine.take(zmq.EVENT_HANDSHAKE_SUCCEEDED, 0, "tcp://there:1", 3600.0)
        assert [(report.what, report.times) for report in reports[-3:]] == [
            (RETRIED, 36_000),
            (CONNECTED, 1),
            (HANDSHAKE, 1),
        ]


def test_a_binder_that_always_hangs_up_is_told_ever_more_seldom() -> None:
    """Protects the journal from a connector that meets something else than ZeroMQ ten times a second."""
    with contacts() as (mine, reports):
        for tenth in range(1, 6_000):
            mine.take(zmq.EVENT_CONNECTED, -1, "tcp://there:1", tenth / 10)
            mine.take(zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL, 104, "", tenth / 10)
            mine.take(zmq.EVENT_DISCONNECTED, -1, "tcp://there:1", tenth / 10)
            mine.take(zmq.EVENT_CONNECT_RETRIED, 100, "tcp://there:1", tenth / 10)
        assert len(reports) < 25
        assert reports[-1].times > 1_000


@pytest.mark.parametrize(("number", "yet"), [(errno.EADDRINUSE, True), (errno.ENOENT, False)])
def test_only_what_is_tried_again_is_not_yet(number: int, yet: bool) -> None:
    """Protects whoever reads that a role cannot listen yet from waiting where nobody tries any more."""
    with contacts() as (mine, reports):
        mine.take(zmq.EVENT_BIND_FAILED, number, "ipc:///nowhere/line", 1.0)
        assert reports[0].reason
        told = words.why(reports[0].end, reports[0].reason, Directory())
        assert told == f"cannot listen on ipc:///nowhere/line{' yet' if yet else ''}: {os.strerror(number)}"


def test_a_silent_peer_does_not_take_anothers_handshake() -> None:
    """Protects the table: the handshake that succeeded is that of the one who came, not of one who says nothing."""
    with contacts() as (mine, reports):
        mine.take(zmq.EVENT_ACCEPTED, -1, "tcp://here:1", 0.0)
        mine.take(zmq.EVENT_ACCEPTED, -2, "tcp://here:1", 1.0)
        mine.take(zmq.EVENT_HANDSHAKE_SUCCEEDED, 0, "tcp://here:1", 1.001)
        assert [mine.open[-1].state, mine.open[-2].state] == [HANDSHAKE, CONNECTED]
        mine.take(zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL, 11, "tcp://here:1", 2.0)
        mine.take(zmq.EVENT_DISCONNECTED, -1, "tcp://here:1", 2.0)
        assert reports[-1].reason is not None
        assert reports[-1].reason.kind == SILENT
        assert mine.peers == 1


def test_one_that_does_not_fit_does_not_take_anothers_handshake() -> None:
    """Protects the count of peers where two come at the same time and libzmq does not say who was welcome."""
    with contacts() as (mine, reports):
        mine.take(zmq.EVENT_ACCEPTED, -1, "tcp://here:1", 0.0)
        mine.take(zmq.EVENT_ACCEPTED, -2, "tcp://here:1", 0.0)
        mine.take(zmq.EVENT_HANDSHAKE_SUCCEEDED, 0, "tcp://here:1", 0.001)
        mine.take(zmq.EVENT_DISCONNECTED, -1, "tcp://here:1", 0.001)
        assert mine.open[-2].state == CONNECTED
        assert mine.peers == 1
        assert reports[-1].what == REFUSED
        assert reports[-1].reason is not None
        assert reports[-1].reason.kind == MISFIT


def test_none_of_ours_is_taken_for_one_outside() -> None:
    """Protects the log from calling an instance a stranger because the other end was heard of first."""
    pattern = pattern_of({"server": binds, "client": waits}, "PUSH", "PULL", most=20)
    for _ in range(5):
        with stage_of(pattern, counts={"client": 20, "server": 1}) as stage:
            stage.start()

            def told() -> list[str]:
                # Whoever looks makes the books take in what was heard so far.
                stage.view()
                return [event.text for event in happened(stage, "server-1") if event.what == "connected"]

            until(lambda: len(told()) == 20)
            assert not [text for text in told() if "outside" in text]


def test_a_look_in_the_middle_of_a_reading_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Protects the list of connections from a look taken while the news was being read, which went stale for ever."""
    read = Monitor.read

    def looked_at(self: Monitor) -> bool:
        stage.view().connections()
        return read(self)

    monkeypatch.setattr(Monitor, "read", looked_at)
    with stage_of(pattern_of({"server": echoes, "client": asks}, "REP", "REQ")) as stage:
        stage.start()
        until(lambda: [each.state for each in stage.view().connections()].count(CONNECTED) == 2)
