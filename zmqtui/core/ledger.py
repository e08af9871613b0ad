"""Exact loss of publish–subscribe, message by message, from what was published and what arrived.

The publisher's tape is the ledger: every message in order. Each subscriber has a queue of the published messages
that match its filters and have not arrived. What arrives is found in that queue; what it overtakes is lost, and
the moment tells why. Nothing is added to a message on the wire.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from itertools import islice
from typing import Any

from zmqtui.core.tape import Mark, Message, Tape
from zmqtui.core.watch import Losses

LONGEST = 250_000
"""Messages in flight that are remembered one by one for a subscriber; what comes on top is only counted."""
SETTLED = 1.0
"""Seconds after which a message does not arrive any more at a subscriber that waits in recv() all the while."""
STRAY = 1.0
"""Seconds after which a message that nobody here published is taken for an outside publisher's."""


class Subscriber:
    """One subscriber's account, over all its lives."""

    def __init__(self) -> None:
        self.received = self.before = self.away = self.dropped = self.unwanted = self.orphaned = 0
        self.strays = 0
        self.filters: tuple[bytes, ...] = ()
        self.open = False
        self.lives = 0
        self.pending: deque[bytes] = deque()
        self.arrived: deque[bytes] = deque()
        self._beyond = 0
        self._from_the_dead = 0
        self._unconfirmed: tuple[bytes, ...] = ()
        self._fed = 0
        self._left = 0
        self._history: deque[tuple[float, int]] = deque(maxlen=4096)
        self._old = 0
        self._held_since = 0.0
        self._foreign = False

    def losses(self) -> Losses:
        """Return the account as it stands."""
        return Losses(
            self.received, self.before, self.away, self.dropped, self.unwanted, self.orphaned,
            len(self.pending) + self._beyond,
        )  # fmt: skip

    def feed(self, published: list[bytes], when: float, expected: tuple[bytes, ...]) -> None:
        """Take in what was published.

        Args:
            published: Messages in order.
            when: The time.
            expected: The filters it would have if it were there.
        """
        filters = self.filters if self.open else expected
        matching = [message for message in published if message.startswith(filters)]
        if not self.open:
            if self.lives:
                self.away += len(matching)
            else:
                self.before += len(matching)
            return
        if not matching:
            return
        room = 0 if self._beyond else max(0, LONGEST - len(self.pending))
        self.pending.extend(islice(matching, room))
        self._beyond += max(0, len(matching) - room)
        self._fed += len(matching)
        self._history.append((when, self._fed))

    def changed(self, mark: Mark, when: float) -> None:
        """Take in that the subscriber opened, closed or changed its filters here."""
        self.match(when)
        if mark.what == "close":
            self.away += len(self.pending) + self._beyond
            self._forget()
            self.open = False
            return
        if mark.what == "open":
            self.lives += 0 if self.open else 1
            self.open = True
            self._unconfirmed = mark.filters
        new = tuple(prefix for prefix in mark.filters if prefix not in self.filters)
        self._unconfirmed = tuple(
            prefix for prefix in dict.fromkeys((*self._unconfirmed, *new)) if prefix in mark.filters
        )
        self.filters = mark.filters
        kept = deque(message for message in self.pending if message.startswith(self.filters))
        self.unwanted += len(self.pending) - len(kept)
        self._left += len(self.pending) - len(kept)
        self.pending = kept

    def publisher_left(self) -> None:
        """Take in that what is pending now comes from a publisher that is gone."""
        self._from_the_dead = len(self.pending)
        self._unconfirmed = self.filters

    def match(self, when: float) -> None:
        """Find what arrived among what is pending."""
        while self.arrived:
            message = self.arrived[0]
            if self.pending and self.pending[0] == message:
                self._skip_or_receive(0)
            elif (place := self._find(message)) >= 0:
                self._skip_or_receive(place)
            elif self._beyond:
                self._lose(len(self.pending))
                self._beyond -= 1
                self._left += 1
                self.received += 1
            else:
                # Its publisher may not have written it down yet.
                self._held_since = self._held_since or when
                self._foreign = self._foreign or when - self._held_since >= STRAY
                if not self._foreign:
                    return
                self.strays += 1
                self.arrived.popleft()
                continue
            self.arrived.popleft()
            self._held_since, self._foreign = 0.0, False
            if self._unconfirmed:
                self._unconfirmed = tuple(prefix for prefix in self._unconfirmed if not message.startswith(prefix))

    def settle(self, when: float) -> None:
        """Give up what should have arrived: the subscriber waits in recv() and its queue is empty."""
        while self._history and self._history[0][0] <= when - SETTLED:
            self._old = self._history.popleft()[1]
        if self.arrived:
            return
        self._lose(min(max(0, self._old - self._left), len(self.pending)))
        rest = min(max(0, self._old - self._left), self._beyond)
        self.dropped += rest
        self._beyond -= rest
        self._left += rest

    def _find(self, message: bytes) -> int:
        try:
            return self.pending.index(message)
        except ValueError:
            return -1

    def _skip_or_receive(self, place: int) -> None:
        self._lose(place)
        self.pending.popleft()
        self._from_the_dead = max(0, self._from_the_dead - 1)
        self._left += 1
        self.received += 1

    def _lose(self, count: int) -> None:
        """Account for the first `count` pending messages, which will not arrive."""
        self._left += count
        for _ in range(count):
            message = self.pending.popleft()
            if self._from_the_dead:
                self._from_the_dead -= 1
                self.orphaned += 1
            elif self._unconfirmed and not message.startswith(self._confirmed()):
                if self.lives > 1:
                    self.away += 1
                else:
                    self.before += 1
            else:
                self.dropped += 1

    def _confirmed(self) -> tuple[bytes, ...]:
        return tuple(prefix for prefix in self.filters if prefix not in self._unconfirmed)

    def _forget(self) -> None:
        self._left += len(self.pending) + self._beyond
        self.pending.clear()
        self.arrived.clear()
        self._history.clear()
        self._beyond = self._from_the_dead = 0
        self._held_since = 0.0


class Ledger:
    """The account of one endpoint at which somebody publishes.

    Args:
        expected: Returns the filters that a subscriber would have if it were there, by instance name.

    Attributes:
        subscribers: The accounts by instance name.
        used: Whether anybody here ever published.
    """

    def __init__(self, expected: Callable[[str], tuple[bytes, ...]]) -> None:
        self.subscribers: dict[str, Subscriber] = {}
        self.used = False
        self._expected = expected
        self._published: dict[Tape, tuple[int, list[bytes]]] = {}
        self._gone: set[Tape] = set()

    def add(self, name: str) -> None:
        """Open an account for a subscriber."""
        self.subscribers.setdefault(name, Subscriber())

    def published(self, tape: Tape, first: int, items: list[Any]) -> None:
        """Take in what a publisher's tape held."""
        self.used = True
        self._published.setdefault(tape, (first, []))[1].extend(map(_key, items))

    def closed(self, tape: Tape) -> None:
        """Take in that a publisher is gone and everything it published was taken in."""
        self._gone.add(tape)

    def balance(
        self, arrivals: dict[str, list[Any]], upto: dict[Tape, int], waiting: dict[str, float], when: float
    ) -> None:
        """Bring every account up to date.

        Args:
            arrivals: What each subscriber's tape held: messages and marks, in order.
            upto: Positions of the publishers' tapes from before the subscribers' tapes were taken.
            waiting: Since when a subscriber waits in recv(), for those that do.
            when: The time.
        """
        for name, subscriber in self.subscribers.items():
            done = {tape: first for tape, (first, _) in self._published.items()}
            expected = self._expected(name)
            for item in arrivals.get(name, ()):
                if type(item) is Mark:
                    for tape in done:
                        self._feed(subscriber, tape, done, item.positions.get(tape, done[tape]), when, expected)
                    subscriber.changed(item, when)
                else:
                    subscriber.arrived.append(_key(item))
            for tape in done:
                self._feed(subscriber, tape, done, upto.get(tape, done[tape]), when, expected)
                if tape in self._gone:
                    subscriber.publisher_left()
            subscriber.match(when)
            if waiting.get(name, when) <= when - SETTLED:
                subscriber.settle(when)
        for tape, (first, items) in self._published.items():
            count = max(0, upto.get(tape, first) - first)
            del items[:count]
            self._published[tape] = (first + count, items)
        for tape in self._gone:
            self._published.pop(tape, None)
        self._gone.clear()

    def _feed(
        self,
        subscriber: Subscriber,
        tape: Tape,
        done: dict[Tape, int],
        upto: int,
        when: float,
        expected: tuple[bytes, ...],
    ) -> None:
        first, items = self._published[tape]
        start, stop = done[tape] - first, upto - first
        if stop > start:
            subscriber.feed(items[start:stop], when, expected)
            done[tape] = upto


def _key(item: bytes | Message) -> bytes:
    """Return what identifies a message: its frames, the first one in front."""
    return item if type(item) is bytes else b"\0".join(item.frames)  # type: ignore[union-attr]
