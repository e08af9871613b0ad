"""Whom the memory guard stops, and whom it does not."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator

import pytest

from tests.helpers import until
from zmqtui.core import guard
from zmqtui.core.connections.connections import Stranger
from zmqtui.core.connections.contacts import End
from zmqtui.core.gauge import Gauge
from zmqtui.core.guard import RESERVE, Guard, Ward
from zmqtui.core.limits import Limits

_numbers = itertools.count(10_000)


class Stage:
    """Has peers, and can be stopped."""

    def __init__(self, *peers: str, memory: int = 100, socket: str = "PULL") -> None:
        self.limits = Limits(memory=memory, handshake_ivl=0)
        self.halted = ""
        end = End(None, "", "connected", 0.0)  # type: ignore[arg-type]
        self.peers = [Stranger(name, "line", socket, next(_numbers), end) for name in peers]

    def strangers(self) -> list[Stranger]:
        """Return its peers."""
        return [] if self.halted else self.peers

    def halt(self, why: str) -> None:
        """Take note."""
        self.halted = why


class World(Gauge):
    """What the guard sees: memory, descriptors, the bytes that peers have sent, and the time."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *stages: Stage) -> None:
        super().__init__()
        self.memory, self.used, self.time = 100.0, 10, 1000.0
        self.bytes: dict[str, int] = {}
        names = {peer.descriptor: peer.name for stage in stages for peer in stage.peers}
        monkeypatch.setattr(guard, "received", lambda descriptor: self.bytes.get(names[descriptor], 0))
        monkeypatch.setattr(guard, "now", lambda: self.time)
        monkeypatch.setattr(guard, "give_back", lambda: None)
        self._guard = Guard()
        self.wards: dict[guard.Guarded, Ward] = {stage: Ward(stage, self.memory) for stage in stages}
        self._guard._wards = self.wards

    def mib(self) -> float:
        """Return the memory."""
        return self.memory

    def descriptors(self) -> tuple[int, int]:
        """Return the descriptors."""
        return self.used, 256

    def looks(self, memory: float | None = None, *, used: int = 10, **sent: int) -> None:
        """Have the guard look at the world as it is from now on, half a second later."""
        self.time += 0.5
        self.memory = self.memory if memory is None else memory
        self.used = used
        self.bytes |= sent
        self._guard._look(self, list(self.wards.values()))


Make = Callable[..., World]


@pytest.fixture
def make(monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    """Makes a world of some stages, whose peers have no connections that could be hung up on."""
    monkeypatch.setattr(guard, "_hang_up", lambda ward: False)
    made: list[World] = []

    def world(*stages: Stage) -> World:
        made.append(World(monkeypatch, *stages))
        return made[-1]

    yield world
    for each in made:
        each.close()


def test_growth_within_the_limit_is_nobodys_business(make: Make) -> None:
    """Protects a stage from being stopped for the journal, which grows to its bound and no further."""
    stage = Stage("x")
    world = make(stage)
    for memory in (150.0, 199.0, 199.9, 200.0):
        world.looks(memory, x=10**9)
    assert not stage.halted


def test_who_sent_most_lately_is_stopped(make: Make) -> None:
    """Protects those who do no harm: a long life of sending is no flood."""
    busy, hit = Stage("old"), Stage("quiet", "loud", socket="PUB")
    world = make(busy, hit)
    world.looks(100.0, old=2**40, loud=0)
    world.looks(160.0, old=2**40, loud=2**20)
    world.looks(190.0, old=2**40 + 10, loud=4 * 2**20)
    world.looks(230.0, old=2**40 + 20, loud=9 * 2**20, quiet=3)
    assert not busy.halted
    assert hit.halted == (
        "stopped by its memory guard: loud sent 9 MiB of endless subscriptions to line; 130 MiB more, limit 100"
        " (--limit memory=N allows more)"
    )


def test_the_others_are_not_stopped_for_what_is_not_given_back(make: Make) -> None:
    """Protects the second stage: what the first one's end leaves behind is not its doing."""
    first, second = Stage("x"), Stage("y")
    world = make(first, second)
    world.looks(260.0)
    world.looks(260.0, x=2**20)
    assert first.halted
    del world.wards[first]
    for _ in range(40):
        world.looks(260.0, y=5)
    assert not second.halted
    world.looks(330.0)
    world.looks(370.0, y=2**20)
    world.looks(370.0)
    assert second.halted


def test_a_jump_is_looked_at_twice(make: Make) -> None:
    """Protects honesty: who sends is known only after a second look, and that comes before anybody is stopped."""
    calm, hit = Stage("many"), Stage("one")
    world = make(calm, hit)
    world.looks(900.0, many=10**9, one=10**8)
    assert not calm.halted
    assert not hit.halted
    world.looks(900.0, many=10**9, one=2 * 10**8)
    assert hit.halted
    assert not calm.halted


def test_nobody_outside_is_blamed_for_what_they_did_not_send(make: Make) -> None:
    """Protects honesty: a role's own messages can fill the memory as well."""
    stage = Stage("idle")
    world = make(stage)
    world.looks(300.0)
    world.looks(300.0)
    assert "nobody outside was seen sending that" in stage.halted


def test_a_crowd_is_named_by_its_host(make: Make) -> None:
    """Protects the message's length: a hundred peers that send alike are one host, or many."""
    stage = Stage(*(f"192.0.2.7:{port}" for port in range(100)))
    world = make(stage)
    alike = {peer.name: 2**20 for peer in stage.peers}
    world.looks(300.0)
    world.looks(300.0, **alike)
    assert "192.0.2.7 sent 100 MiB of endless messages" in stage.halted


def test_no_limit_no_guard(make: Make) -> None:
    """Protects whoever switched it off."""
    stage = Stage("x", memory=0)
    world = make(stage)
    world.looks(10**6, x=10**9)
    world.looks(10**6, x=2 * 10**9)
    assert not stage.halted


def test_descriptors_that_are_short_for_a_moment(make: Make) -> None:
    """Protects from a burst: those who say nothing are gone after the time for the handshake, and nobody is stopped."""
    stage = Stage(*(f"192.0.2.7:{port}" for port in range(100)))
    world = make(stage)
    for used in (250, 255, 20, 255, 255, 20):
        world.looks(used=used)
    assert not stage.halted
    for _ in range(4):
        world.looks(used=255)
    said: str = stage.halted
    assert said == (
        "stopped by its guard: only 1 of 256 descriptors were left, and 192.0.2.7 had 100 connections to line"
        " (ulimit -n allows more)"
    )


def test_ones_own_descriptors_are_no_reason(make: Make) -> None:
    """Protects a thousand instances of one's own that need all there are."""
    stage = Stage(*map(str, range(RESERVE - 1)))
    world = make(stage)
    for _ in range(20):
        world.looks(used=256)
    assert not stage.halted


def test_a_guard_that_fails_says_so_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Protects from a guard that sees nothing and says nothing: its error is told, once, and it goes on looking."""
    told: list[str] = []
    monkeypatch.setattr(threading, "excepthook", lambda args: told.append(str(args.exc_value)))
    monkeypatch.setattr(guard, "CALM", 0.001)
    looks: list[str] = []

    def fails(_self: Guard, *_: object) -> float:
        looks.append("blind" if looks else "dazzled")
        raise RuntimeError(looks[-1])

    monkeypatch.setattr(Guard, "_look", fails)
    watching, stage = Guard(), Stage()
    watching.watch(stage)
    until(lambda: len(looks) > 20)
    watching.leave(stage)
    until(lambda: not any(thread.name == "guard" for thread in threading.enumerate()))
    assert told == ["dazzled", "blind"]
