"""Publish–subscribe: one publisher speaks to whoever listens; who joins late has missed what was said."""

from __future__ import annotations

from itertools import count
from time import monotonic

import zmq

from zmqtui.core.model import Endpoint, Endpoints, Knob, Knobs, Link, Pattern, Role
from zmqtui.core.role import randint, say, sleep
from zmqtui.core.sockets.traced import Context, Socket
from zmqtui.core.state import State
from zmqtui.core.watch import Figure, InstanceView, StageView, Watcher, names, verb

RECENT = 2.0
"""Seconds without another loss after which a subscriber is said to have been too slow."""


def publisher(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
    """Publish the weather of random zip codes."""
    socket = context.socket(zmq.PUB)
    socket.bind(endpoints.weather)
    due = monotonic()
    while True:
        zipcode = randint(1, knobs.span)
        temperature = randint(-80, 135)
        humidity = randint(10, 60)
        socket.send_string(f"{zipcode} {temperature} {humidity}")
        if knobs.rate:
            due = max(due + 1 / knobs.rate, monotonic() - 0.1)
            early = due - monotonic()
            if early > 0.005:
                sleep(early)


def subscriber(context: Context, endpoints: Endpoints, knobs: Knobs) -> None:
    """Take some updates for the zip codes that start with a filter, and average their temperature."""
    socket = context.socket(zmq.SUB)
    socket.connect(endpoints.weather)
    for prefix in knobs.filter:
        socket.subscribe(prefix)
    for number in count(1):
        temperatures: list[int] = []
        while len(temperatures) < knobs.updates:
            update = socket.recv()
            try:
                _zipcode, temperature, _humidity = update.split()
                temperatures.append(int(temperature))
            except ValueError:
                say(f"Not a weather update: {update!r}")
        average = sum(temperatures) / len(temperatures)
        say(f"Average temperature of {len(temperatures)} updates: {average:.1f} F")
        if number == knobs.rounds:
            break


def change_filter(sockets: list[Socket], old: tuple[bytes, ...], new: tuple[bytes, ...]) -> None:
    """Subscribe to the new filters first, then drop the old ones: the other order loses messages."""
    for socket in sockets:
        for prefix in new:
            if prefix not in old:
                socket.subscribe(prefix)
        for prefix in old:
            if prefix not in new:
                socket.unsubscribe(prefix)


class Weather(Watcher):
    """Says what each subscriber got and what it missed, and why."""

    reads = False

    def __init__(self) -> None:
        self._grew: dict[str, tuple[int, float]] = {}
        self._looked = 0.0

    def left(self, instance: str) -> None:
        """Forget an instance that was taken off the stage."""
        self._grew.pop(instance, None)

    def figures(self, view: StageView) -> list[Figure]:
        """Return the parts of what was published for each subscriber; they sum to the whole."""
        sent = sum(each.sent.messages for each in view.of("publisher"))
        here = any(each.life for each in view.of("publisher"))
        ended = "" if view.running else " at the stop"
        figures = [Figure("published", sent if here else None, f"{sent:,} published" if here else "", tone="sent")]
        for subscriber in view.of("subscriber"):
            losses, who = subscriber.losses, subscriber.name
            if not losses:
                continue
            figures += [
                Figure("matching", losses.published, f"published {losses.published:,}", who, tone="sent"),
                Figure("received", losses.received, f"received {losses.received:,}", who, tone="received"),
                Figure("missing", losses.missing, f"missing {losses.missing:,}", who, tone="lost", brief=True),
                Figure("before", losses.before, f"{losses.before:,} before it joined", who, tone="lost"),
                Figure("away", losses.away, f"{losses.away:,} away", who, tone="lost"),
                Figure("dropped", losses.dropped, f"{losses.dropped:,} at the high-water mark", who, tone="lost"),
                Figure("in_flight", losses.in_flight, f"{losses.in_flight:,} in flight{ended}", who, tone="waiting"),
            ]
            # Rare causes: always in the summary, on the screen only when there are any.
            rare = (
                ("abandoned", losses.abandoned, "in its queue when it left"),
                ("unwanted", losses.unwanted, "discarded by a filter change"),
                ("orphaned", losses.orphaned, "lost with a publisher"),
            )
            figures += [
                Figure(name, value, f"{value:,} {words}" if value else "", who, tone="lost")
                for name, value, words in rare
            ]
        return figures

    def sentence(self, view: StageView) -> str:
        """Say who hears the publisher."""
        publisher = view.of("publisher")[0]
        subscribers = [each for each in view.of("subscriber") if each.alive]
        away = [each for each in view.of("subscriber") if each.state in (State.KILLED, State.FAILED, State.STOPPED)]
        paused = [each for each in subscribers if each.state is State.PAUSED]
        deaf = [each for each in subscribers if not each.knobs["filter"]]
        if publisher.state is State.BINDING:
            return "The publisher waits for its port."
        if publisher.state is State.PAUSED:
            return "The publisher is paused: nothing is published, so nothing is lost."
        if not publisher.alive:
            hearing = [each for each in subscribers if each.connected]
            if hearing:
                return f"{names(hearing)} {verb(hearing, 'hears', 'hear')} a publisher outside this playground."
            waits = f"{names(subscribers)} {verb(subscribers, 'waits', 'wait')}" if subscribers else "nobody waits"
            return f"No publisher runs: {waits}, and its first messages may be missed when it starts."
        if away:
            them = verb(away, "it", "them")
            return f"{names(away)} {verb(away, 'is', 'are')} away: what is published now is lost to {them} for good."
        if paused:
            are = verb(paused, "is", "are")
            return f"{names(paused)} {are} paused: messages queue, 1,000 at either end and more in between, then drop."
        if not subscribers and not view.peers["weather"]:
            return "Nobody subscribes: the publisher does not wait, everything it says is lost."
        if deaf:
            return (
                f"{names(deaf)} {verb(deaf, 'has', 'have')} no filter: without a subscription a SUB receives nothing."
            )
        more = self._slow(view, subscribers) or self._expectation(view, subscribers)
        rate = float(f"{publisher.sent_rate:.2g}")
        return f"The publisher sends {rate:,.0f} messages a second{more}."

    def _slow(self, view: StageView, subscribers: list[InstanceView]) -> str:
        """Say who is too slow, or was, and what that has cost."""
        # What came while nobody looked may be long ago.
        when = view.time if view.time - self._looked < RECENT else 0.0
        self._looked = view.time
        late, now = [each for each in subscribers if _dropped(each)], []
        for each in late:
            before, grew = self._grew.get(each.name, (0, 0.0))
            if _dropped(each) != before:
                grew = when
                self._grew[each.name] = _dropped(each), grew
            if view.time - grew < RECENT:
                now.append(each)
        if not late:
            return ""
        worst = max(now or late, key=_dropped)
        verdict = "is too slow," if now else "was too slow:"
        return f"; {worst.name} {verdict} {_dropped(worst):,} were dropped at the high-water mark"

    def _expectation(self, view: StageView, subscribers: list[InstanceView]) -> str:
        span, rate = view.knobs["span"], view.of("publisher")[0].sent_rate
        waits = {}
        for subscriber in subscribers:
            hits = rate * matching(subscriber.knobs["filter"], span) / span
            if hits < 2:
                waits[subscriber.name] = 1 / hits if hits else 0.0
        if not waits or not rate:
            return ""
        name, wait = min(waits.items(), key=lambda item: item[1])
        if not wait:
            return f"; no zip code up to {span:,} starts with the filter of {name}"
        return f"; {name} gets about one in {wait * rate:,.0f}, one every {max(wait, 1):,.0f} s or so"


def _dropped(subscriber: InstanceView) -> int:
    return subscriber.losses.dropped if subscriber.losses else 0


def matching(filters: tuple[bytes, ...], span: int) -> int:
    """Return how many of the zip codes 1 to `span` start with one of `filters`."""
    total = 0
    texts = sorted({prefix.split(b" ")[0] for prefix in filters}, key=len)
    kept: list[bytes] = []
    for text in texts:
        if not text.startswith(tuple(kept)) and (not text or (text.isdigit() and not text.startswith(b"0"))):
            kept.append(text)
    for text in kept:
        if not text:
            return span
        low, width = int(text), 1
        while low <= span:
            total += min(span, low + width - 1) - low + 1
            low, width = low * 10, width * 10
    return total


PATTERN = Pattern(
    name="pubsub",
    title="Publish–subscribe",
    short="Pub–sub",
    about=(
        "The publisher sends whether or not anybody listens. A subscriber gets the messages that start with one of"
        " its filters, from the moment its subscription has reached the publisher: the slow joiner misses the"
        " beginning, and who leaves misses what is said meanwhile. Change a filter while it runs."
    ),
    roles=(Role("publisher", publisher), Role("subscriber", subscriber, default=3, most=64)),
    endpoints=(Endpoint("weather", 5556, Link("publisher", "PUB"), (Link("subscriber", "SUB"),)),),
    knobs=(
        Knob("rate", "int", 20_000, "messages per second; 0 is as fast as it goes", "/s", 0, 10**7, role="publisher"),
        Knob("span", "int", 100_000, "zip codes run from 1 to this", "", 1, 10**9, "zip span", "publisher"),
        Knob("updates", "int", 5, "matching updates that make an average", "", 1, 10**9, role="subscriber"),
        Knob("rounds", "int", 0, "averages, 0 for ever", "", 0, 10**9, role="subscriber", alone=1),
        Knob(
            "filter", "filters", (b"10001",), "zip code prefixes with commas; empty is everything, none is nothing",
            role="subscriber", each=True, apply=change_filter,
        ),
    ),
    watcher=Weather,
    done="subscriber",
)  # fmt: skip
