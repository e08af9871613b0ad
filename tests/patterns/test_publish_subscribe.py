"""The facts of publish–subscribe: who lost what, and why, against an independent truth."""

from __future__ import annotations

import random
from collections import deque
from typing import Any

import pytest
import zmq

from tests.helpers import connected, events, figure, instance, received, sent, stage_of, until
from zmqtui.core.model import Endpoints, Knobs, Pattern
from zmqtui.core.role import sleep
from zmqtui.core.sockets.traced import Context
from zmqtui.core.stage import Stage
from zmqtui.core.state import State
from zmqtui.core.watch import Losses, StageView
from zmqtui.patterns import find
from zmqtui.patterns.publish_subscribe import Weather, matching

PUBSUB = find("pubsub")


class Truth:
    """A publisher that says what it is told to, and subscribers that remember what they got."""

    def __init__(self) -> None:
        self.orders: deque[list[bytes]] = deque()
        self.published: list[bytes] = []
        self.received: dict[str, list[bytes]] = {}
        role = {role.name: role for role in PUBSUB.roles}
        self.pattern: Pattern = PUBSUB._replace(
            roles=(
                role["publisher"]._replace(function=self._publish),
                role["subscriber"]._replace(function=self._subscribe),
            ),
        )
        self._number = 0

    def _publish(self, context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
        socket = context.socket(zmq.PUB)
        socket.bind(endpoints.weather)
        while True:
            while self.orders:
                for message in self.orders[0]:
                    socket.send(message)
                    self.published.append(message)
                self.orders.popleft()
            sleep(0.002)

    def _subscribe(self, context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
        socket = context.socket(zmq.SUB)
        socket.connect(endpoints.weather)
        for prefix in knobs.filter:
            socket.subscribe(prefix)
        mine = self.received.setdefault(socket.actor.name, [])
        while True:
            mine.append(socket.recv())

    def say(self, count: int, topic: str = "1") -> None:
        """Have `count` messages published, each unlike any other, and wait until they are."""
        self._number += 1
        goal = len(self.published) + count
        self.orders.append([b"%s %d %d" % (topic.encode(), self._number, place) for place in range(count)])
        until(lambda: len(self.published) == goal and not self.orders)

    def matching(self, *prefixes: bytes) -> int:
        """Return how many of the published messages match."""
        return sum(message.startswith(prefixes) for message in self.published)

    def got(self, name: str = "subscriber-1") -> int:
        """Return how many messages a subscriber got."""
        return len(self.received.get(name, []))


def losses(stage: Stage, name: str = "subscriber-1") -> Losses:
    """Return a subscriber's account."""
    return instance(stage, name).losses or Losses()


def settled(stage: Stage, truth: Truth, expected: Losses, name: str = "subscriber-1") -> None:
    """Wait until the account is as expected; the parts sum to the whole all the while."""

    def fits() -> bool:
        account = losses(stage, name)
        assert account.published == account.received + account.missing
        # A message is on the tape a moment before the role has written down that it got it.
        assert account.received <= truth.got(name) + 1
        return account == expected

    try:
        until(fits, 5)
    except pytest.fail.Exception:
        assert losses(stage, name) == expected


@pytest.fixture(params=["tcp", "inproc", "ipc"])
def transport(request: pytest.FixtureRequest) -> str:
    """Each transport in turn."""
    return str(request.param)


def joined(stage: Stage, truth: Truth, name: str = "subscriber-1", topic: str = "1") -> int:
    """Publish single messages until one arrives; return how many it took."""
    before = truth.got(name)
    tries = 0
    while truth.got(name) == before:
        tries += 1
        truth.say(1, topic)
        until(lambda: stage.view().instance(name), 1)
        try:
            until(lambda: truth.got(name) > before, 0.4)
        except pytest.fail.Exception:
            assert tries < 100
    return tries


def alone(truth: Truth, transport: str, filters: tuple[bytes, ...] = (b"1",)) -> Any:
    """Make a stage with one subscriber."""
    return stage_of(truth.pattern, transport, counts={"subscriber": 1}, knobs={"filter": filters})


def test_late_joiner(transport: str) -> None:
    """Protects "before it joined": everything from the publisher's start to the subscription's arrival."""
    truth = Truth()
    with alone(truth, transport) as stage:
        stage.launch("publisher")
        truth.say(300)
        truth.say(50, "2")
        stage.launch("subscriber-1")
        missed = joined(stage, truth) - 1
        truth.say(100)
        settled(stage, truth, Losses(received=101, before=300 + missed))
        assert truth.got() == 101


def test_slow_joiner() -> None:
    """Protects the classic: the subscriber was there first, and yet the publisher's first burst is lost on it."""
    truth = Truth()
    with alone(truth, "tcp") as stage:
        stage.launch("subscriber-1")
        until(lambda: instance(stage, "subscriber-1").state is State.RECEIVING)
        truth.orders.append([b"1 burst %d" % number for number in range(500)])
        stage.launch("publisher")
        until(lambda: len(truth.published) == 500)
        joined(stage, truth)
        until(lambda: losses(stage).received == truth.got())
        account = losses(stage)
        assert account.published == len(truth.published)
        assert account.before == account.missing == len(truth.published) - truth.got()
        assert account.before >= 400


def test_leave_and_rejoin(transport: str) -> None:
    """Protects "while away": what was said between the leaving and the new subscription's arrival."""
    truth = Truth()
    with alone(truth, transport) as stage:
        stage.start()
        before = joined(stage, truth) - 1
        truth.say(20)
        until(lambda: truth.got() == 21)
        stage.kill("subscriber-1")
        truth.say(77)
        stage.launch("subscriber-1")
        away = 77 + joined(stage, truth) - 1
        truth.say(20)
        settled(stage, truth, Losses(received=42, before=before, away=away))


def test_pause_within_the_high_water_mark(transport: str) -> None:
    """Protects the difference between pausing and leaving: nothing is lost, it is in flight."""
    truth = Truth()
    with alone(truth, transport) as stage:
        stage.start()
        before = joined(stage, truth) - 1
        stage.pause("subscriber-1")
        until(lambda: instance(stage, "subscriber-1").state is State.PAUSED)
        truth.say(500)
        settled(stage, truth, Losses(received=1, before=before, in_flight=500))
        stage.resume("subscriber-1")
        settled(stage, truth, Losses(received=501, before=before))


def test_pause_beyond_the_high_water_mark() -> None:
    """Protects "dropped at the high-water mark": on inproc exactly what exceeds 2,000, those just read included."""
    truth = Truth()
    with alone(truth, "inproc") as stage:
        stage.start()
        before = joined(stage, truth) - 1
        stage.pause("subscriber-1")
        until(lambda: instance(stage, "subscriber-1").state is State.PAUSED)
        truth.say(5000)
        settled(stage, truth, Losses(received=1, before=before, in_flight=5000))
        stage.resume("subscriber-1")
        until(lambda: truth.got() == 2000)
        truth.say(10)
        settled(stage, truth, Losses(received=2010, before=before, dropped=3001))


def test_who_was_too_slow_is_not_said_to_be_so_for_ever() -> None:
    """Protects the sentence: "is" while messages are dropped, "was" when that is over or nobody knows when it was."""
    truth = Truth()
    with alone(truth, "inproc") as stage:
        stage.start()
        joined(stage, truth)
        seen: StageView = stage.view()

    def at(seconds: float, dropped: int) -> StageView:
        there = tuple(each._replace(losses=each.losses and Losses(dropped=dropped)) for each in seen.instances)
        return seen._replace(instances=there, time=seen.time + seconds)

    watcher = Weather()
    assert "too slow" not in watcher.sentence(at(0, 0))
    for seconds, dropped in ((1, 10), (2, 20), (3.9, 20)):
        assert f"; subscriber-1 is too slow, {dropped} were dropped" in watcher.sentence(at(seconds, dropped))
    for seconds, dropped in ((4.1, 20), (9, 30)):
        assert f"; subscriber-1 was too slow: {dropped} were dropped" in watcher.sentence(at(seconds, dropped))


def test_drops_are_found_without_a_later_message() -> None:
    """Protects the account of somebody who waits in recv() while nothing more is said: it is not in flight for ever."""
    truth = Truth()
    with alone(truth, "inproc") as stage:
        stage.start()
        before = joined(stage, truth) - 1
        stage.pause("subscriber-1")
        until(lambda: instance(stage, "subscriber-1").state is State.PAUSED)
        truth.say(2500)
        stage.resume("subscriber-1")
        settled(stage, truth, Losses(received=2000, before=before, dropped=501))


def test_filters_overlap_once() -> None:
    """Protects the count of messages that match two filters: they are published and received once."""
    truth = Truth()
    with alone(truth, "inproc", (b"1", b"10", b"2")) as stage:
        stage.start()
        before = joined(stage, truth) - 1
        for topic in ("10", "1", "2", "3"):
            truth.say(25, topic)
        settled(stage, truth, Losses(received=76, before=before))


def test_everything_and_nothing(transport: str) -> None:
    """Protects the empty filter, which is everything, and no filter, which is nothing."""
    truth = Truth()
    counts, knobs = {"subscriber": 2}, {"subscriber-1.filter": (b"",), "subscriber-2.filter": ()}
    with stage_of(truth.pattern, transport, counts=counts, knobs=knobs) as stage:
        stage.start()
        before = joined(stage, truth) - 1
        truth.say(30, "x")
        settled(stage, truth, Losses(received=31, before=before))
        assert losses(stage, "subscriber-2") == Losses()
        assert truth.got("subscriber-2") == 0
        assert "subscriber-2 has no filter" in stage.watcher.sentence(stage.view())


def test_live_change_of_a_filter(transport: str) -> None:
    """Protects the change on the running socket: new first, and what stays subscribed loses nothing."""
    truth = Truth()
    with alone(truth, transport) as stage:
        stage.start()
        before = joined(stage, truth) - 1
        truth.say(10, "2")
        stage.set_knob("filter", (b"1", b"2"), "subscriber-1")
        for _ in range(20):
            truth.say(5, "1")
        until(lambda: truth.got() == 101)
        slow = joined(stage, truth, topic="2") - 1
        stage.set_knob("filter", (b"2",), "subscriber-1")
        truth.say(50, "2")
        until(lambda: losses(stage).received == 102 + 50)
        truth.say(40, "1")
        truth.say(1, "2")
        until(lambda: truth.got() == 153)
        account = losses(stage)
        assert account.before == before + slow
        assert account.dropped == account.away == account.orphaned == 0
        assert account.in_flight == 0


def test_queued_messages_that_match_no_more() -> None:
    """Protects "discarded by a filter change": libzmq throws queued messages away that no filter wants now."""
    truth = Truth()
    with alone(truth, "inproc", (b"1", b"2")) as stage:
        stage.start()
        before = joined(stage, truth) - 1
        stage.pause("subscriber-1")
        until(lambda: instance(stage, "subscriber-1").state is State.PAUSED)
        truth.say(50, "1")
        stage.set_knob("filter", (b"2",), "subscriber-1")
        truth.say(7, "2")
        stage.resume("subscriber-1")
        settled(stage, truth, Losses(received=8, before=before, unwanted=50))


@pytest.mark.parametrize("transport", ["tcp", "inproc"])
def test_publisher_restart(transport: str) -> None:
    """Protects the account across two publishers: what the first lost is its own, the second's start is missed."""
    truth = Truth()
    with alone(truth, transport) as stage:
        stage.start()
        joined(stage, truth)
        truth.say(100)
        until(lambda: truth.got() == 101)
        stage.kill("publisher")
        until(lambda: instance(stage, "publisher").state is State.KILLED)
        stage.launch("publisher")
        truth.say(50)
        joined(stage, truth)
        truth.say(10)
        goal = truth.published[-1]
        until(lambda: truth.received["subscriber-1"][-1] == goal)
        until(lambda: losses(stage).received == truth.got())
        until(lambda: losses(stage).in_flight == 0)
        assert losses(stage).published == len(truth.published)


def test_a_removed_subscriber_takes_its_account_along() -> None:
    """Protects the newcomer that gets the name of one who was taken off: its card begins at nothing."""
    truth = Truth()
    with stage_of(truth.pattern, "inproc", counts={"subscriber": 2}, knobs={"filter": (b"1",)}) as stage:
        stage.start()
        joined(stage, truth, "subscriber-2")
        stage.remove("subscriber-2")
        truth.say(10)
        assert stage.add("subscriber") == "subscriber-2"
        joined(stage, truth, "subscriber-2")
        until(lambda: losses(stage, "subscriber-2").received == instance(stage, "subscriber-2").received.messages)


@pytest.mark.parametrize("seed", range(6))
def test_random_lives(seed: int) -> None:
    """Protects the sums in any order of events: received is what the subscriber got, published what matched."""
    dice = random.Random(seed)
    truth = Truth()
    transport = dice.choice(["tcp", "inproc"])
    with stage_of(truth.pattern, transport, counts={"subscriber": 3}, knobs={"filter": (b"1",)}) as stage:
        stage.start()
        names = [each.name for each in stage.view().of("subscriber")]
        for _ in range(25):
            who = dice.choice(names)
            match dice.randrange(6):
                case 0:
                    stage.revive(who)
                case 1:
                    stage.kill(who)
                case 2:
                    stage.pause(who)
                case 3:
                    stage.resume(who)
                case 4 if instance(stage, "publisher").alive and dice.random() < 0.3:
                    stage.revive("publisher")
                case _:
                    pass
            truth.say(dice.randint(1, 400), dice.choice(["1", "1", "2"]))
        for who in names:
            stage.resume(who)
            if not instance(stage, who).alive:
                stage.launch(who)
            joined(stage, truth, who)
        until(lambda: all(losses(stage, who).in_flight == 0 for who in names), what="nothing in flight")
        for who in names:
            account = losses(stage, who)
            until(lambda who=who: losses(stage, who).received == truth.got(who), what=str((account, truth.got(who))))  # type: ignore[misc]
            account = losses(stage, who)
            assert account.received == truth.got(who) == instance(stage, who).received.messages
            assert account.published == truth.matching(b"1")
            assert account.unwanted == 0


def test_an_outside_publisher_is_nobodys_loss() -> None:
    """Protects the account from messages that nobody here published: they are received, and no loss is made up."""
    with stage_of(PUBSUB, "tcp", counts={"subscriber": 1}, knobs={"filter": (b"",)}) as stage:
        stage.launch("subscriber-1")
        with zmq.Context() as context, context.socket(zmq.PUB) as outside:
            outside.linger = 0
            outside.bind(stage.addresses["weather"])
            until(lambda: outside.send(b"1 2 3") or received(stage, "subscriber") >= 20)
        assert instance(stage, "subscriber-1").losses is None


def test_memory_is_flat_while_a_subscriber_is_paused() -> None:
    """Protects from a queue of everything ever published: beyond a limit it is only counted, and still sums up."""
    truth = Truth()
    with alone(truth, "inproc") as stage:
        stage.start()
        before = joined(stage, truth) - 1
        stage.pause("subscriber-1")
        until(lambda: instance(stage, "subscriber-1").state is State.PAUSED)
        for _ in range(3):
            truth.say(100_000)
        settled(stage, truth, Losses(received=1, before=before, in_flight=300_000))
        account = stage.books.ledgers["weather"].subscribers["subscriber-1"]
        assert max(len(line.pending) for line in account.lines.values()) <= 250_000
        stage.resume("subscriber-1")
        until(lambda: truth.got() == 2000)
        settled(stage, truth, Losses(received=2000, before=before, dropped=298_001))


@pytest.mark.parametrize("payload", [b"", b"1", b"1 x y", b"\xff\xfe\xfd", b"1 2 3 4", b"[/red] 1 \x1b[31m"])
def test_hostile_updates(payload: bytes) -> None:
    """Protects the subscriber from an outside publisher: what is no weather update is said, and no more."""
    with stage_of(PUBSUB, "tcp", counts={"subscriber": 1}, knobs={"filter": (b"",), "updates": 2}) as stage:
        stage.launch("subscriber-1")
        with zmq.Context() as context, context.socket(zmq.PUB) as outside:
            outside.linger = 0
            outside.bind(stage.addresses["weather"])
            until(lambda: outside.send(payload) or outside.send(b"1 10 3") or averages(stage))
        assert instance(stage, "subscriber-1").alive
        assert averages(stage)[0].startswith("Average temperature of 2 updates: ")


def averages(stage: Stage) -> list[str]:
    """Return the averages said so far."""
    return [text for text in events(stage, kind="say") if text.startswith("Average")]


def test_figures_are_the_account() -> None:
    """Protects the screen: its figures are the account's numbers."""
    truth = Truth()
    with alone(truth, "inproc") as stage:
        stage.start()
        joined(stage, truth)
        truth.say(9)
        until(lambda: figure(stage, "received", "subscriber-1") == 10)
        view = stage.view()
        account = view.of("subscriber")[0].losses
        assert account is not None
        values = {each.name: each.value for each in stage.figures(view) if each.instance}
        parts = ("before", "away", "dropped", "unwanted", "orphaned", "in_flight")
        assert values["missing"] == sum(int(values[part] or 0) for part in parts) == account.missing
        assert values["matching"] == account.published
        assert sent(stage, "publisher") == account.published


@pytest.mark.parametrize("span", [1, 9, 10, 99, 1000, 12345, 100_000])
def test_expected_matches(span: int) -> None:
    """Protects "one in N": the share of zip codes that match is counted exactly."""
    for filters in ((b"1",), (b"10001",), (b"",), (), (b"1", b"10"), (b"9", b"5"), (b"x",), (b"01",), (b"1 2",)):
        texts = [prefix.split(b" ")[0] for prefix in filters]
        expected = sum(any(str(code).encode().startswith(text) for text in texts) for code in range(1, span + 1))
        assert matching(filters, span) == expected, filters


def test_the_rate_is_kept() -> None:
    """Protects the rate knob, turned while it runs."""
    with stage_of(PUBSUB, "inproc", knobs={"rate": 1000}) as stage:
        stage.start()
        for rate in (1000, 4000):
            stage.set_knob("rate", rate)
            until(lambda rate=rate: rate * 0.7 < instance(stage, "publisher").sent_rate < rate * 1.3, 5)  # type: ignore[misc]


def test_connections_are_counted() -> None:
    """Protects the number of peers at the publisher."""
    with stage_of(PUBSUB, "tcp", counts={"subscriber": 4}) as stage:
        stage.start()
        connected(stage, "weather", 4)
        stage.kill("subscriber-2")
        connected(stage, "weather", 3)


def test_what_a_leaver_had_in_its_queue(transport: str) -> None:
    """Protects the difference between what was published meanwhile and what waited in the queue of who left."""
    with stage_of(PUBSUB, transport, knobs={"rate": 2000, "span": 10, "filter": (b"",)}) as stage:
        stage.start()
        until(lambda: losses(stage).received > 100)
        stage.pause("subscriber-1")
        until(lambda: losses(stage).in_flight > 100)
        stage.kill("subscriber-1")
        until(lambda: losses(stage).away > 0)
        account = losses(stage)
        assert account.abandoned > 100
        assert account.in_flight == 0
        assert account.published == account.received + account.missing
