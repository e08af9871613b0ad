"""Exact loss of publish–subscribe, message by message, from what was published and what arrived.

The publisher's tape is the ledger: every message in order. Each subscriber has a line of the published messages
that match its filters and have not arrived, one for each publisher. What arrives is found in a line; what it
overtakes there is lost, and the moment tells why. Nothing is added to a message on the wire.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from itertools import chain, islice
from math import inf

from zmqtui.core.books.dealing import deal
from zmqtui.core.books.inflight import SETTLED, Line, cut
from zmqtui.core.books.lost import Lost, joined
from zmqtui.core.journal import Event
from zmqtui.core.sockets.tape import Mark, Message, Taken, Tape
from zmqtui.core.watch import Losses

ROW = 100
"""Messages in a row from a live publisher after which nothing more comes from a dead one: libzmq takes turns."""
STEP = 256
"""Messages that are compared at once."""
REMEMBERED = 10_000
"""Messages that a change of filters made unwanted and that are looked for among what comes after it."""
STRAY = 1.0
"""Seconds after which a message that nobody here published is taken for an outside publisher's."""


class Subscriber:
    """One subscriber's account, over all its lives.

    Attributes:
        filters: What it is subscribed to.
        expected: What it would be subscribed to if it were there.
        open: Whether it is there: connected, and subscribed to something since.
        lives: How often it opened.
        lines: What is on its way to it, by publisher.
        arrived: What came and is not accounted for yet.
        held: What its tape held from a mark on that stands behind what may be fed by now.
    """

    def __init__(self) -> None:
        self.received = self.before = self.away = self.dropped = self.unwanted = self.orphaned = 0
        self.abandoned = 0
        self.filters: tuple[bytes, ...] = ()
        self.expected: tuple[bytes, ...] = ()
        self.open = False
        self.lives = 0
        self.lines: dict[Tape, Line] = {}
        self.arrived: deque[bytes] = deque()
        self.held: list[Taken] = []
        self.lost = Lost()
        self._connected = False
        self._unconfirmed: tuple[bytes, ...] = ()
        self._discarded: list[bytes] = []
        self._shifted = False
        self._row = 0
        self._times: deque[tuple[float, int]] = deque()
        self._count = 0
        self._foreign = False
        self._known: Counter[bytes] | None = None

    @property
    def in_force(self) -> tuple[bytes, ...]:
        """What a message must begin with to be for it."""
        return self.filters if self.open else self.expected

    def losses(self) -> Losses:
        """Return the account as it stands."""
        return Losses(
            received=self.received,
            before=self.before,
            away=self.away,
            dropped=self.dropped,
            unwanted=self.unwanted,
            orphaned=self.orphaned,
            abandoned=self.abandoned,
            in_flight=self._in_flight(),
        )

    def _in_flight(self) -> int:
        return sum(map(len, self.lines.values()))

    def feed(self, tape: Tape, matching: list[bytes], when: float) -> None:
        """Take in what was published by `tape` and matches its filters, in order."""
        if not matching:
            return
        if self.open:
            self.lines.setdefault(tape, Line(tape.instance)).feed(matching, when)
            return
        if self.arrived:
            matching = [message for message in matching if not self._came(message)]
        if matching:
            self._lost("away" if self.lives else "before", matching, tape.instance)

    def keeps_up(self, shares: dict[Tape, list[bytes]], came: list[bytes], when: float) -> bool:
        """Take in at once what was published and what arrived, where nothing is missing; else do nothing.

        Args:
            shares: What was published and matches its filters, by publisher.
            came: What arrived.
            when: The time.

        Returns:
            Whether it was taken in.
        """
        if len(self.lines) != 1 or len(shares) > 1 or not came or self.arrived or self._unconfirmed:
            return False
        [(tape, line)] = self.lines.items()
        if shares.keys() - {tape} or not line.pass_on(shares.get(tape, []), came, when):
            return False
        self.received += len(came)
        self._row += len(came)
        self._foreign = False
        return True

    def _came(self, message: bytes) -> bool:
        """Tell whether it arrived before the subscriber closed, and before its publisher had written it down."""
        if not self.arrived or self.arrived[0] != message:
            return False
        self.arrived.popleft()
        self.received += 1
        return True

    def _lost(self, how: str, messages: Sequence[bytes], publisher: str, more: int = 0) -> None:
        """Count messages as lost: how, which, whose, and how many more that are not remembered."""
        setattr(self, how, getattr(self, how) + len(messages) + more)
        self.lost.note(how, messages, publisher, more)

    def changed(self, mark: Mark, when: float) -> None:
        """Take in that the subscriber opened, closed or changed its filters here."""
        self.match(when)
        if mark.what == "close":
            for line in self.lines.values():
                self._lost("abandoned", list(line.pending), line.publisher, line.beyond)
            self.lines.clear()
            self.open = self._connected = False
            self._shift_over()
            return
        if mark.what == "open":
            self._connected = True
            self._unconfirmed = mark.filters
        if self._connected and mark.filters and not self.open:
            self.open = True
            self.lives += 1
        new = tuple(prefix for prefix in mark.filters if prefix not in self.filters)
        self._shifted = self._shifted or (self.open and not set(self.filters) <= set(mark.filters))
        self._unconfirmed = tuple(
            prefix for prefix in dict.fromkeys((*self._unconfirmed, *new)) if prefix in mark.filters
        )
        self.filters = mark.filters
        discarded: list[bytes] = []
        for line in self.lines.values():
            gone = line.keep(self.filters)
            discarded += gone
            self._lost("unwanted", gone, line.publisher)
        self._discarded = [*self._discarded, *discarded][-REMEMBERED:]

    def publisher_left(self, tape: Tape, when: float) -> None:
        """Take in that a publisher is gone: what it sent may still arrive, between what its successor sends."""
        line = self.lines.get(tape)
        # An empty one counts, too: what was just sent may arrive later.
        if line is not None:
            line.died = when
        self._unconfirmed = self.filters
        self._row = 0

    def match(self, when: float) -> None:
        """Find what arrived among what is on its way."""
        self._known = None
        self._in_step(len(self.arrived))
        singly = 0
        while self.arrived:
            if not singly:
                if self._in_step(STEP):
                    continue
                # Where something is missing much may be: do not try again too soon.
                singly = STEP
            singly -= 1
            message = self.arrived[0]
            if not self._receive(message, when):
                # Its publisher may not have written it down yet.
                self._foreign = self._foreign or when - self._arrived_at() >= STRAY
                if not self._foreign:
                    return
                self.arrived.popleft()
                continue
            self.arrived.popleft()
            self._foreign = False

    def take_in(self, messages: Iterable[bytes], when: float) -> None:
        """Take in what arrived."""
        before = len(self.arrived)
        if not before:
            self._times.clear()
        self.arrived.extend(messages)
        self._count += len(self.arrived) - before
        self._times.append((when, self._count))

    def _arrived_at(self) -> float:
        """Return when the first of what arrived and is not accounted for yet was taken in."""
        gone = self._count - len(self.arrived)
        while self._times[0][1] <= gone:
            self._times.popleft()
        return self._times[0][0]

    def _in_step(self, most: int) -> bool:
        """Take off at once what arrived just as it was sent, with nothing missing; return whether any did.

        Args:
            most: How many messages at most.
        """
        if len(self.lines) != 1:
            return False
        [line] = self.lines.values()
        count = min(len(self.arrived), len(line.pending), most)
        if not count or line.died or self.arrived[0] != line.pending[0]:
            return False
        came = list(islice(self.arrived, count))
        if came != list(islice(line.pending, count)):
            return False
        for prefix in self._unconfirmed:
            if any(message.startswith(prefix) for message in came):
                self._unconfirmed = tuple(each for each in self._unconfirmed if each != prefix)
        self._off(line, count)
        cut(self.arrived, count)
        self.received += count
        self._row += count
        self._foreign = False
        return True

    def _receive(self, message: bytes, when: float) -> bool:
        lines = tuple(self.lines.values())
        for line in lines:
            if line.first(message):
                self._take(line, 0)
                return True
        if self._is_on_its_way(message):
            for line in lines:
                if (place := line.find(message)) >= 0:
                    self._take(line, place)
                    return True
        for line in lines:
            if line.beyond:
                self._lose(line, len(line.pending))
                line.take_beyond(1)
                self.received += 1
                return True
        if message in self._discarded:
            # libzmq looks at the filters when a message is received: what came before may match those of today.
            del self._discarded[: self._discarded.index(message) + 1]
            self.unwanted -= 1
        elif message.startswith(self.in_force) and not (self._shifted and self._arrived_at() < when):
            return False
        # Else it was in libzmq's hand already when the filters changed, or was sent before that was known to whoever
        # sent it: everything else has been fed by now.
        self.received += 1
        return True

    def _shift_over(self) -> None:
        """Take in that nothing can come any more that earlier filters let through."""
        self._discarded = []
        self._shifted = False

    def _is_on_its_way(self, message: bytes) -> bool:
        """Tell whether a search for `message` will find it: in a flood from outside each one would go through all."""
        if self._known is None:
            self._known = Counter(chain.from_iterable(line.pending for line in self.lines.values()))
        return self._known[message] > 0

    def _off(self, line: Line, count: int) -> list[bytes]:
        """Take the first `count` pending messages off a line."""
        taken = line.take(count)
        if self._known is not None:
            self._known.subtract(taken)
        return taken

    def _take(self, line: Line, place: int) -> None:
        self._lose(line, place)
        [message] = self._off(line, 1)
        self.received += 1
        if line.died:
            self._row = 0
            return
        if self._unconfirmed:
            self._unconfirmed = tuple(prefix for prefix in self._unconfirmed if not message.startswith(prefix))
        self._row += 1
        if self._row > ROW and len(self.lines) > 1:
            self._bury(when=inf)

    def _bury(self, when: float) -> None:
        """Give up what publishers that went before `when` had sent."""
        for tape, line in tuple(self.lines.items()):
            if line.died and line.died <= when:
                self._lost("orphaned", list(line.pending), line.publisher, line.beyond)
                del self.lines[tape]
                self._known = None

    def settle(self, when: float) -> None:
        """Give up what should have arrived: the subscriber waits in recv() and its queue is empty."""
        if self.arrived:
            return
        self._shift_over()
        self._bury(when - SETTLED)
        for line in self.lines.values():
            if not line.died:
                self._lose(line, min(line.overdue(when), len(line.pending)))
                rest = min(line.overdue(when), line.beyond)
                self._lost("dropped", (), line.publisher, rest)
                line.take_beyond(rest)

    def _lose(self, line: Line, count: int) -> None:
        """Account for the first `count` pending messages, which will not arrive."""
        lost = self._off(line, count)
        if line.died or not self._unconfirmed:
            self._lost("orphaned" if line.died else "dropped", lost, line.publisher)
            return
        confirmed = self._confirmed()
        self._lost(
            "away" if self.lives > 1 else "before",
            [message for message in lost if not message.startswith(confirmed)],
            line.publisher,
        )
        self._lost("dropped", [message for message in lost if message.startswith(confirmed)], line.publisher)

    def _confirmed(self) -> tuple[bytes, ...]:
        return tuple(prefix for prefix in self.filters if prefix not in self._unconfirmed)


class Ledger:
    """The account of one endpoint at which somebody publishes.

    Args:
        expected: Returns the filters that a subscriber would have if it were there, by instance name.
        endpoint: The endpoint's name.

    Attributes:
        subscribers: The accounts by instance name.
        used: Whether anybody here ever published.
    """

    def __init__(self, expected: Callable[[str], tuple[bytes, ...]], endpoint: str) -> None:
        self.subscribers: dict[str, Subscriber] = {}
        self.used = False
        self._expected = expected
        self._endpoint = endpoint
        self._published: dict[Tape, tuple[int, list[bytes]]] = {}
        self._gone: set[Tape] = set()

    def add(self, name: str) -> None:
        """Open an account for a subscriber."""
        self.subscribers.setdefault(name, Subscriber())

    def published(self, tape: Tape, taken: Taken) -> None:
        """Take in what a publisher's tape held."""
        self.used = True
        self._published.setdefault(tape, (taken.first, []))[1].extend(_keys(taken))

    def closed(self, tape: Tape) -> None:
        """Take in that a publisher is gone and everything it published was taken in."""
        self._gone.add(tape)

    def balance(
        self, arrivals: dict[str, list[Taken]], upto: dict[Tape, int], waiting: dict[str, float], when: float
    ) -> None:
        """Bring every account up to date.

        Args:
            arrivals: What each subscriber's tape held, in order.
            upto: Positions of the publishers' tapes from before the subscribers' tapes were taken.
            waiting: Since when a subscriber waits in recv(), for those that do.
            when: The time.
        """
        for name, subscriber in self.subscribers.items():
            subscriber.expected = self._expected(name)
            subscriber.held += arrivals.get(name, ())
        steady = {
            name: subscriber.in_force
            for name, subscriber in self.subscribers.items()
            if not any(taken.marked for taken in subscriber.held)
        }
        fresh = {
            tape: items[: max(0, upto.get(tape, first) - first)] for tape, (first, items) in self._published.items()
        }
        shares = {tape: deal(messages, steady) for tape, messages in fresh.items()}
        gone = fresh.keys() & self._gone
        for name, subscriber in self.subscribers.items():
            if name in steady:
                came = list(chain.from_iterable(map(_keys, subscriber.held)))
                subscriber.held = []
                mine = {tape: share[name] for tape, share in shares.items() if share[name]}
                if gone or not subscriber.keeps_up(mine, came, when):
                    subscriber.take_in(came, when)
                    for tape, share in mine.items():
                        subscriber.feed(tape, share, when)
            else:
                self._step_by_step(subscriber, upto, when)
            for tape in gone:
                subscriber.publisher_left(tape, when)
            subscriber.match(when)
            if waiting.get(name, when) <= when - SETTLED:
                subscriber.settle(when)
        for tape, messages in fresh.items():
            first, items = self._published[tape]
            del items[: len(messages)]
            self._published[tape] = (first + len(messages), items)
        for tape in self._gone:
            self._published.pop(tape, None)
        self._gone.clear()

    def _step_by_step(self, subscriber: Subscriber, upto: dict[Tape, int], when: float) -> None:
        """Bring the account of a subscriber up to date whose filters changed on the way."""
        done = {tape: first for tape, (first, _) in self._published.items()}
        held, subscriber.held = subscriber.held, []
        for number, taken in enumerate(held):
            for place, item in enumerate(taken.items):
                if type(item) is Mark:
                    if any(item.positions.get(tape, 0) > upto.get(tape, first) for tape, first in done.items()):
                        # Others have not come as far: what is fed to one is fed to all.
                        subscriber.held = [taken._replace(items=taken.items[place:]), *held[number + 1 :]]
                        break
                    for tape in done:
                        self._feed(subscriber, tape, done, item.positions.get(tape, done[tape]), when)
                    subscriber.changed(item, when)
                else:
                    subscriber.take_in((_key(item),), when)
            if subscriber.held:
                break
        for tape in done:
            self._feed(subscriber, tape, done, upto.get(tape, done[tape]), when)

    def losses(self, when: float, *, last: bool) -> list[Event]:
        """Return what the journal is to be told of the losses since the last call.

        Args:
            when: The time.
            last: Whether nothing more will come.
        """
        events: list[Event] = []
        for name, subscriber in self.subscribers.items():
            events += subscriber.lost.events(name, self._endpoint, when, last=last)
        return events

    def _feed(self, subscriber: Subscriber, tape: Tape, done: dict[Tape, int], upto: int, when: float) -> None:
        first, items = self._published[tape]
        start, stop = done[tape] - first, upto - first
        if stop > start:
            filters = subscriber.in_force
            subscriber.feed(tape, [message for message in items[start:stop] if message.startswith(filters)], when)
            done[tape] = upto


def _keys(taken: Taken) -> Iterable[bytes]:
    return taken.items if taken.bare else map(_key, taken.items)


def _key(item: bytes | Message) -> bytes:
    return item if type(item) is bytes else joined(item.frames)  # type: ignore[union-attr]
