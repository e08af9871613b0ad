"""The stage as a whole: busy ports, views that never wait, errors that stop nobody, and many roles."""

from __future__ import annotations

import gc
import os
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, cast

import pytest
import zmq

from tests.helpers import connected, events, free_addresses, instance, pattern_of, received, stage_of, stop, until
from zmqtui.core import stage as stage_module
from zmqtui.core.connections.monitor import peer_name
from zmqtui.core.model import BadInput, Endpoints, Knobs
from zmqtui.core.role import ask, sleep
from zmqtui.core.sockets.traced import Context, Socket
from zmqtui.core.stage import Stage
from zmqtui.core.state import State
from zmqtui.core.threads import actor, life
from zmqtui.core.watch import StageView, Traffic, Watcher
from zmqtui.patterns import every, find


@contextmanager
def listener(address: str) -> Iterator[None]:
    """Listen on a tcp address as another program does."""
    with socket.create_server(("127.0.0.1", int(address.rpartition(":")[2]))):
        yield


@pytest.mark.parametrize(
    ("name", "endpoint"), [(pattern.name, endpoint.name) for pattern in every() for endpoint in pattern.endpoints]
)
def test_a_busy_port(name: str, endpoint: str) -> None:
    """Protects everybody else from a port that is taken: one role says so, nothing else stops, a free port heals."""
    pattern = find(name)
    at = free_addresses(pattern)
    binder = pattern.endpoint(endpoint).bind.role
    with (
        listener(at[endpoint]),
        stage_of(pattern, at=at, knobs={"filter": (b"",)} if name == "pubsub" else {}) as stage,
    ):
        stage.start()
        until(lambda: instance(stage, binder).state is State.BINDING)
        since = instance(stage, binder).status.since
        until(lambda: instance(stage, binder).state is State.FAILED, 4)
        assert time.perf_counter() - since > 1
        port = at[endpoint].rpartition(":")[2]
        assert instance(stage, binder).status.detail == f"port {port} is in use by another program"
        assert instance(stage, binder).port_in_use
        until(lambda: events(stage, binder, "error") == [f"port {port} is in use by another program"])
        others = [each for each in stage.view().instances if each.name != binder]
        assert all(each.alive for each in others)
        stage.use_free_ports()
        assert stage.view().addresses[endpoint] != at[endpoint]
        assert not instance(stage, binder).port_in_use
        peers = sum(each.alive for link in pattern.endpoint(endpoint).connect for each in stage.view().of(link.role))
        connected(stage, endpoint, peers)
        if pattern.gate:
            until(lambda: instance(stage, "ventilator").state is State.ASKING)
            stage.press()
        until(lambda: received(stage, pattern.done) > 0)


def test_the_port_frees_itself() -> None:
    """Protects a quick restart: a port that is let go within two seconds is taken without a word."""
    pattern = find("reqrep")
    at = free_addresses(pattern)
    with stage_of(pattern, at=at, knobs={"work": 0.0, "requests": 1}) as stage:
        with listener(at["requests"]):
            stage.start()
            until(lambda: instance(stage, "server").state is State.BINDING)
        until(lambda: stage.done)
        assert not events(stage, kind="error")


def test_views_never_wait() -> None:
    """Protects the screen: while a role that will not go is stopped, a view takes milliseconds."""
    release = threading.Event()

    def stubborn(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
        context.socket(zmq.PUB).bind(endpoints.line)
        while not release.is_set():
            time.sleep(0.05)

    with stage_of(pattern_of({"role": stubborn}, "PUB", "SUB"), "inproc") as stage:
        stage.start()
        until(lambda: instance(stage, "role").alive)
        worker = threading.Thread(target=stage.stop)
        worker.start()
        longest = 0.0
        while worker.is_alive():
            begun = time.perf_counter()
            view = stage.view()
            longest = max(longest, time.perf_counter() - begun)
            stage.figures(view)
            assert len(view.instances) == 1
            time.sleep(0.002)
        assert longest < 0.1
        release.set()
        until(lambda: not any(thread.name == "role role" for thread in threading.enumerate()))


def test_views_while_everything_changes() -> None:
    """Protects the screen from a stage that grows, shrinks, starts and stops meanwhile: views are whole, no error."""
    stop = threading.Event()
    failures: list[BaseException] = []
    with stage_of(find("pubsub"), "inproc", knobs={"filter": (b"",), "rate": 0}) as stage:

        def look() -> None:
            try:
                while not stop.is_set():
                    view = stage.view()
                    assert view.of("publisher")
                    assert view.of("subscriber")
                    stage.figures(view)
                    assert stage.watcher.sentence(view)
                    for each in view.instances:
                        assert each.received.messages == sum(port.received.messages for port in each.ports)
            except BaseException as error:
                failures.append(error)

        lookers = [threading.Thread(target=look) for _ in range(2)]
        for thread in lookers:
            thread.start()
        for _ in range(4):
            stage.start()
            stage.add("subscriber")
            stage.revive("subscriber-1")
            stage.remove("subscriber-1")
            stage.revive("publisher")
            stage.set_count("subscriber", 2)
            stage.set_transport("ipc" if stage.transport == "inproc" else "inproc")
            stage.reset()
            stage.stop()
        stop.set()
        for thread in lookers:
            thread.join()
    assert not failures


def test_a_look_that_starts_the_garbage_collector() -> None:
    """Protects views and books where the collector runs between two steps of a copy, and a socket opens just then."""
    stage = Stage(find("reqrep"))

    class Opened:
        endpoint, kind, bound, peers = "requests", zmq.REQ, True, lambda self: 1

    class Garbage:
        def __init__(self) -> None:
            self.me = self

        def __del__(self) -> None:
            stage.books.opened(cast(Socket, Opened()))

    threshold = gc.get_threshold()
    counts: list[int] = []
    try:
        for step in range(1, 100):
            gc.collect()
            Garbage()
            gc.set_threshold(step % 20 + 1)
            counts += [stage.books.peers("requests") for _ in range(20)]
            gc.set_threshold(*threshold)
    finally:
        gc.set_threshold(*threshold)
    assert counts == sorted(counts)
    assert counts[-1] > 50


class Clumsy(Watcher):
    """Stumbles over every message."""

    def traffic(self, message: Traffic) -> None:
        raise ValueError("what is this?")


def test_errors_of_the_books_stop_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """Protects the counts from a watcher or a book-keeper that stumbles: said once, and the books go on."""

    def talk(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
        out = context.socket(zmq.PUB)
        out.bind(endpoints.line)
        while True:
            out.send(b"x")
            sleep(0.001)

    with stage_of(pattern_of({"talk": talk}, "PUB", "SUB", watcher=Clumsy), "inproc") as stage:
        stage.start()
        until(lambda: instance(stage, "talk").sent.messages > 20)
        until(lambda: events(stage, kind="error"))
        assert events(stage, kind="error") == ["the playground's own books stumbled: ValueError: what is this?"]
        with monkeypatch.context() as patch:
            patch.setattr(stage.books, "_balance", lambda *_: 1 / 0)
            until(lambda: len(events(stage, kind="error")) == 2)
        before = instance(stage, "talk").sent.messages
        until(lambda: instance(stage, "talk").sent.messages > before)


def test_garbage_on_the_port() -> None:
    """Protects a server from strangers: they are said, they do not count as peers, and a real client is served."""
    with stage_of(find("reqrep"), "tcp", counts={"client": 1}, knobs={"work": 0.0, "requests": 3}) as stage:
        stage.launch("server")
        until(lambda: instance(stage, "server").state is State.RECEIVING)
        port = int(stage.addresses["requests"].rpartition(":")[2])
        for data in (
            b"",
            b"GET / HTTP/1.1\r\n\r\n",
            b"\xff" * 100,
            b"\xff\x00\x00\x00\x00\x00\x00\x00\x01\x7f\x03" * 9,
        ):
            for _ in range(20):
                with socket.create_connection(("127.0.0.1", port)) as stranger:
                    stranger.sendall(data)
        until(lambda: any("refused" in text or "hung up" in text for text in events(stage, kind="link")))
        connected(stage, "requests", 0)
        stage.launch("client-1")
        until(lambda: stage.done)
        connected(stage, "requests", 0)


def test_true_states() -> None:
    """Protects the state on a card: the thread's own, since when, with what more there is to say."""

    def role(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
        socket = context.socket(zmq.PAIR)
        socket.bind(endpoints.line)
        ask("Ready? ")
        sleep(0.3)
        socket.poll(300)
        socket.send(b"x")
        socket.recv()
        raise RuntimeError("oh [/red] \x1b[31m")

    with stage_of(pattern_of({"role": role, "other": lambda c, e, k: None}), "inproc") as stage:
        assert instance(stage, "role").status == (State.NOT_STARTED, 0.0, "")
        stage.launch("role")
        until(lambda: instance(stage, "role").status.detail == "Ready?")
        assert instance(stage, "role").state is State.ASKING
        stage.press()
        for state, detail in (
            (State.WORKING, "0.3"),
            (State.POLLING, ""),
            (State.SENDING, ""),
        ):
            until(lambda state=state: instance(stage, "role").state is state)  # type: ignore[misc]
            view = stage.view()
            assert view.instances[0].status.detail == detail
            assert 0 <= view.age(view.instances[0]) < 5
        peer = stage._wiring.context.socket(zmq.PAIR)  # type: ignore[union-attr]
        peer.connect(stage.addresses["line"])
        until(lambda: instance(stage, "role").state is State.RECEIVING)
        since = instance(stage, "role").status.since
        stage.pause("role")
        until(lambda: instance(stage, "role").state is State.PAUSED)
        stage.resume("role")
        until(lambda: instance(stage, "role").state is State.RECEIVING)
        assert instance(stage, "role").status.since > since
        peer.send(b"y")
        until(lambda: instance(stage, "role").state is State.FAILED)
        peer.close(0)
        assert instance(stage, "role").status.detail == "RuntimeError: oh [/red] \x1b[31m"
        stage.launch("other")
        until(lambda: instance(stage, "other").state is State.FINISHED)
        until(lambda: not stage._cast.slots["other"].alive)
        with pytest.raises(BadInput, match="does not run"):
            stage.act("other", lambda sockets, knobs: None)
        until(lambda: "paused" in events(stage, "role", "state"))
        states = [text for text in events(stage, "role", "state") if text != "running"]
        place = states.index("paused")
        assert states[place - 1] == states[place + 1] == "waiting in recv()"


def test_unknown_instances_are_refused() -> None:
    """Protects every command from a name that is not there."""
    with stage_of(find("reqrep"), "inproc") as stage:
        calls: list[Any] = [stage.kill, stage.launch, stage.revive, stage.pause, stage.resume, stage.remove]
        for call in calls:
            with pytest.raises(BadInput, match="there are server, client-1, client-2, client-3"):
                call("client-9\x1b")
        with pytest.raises(BadInput, match="1 to 64"):
            Stage(find("reqrep"), counts={"client": 65})
        with pytest.raises(BadInput, match="1 to 64"):
            Stage(find("reqrep"), counts={"client": 0})


def test_a_thousand_subscribers() -> None:
    """Protects large stages: a thousand subscribers start within seconds, all hear the publisher, all stop."""
    turns = set()

    def publisher(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
        out = context.socket(zmq.PUB)
        out.bind(endpoints.line)
        while True:
            out.send(b"x")
            sleep(0.5)

    def subscriber(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
        turns.add(sys.getswitchinterval())
        heard = context.socket(zmq.SUB)
        heard.connect(endpoints.line)
        heard.subscribe(b"")
        while True:
            heard.recv()

    pattern = pattern_of({"publisher": publisher, "subscriber": subscriber}, "PUB", "SUB", most=2000)
    with stage_of(pattern, "inproc", counts={"publisher": 1, "subscriber": 1000}) as stage:
        begun = time.perf_counter()
        stage.start()
        assert time.perf_counter() - begun < 6
        # In shorter ones, those that wait for theirs would take all there is.
        assert max(turns) == pytest.approx(life.LONG_TURN)
        until(lambda: all(each.received.messages for each in stage.view().of("subscriber")), 30)
        stage.stop()
        assert {each.state for each in stage.view().instances} == {State.STOPPED}


@pytest.mark.parametrize("transport", ["inproc", "tcp"])
def test_sockets_made_faster_than_they_are_closed(transport: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Protects a role that makes a socket for every message: libzmq has no more for a moment, and it goes on then."""
    monkeypatch.setattr(stage_module, "SOCKETS", 30)

    def slow(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
        socket = context.socket(zmq.PULL)
        socket.bind(endpoints.line)
        while True:
            socket.recv()
            sleep(0.005)

    def churner(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
        for _ in range(200):
            with context.socket(zmq.PUSH) as socket:
                socket.connect(endpoints.line)
                socket.send(b"one")

    def hoarder(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
        ask("Ready?")
        kept = []
        while True:
            kept.append(context.socket(zmq.PUSH))

    pattern = pattern_of({"slow": slow, "churner": churner, "hoarder": hoarder}, "PULL", "PUSH")
    monkeypatch.setattr(actor, "PERSISTENCE", 20.0)
    with stage_of(pattern, transport) as stage:
        stage.start()
        until(lambda: instance(stage, "churner").state is State.FINISHED, what="all of its sockets")
        # Who keeps them all is told in the end.
        monkeypatch.setattr(actor, "PERSISTENCE", 0.1)
        stage.press()
        until(lambda: instance(stage, "hoarder").state is State.FAILED)
        assert "EMFILE" in instance(stage, "hoarder").status.detail


def test_a_connect_that_was_refused_may_be_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Protects who goes on after a refusal: the socket belongs nowhere then, and is watched when it is connected."""
    monkeypatch.setattr(stage_module, "SOCKETS", 30)
    monkeypatch.setattr(actor, "PERSISTENCE", 0.5)
    bound = threading.Event()

    def binder(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
        context.socket(zmq.PULL).bind(endpoints.line)
        bound.set()
        sleep(1000)

    def stubborn(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
        socket = context.socket(zmq.PUSH)
        assert bound.wait(20)
        kept = []
        with suppress(zmq.ZMQError):
            while True:
                kept.append(context.socket(zmq.PUSH))
        # One for the monitor's reader, and none for the monitor.
        kept.pop().close()
        with pytest.raises(zmq.ZMQError):
            socket.connect(endpoints.line)
        assert not socket.addresses
        kept.pop().close()
        socket.connect(endpoints.line)
        assert socket.addresses == [endpoints.line]
        while not socket.peers():
            sleep(0.01)

    with stage_of(pattern_of({"binder": binder, "stubborn": stubborn}, "PULL", "PUSH")) as stage:
        stage.start()
        until(lambda: not instance(stage, "stubborn").alive)
        assert instance(stage, "stubborn").status.detail == ""
        assert instance(stage, "stubborn").state is State.FINISHED


def test_stopping_does_not_wait_for_who_finished_long_ago() -> None:
    """Protects the stop key from messages that nobody will ever take: they get two seconds from the role's end."""

    def leaves_mail(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
        out = context.socket(zmq.PUSH)
        out.connect(endpoints.line)
        out.send(b"for nobody")

    with stage_of(pattern_of({"nobody": lambda c, e, k: sleep(1000), "role": leaves_mail}, "PULL", "PUSH")) as stage:
        stage.start()
        until(lambda: (view := stage.view()).instances[1].state is State.FINISHED and view.age(view.instances[1]) > 2.2)
        begun = time.perf_counter()
        stop(stage)
        assert time.perf_counter() - begun < 0.5


def test_what_a_finished_role_sent_arrives() -> None:
    """Protects the last messages of a role that ends: they leave although their socket is closed."""

    def sends(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
        out = context.socket(zmq.PUSH)
        out.connect(endpoints.line)
        for _ in range(500):
            out.send(b"x" * 1000)

    def takes(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
        inbox = context.socket(zmq.PULL)
        inbox.bind(endpoints.line)
        while True:
            inbox.recv()

    with stage_of(pattern_of({"takes": takes, "sends": sends}, "PULL", "PUSH")) as stage:
        stage.launch("sends")
        until(lambda: instance(stage, "sends").state is State.FINISHED)
        stage.launch("takes")
        until(lambda: received(stage, "takes") == 500)


def test_what_a_finished_binder_sent_arrives() -> None:
    """Protects the last messages of a role that binds: unbinding before the close would cut its peers off.

    On tcp; on ipc plain libzmq 4.3.5 loses some of them by itself when the binder closes.
    """
    total = 20_000

    def sends(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
        out = context.socket(zmq.PUSH)
        out.bind(endpoints.line)
        for _ in range(total):
            out.send(b"x" * 20)

    def takes(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
        inbox = context.socket(zmq.PULL)
        inbox.connect(endpoints.line)
        for _ in range(total):
            inbox.recv()

    # One time in five went wrong.
    for _ in range(15):
        with stage_of(pattern_of({"sends": sends, "takes": takes}, "PUSH", "PULL")) as stage:
            stage.start()
            until(lambda: instance(stage, "takes").state is State.FINISHED)


def test_all_interfaces_can_be_bound_and_met() -> None:
    """Protects ``tcp://*``, which can be bound but not connected to: the stage's own roles meet it at loopback."""
    at = {name: address.replace("127.0.0.1", "*") for name, address in free_addresses(find("reqrep")).items()}
    with stage_of(find("reqrep"), at=at, expose=True, knobs={"work": 0.0, "requests": 2}) as stage:
        stage.start()
        until(lambda: stage.done)
        assert {port.endpoint for each in stage.view().instances for port in each.ports} == {"requests"}


def test_what_was_turned_is_in_the_log_in_its_place() -> None:
    """Protects the log as a story: what changed stands after what was before it, and only what did change."""
    with stage_of(find("pubsub"), "inproc", counts={"subscriber": 1}, knobs={"rate": 100}) as stage:
        stage.set_knob("rate", 200)
        stage.start()
        until(lambda: instance(stage, "subscriber-1").state is State.RECEIVING)
        stage.set_knob("filter", (b"9", b"8"), "subscriber-1")
        stage.set_knob("filter", (b"9", b"8"), "subscriber-1")
        stage.set_knob("rate", 300)
        stage.set_transport("ipc")
        until(lambda: stage.view().peers["weather"] == 1)
        stop(stage)
        journal = stage.journal.read(0)[0]
    notes = [(event.instance, event.text) for event in journal if event.kind == "note"]
    assert notes == [("subscriber-1", "filter=9,8"), ("", "rate=300"), ("", "from here on over ipc")]
    change = next(place for place, event in enumerate(journal) if event.text == "from here on over ipc")
    assert all(event.time <= journal[change].time for event in journal[:change])
    assert all(event.time >= journal[change].time for event in journal[change:])


class Looks(Watcher):
    """Needs nothing but the view."""

    def sentence(self, view: StageView) -> str:
        return f"{len(view.instances)} roles"


def test_notes_and_watchers() -> None:
    """Protects what the playground says of itself."""
    with stage_of(pattern_of({"role": lambda c, e, k: None}, watcher=Looks), "inproc") as stage:
        stage.note("the transport was changed")
        assert events(stage, "", "note") == ["the transport was changed"]
        assert stage.watcher.sentence(stage.view()) == "1 roles"
        assert list(stage.figures(stage.view())) == []


def test_a_descriptor_that_is_no_socket_any_more() -> None:
    """Protects descriptors: asking who is at the end of a connection that is gone leaves nothing open."""
    reading, writing = os.pipe()
    try:
        assert peer_name(reading) == ""
        before = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
        for _ in range(50):
            assert peer_name(reading) == ""
        assert len(os.listdir("/proc/self/fd")) <= before if before else True
    finally:
        os.close(reading)
        os.close(writing)
    assert peer_name(reading) == ""


def test_ipc_is_private() -> None:
    """Protects ipc roles from other users: their folder is the user's own, cannot be guessed, and goes with the run."""

    def idle(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
        sleep(60)

    def folder_of(stage: Stage) -> Path:
        return Path(stage.addresses["line"].removeprefix("ipc://")).parent

    pattern = pattern_of({"role": idle}, "PUB", "SUB")
    assert folder_of(Stage(pattern, transport="ipc")) != folder_of(Stage(pattern, transport="ipc"))
    with stage_of(pattern, "ipc") as stage:
        folder = folder_of(stage)
        assert not folder.exists()
        stage.start()
        assert folder.stat().st_mode & 0o777 == 0o700
        stop(stage)
        assert not folder.exists()
