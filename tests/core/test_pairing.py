"""Which received message is which sent one: found where it is certain, and never guessed."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.helpers import free_addresses, instance, pattern_of, received, until
from zmqtui.core.journal import Event
from zmqtui.core.model import Pattern
from zmqtui.core.pairs.ends import body, key
from zmqtui.core.pairs.pairing import Pairing
from zmqtui.core.stage import Stage
from zmqtui.patterns import find

REQREP, PUBSUB, PIPELINE = find("reqrep"), find("pubsub"), find("pipeline")
AT = {"reqrep": "requests", "pubsub": "weather", "pipeline": "tasks", "test": "line"}


class Script:
    """Events one after the other, a hundredth of a second apart, fed to a pairing."""

    def __init__(self, pattern: Pattern, transport: str, *there: str, since: float | None = None) -> None:
        self.pairing = Pairing(pattern, transport) if since is None else Pairing(pattern, transport, since)
        self.pairing.meet(there)
        self.at = AT[pattern.name]
        self.time = 10.0
        self.number = 100

    def __call__(self, who: str, kind: str, what: str = "", peer: str = "", *, at: str = "", wait: float = 0.01) -> int:
        """Feed one event and return its number."""
        self.time += wait
        self.number += 1
        message = kind in ("send", "recv", "lost")
        frames = tuple(part.encode() for part in what.split("|")) if message else ()
        text, count = ("", 1) if message else (what, 9 if kind == "skipped" else 1)
        place = (at or self.at) if kind != "state" else ""
        self.pairing.feed(self.number, Event(self.time, who, kind, frames, place, text, peer, count))
        return self.number

    @property
    def pairs(self) -> set[tuple[int, int]]:
        """The pairs found: where sent, where received."""
        pairs = {(sent, got) for got, sent in self.pairing.source.items()}
        assert pairs == {(sent, got) for sent, each in self.pairing.targets.items() for got in each}
        return pairs


@pytest.mark.parametrize("transport", ["tcp", "inproc"])
def test_a_request_and_its_reply(transport: str) -> None:
    """Protects the simplest arrows there are: both ways, known by the peer on tcp, by elimination on inproc."""
    tell = Script(REQREP, transport, "server", "client-1", "client-2")
    tcp = transport == "tcp"
    for _ in range(3):
        ask = tell("client-1", "send", "Hello")
        asked = tell("server", "recv", "Hello", "client-1" if tcp else "")
        answer = tell("server", "send", "World")
        answered = tell("client-1", "recv", "World", "server" if tcp else "")
        assert {(ask, asked), (answer, answered)} <= tell.pairs
    assert len(tell.pairs) == 6


def test_three_clients_with_the_same_words_on_tcp() -> None:
    """Protects the arrows of the default pattern: whoever asks the same gets the arrow of its own request."""
    tell = Script(REQREP, "tcp", "server", "client-1", "client-2", "client-3")
    asks = {who: tell(who, "send", "Hello") for who in ("client-1", "client-2", "client-3")}
    for _ in range(5):
        for who in ("client-2", "client-1", "client-3"):
            got = tell("server", "recv", "Hello", who)
            assert (asks[who], got) in tell.pairs
            answer = tell("server", "send", "World")
            assert (answer, tell(who, "recv", "World", "server")) in tell.pairs
            asks[who] = tell(who, "send", "Hello")


def test_three_clients_with_the_same_words_on_inproc() -> None:
    """Protects from guesses: whose request it is shows when the reply has arrived, and not before."""
    tell = Script(REQREP, "inproc", "server", "client-1", "client-2", "client-3")
    asks = {who: tell(who, "send", "Hello") for who in ("client-1", "client-2", "client-3")}
    got = tell("server", "recv", "Hello")
    assert tell.pairs == set()
    answer = tell("server", "send", "World")
    next_got = tell("server", "recv", "Hello")
    assert tell.pairs == set()
    assert tell.pairing.changed == tell.pairing.doubtful == set(asks.values())
    tell.pairing.changed.clear()
    answered = tell("client-2", "recv", "World")
    assert tell.pairs == {(answer, answered), (asks["client-2"], got)}
    assert tell.pairing.changed == {answer, answered, asks["client-2"], got}
    assert next_got not in tell.pairing.source


def test_an_outsider_has_no_arrow() -> None:
    """Protects from arrows to those who are not on the stage: neither its request nor the reply to it is somebody's."""
    tell = Script(REQREP, "tcp", "server", "client-1")
    ask = tell("client-1", "send", "Hello")
    tell("server", "recv", "Hello", "192.0.2.1:5000")
    tell("server", "send", "World")
    got = tell("server", "recv", "Hello", "client-1")
    answer = tell("server", "send", "World")
    answered = tell("client-1", "recv", "World", "server")
    assert tell.pairs == {(ask, got), (answer, answered)}
    foreign = Script(REQREP, "ipc", "server", "client-1")
    foreign.pairing.open.add("requests")
    foreign("client-1", "send", "Hello")
    foreign("server", "recv", "Hello")
    assert foreign.pairs == set()


def test_tasks_alike_are_told_apart_only_where_they_can_be() -> None:
    """Protects the pipeline's arrows: two tasks alike are nobody's until both are taken, a single one is certain."""
    tell = Script(PIPELINE, "tcp", "ventilator", "sink", "worker-1", "worker-2")
    first, other, second = (tell("ventilator", "send", what) for what in ("57", "12", "57"))
    one = tell("worker-2", "recv", "12", "ventilator")
    assert tell.pairs == {(other, one)}
    tell("worker-1", "recv", "57", "ventilator")
    tell("worker-2", "recv", "57", "ventilator")
    assert first not in tell.pairing.targets
    assert second not in tell.pairing.targets
    third = tell("ventilator", "send", "57")
    assert (third, tell("worker-1", "recv", "57", "ventilator")) in tell.pairs


@pytest.mark.parametrize("transport", ["tcp", "inproc"])
def test_results_without_content_arrive_in_order(transport: str) -> None:
    """Protects the pipeline's results: all alike, but each worker's arrive in order at the only sink."""
    tell = Script(PIPELINE, transport, "ventilator", "sink", "worker-1", "worker-2")
    sent = [tell(who, "send", "", at="results") for who in ("worker-1", "worker-2", "worker-1")]
    order = ("worker-2", "worker-1", "worker-1")
    got = [tell("sink", "recv", "", who if transport == "tcp" else "", at="results") for who in order]
    expected = {(sent[1], got[0]), (sent[0], got[1]), (sent[2], got[2])}
    assert tell.pairs == (expected if transport == "tcp" else set())


def test_a_published_message_has_an_arrow_to_each_subscriber() -> None:
    """Protects publish–subscribe: one send, several arrows; what a subscriber has not heard yet is not confused."""
    tell = Script(PUBSUB, "tcp", "publisher", "subscriber-1", "subscriber-2")
    sent = [tell("publisher", "send", "10001 20 30"), tell("publisher", "send", "10002 20 30")]
    got = [tell(who, "recv", "10001 20 30", "publisher") for who in ("subscriber-1", "subscriber-2")]
    late = tell("subscriber-2", "recv", "10002 20 30", "publisher")
    assert tell.pairs == {(sent[0], got[0]), (sent[0], got[1]), (sent[1], late)}
    assert tell.pairing.targets[sent[0]] == got
    again = [tell("publisher", "send", "10001 20 30") for _ in range(2)]
    tell("subscriber-2", "recv", "10001 20 30", "publisher")
    assert not {*again} & set(tell.pairing.targets), "one of the two may have been dropped"
    tell("subscriber-2", "recv", "10001 20 30", "publisher")
    last = tell("publisher", "send", "10001 20 30")
    assert (last, tell("subscriber-2", "recv", "10001 20 30", "publisher")) in tell.pairs


def test_a_gap_takes_back_what_it_makes_doubtful() -> None:
    """Protects from wrong arrows while messages are sampled, and brings them back when it is calm again."""
    tell = Script(PUBSUB, "tcp", "publisher", "subscriber-1")
    before = tell("publisher", "send", "a"), tell("subscriber-1", "recv", "a", "publisher")
    tell("publisher", "send", "b")
    tell("subscriber-1", "recv", "b", "publisher")
    assert len(tell.pairs) == 2
    tell("publisher", "skipped", "send")
    assert tell.pairs == {before}, "the b that arrived may be one of those that were skipped"
    tell("publisher", "send", "a")
    tell("subscriber-1", "recv", "a", "publisher")
    assert tell.pairs == {before}, "that a may have been sent before"
    new = tell("publisher", "send", "new"), tell("subscriber-1", "recv", "new", "publisher")
    assert tell.pairs == {before, new}
    tell("subscriber-1", "state", "waiting in recv()")
    calm = tell("publisher", "send", "a", wait=1.5), tell("subscriber-1", "recv", "a", "publisher")
    assert tell.pairs == {before, new, calm}, "it waited so long that nothing else can have been under way"


def test_clients_who_are_not_sampled_keep_their_arrows() -> None:
    """Protects the arrows of a REQ on tcp beside one that is too quick to be shown: it asks one thing at a time."""
    tell = Script(REQREP, "tcp", "server", "client-1", "client-2")
    slow = tell("client-2", "send", "Hello")
    tell("client-1", "send", "Hello")
    tell("server", "skipped", "recv")
    got = tell("server", "recv", "Hello", "client-2")
    quick = tell("server", "recv", "Hello", "client-1")
    assert (slow, got) in tell.pairs
    tell("client-1", "skipped", "send")
    assert (slow, got) in tell.pairs
    assert quick not in tell.pairing.source


def test_reading_from_the_middle_finds_less_but_nothing_wrong() -> None:
    """Protects the scrolled-back view: what was sent before its window may be what is received in it."""
    tell = Script(PIPELINE, "tcp", "ventilator", "sink", "worker-1", since=10.0)
    tell("worker-1", "send", "", at="results")
    tell("sink", "recv", "", "worker-1", at="results")
    tell("worker-1", "send", "", at="results")
    assert tell("sink", "recv", "", "worker-1", at="results") not in tell.pairing.source
    only = tell("ventilator", "send", "57"), tell("worker-1", "recv", "57", "ventilator")
    assert tell.pairs == {only}


def test_who_left_and_who_came_in_its_place() -> None:
    """Protects from the name of a new connection that took the place of an old one: its message is nobody's."""
    tell = Script(REQREP, "tcp", "server", "client-1", "client-2", "client-3")
    tell("client-1", "send", "Hello")
    tell("server", "recv", "Hello", "client-1")
    old = tell("client-3", "send", "Hello")
    tell("client-1", "state", "killed")
    tell("client-3", "state", "killed")
    tell("client-1", "state", "running")
    tell("client-1", "send", "Hello")
    tell("server", "recv", "Hello", "client-1")
    assert len(tell.pairs) == 1
    assert old not in tell.pairing.targets
    tell("server", "state", "waiting in recv()")
    tell("client-1", "recv", "World", "server")
    new = tell("client-1", "send", "Hello"), tell("server", "recv", "Hello", "client-1")
    assert new in tell.pairs, "the server's queue was empty: nothing of anybody who left is in it"


@pytest.mark.parametrize("transport", ["tcp", "inproc"])
def test_the_receiver_may_be_quicker_to_write(transport: str) -> None:
    """Protects arrows whose ends came to the journal in the wrong order, by some milliseconds."""
    pairing = Pairing(PIPELINE, transport)
    pairing.meet(("sink", "worker-1"))
    peer = "worker-1" if transport == "tcp" else ""
    pairing.feed(1, Event(10.0, "worker-1", "send", (b"",), "results"))
    pairing.feed(2, Event(10.1, "sink", "recv", (b"",), "results", peer=peer))
    pairing.feed(3, Event(10.3001, "sink", "recv", (b"",), "results", peer=peer))
    pairing.feed(4, Event(10.3, "worker-1", "send", (b"",), "results"))
    assert pairing.source == {2: 1, 3: 4}
    assert pairing.changed == {1, 2, 3, 4}


def test_envelopes() -> None:
    """Protects patterns with ROUTER and DEALER: both ends see the same body, whatever envelope is around it."""
    assert body((b"id", b"", b"Hello"), "ROUTER") == (b"Hello",) == body((b"Hello",), "REQ")
    assert body((b"id", b"a", b"b"), "ROUTER") == (b"a", b"b") == body((b"a", b"b"), "DEALER")
    assert (
        body((b"client", b"", b"Hello"), "DEALER")
        == (b"Hello",)
        == body((b"worker", b"client", b"", b"Hello"), "ROUTER")
    )
    assert body((b"id",), "ROUTER") == ()
    assert body((b"",), "DEALER") == (b"",)
    pattern = pattern_of({"router": lambda *_: None, "dealer": lambda *_: None}, "ROUTER", "DEALER", most=3)
    tell = Script(pattern, "tcp", "router-1", "dealer-1", "dealer-2")
    pairs = set()
    for who in ("dealer-1", "dealer-2"):
        pairs.add((tell(who, "send", "x"), tell("router-1", "recv", f"id-{who}|x", who)))
    for who in ("dealer-2", "dealer-1"):
        answer = tell("router-1", "send", f"id-{who}|y")
        pairs.add((answer, tell(who, "recv", "y", "router-1")))
    assert tell.pairs == pairs


def test_large_messages_are_compared_whole_but_quickly() -> None:
    """Protects time and truth: 10 MB that differ in the middle only are told apart, without being hashed."""
    big = [bytes(5_000_000) + mark + bytes(5_000_000) for mark in (b"a", b"b")]
    assert key((big[0],)) == key((big[1],))
    pairing = Pairing(PUBSUB, "tcp")
    pairing.feed(0, Event(1.0, "publisher", "send", (big[0],), "weather"))
    pairing.feed(1, Event(1.1, "subscriber-1", "recv", (big[1],), "weather", peer="publisher"))
    assert pairing.source == {}
    pairing.feed(2, Event(1.2, "subscriber-1", "recv", (bytes(big[0]),), "weather", peer="publisher"))
    assert pairing.source == {2: 0}


def test_a_backlog_costs_no_more_for_being_long() -> None:
    """Protects the frame: 4,000 tasks alike under way, taken one by one by two workers."""
    tell = Script(PIPELINE, "tcp", "ventilator", "sink", "worker-1", "worker-2")
    begun = time.perf_counter()
    for _ in range(4000):
        tell("ventilator", "send", "57", wait=0.0001)
    for number in range(4000):
        tell(f"worker-{number % 2 + 1}", "recv", "57", "ventilator", wait=0.0001)
        tell(f"worker-{number % 2 + 1}", "send", "", at="results", wait=0.0001)
    for number in range(4000):
        tell("sink", "recv", "", f"worker-{number % 2 + 1}", at="results", wait=0.0001)
    assert len(tell.pairs) == 4000
    assert time.perf_counter() - begun < 2, "0.1 s where nothing else runs"


@pytest.mark.parametrize("transport", ["tcp", "inproc", "ipc"])
@pytest.mark.parametrize("pattern", [REQREP, PUBSUB, PIPELINE], ids=lambda pattern: pattern.name)
def test_real_sockets_have_real_arrows(pattern: Pattern, transport: str) -> None:
    """Protects truth: roles say in each message who they are, and every arrow found is from whom it says."""
    every: dict[str, dict[str, Any]] = {
        "reqrep": {"work": 0.002, "requests": 1_000_000},
        "pubsub": {"rate": 60, "filter": (b"",)},
        "pipeline": {"tasks": 60, "cost_max": 3, "cost_min": 3},
    }
    knobs = every[pattern.name]
    at = free_addresses(pattern) if transport == "tcp" else {}
    with Stage(pattern, transport=transport, knobs=knobs, at=at) as stage:
        stage.start()
        stage.press() if pattern.gate else None
        last = pattern.roles[0].name if pattern.name == "pipeline" else pattern.roles[-1].name
        until(lambda: received(stage, last) > 50)
        pairing = Pairing(pattern, transport)
        pairing.meet([each.name for each in stage.view().instances])
        until(lambda: len(stage.journal.read(0)[0]) > 200)
        events = stage.journal.read(0)[0]
        for number, event in enumerate(events):
            pairing.feed(number, event)
        assert instance(stage, stage.view().instances[0].name).alive
    got = [number for number, event in enumerate(events) if event.kind == "recv"]
    for number in pairing.source:
        sent, taken = events[pairing.source[number]], events[number]
        assert sent.frames == taken.frames
        assert sent.time < taken.time
        assert taken.peer in ("", sent.instance)
    share = len(pairing.source) / len(got)
    if transport == "tcp" and pattern.name != "pipeline":
        assert share > 0.9
    elif pattern.name == "pubsub":
        assert share > 0.9, "there is only one publisher"


def test_many_alike_take_no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Protects the frame where a subscriber came late and every message is alike: they are not counted each time."""
    tell = Script(PUBSUB, "tcp", "publisher", "subscriber-1")
    looked = 0
    choice = Pairing._choice

    def counted(*arguments: Any) -> Any:
        nonlocal looked
        for send in choice(*arguments):
            looked += 1
            yield send

    monkeypatch.setattr(Pairing, "_choice", counted)
    for _ in range(500):
        tell("publisher", "send", "same")
    for _ in range(1_000):
        tell("publisher", "send", "same")
        tell("subscriber-1", "recv", "same", "publisher")
    assert not tell.pairs
    assert looked < 20_000
