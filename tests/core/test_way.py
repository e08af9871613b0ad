"""Who has to be quick has the right of way: busy roles hold for a moment, and nothing is lost by it."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator, Sequence

import pytest
import zmq

from tests.helpers import instance, pattern_of, received, sent, stage_of, stop, until
from zmqtui.core.books.books import Books
from zmqtui.core.model import Endpoints, Knobs, Pattern
from zmqtui.core.sockets.traced import Context
from zmqtui.core.stage import TICK, Stage
from zmqtui.core.threads import life, way
from zmqtui.core.threads.life import Life
from zmqtui.core.threads.way import WAY, Giver, RightOfWay

AGES = 60.0
"""Seconds that no test waits for."""


def push(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
    """Send numbers as fast as it goes."""
    socket = context.socket(zmq.PUSH)
    socket.bind(endpoints.line)
    for number in itertools.count():
        socket.send(b"%d" % number)


def pull(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
    """Receive all of them, in order."""
    socket = context.socket(zmq.PULL)
    socket.connect(endpoints.line)
    for number in itertools.count():
        assert socket.recv() == b"%d" % number


def busy() -> Pattern:
    """Declare roles that are always busy."""
    return pattern_of({"pusher": push, "puller": pull}, "PUSH", "PULL")


def fast(stage: Stage) -> bool:
    """Tell whether both are in a hurry."""
    sockets = {socket.kind: socket for socket in stage.books.sockets()}
    return sockets[zmq.PUSH].outbox.fast and sockets[zmq.PULL].inbox.fast


@pytest.fixture(params=["inproc", "tcp"])
def stage(request: pytest.FixtureRequest) -> Iterator[Stage]:
    """Run roles that are busy and in a hurry: they look up only when they are told to."""
    with stage_of(busy(), request.param) as running:
        running.start()
        until(lambda: received(running, "puller") > 1000)
        until(lambda: fast(running))
        yield running


def holds(stage: Stage) -> None:
    """Wait until nothing is sent or received any more."""

    def quiet() -> bool:
        before = sent(stage, "pusher"), received(stage, "puller")
        time.sleep(0.05)
        stage.books.harvest()
        return before == (sent(stage, "pusher"), received(stage, "puller"))

    until(quiet, what="everybody holds")


def goes_on(stage: Stage) -> None:
    """Wait until messages are sent and received again."""
    before = sent(stage, "pusher"), received(stage, "puller")
    until(lambda: sent(stage, "pusher") > before[0] and received(stage, "puller") > before[1], what="all go on")


def test_busy_roles_hold_and_go_on(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Protects whoever is quick from everybody's turns, the messages under way, and the speed of the roles after it."""
    monkeypatch.setattr(way, "LONGEST", AGES)
    with WAY.claimed():
        holds(stage)
    goes_on(stage)
    until(lambda: fast(stage))
    assert instance(stage, "puller").state.alive, "it misses nothing"
    stop(stage)
    assert sent(stage, "pusher") >= received(stage, "puller")


def test_all_of_those_in_a_hurry_are_waited_for(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two stops at once: the end of the first must not let everybody loose on the second."""
    monkeypatch.setattr(way, "LONGEST", AGES)
    with WAY.claimed():
        first = WAY.claim()
        WAY.give_back(first)
        holds(stage)
        WAY.give_back(first)
        holds(stage)
    goes_on(stage)


def test_one_that_is_over_keeps_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """Protects roles from a stop that takes long: its claim is over, and the next one's end lets them go."""
    poked: list[Giver] = []

    class Waiting:
        def give_way(self) -> None:
            """Hold already."""

        def poke(self) -> None:
            poked.append(self)

    monkeypatch.setattr(way, "LONGEST", AGES)
    right, giver = RightOfWay(), Waiting()
    with right.claimed():
        # One of those who were there before is over by now.
        right._claims[object()] = 0.0
        right._holding[giver] = None
        assert not poked
    assert poked == [giver]


def test_who_never_gives_it_back_has_it_no_more(stage: Stage) -> None:
    """Protects the roles from a claim that is lost."""
    WAY.claim()
    until(lambda: WAY.left() <= 0)
    goes_on(stage)
    WAY.give_back(WAY.claim())
    assert WAY.left() == 0.0, "the lost one is forgotten"


def test_who_holds_is_stopped_at_once(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Protects a stop from another one's claim: whoever holds for it leaves without waiting for its end."""
    monkeypatch.setattr(way, "LONGEST", AGES)
    with WAY.claimed():
        holds(stage)
        stage.stop()
        assert not any(each.alive for each in stage.view().instances)
    stage.settle()


def test_a_stop_has_the_right_of_way(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Protects the speed of stops beside busy roles: while roles are ended, others hold."""
    left: list[float] = []
    plain = life._see_off

    def see_off(lives: Sequence[Life]) -> None:
        left.append(WAY.left())
        plain(lives)

    monkeypatch.setattr(life, "_see_off", see_off)
    stage.kill("puller")
    assert left[0] > 0
    assert WAY.left() == 0.0


def test_the_books_hold_too(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Protects stops from the books, which take long turns where much goes through."""
    monkeypatch.setattr(way, "LONGEST", AGES)
    harvests: list[float] = []
    plain = Books.harvest

    def harvest(books: Books, *, last: bool = False) -> None:
        harvests.append(WAY.left())
        plain(books, last=last)

    monkeypatch.setattr(Books, "harvest", harvest)

    def quiet() -> bool:
        # One may have been about to begin.
        harvests.clear()
        time.sleep(4 * TICK)
        return not harvests

    with WAY.claimed():
        until(quiet)
    until(lambda: harvests)


def test_nobody_is_left_on_the_list(stage: Stage) -> None:
    """Protects memory: who has left gives way to nobody."""
    assert len(WAY.givers) == 2
    stop(stage)
    assert not WAY.givers
