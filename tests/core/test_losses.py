"""Each lost message is told with its reason, as many as the journal can bear, and the sums stay exact."""

from __future__ import annotations

import errno
import itertools
import random
import threading
import time
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest
import zmq
from zmq.backend import Socket as RawSocket

from tests.helpers import connected, instance, pattern_of, received, sent, stage_of, stop, until
from zmqtui.core.books.dealing import deal
from zmqtui.core.books.inflight import Line
from zmqtui.core.books.ledger import STRAY, Ledger
from zmqtui.core.books.lost import BURST, ORPHANED, REASONS
from zmqtui.core.journal import Event, now
from zmqtui.core.model import Endpoints, Knobs
from zmqtui.core.role import sleep
from zmqtui.core.sockets.tape import Mark, Message, Taken, Tape
from zmqtui.core.sockets.traced import Context, Socket
from zmqtui.core.state import State
from zmqtui.patterns import find

TICK = 0.05


class Play:
    """A ledger with one publisher and one subscriber, brought up to date by hand."""

    def __init__(self) -> None:
        self.expected = (b"",)
        self.ledger = Ledger(lambda _: self.expected, "news")
        self.ledger.add("reader")
        self.tape = Tape("speaker", "send")
        self.when = 100.0

    def tick(self, published: Sequence[Any] = (), arrived: Sequence[Any] = (), *, last: bool = False) -> list[Event]:
        """Publish, let something arrive, and return what the journal is told."""
        for item in published:
            self.tape.items.append(item) if type(item) is bytes else self.tape.write(item)
        self.ledger.published(self.tape, self.tape.take())
        self.when += TICK
        bare, marked = all(type(item) is bytes for item in arrived), any(type(item) is Mark for item in arrived)
        taken = Taken(0, list(arrived), bare, marked)
        self.ledger.balance({"reader": [taken]}, {self.tape: self.tape.taken}, {}, self.when)
        return self.ledger.losses(self.when, last=last)

    def mark(self, what: str, *filters: bytes) -> Mark:
        """Return a mark at this point of the publisher's tape."""
        return Mark(self.when, what, filters or (b"",), {self.tape: self.tape.taken})


def told(events: list[Event]) -> list[tuple[bytes, str]]:
    """Return which messages are lost, and why."""
    assert all(event.kind == "lost" and event.instance == "reader" for event in events)
    assert all(event.endpoint == "news" and event.peer == "speaker" for event in events)
    return [(event.frames[0], event.text) for event in events]


def test_what_arrived_before_it_was_written_down() -> None:
    """Protects the sum of who leaves at once: its last message came, though its publisher was slow to write it down."""
    play = Play()
    play.tick([b"1"], [play.mark("open"), b"1"])
    play.tick([], [b"2", play.mark("close")])
    assert told(play.tick([b"2", b"3"])) == [(b"3", REASONS["away"])]
    play.tick([], [play.mark("open")])
    play.tick([b"4"], [b"4", b"5", play.mark("close"), play.mark("open")])
    assert play.tick([b"5", b"6"], [b"6"]) == []
    account = play.ledger.subscribers["reader"].losses()
    assert (account.received, account.away, account.missing) == (5, 1, 1)


def test_what_libzmq_had_in_hand_when_the_filter_changed() -> None:
    """Protects the sum: a SUB that was polled gives out one message more of its old filter, and no count gets stuck."""
    play = Play()
    play.tick([b"a1", b"a2", b"b1"], [play.mark("open")])
    play.tick([], [play.mark("filters", b"b")])
    play.tick([b"b2"], [b"a1", b"b1", b"b2"])
    account = play.ledger.subscribers["reader"].losses()
    assert (account.received, account.unwanted, account.in_flight, account.published) == (3, 1, 0, 4)


def test_what_libzmq_had_in_hand_before_it_was_written_down() -> None:
    """Protects the account: what came in the moment of a change, and is written down after it, held up all others."""
    play = Play()
    play.tick([], [play.mark("open"), play.mark("filters", b"b")])
    play.tick([b"a1", b"b1", b"b2"], [b"a1", b"b1", b"b2"])
    account = play.ledger.subscribers["reader"].losses()
    assert (account.received, account.unwanted, account.in_flight, account.published) == (3, 0, 0, 3)


def test_what_libzmq_has_in_hand_may_be_any_of_those_on_their_way() -> None:
    """Protects the sum: what it has in hand is the next to arrive, whichever of the others are lost."""
    play = Play()
    play.tick([b"a1", b"a2", b"a3"], [play.mark("open")])
    play.tick([b"b1"], [play.mark("filters", b"b"), b"a3", b"b1"])
    account = play.ledger.subscribers["reader"].losses()
    assert (account.received, account.unwanted, account.published) == (2, 2, 4)


def test_a_filter_that_comes_back_lets_through_what_is_queued() -> None:
    """Protects the sum: libzmq looks at the filters when a message is received, whatever they were when it came."""
    play = Play()
    play.tick([b"1a", b"7a"], [play.mark("open")])
    play.tick([], [play.mark("filters", b"7")])
    play.tick([b"1b", b"7b"])
    play.tick([], [play.mark("filters", b"1")])
    play.tick([b"1c"], [b"1a", b"1b", b"1c"])
    play.tick()
    account = play.ledger.subscribers["reader"].losses()
    assert (account.received, account.unwanted, account.in_flight, account.published) == (3, 2, 0, 5)


def test_who_is_connected_and_not_subscribed_yet() -> None:
    """Protects the sum of who connects first, as the guide does: between the two lines it misses what is published."""
    play = Play()
    nothing = Mark(play.when, "open", (), {play.tape: 0})
    play.tick([], [nothing])
    assert told(play.tick([b"1"])) == [(b"1", REASONS["before"])]
    play.tick([b"2"], [play.mark("filters"), b"2"])
    play.tick([], [b"3", play.mark("close"), nothing])
    play.tick([b"3", b"4"], [play.mark("filters"), b"4"])
    account = play.ledger.subscribers["reader"].losses()
    assert (account.received, account.before, account.published) == (3, 1, 4)


def test_who_left_and_will_have_another_filter() -> None:
    """Protects the sum of who had a message in hand, left, and was told to hear something else next time."""
    play = Play()
    play.tick([b"a1"], [play.mark("open"), b"a1", b"a2", play.mark("close")])
    play.expected = (b"b",)
    play.tick([b"a2", b"b1"])
    account = play.ledger.subscribers["reader"].losses()
    assert (account.received, account.away, account.published) == (2, 1, 3)


def test_who_leaves_while_the_books_are_at_it() -> None:
    """Protects the sum: what was published while the tapes were being emptied is accounted for once."""
    play = Play()
    opening, closing = play.mark("open"), Mark(play.when, "close", (b"",), {play.tape: 3})
    play.tape.items += [b"1", b"2", b"3", b"4"]
    play.ledger.published(play.tape, play.tape.take())
    # They had looked how far the publisher was before they took what the subscriber had.
    play.ledger.balance({"reader": [Taken(0, [opening, b"1", closing], False, True)]}, {play.tape: 1}, {}, play.when)
    play.tick()
    account = play.ledger.subscribers["reader"].losses()
    assert (account.received, account.abandoned, account.away, account.published) == (1, 2, 1, 4)


def test_every_reason() -> None:
    """Protects what a lost message's line says: which one, why, and whose."""
    play = Play()
    assert told(play.tick([b"0"])) == [(b"0", REASONS["before"])]
    assert play.tick([b"1"], [play.mark("open"), b"1"]) == []
    assert told(play.tick([b"2", b"3", b"4"], [b"4"])) == [(b"2", REASONS["dropped"]), (b"3", REASONS["dropped"])]
    play.tick([b"5", b"x"])
    assert told(play.tick([], [play.mark("filters", b"x")])) == [(b"5", REASONS["unwanted"])]
    assert told(play.tick([], [play.mark("close")])) == [(b"x", REASONS["abandoned"])]
    assert told(play.tick([b"6"])) == [(b"6", REASONS["away"])]
    play.tick([b"7"], [play.mark("open"), b"7"])
    play.tick([b"8", b"9"])
    play.ledger.closed(play.tape)
    play.tick()
    play.when += 10
    play.ledger.balance({}, {}, {"reader": 0.0}, play.when)
    assert told(play.ledger.losses(play.when, last=False)) == [
        (b"8", REASONS["orphaned"]),
        (b"9", REASONS["orphaned"]),
    ]
    account = play.ledger.subscribers["reader"].losses()
    assert (account.before, account.dropped, account.unwanted, account.abandoned, account.away, account.orphaned) == (
        1, 2, 1, 1, 1, 2,
    )  # fmt: skip


def test_frames_stay_apart() -> None:
    """Protects messages of several frames: they are told as they were sent."""
    play = Play()
    [event] = play.tick([Message(1.0, (b"topic", b"", b"a\0b"))])
    assert event.frames == (b"topic", b"", b"a\0b")


@pytest.mark.parametrize("filters", [(b"a\0",), (b"a\0", b"longer")])
def test_a_filter_looks_at_the_first_frame_only(filters: tuple[bytes, ...]) -> None:
    """Protects topics that hold zero bytes: what a filter does not match is not lost."""
    play = Play()
    wanted, other = Message(100.0, (b"a\0b", b"1")), Message(100.0, (b"a", b"b"))
    play.tick([], [play.mark("open", *filters)])
    play.tick([other, wanted], [wanted])
    play.tick([wanted], [wanted])
    account = play.ledger.subscribers["reader"].losses()
    assert (account.received, account.missing, account.in_flight) == (2, 0, 0)


def test_a_flood_is_sampled_and_the_sum_is_exact() -> None:
    """Protects journal and engine at 200,000 lost messages a second: few events, told + skipped == lost, no time."""
    play = Play()
    events: list[Event] = []
    flood = [b"%d" % number for number in range(10_000)]
    spent = time.perf_counter()
    for _ in range(100):
        events += play.tick(flood)
    spent = time.perf_counter() - spent
    events += play.tick([b"slow"])
    for _ in range(20):
        events += play.tick()
    events += play.tick([b"calm"] * 10)
    events += play.tick(flood)
    events += play.tick([], last=True)
    lost = [event for event in events if event.kind == "lost"]
    skipped = [event for event in events if event.kind == "skipped"]
    assert {(event.text, event.endpoint, event.instance) for event in skipped} == {("lost", "news", "reader")}
    total = play.ledger.subscribers["reader"].losses().before
    assert len(lost) + sum(event.messages for event in skipped) == total == 101 * 10_000 + 11
    assert len(lost) < BURST
    assert len([event for event in lost if event.frames == (b"calm",)]) == 10
    assert spent < 3, "2 s of a million messages; 100 ms where nothing else runs"


@pytest.mark.parametrize("transport", ["tcp", "inproc"])
def test_whoever_comes_late_is_told_what_it_missed(transport: str) -> None:
    """Protects the whole way: what a real subscriber missed is in the journal, and the count is the account's."""
    knobs = {"rate": 15, "filter": (b"",)}
    with stage_of(find("pubsub"), transport, counts={"subscriber": 1}, knobs=knobs) as stage:

        def seen(kind: str) -> list[Event]:
            return [event for event in stage.journal.read(0)[0] if event.kind == kind]

        stage.launch("publisher")
        until(lambda: len(seen("lost")) > 3)
        stage.launch("subscriber-1")
        until(lambda: len(seen("recv")) > 3)
        stage.kill("subscriber-1")
        until(lambda: REASONS["away"] in {event.text for event in seen("lost")})
        stage.launch("subscriber-1")
        before = len(seen("recv"))
        until(lambda: len(seen("recv")) > before + 3)
        stop(stage)
        account = instance(stage, "subscriber-1").losses
        assert account is not None
        assert account.before > 3
        assert account.missing - account.in_flight == len(seen("lost"))
        assert {(event.instance, event.peer) for event in seen("lost")} == {("subscriber-1", "publisher")}
        published = Counter(event.frames for event in seen("send"))
        rest = published - Counter(event.frames for kind in ("recv", "lost") for event in seen(kind))
        assert rest.total() == account.in_flight


def publish(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
    """Count aloud."""
    publisher = context.socket(zmq.PUB)
    publisher.bind(endpoints.line)
    for number in itertools.count():
        publisher.send(b"%d" % number)
        sleep(0.005)


@pytest.mark.parametrize("transport", ["tcp", "inproc", "ipc"])
def test_what_arrives_while_a_subscriber_still_connects(transport: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Protects the sum: who subscribed before may have its first message before connecting returns."""
    connect = zmq.Socket.connect

    def returns_late(socket: zmq.Socket[bytes], address: str) -> Any:
        result = connect(socket, address)
        if isinstance(socket, Socket) and socket.kind == zmq.SUB:
            until(lambda: int(RawSocket.get(socket, zmq.EVENTS)) & zmq.POLLIN)
        return result

    def subscribe(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
        subscriber = context.socket(zmq.SUB)
        subscriber.subscribe(b"")
        subscriber.connect(endpoints.line)
        while True:
            subscriber.recv()

    monkeypatch.setattr(zmq.Socket, "connect", returns_late)
    pattern = pattern_of({"publisher": publish, "subscriber": subscribe}, "PUB", "SUB")
    with stage_of(pattern, transport) as stage:
        for life in (1, 2):
            # In its second life the publisher is met again; on inproc that is the playground's doing.
            stage.revive("publisher")
            before = received(stage, "subscriber")
            if life == 1:
                until(lambda: sent(stage, "publisher") > 5)
                stage.launch("subscriber")
            until(lambda before=before: received(stage, "subscriber") > before + 20)  # type: ignore[misc]
        stop(stage)
        seen = instance(stage, "subscriber")
        assert seen.losses is not None
        assert seen.losses.received == seen.received.messages


def test_who_was_refused_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """Protects the reason: what is published is missed by who could not connect, and not on its way to it."""
    connect = zmq.Socket.connect

    def refuses(socket: zmq.Socket[bytes], address: str) -> Any:
        if isinstance(socket, Socket) and socket.kind == zmq.SUB:
            raise zmq.ZMQError(errno.EMFILE)
        return connect(socket, address)

    def subscribe(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
        subscriber = context.socket(zmq.SUB)
        subscriber.subscribe(b"")
        with pytest.raises(zmq.ZMQError):
            subscriber.connect(endpoints.line)
        sleep(1000)

    monkeypatch.setattr(zmq.Socket, "connect", refuses)
    with stage_of(pattern_of({"publisher": publish, "subscriber": subscribe}, "PUB", "SUB")) as stage:
        stage.launch("subscriber")
        until(lambda: instance(stage, "subscriber").state is State.WORKING)
        stage.launch("publisher")
        until(lambda: sent(stage, "publisher") > 20)
        seen = instance(stage, "subscriber").losses
        assert seen is not None
        assert seen.in_flight == 0


@pytest.mark.parametrize("transport", ["tcp", "inproc", "ipc"])
def test_who_opens_while_the_stage_stops(transport: str) -> None:
    """Protects the sum of who was started a moment before everything is stopped: it is open all the same."""
    knobs = {"rate": 2000, "filter": (b"",)}
    with stage_of(find("pubsub"), transport, counts={"subscriber": 1}, knobs=knobs) as stage:
        stage.launch("publisher")
        until(lambda: sent(stage, "publisher") > 5)
        stage.books.freeze()
        stage.launch("subscriber-1")
        until(lambda: received(stage, "subscriber") > 500)
        stop(stage)
        seen = instance(stage, "subscriber-1")
        assert seen.losses is not None
        assert seen.losses.received == seen.received.messages
        assert seen.losses.away == seen.losses.abandoned == 0


@pytest.mark.parametrize("transport", ["tcp", "inproc", "ipc"])
def test_requests_that_die_with_their_server_are_told_once(transport: str) -> None:
    """Protects the story of a killed server: each request that waits for ever is told, and none when all is stopped."""
    with stage_of(find("reqrep"), transport, counts={"client": 3}, knobs={"work": 60}) as stage:

        def lost() -> list[Event]:
            return [event for event in stage.journal.read(0)[0] if event.kind == "lost"]

        stage.start()
        # So long ago that they have left for certain.
        until(lambda: all(0 < instance(stage, f"client-{each}").awaiting < now() - 0.01 for each in (1, 2, 3)))
        until(lambda: instance(stage, "server").received.messages == 1)
        stage.kill("client-3")
        stage.kill("server")
        until(lambda: len(lost()) == 2)
        assert {event.instance for event in lost()} == {"client-1", "client-2"}
        assert {(event.frames, event.endpoint, event.text) for event in lost()} == {((b"Hello",), "requests", ORPHANED)}
        stage.kill("client-1")
        stage.launch("client-1")
        stage.launch("server")
        until(lambda: instance(stage, "server").received.messages == 2)
        stop(stage)
        assert len(lost()) == 2


def test_a_request_into_the_queue_of_a_server_that_is_leaving(monkeypatch: pytest.MonkeyPatch) -> None:
    """Protects "waits for ever" on inproc: a request still goes out after the server's name is free, and is lost."""
    leaving, asked = threading.Event(), threading.Event()
    leave = Socket._left

    def leaves_slowly(socket: Socket, address: str) -> None:
        leave(socket, address)
        if socket.kind == zmq.REP:
            leaving.set()
            asked.wait(5)

    def serves(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
        context.socket(zmq.REP).bind(endpoints.line)
        sleep(1000)

    def asks(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
        client = context.socket(zmq.REQ)
        client.connect(endpoints.line)
        while not leaving.is_set():
            sleep(0.001)
        client.send(b"?")
        asked.set()
        client.recv()

    monkeypatch.setattr(Socket, "_left", leaves_slowly)
    with stage_of(pattern_of({"server": serves, "client": asks}, "REP", "REQ"), "inproc") as stage:
        stage.start()
        connected(stage, "line", 1)
        stage.kill("server")
        assert asked.is_set()
        until(lambda: instance(stage, "client").orphaned)
        monkeypatch.undo()
        stage.revive("client")
        stage.launch("server")
        connected(stage, "line", 1)
        assert not instance(stage, "client").orphaned


def test_everybody_is_dealt_what_the_filters_match() -> None:
    """Protects the ledger's quick way to many subscribers: each gets just what its filters match, once, in order."""
    dice = random.Random(1)
    for _ in range(300):
        words = [bytes(dice.choices(b"ab", k=dice.randrange(4))) for _ in range(dice.randrange(40))]
        filters = {
            str(number): tuple(bytes(dice.choices(b"ab", k=dice.randrange(4))) for _ in range(dice.randrange(4)))
            for number in range(6)
        }
        shares = deal(words, filters)
        for name, prefixes in filters.items():
            assert shares.get(name, []) == [word for word in words if word.startswith(prefixes)], (name, prefixes)


@pytest.mark.parametrize("transport", ["tcp", "inproc"])
def test_at_full_speed_nobody_waits_for_ever_untold(transport: str) -> None:
    """Protects the fast way: whoever had a request under way when the server died is told, or served by the next one.

    On inproc libzmq may part the two frames of a request, and then receiving is an error.
    """
    with stage_of(find("reqrep"), transport, counts={"client": 4}, knobs={"work": 0, "requests": 0}) as stage:

        def served(before: dict[str, int]) -> bool:
            return all(
                each.orphaned or not each.alive or each.received.messages > before[each.name]
                for each in stage.view().of("client")
            )

        stage.start()
        for _ in range(8):
            until(lambda: instance(stage, "server").received.messages > 300)
            stage.kill("server")
            stage.launch("server")
            before = {each.name: each.received.messages for each in stage.view().of("client")}
            until(lambda before=before: served(before))  # type: ignore[misc]
            stage.reset()


def test_a_flood_from_outside_is_not_looked_for_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Protects the books from another publisher at full speed: each of its messages went through all that is due."""
    searches: list[bytes] = []
    find = Line.find

    def counted(line: Line, message: bytes) -> int:
        searches.append(message)
        return find(line, message)

    monkeypatch.setattr(Line, "find", counted)
    play = Play()
    play.tick([], [play.mark("open")])
    ours = [b"ours %d" % number for number in range(5000)]
    play.tick(ours, [b"theirs"])
    play.when += STRAY
    play.tick([], [b"theirs %d" % number for number in range(5000)])
    # What is missing is found missing all the same.
    play.tick([], [*ours[:100], b"theirs again"])
    play.when += STRAY
    play.tick([], ours[200:])
    account = play.ledger.subscribers["reader"].losses()
    assert (account.received, account.before + account.dropped, account.in_flight) == (4900, 100, 0)
    assert len(searches) < 10


def test_each_stranger_is_waited_for_since_it_arrived() -> None:
    """Protects the account where ours and others' come in turns: each of the others' held up all for a second."""
    play = Play()
    play.tick([], [play.mark("open")])
    ours = [b"ours %d" % number for number in range(100)]
    play.tick(ours, [message for each in ours for message in (each, b"theirs " + each)])
    play.when += STRAY
    play.tick()
    account = play.ledger.subscribers["reader"].losses()
    assert (account.received, account.in_flight) == (100, 0)
