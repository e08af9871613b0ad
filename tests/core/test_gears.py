"""Who writes carefully and who hurries: no role is slowed down by the playground's own care."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from zmqtui.core.books.gears import Gears, level
from zmqtui.core.sockets.tape import Tape

TICK = 0.05


@pytest.mark.parametrize(
    ("loads", "expected"),
    [
        ([], 1.0),
        ([0.4, 0.5], 1.0),
        # Who is beyond its limit needs nothing of what all have.
        ([30.0, 30.0, 30.0, 0.4, 0.5], 1.0),
        # A client and its server, four tapes.
        ([0.6, 0.6, 0.6, 0.6], 0.25),
        ([4.8, *[0.6] * 8], 1 / 8),
        ([0.1, 0.2, 4.0, 0.9, 0.95], 0.35),
    ],
)
def test_level(loads: list[float], expected: float) -> None:
    """Protects how the budget is shared: all have the same of it, and what one leaves the others have."""
    assert level(loads) == pytest.approx(expected)


class Play:
    """Tapes that hold so much at every tick."""

    def __init__(self, count: int) -> None:
        self.gears = Gears(cast(Any, None))
        self.tapes = [Tape(f"one-{number}", "send") for number in range(count)]
        self.when = 100.0

    def tick(self, *rates: int, after: float = TICK) -> list[bool]:
        """Let so many messages a second come through each tape, and return who hurries."""
        self.when += after
        found = []
        for tape, rate in zip(self.tapes, rates, strict=True):
            tape.items += [b"x"] * round(rate * after)
            socket = SimpleNamespace(inbox=None, outbox=tape)
            found.append((cast(Any, socket), tape, tape.count(tape.take())))
        self.gears.shift(found, self.when)
        return [tape.hurry for tape in self.tapes]


def test_many_that_are_each_below_their_limit() -> None:
    """Protects full speed: care for all of them would take what they need to come to their limits."""
    play = Play(9)
    for _ in range(3):
        hurry = play.tick(48_000, *[6_000] * 8)
    assert all(hurry)
    # Whoever hears but little of that keeps its times and frames.
    for _ in range(3):
        hurry = play.tick(48_000, 20, *[6_000] * 7)
    assert hurry == [True, False, *[True] * 7]
    for _ in range(3):
        hurry = play.tick(*[1_000] * 9)
    assert not any(hurry)


def test_a_few_messages_in_a_short_while_are_no_hurry() -> None:
    """Protects the times of a burst: the books may look twice within a millisecond."""
    play = Play(1)
    assert play.tick(20) == [False]
    assert play.tick(40_000, after=0.001) == [False]
    assert play.tick(0, after=0.001) == [False]


def test_a_look_in_between_ends_no_hurry() -> None:
    """Protects full speed: right after a harvest there is little on the tape."""
    play = Play(1)
    for _ in range(3):
        play.tick(40_000)
    assert play.tick(0, after=0.001) == [True]
    assert play.tick(1000, after=0.001) == [True]
    play.tick(0)
    assert play.tick(0) == [False]
