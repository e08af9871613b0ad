"""What arrives with nothing missing is counted in one go, and to the same end as message by message."""

from __future__ import annotations

import random
from collections import deque
from typing import Any

import pytest

from zmqtui.core.books import inflight
from zmqtui.core.books.ledger import ROW, Ledger, Subscriber
from zmqtui.core.sockets.tape import Mark, Taken, Tape

FILTERS: list[tuple[bytes, ...]] = [(b"",), (b"a",), (b"b",), (b"a", b"b"), (b"ab",)]


class Careful(Subscriber):
    """Takes everything message by message."""

    def keeps_up(self, *_: Any) -> bool:
        """Never do anything in one go."""
        return False


class Counted(Subscriber):
    """Counts how often something was taken in one go."""

    hits = 0

    def keeps_up(self, *arguments: Any) -> bool:
        """Do as it does."""
        done = super().keeps_up(*arguments)
        Counted.hits += done
        return done


def taken(items: list[Any]) -> Taken:
    """Return items as they come off a subscriber's tape."""
    return Taken(0, items, all(type(item) is bytes for item in items), any(type(item) is Mark for item in items))


def state(subscriber: Subscriber) -> dict[str, Any]:
    """Return all that an account is made of, the times at which things were looked at aside."""
    lines = [
        (line.publisher, list(line.pending), line.beyond, line.died, len(line)) for line in subscriber.lines.values()
    ]
    kept = {name: value for name, value in vars(subscriber).items() if name not in ("lines", "lost", "_known")}
    return kept | {"lines": lines, "_times": None, "_count": None, "losses": subscriber.losses()}


@pytest.mark.parametrize("longest", [250_000, 20])
def test_both_ways_come_to_the_same(longest: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Protects every count and reason: filters change, publishers come and go, messages are lost, late, or the same."""
    monkeypatch.setattr(inflight, "LONGEST", longest)
    monkeypatch.setattr(Counted, "hits", 0)
    for seed in range(40):
        play(seed)
    # Else it would compare the careful way with itself.
    assert Counted.hits > 100


def play(seed: int) -> None:
    """Let two ledgers, one of them careful, take in the same, and compare them after every tick."""
    dice = random.Random(seed)
    ledgers = []
    for kind in (Counted, Careful):
        ledgers.append(Ledger(lambda name: (b"",), "line"))
        ledgers[-1].subscribers["reader"] = kind()
    loss, churn, restarts = dice.choice([0, 0, 0.002, 0.05]), dice.choice([0, 0.02]), dice.choice([0, 0.05])
    topics = [dice.choice([b"a", b"b", b"ab"]) for _ in range(dice.choice([1, 1, 2]))]
    speed, unlike, count = dice.choice([3, 30, 300]), dice.choice([3, 10**6]), 0
    tapes = [Tape(f"speaker {number}", "send") for number in range(len(topics))]
    ways: dict[Tape, deque[bytes]] = {tape: deque() for tape in tapes}
    filters: tuple[bytes, ...] = ()
    for tick in range(60):
        when = 100.0 + tick * 0.05
        items: list[Any] = []
        if not filters or dice.random() < churn:
            what = "filters" if filters else "open"
            filters = dice.choice(FILTERS)
            items.append(Mark(when, what, filters, {tape: tape.position() for tape in tapes}))
        for tape, topic in zip(tapes, topics, strict=True):
            for _ in range(dice.randrange(speed)):
                count += 1
                tape.items.append(topic + b"%d" % (count % unlike))
                if tape.items[-1].startswith(filters) and dice.random() >= loss:
                    ways[tape].append(tape.items[-1])
        for tape in tapes:
            for _ in range(dice.choice([len(ways[tape]), dice.randrange(len(ways[tape]) + 1)])):
                items.append(ways[tape].popleft())
        gone = [number for number in range(len(tapes)) if dice.random() < restarts]
        upto = {}
        for tape in tapes:
            written = tape.take()
            upto[tape] = tape.taken
            for ledger in ledgers:
                ledger.published(tape, written)
        for number in gone:
            for ledger in ledgers:
                ledger.closed(tapes[number])
            del ways[tapes[number]]
            tapes[number] = Tape(f"speaker {tick} {number}", "send")
            ways[tapes[number]] = deque()
        for ledger in ledgers:
            ledger.balance({"reader": [taken(list(items))]}, upto, {}, when)
        first, second = (state(ledger.subscribers["reader"]) for ledger in ledgers)
        assert first == second, (seed, tick)


@pytest.mark.parametrize("quiet", [False, True])
def test_a_publisher_that_went_leaves_no_line(quiet: bool) -> None:
    """Protects full speed after a restart: with the line of who is gone nothing would be counted in one go."""
    ledger = Ledger(lambda name: (b"",), "line")
    ledger.add("reader")
    when = 100.0

    def tick(tape: Tape, messages: list[bytes], *marks: Mark, closed: bool = False) -> None:
        nonlocal when
        when += 0.05
        tape.items += messages
        ledger.published(tape, tape.take())
        if closed:
            ledger.closed(tape)
        ledger.balance({"reader": [taken([*marks, *messages])]}, {tape: tape.taken}, {}, when)

    first, second = Tape("first", "send"), Tape("second", "send")
    tick(first, [], Mark(when, "open", (b"",), {first: 0}))
    tick(first, [b"1"])
    tick(first, [] if quiet else [b"2"], closed=True)
    for number in range(3):
        tick(second, [b"%d" % each for each in range(ROW * number, ROW * (number + 1))])
    assert [line.publisher for line in ledger.subscribers["reader"].lines.values()] == ["second"]
