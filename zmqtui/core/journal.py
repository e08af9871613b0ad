"""What happened: counts that never drop, and a window of events for whoever wants to read along.

A role's sockets append to a tape, which costs them next to nothing. The stage's books are kept elsewhere: a few
times a second every tape is emptied, its messages are counted and a sample of them goes to the `Journal`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from typing import Final, NamedTuple

now = time.perf_counter
"""The clock of every time in the engine, in seconds; add `WALL` for the time of day."""

WALL: Final = time.time() - time.perf_counter()

SENT: Final = "send"
RECEIVED: Final = "recv"
LOST: Final = "lost"

FAST: Final = 10_000
"""Messages per second from which a tape is written without a time for each message."""


class Event(NamedTuple):
    """One line of the journal.

    Attributes:
        time: Seconds on the clock `now`.
        instance: Whose, such as ``client-1``.
        kind: ``send``, ``recv``, ``lost`` (a message that does not arrive at the instance, or its request without
            a reply), ``say``, ``state``, ``error``, ``link``, ``note`` (what the playground did) or ``skipped``.
        frames: A message's frames.
        endpoint: A message's endpoint.
        text: What was said, why a message is lost, or which kind was skipped.
        peer: The instance or address at the other end, where it is known for certain.
        messages: How many messages this event stands for; above 1 only for ``skipped``.
        what: For ``link`` and ``monitor`` (the steps of a connection, which no log lists): ``listening``,
            ``connecting``, ``accepted``, ``connected``, ``handshake``, ``disconnected``, ``retried``, ``refused`` or
            ``closed``.
    """

    time: float
    instance: str
    kind: str
    frames: tuple[bytes, ...] = ()
    endpoint: str = ""
    text: str = ""
    peer: str = ""
    messages: int = 1
    what: str = ""


class Tally(NamedTuple):
    """Exact counts: messages, frames, bytes of payload."""

    messages: int = 0
    frames: int = 0
    bytes: int = 0

    def plus(self, other: Tally) -> Tally:
        """Return the sum of both."""
        return Tally(self.messages + other.messages, self.frames + other.frames, self.bytes + other.bytes)


class Journal:
    """A bounded window of events, read by cursor.

    Args:
        limit: The most events held.
        budget: The most bytes of payload and text held.
    """

    def __init__(self, limit: int = 100_000, budget: int = 64 * 2**20) -> None:
        self.limit = limit
        self.budget = budget
        self._lock = threading.Lock()
        self._events: list[Event] = []
        self._first = 0
        self._size = 0

    def extend(self, events: Iterable[Event]) -> None:
        """Append `events`, and forget the oldest when the window is full."""
        with self._lock:
            for event in events:
                self._events.append(event)
                self._size += _weight(event)
            excess = len(self._events) - self.limit
            # Trimming a list costs its length: do it seldom.
            if excess > self.limit // 10:
                self._forget(excess)
            elif self._size > self.budget:
                self._forget(self._over_budget())

    def _over_budget(self) -> int:
        size, count = self._size, 0
        while size > self.budget * 0.8 and count < len(self._events):
            size -= _weight(self._events[count])
            count += 1
        return count

    def _forget(self, count: int) -> None:
        self._size -= sum(map(_weight, self._events[:count]))
        del self._events[:count]
        self._first += count

    def clear(self) -> None:
        """Forget every event; cursors stay valid."""
        with self._lock:
            self._forget(len(self._events))

    @property
    def bounds(self) -> tuple[int, int]:
        """The numbers of the oldest event held and of the next one to come."""
        with self._lock:
            return self._first, self._first + len(self._events)

    def read(self, cursor: int, most: int = 1_000_000) -> tuple[list[Event], int]:
        """Return up to `most` events from number `cursor` on, and the number to go on from.

        Events that were forgotten meanwhile are passed over: compare with `bounds`.
        """
        with self._lock:
            start = max(cursor - self._first, 0)
            events = self._events[start : start + most]
            return events, self._first + start + len(events)

    def get(self, number: int) -> Event | None:
        """Return event `number`, or None where it was forgotten."""
        with self._lock:
            index = number - self._first
            return self._events[index] if 0 <= index < len(self._events) else None


def _weight(event: Event) -> int:
    return sum(map(len, event.frames)) + len(event.text)


def skipped(event: Event) -> str:
    """Say in words what a ``skipped`` event stands for."""
    what = {SENT: "sent", RECEIVED: "received", LOST: "lost"}.get(event.text, "lines and states")
    return f"{event.messages:,} more {what}"
