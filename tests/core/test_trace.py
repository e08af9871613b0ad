"""Every way to send and receive is seen, exactly."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from statistics import median
from typing import Any

import pytest
import zmq

from tests.helpers import events, instance, pattern_of, received, sent, stage_of, stop, until
from zmqtui.core.connections.monitor import Monitor
from zmqtui.core.journal import Event
from zmqtui.core.model import Endpoints, Knobs
from zmqtui.core.role import say, sleep
from zmqtui.core.sockets.traced import Context, Socket
from zmqtui.core.sockets.wiring import Wiring
from zmqtui.core.stage import Stage
from zmqtui.core.state import State


def changed_afterwards(socket: Socket) -> None:
    buffer = bytearray(b"before")
    socket.send(buffer)
    buffer[:] = b"after!"
    view = memoryview(bytearray(b"viewed"))
    socket.send(view)
    view[:] = b"after!"


def patient(socket: Socket) -> None:
    socket.set(zmq.SNDTIMEO, 5000)
    assert socket.get(zmq.SNDTIMEO) == 5000
    assert socket.sndtimeo == 5000
    socket.send(b"in time")


BIG = b"\xfe" * 300_000
SENDS: dict[str, tuple[Callable[[Socket], Any], list[tuple[bytes, ...]]]] = {
    "send": (lambda s: s.send(b"Hello"), [(b"Hello",)]),
    "send empty": (lambda s: s.send(b""), [(b"",)]),
    "send_string": (lambda s: s.send_string("Grüße"), [("Grüße".encode(),)]),
    "send_json": (lambda s: s.send_json(12), [(b"12",)]),
    "send_multipart": (lambda s: s.send_multipart([b"a", b"", b"c"]), [(b"a", b"", b"c")]),
    "send with SNDMORE": (lambda s: (s.send(b"a", zmq.SNDMORE), s.send(b"b")), [(b"a", b"b")]),
    "send_multipart without copies": (lambda s: s.send_multipart([b"a", BIG], copy=False), [(b"a", BIG)]),
    "send a Frame": (lambda s: s.send(zmq.Frame(b"framed")), [(b"framed",)]),
    "send large": (lambda s: s.send(BIG), [(BIG,)]),
    "send large without a copy": (lambda s: s.send(BIG, copy=False), [(BIG,)]),
    "send tracked": (lambda s: s.send(BIG, copy=False, track=True), [(BIG,)]),
    "send a buffer that changes": (changed_afterwards, [(b"before",), (b"viewed",)]),
    "send_serialized": (lambda s: s.send_serialized("ab", lambda text: [c.encode() for c in text]), [(b"a", b"b")]),
    "send with SNDTIMEO": (patient, [(b"in time",)]),
    "send without waiting": (lambda s: s.send(b"now", zmq.DONTWAIT), [(b"now",)]),
}


def messages(stage: Stage, kind: str) -> list[tuple[bytes, ...]]:
    """Return the frames of the journal's messages."""
    return [event.frames for event in stage.journal.read(0)[0] if event.kind == kind]


def receiver(take: Callable[[Socket], Any]) -> Any:
    def role(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
        socket = context.socket(zmq.PAIR)
        socket.bind(endpoints.line)
        while True:
            take(socket)

    return role


def sender(give: Callable[[Socket], Any]) -> Any:
    def role(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
        socket = context.socket(zmq.PAIR)
        socket.connect(endpoints.line)
        give(socket)
        sleep(1000)

    return role


@pytest.mark.parametrize("way", SENDS)
@pytest.mark.parametrize("transport", ["tcp", "inproc"])
def test_every_way_to_send(way: str, transport: str) -> None:
    """Protects the journal: each message is one event with exactly its frames, and the counts are exact."""
    give, expected = SENDS[way]
    pattern = pattern_of({"to": receiver(lambda socket: socket.recv_multipart()), "from": sender(give)})
    with stage_of(pattern, transport) as stage:
        stage.start()
        until(lambda: received(stage, "to") == len(expected))
        until(lambda: messages(stage, "send") == expected)
        until(lambda: messages(stage, "recv") == expected)
        tally = instance(stage, "from").sent
        assert tally.frames == sum(map(len, expected))
        assert tally.bytes == sum(len(frame) for frames in expected for frame in frames)


def waits_and_polls(socket: Socket) -> Any:
    assert socket.poll(60_000) == zmq.POLLIN
    return socket.recv(zmq.DONTWAIT)


def polls(socket: Socket) -> Any:
    poller = zmq.Poller()
    poller.register(socket, zmq.POLLIN)
    assert poller.poll() == [(socket, zmq.POLLIN)]
    return socket.recv()


def selects(socket: Socket) -> Any:
    assert zmq.select([socket], [], [socket], 60) == ([socket], [], [])
    assert zmq.select([], [socket], [socket], 0.001) in (([], [socket], []), ([], [], []))
    return socket.recv()


def tries(socket: Socket) -> Any:
    while True:
        try:
            return socket.recv(zmq.DONTWAIT)
        except zmq.Again:
            sleep(0.001)


def hurries(socket: Socket) -> Any:
    socket.set(zmq.RCVTIMEO, 1)
    while True:
        try:
            return socket.recv()
        except zmq.Again:
            assert socket.get(zmq.RCVTIMEO) == 1


def into(socket: Socket) -> Any:
    buffer = bytearray(20)
    size = socket.recv_into(buffer)
    return bytes(buffer[:size])


RECEIVES: dict[str, Callable[[Socket], Any]] = {
    "recv": lambda s: s.recv(),
    "recv a Frame": lambda s: s.recv(copy=False).bytes,
    "recv_string": lambda s: s.recv_string().encode(),
    "recv_json": lambda s: str(s.recv_json()).encode(),
    "recv_multipart": lambda s: s.recv_multipart()[0],
    "recv_multipart of Frames": lambda s: s.recv_multipart(copy=False)[0].bytes,
    "recv_into": into,
    "recv_serialized": lambda s: s.recv_serialized(lambda frames: frames[0]),
    "poll": waits_and_polls,
    "Poller": polls,
    "select": selects,
    "recv without waiting": tries,
    "recv with a short RCVTIMEO": hurries,
}


@pytest.mark.parametrize("way", RECEIVES)
@pytest.mark.parametrize("transport", ["tcp", "inproc"])
def test_every_way_to_receive(way: str, transport: str) -> None:
    """Protects the journal and the role: what is traced is what the role got."""

    def give(socket: Socket) -> None:
        for number in range(100, 105):
            socket.send_string(str(number))

    pattern = pattern_of({"to": receiver(lambda s: say(RECEIVES[way](s).decode())), "from": sender(give)})
    with stage_of(pattern, transport) as stage:
        stage.start()
        until(lambda: received(stage, "to") == 5)
        expected = [(str(number).encode(),) for number in range(100, 105)]
        until(lambda: messages(stage, "recv") == expected)
        until(lambda: [(text.encode(),) for text in events(stage, kind="say")] == expected)


def test_objects_pass() -> None:
    """Protects pickled messages."""
    seen: list[Any] = []
    pattern = pattern_of(
        {
            "to": receiver(lambda s: seen.append(s.recv_pyobj())),
            "from": sender(lambda s: s.send_pyobj({"a": (1, None)})),
        }
    )
    with stage_of(pattern, "inproc") as stage:
        stage.start()
        until(lambda: seen == [{"a": (1, None)}])
        until(lambda: len(messages(stage, "recv")) == 1)


@pytest.mark.parametrize("timeout", [0, 1, 30])
def test_user_set_timeouts_hold(timeout: int) -> None:
    """Protects RCVTIMEO and SNDTIMEO: neither shorter nor much longer than what the program asked for."""
    took: list[tuple[str, float]] = []

    def role(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
        socket = context.socket(zmq.PAIR)
        socket.bind(endpoints.line)
        socket.set(zmq.RCVTIMEO, timeout)
        socket.sndtimeo = timeout
        for name, call in (("recv", socket.recv), ("send", lambda: socket.send(b"x"))):
            begun = time.perf_counter()
            with pytest.raises(zmq.Again):
                call()
            took.append((name, time.perf_counter() - begun))

    with stage_of(pattern_of({"role": role}), "inproc") as stage:
        stage.start()
        until(lambda: instance(stage, "role").state is State.FINISHED)
        assert [name for name, _ in took] == ["recv", "send"]
        for _, seconds in took:
            assert timeout / 1000 * 0.9 <= seconds < timeout / 1000 + 0.2


def test_a_timeout_is_no_longer_at_full_speed() -> None:
    """Protects RCVTIMEO and SNDTIMEO in a hurry: what libzmq has waited already is not waited once more."""
    took: dict[tuple[str, bool], list[float]] = {}

    def role(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
        socket = context.socket(zmq.PAIR)
        socket.bind(endpoints.line)
        socket.rcvtimeo = socket.sndtimeo = 5
        for number in range(40):
            fast = bool(number % 2)
            for tape, call in ((socket.inbox, socket.recv), (socket.outbox, lambda: socket.send(b"x"))):
                tape.fast = fast
                begun = time.perf_counter()
                with pytest.raises(zmq.Again):
                    call()
                took.setdefault((tape.direction, fast), []).append(time.perf_counter() - begun)

    with stage_of(pattern_of({"role": role}), "inproc") as stage:
        stage.start()
        until(lambda: instance(stage, "role").state is State.FINISHED)
        for direction in ("recv", "send"):
            assert median(took[direction, True]) < 1.5 * median(took[direction, False])


def test_wrong_types_are_refused_as_pyzmq_does() -> None:
    """Protects the lesson of pyzmq: a str is no bytes; and the unwritten message is not counted."""

    def role(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
        socket = context.socket(zmq.PUB)
        socket.bind(endpoints.line)
        wrong: list[Any] = ["text", 5, None]
        for bad in wrong:
            with pytest.raises(TypeError):
                socket.send(bad)
        with pytest.raises(zmq.ZMQError):
            context.socket(zmq.CLIENT)

    with stage_of(pattern_of({"role": role}, "PUB", "SUB"), "inproc") as stage:
        stage.start()
        until(lambda: not instance(stage, "role").alive)
        assert instance(stage, "role").status == (State.FINISHED, instance(stage, "role").status.since, "")
        assert sent(stage, "role") == 0


@pytest.mark.parametrize("transport", ["tcp", "inproc"])
def test_counts_are_exact_at_full_speed(transport: str) -> None:
    """Protects the counts in a hurry: 60,000 messages, several frames every so often once the tapes are fast."""
    total = 60_000

    def push(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
        socket = context.socket(zmq.PUSH)
        socket.connect(endpoints.line)
        for number in range(total):
            socket.send(b"%d" % number)
        say(f"fast {socket.outbox.fast}")
        for _ in range(100):
            socket.send_multipart([b"a", b"bc"])
            socket.send(b"x")
        sleep(1000)

    def pull(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
        socket = context.socket(zmq.PULL)
        socket.bind(endpoints.line)
        for _ in range(total):
            socket.recv()
        for _ in range(100):
            assert socket.recv_multipart() == [b"a", b"bc"]
            assert socket.recv() == b"x"
        sleep(1000)

    with stage_of(pattern_of({"pull": pull, "push": push}, "PULL", "PUSH"), transport) as stage:
        stage.start()
        until(lambda: received(stage, "pull") == total + 200, 30)
        digits = sum(len(str(number)) for number in range(total))
        until(lambda: sent(stage, "push") == total + 200)
        for tally in (instance(stage, "push").sent, instance(stage, "pull").received):
            assert tally == (total + 200, total + 300, digits + 400)
        until(lambda: accounted(stage, "push", "send") == total + 200)
        until(lambda: accounted(stage, "pull", "recv") == total + 200)


def always_fast(socket: Socket) -> Socket:
    """Make a socket go fast as soon as the books look, however slow the machine is: one message is a hurry."""
    socket.inbox.limit = socket.outbox.limit = 1e-9
    return socket


@pytest.mark.parametrize("transport", ["tcp", "inproc"])
def test_requests_at_full_speed(transport: str) -> None:
    """Protects round trips in a hurry: every count, every time, replies of several frames, and who waits for ever."""
    asked: list[Socket] = []

    def client(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
        asked.append(always_fast(context.socket(zmq.REQ)))
        asked[0].connect(endpoints.line)
        for number in range(6000):
            asked[0].send(b"?" * (number % 3))
            assert asked[0].recv_multipart() == ([b"a", b"b"] if number % 1000 == 999 else [b"!"])
            assert not asked[0].awaiting
        asked[0].send(b"", copy=False)
        asked[0].recv()

    def server(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
        socket = always_fast(context.socket(zmq.REP))
        socket.bind(endpoints.line)
        for number in range(6000):
            socket.recv()
            if number % 1000 == 999:
                say(f"fast {socket.inbox.fast} {socket.outbox.fast} {asked[0].inbox.fast} {asked[0].outbox.fast}")
                socket.send_multipart([b"a", b"b"])
            else:
                socket.send(b"!")
        socket.recv()
        # Whether a request has left that was sent in the very moment nobody knows.
        sleep(0.01)

    with stage_of(pattern_of({"server": server, "client": client}, "REP", "REQ"), transport) as stage:
        stage.start()
        until(lambda: instance(stage, "server").state is State.FINISHED, 30)
        until(lambda: instance(stage, "client").orphaned)
        until(lambda: instance(stage, "client").sent == (6001, 6001, 6000))
        until(lambda: instance(stage, "client").received == (6000, 6006, 6006))
        until(lambda: instance(stage, "server").sent == (6000, 6006, 6006))
        until(lambda: instance(stage, "server").received == (6001, 6001, 6000))
        # The client's own side is fast from some hundred on, until the reply has several frames.
        assert "fast True" in events(stage, "server", "say")[0]
        until(lambda: list(stage.history.past().of("client", "trips"))[-1:] == [6000])


def test_a_reply_of_who_has_gone() -> None:
    """Protects a client from being told that no reply can come while it is in its queue: who sent it may be gone."""
    found: list[object] = []

    def server(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
        socket = context.socket(zmq.REP)
        socket.bind(endpoints.line)
        socket.recv()
        socket.send(b"World")

    def client(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
        socket = context.socket(zmq.REQ)
        socket.connect(endpoints.line)
        socket.send(b"Hello")
        while socket.peers():
            sleep(0.001)
        # What every recv() begins with.
        socket.asked()
        found.extend((socket.orphaned, socket.recv()))

    with stage_of(pattern_of({"server": server, "client": client}, "REP", "REQ"), "inproc") as stage:
        stage.start()
        until(lambda: found)
    assert found == [False, b"World"]


@pytest.mark.parametrize("transport", ["tcp", "inproc", "outside"])
def test_another_sender_of_several_frames_joins_in_a_hurry(transport: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Protects the frames of who comes to a socket that takes single ones at full speed, from here or from outside."""
    joined, splitting = threading.Event(), threading.Event()

    def push(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
        socket = context.socket(zmq.PUSH)
        socket.connect(endpoints.line)
        while not splitting.is_set():
            socket.send(b"x")
            pushed[0] += 1

    def other(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
        socket = context.socket(zmq.PUSH)
        socket.connect(endpoints.line)
        joined.wait(20)
        for _ in range(5000):
            socket.send_multipart([b"abc", b"", b"d"])
        splitting.set()

    seen, pushed = [0, 0], [0]

    def pull(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
        socket = context.socket(zmq.PULL)
        socket.bind(endpoints.line)
        while True:
            socket.recv()
            seen[0] += 1
            # On tcp somebody from outside may come at any time: what is bound looks at every frame.
            if socket.inbox.fast and (socket.inbox.single or transport != "inproc"):
                joined.set()
            seen[1] += socket.get(zmq.RCVMORE)

    inside = transport != "outside"
    roles: dict[str, Any] = {"pull": pull, "push": push} | ({"other": other} if inside else {})
    news, plain_read = threading.Event(), Monitor.read
    news.set()

    def late_read(monitor: Monitor) -> bool:
        assert news.wait(20)
        return plain_read(monitor)

    # In company of busy threads libzmq's news are read long after the first messages.
    monkeypatch.setattr(Monitor, "read", late_read)
    with stage_of(pattern_of(roles, "PULL", "PUSH"), transport if inside else "tcp") as stage, zmq.Context() as context:
        stage.start()
        if not inside:
            assert joined.wait(20)
            for _ in range(3):
                # Each time the books have a look at it.
                before = received(stage, "pull")
                until(lambda before=before: received(stage, "pull") > before)  # type: ignore[misc]
            news.clear()
            with context.socket(zmq.PUSH) as stranger:
                stranger.connect(stage.addresses["line"])
                for _ in range(5000):
                    stranger.send_multipart([b"abc", b"", b"d"])
                stranger.close(linger=-1)
            context.term()
            splitting.set()
            until(lambda: seen[1] == 10_000, 30)
            news.set()
        until(lambda: instance(stage, "push").state is State.FINISHED, 30)
        single = pushed[0]
        until(lambda: seen == [single + 15_000, 10_000], 30)
        # What they say of themselves is known a little later.
        until(lambda: sent(stage, "push") == single)
        until(lambda: instance(stage, "pull").received == (single + 5000, single + 15_000, single + 20_000))


def test_who_connects_takes_single_frames_until_there_are_several() -> None:
    """Protects the frames on tcp where a receiver is sure of all whom it has connected to."""
    sure = threading.Event()
    singles = [0]

    def push(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
        socket = context.socket(zmq.PUSH)
        socket.bind(endpoints.line)
        while not sure.is_set():
            socket.send(b"x")
            singles[0] += 1
        for _ in range(5000):
            socket.send_multipart([b"abc", b"", b"d"])

    def pull(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
        socket = context.socket(zmq.PULL)
        socket.connect(endpoints.line)
        while True:
            socket.recv()
            if socket.inbox.fast and socket.inbox.single:
                sure.set()

    with stage_of(pattern_of({"push": push, "pull": pull}, "PUSH", "PULL")) as stage:
        stage.start()
        assert sure.wait(30)
        until(lambda: received(stage, "pull") >= singles[0] + 5000, 30)
        expected = (singles[0] + 5000, singles[0] + 15_000, singles[0] + 20_000)
        assert instance(stage, "pull").received == expected
        until(lambda: instance(stage, "push").sent == expected)


def test_frames_are_exact_while_the_books_look_for_who_sends_several(monkeypatch: pytest.MonkeyPatch) -> None:
    """Protects the frames of what arrives in the very moment in which the books find out whether there can be any."""
    done, looking, seen = threading.Event(), threading.Event(), threading.Event()
    singles = [0]
    plain_split = Wiring.split

    def slow_split(wiring: Wiring, socket: Socket) -> bool:
        found = plain_split(wiring, socket)
        keeper = not threading.current_thread().name.startswith("role")
        if found and keeper and socket.kind == zmq.PULL and socket.inbox.fast:
            looking.set()
            seen.wait(20)
        return found

    monkeypatch.setattr(Wiring, "split", slow_split)

    def push(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
        socket = context.socket(zmq.PUSH)
        socket.connect(endpoints.line)
        while not done.is_set():
            socket.send(b"x")
            singles[0] += 1

    def other(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
        socket = context.socket(zmq.PUSH)
        socket.connect(endpoints.line)
        # As it does before its first one.
        socket.outbox.multipart = True
        socket.wiring.splits(socket)
        assert looking.wait(20)
        for _ in range(100):
            socket.send_multipart([b"abc", b"", b"d"])
        done.set()

    def pull(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
        socket = context.socket(zmq.PULL)
        socket.bind(endpoints.line)
        while True:
            if len(socket.recv()) == 3:
                seen.set()

    with stage_of(pattern_of({"pull": pull, "push": push, "other": other}, "PULL", "PUSH"), "inproc") as stage:
        stage.start()
        until(lambda: instance(stage, "push").state is State.FINISHED, 30)
        until(lambda: received(stage, "pull") >= singles[0] + 100, 30)
        assert instance(stage, "pull").received == (singles[0] + 100, singles[0] + 300, singles[0] + 400)


def test_who_connects_again_did_that_himself() -> None:
    """Protects the log: only where the playground connected a socket again does it say so."""

    def give(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
        socket = context.socket(zmq.PAIR)
        socket.connect(endpoints.line)
        socket.send(b"1")
        sleep(0)
        socket.disconnect(endpoints.line)
        socket.connect(endpoints.line)
        say("again")

    def take(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
        socket = context.socket(zmq.PAIR)
        socket.bind(endpoints.line)
        socket.recv()
        sleep(1000)

    with stage_of(pattern_of({"take": take, "give": give}), "inproc") as stage:
        stage.start()
        until(lambda: "again" in events(stage, "give", "say"))
        assert events(stage, "give", "note") == []


def accounted(stage: Stage, who: str, kind: str) -> int:
    """Return the messages that the journal shows or says it skipped."""

    def counts(event: Event) -> bool:
        return event.kind == kind or (event.kind == "skipped" and event.text == kind)

    return sum(e.messages for e in stage.journal.read(0)[0] if e.instance == who and counts(e))


def test_what_was_skipped_is_said_by_who_ends() -> None:
    """Protects the sum of shown and skipped when a role ends while its tape is sampled."""

    def burst(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
        socket = context.socket(zmq.PUB)
        socket.bind(endpoints.line)
        for _ in range(10_000):
            socket.send(b"x")

    with stage_of(pattern_of({"burst": burst}, "PUB", "SUB"), "inproc") as stage:
        for life in range(1, 4):
            stage.revive("burst")
            until(lambda: instance(stage, "burst").state is State.FINISHED)
            until(lambda life=life: accounted(stage, "burst", "send") == 10_000 * life)  # type: ignore[misc]
        stop(stage)
        assert sent(stage, "burst") == accounted(stage, "burst", "send") == 30_000


def test_chatter_is_sampled_and_counted() -> None:
    """Protects the log from a role that says more than anybody can read: all is accounted for, errors are kept."""

    def chatters(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
        for number in range(30_000):
            say(str(number))
        raise RuntimeError("hoarse")

    with stage_of(pattern_of({"role": chatters}), "inproc") as stage:
        stage.start()
        until(lambda: instance(stage, "role").state is State.FAILED)
        stop(stage)
        found = stage.journal.read(0)[0]
        told = sum(event.messages for event in found if event.kind in ("say", "skipped"))
        assert told >= 30_000, told
        assert sum(1 for event in found if event.kind == "say") < 10_000
        assert [event.text for event in found if event.kind == "error"] == ["RuntimeError: hoarse"]
        assert any(event.kind == "state" and event.text.startswith("failed") for event in found)


def test_the_whole_journal_gets_everything() -> None:
    """Protects the headless run: nothing is sampled where everything is asked for."""

    def burst(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
        socket = context.socket(zmq.PUB)
        socket.bind(endpoints.line)
        for _ in range(20_000):
            socket.send(b"x")

    with stage_of(pattern_of({"burst": burst}, "PUB", "SUB"), "inproc", whole=True) as stage:
        stage.start()
        until(lambda: instance(stage, "burst").state is State.FINISHED)
        stop(stage)
        assert len(messages(stage, "send")) == 20_000
        assert accounted(stage, "burst", "send") == 20_000
