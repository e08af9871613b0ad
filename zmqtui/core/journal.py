"""What happened: counts that never drop, and a window of events for whoever wants to read along.

A role's sockets append to a `Tape`, which costs them next to nothing. The stage's books are kept elsewhere: a few
times a second every tape is emptied, its messages are counted and a sample of them goes to the `Journal`.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterable
from typing import Any, Final, NamedTuple

now = time.perf_counter
"""The clock of every time in the engine, in seconds; add `WALL` for the time of day."""

WALL: Final = time.time() - time.perf_counter()

SENT: Final = "send"
RECEIVED: Final = "recv"

BURST: Final = 2000
"""Events in a row that a tape may bring to the journal before it is sampled."""
STEADY: Final = 100
"""Events per second up to which a tape is shown whole for ever."""
SAMPLES: Final = 4
"""Events per second that a sampled tape still shows."""
FAST: Final = 10_000
"""Messages per second from which a tape is written without a time for each message."""


class Message(NamedTuple):
    """One message on a tape: when, its frames, and the peer it came from where that is known for certain."""

    time: float
    frames: tuple[bytes, ...]
    peer: str = ""


class Mark(NamedTuple):
    """A point on a tape at which something about its socket changed.

    Attributes:
        what: ``filters``, ``open`` or ``close``.
        filters: The subscriptions from here on.
        positions: Where each tape at the other end of the endpoint stood.
    """

    what: str
    filters: tuple[bytes, ...]
    positions: dict[Tape, int]


class Event(NamedTuple):
    """One line of the journal.

    Attributes:
        time: Seconds on the clock `now`.
        instance: Whose, such as ``client-1``.
        kind: ``send``, ``recv``, ``say``, ``state``, ``error``, ``link``, ``note`` (what the playground did) or
            ``skipped``.
        frames: A message's frames.
        endpoint: A message's endpoint.
        text: What was said, or how many were skipped.
        peer: The instance or address at the other end, where it is known for certain.
        messages: How many messages this event stands for; above 1 only for ``skipped``.
    """

    time: float
    instance: str
    kind: str
    frames: tuple[bytes, ...] = ()
    endpoint: str = ""
    text: str = ""
    peer: str = ""
    messages: int = 1


class Tally(NamedTuple):
    """Exact counts: messages, frames, bytes of payload."""

    messages: int = 0
    frames: int = 0
    bytes: int = 0

    def plus(self, other: Tally) -> Tally:
        """Return the sum of both."""
        return Tally(self.messages + other.messages, self.frames + other.frames, self.bytes + other.bytes)


class Tape:
    """What went through one direction of one socket, written by its owner's thread, emptied by the stage's books.

    An item is the bytes of a single-frame message (in a hurry), a `Message` or a `Mark`.

    Attributes:
        fast: Whether the owner may write bare bytes and skip every check.
        multipart: Whether a message of several frames was ever seen; such a socket is never fast.
        partial: Frames of a message that is not complete yet.
    """

    __slots__ = (
        "_lock", "allowance", "direction", "endpoint", "fast", "instance", "items", "last_sample", "multipart",
        "partial", "recent", "skipped", "taken", "tally",
    )  # fmt: skip

    def __init__(self, instance: str, direction: str) -> None:
        self.instance = instance
        self.direction = direction
        self.endpoint = ""
        self.items: list[Any] = []
        self.fast = False
        self.multipart = False
        self.partial: list[bytes] = []
        self.taken = 0
        self.tally = Tally()
        self.recent: deque[tuple[float, int]] = deque(maxlen=24)
        self.allowance = float(BURST)
        self.skipped = 0
        self.last_sample = 0.0
        self._lock = threading.Lock()

    def frame(self, when: float, data: bytes, more: bool, peer: str = "") -> None:
        """Write one frame; the message is complete when no `more` follow."""
        if more:
            self.multipart = True
            self.fast = False
            self.partial.append(data)
        elif self.partial:
            self.items.append(Message(when, (*self.partial, data), peer))
            self.partial.clear()
        else:
            self.items.append(Message(when, (data,), peer))

    def position(self) -> int:
        """Return how many items were ever written; exact at the moment of the call."""
        with self._lock:
            return self.taken + len(self.items)

    def take(self) -> tuple[int, list[Any]]:
        """Take all items off the tape: the position of the first, and the items."""
        with self._lock:
            first, count = self.taken, len(self.items)
            items = self.items[:count]
            del self.items[:count]
            self.taken += count
        return first, items

    def count(self, items: list[Any]) -> int:
        """Add `items` to the tally and return how many messages they are."""
        if not items:
            return 0
        if set(map(type, items)) == {bytes}:
            messages = frames = len(items)
            size = sum(map(len, items))
        else:
            messages = frames = size = 0
            for item in items:
                if type(item) is bytes:
                    messages, frames, size = messages + 1, frames + 1, size + len(item)
                elif type(item) is Message:
                    messages, frames = messages + 1, frames + len(item.frames)
                    size += sum(map(len, item.frames))
        self.tally = self.tally.plus(Tally(messages, frames, size))
        return messages

    def rate(self, when: float) -> float:
        """Return the messages per second over the last second or so."""
        marks = [mark for mark in self.recent if mark[0] >= when - 1.05]
        if len(marks) < 2 or marks[-1][0] <= marks[0][0]:
            return 0.0
        return (marks[-1][1] - marks[0][1]) / (marks[-1][0] - marks[0][0])

    def sample(self, items: list[Any], since: float, until: float) -> list[Event]:
        """Turn `items` into the events that the journal can bear, the newest first in line where not all.

        Args:
            items: What `take` returned.
            since: When the tape was emptied before: bare bytes get times in between.
            until: When it was emptied now.
        """
        messages = [item for item in items if type(item) is not Mark]
        span = max(until - since, 1e-6)
        count = len(messages)
        if count <= STEADY * span:
            self.allowance = min(BURST, self.allowance + STEADY * span)
        if count <= self.allowance:
            self.allowance -= count
            keep = count
        else:
            keep = 1 if until - self.last_sample >= 1 / SAMPLES else 0
            self.allowance = 0.0
        events: list[Event] = []
        self.skipped += count - keep
        if keep:
            self.last_sample = until
            step = span / count
            for index in range(count - keep, count):
                item = messages[index]
                if type(item) is bytes:
                    item = Message(since + step * (index + 1), (item,))
                if self.skipped:
                    events.append(self._skip(item.time))
                events.append(
                    Event(item.time, self.instance, self.direction, item.frames, self.endpoint, peer=item.peer)
                )
        elif self.skipped and not count:
            # It fell silent: say what the samples left out.
            events.append(self._skip(until))
        return events

    def _skip(self, when: float) -> Event:
        count, self.skipped = self.skipped, 0
        return Event(when, self.instance, "skipped", endpoint=self.endpoint, text=self.direction, messages=count)


class Journal:
    """A bounded window of events, read by cursor.

    Args:
        limit: The most events held.
        budget: The most bytes of payload held.
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
                self._size += sum(map(len, event.frames))
            excess = len(self._events) - self.limit
            # Trimming a list costs its length: do it seldom.
            if excess > self.limit // 10:
                self._forget(excess)
            elif self._size > self.budget:
                self._forget(self._over_budget())

    def _over_budget(self) -> int:
        size, count = self._size, 0
        while size > self.budget * 0.8 and count < len(self._events):
            size -= sum(map(len, self._events[count].frames))
            count += 1
        return count

    def _forget(self, count: int) -> None:
        self._size -= sum(len(frame) for event in self._events[:count] for frame in event.frames)
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
