"""What goes through a socket, written down by its owner and read by the books."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from zmqtui.core.journal import FAST, Event, Tally
from zmqtui.core.sampler import Sampler

BRISK: Final = 5000
"""Messages per second from which requests and replies are written with nothing but their times."""
RUSH: Final = 500
"""Messages in a row that tell of a hurry."""
PACE: Final = 0.05
"""Seconds over which it is found out how much comes through: in less, a few messages look like many."""


class Message(NamedTuple):
    """One message on a tape: when, its frames, and the peer it came from where that is known for certain."""

    time: float
    frames: tuple[bytes, ...]
    peer: str = ""


class Mark(NamedTuple):
    """A point on a tape at which something about its socket changed.

    Attributes:
        time: When.
        what: ``filters``, ``open`` or ``close``.
        filters: The subscriptions from here on.
        positions: Where each tape at the other end of the endpoint stood.
    """

    time: float
    what: str
    filters: tuple[bytes, ...]
    positions: dict[Tape, int]


class Taken(NamedTuple):
    """What was taken off a tape.

    Attributes:
        first: The position of the first item.
        items: Bytes of single-frame messages, or their times and bytes, `Message` and `Mark`.
        bare: Whether all of them are bytes.
        marked: Whether there are marks among them.
    """

    first: int
    items: list[Any]
    bare: bool
    marked: bool

    def messages(self) -> list[Any]:
        """Return the items that are no marks."""
        return [item for item in self.items if type(item) is not Mark] if self.marked else self.items

    def open_from(self, when: float) -> Taken:
        """Return the same without the mark of its socket's being closed, if that was at `when` or later."""
        if not self.marked:
            return self
        items = [item for item in self.items if type(item) is not Mark or item.what != "close" or item.time < when]
        return self._replace(items=items, marked=Mark in map(type, items))


class Tape:
    """What went through one direction of one socket, written by its owner's thread, emptied by the stage's books.

    An item is the bytes of a single-frame message (in a hurry), a `Message` or a `Mark`.

    Args:
        instance: Whose.
        direction: ``send`` or ``recv``.
        limit: Messages per second from which the owner goes fast.
        timed: Whether each message is to have its time, however many there are.

    Attributes:
        hurry: Whether the books find that much comes through; the owner then goes fast.
        fast: Whether the owner writes bare bytes; of what it receives it looks for more frames unless `single`.
        single: For what is received: whether nobody who may send here sends messages of several frames.
        timed: Whether each message has its time even then.
        stamps: Those times, of the messages of which `items` has the bytes only; written before them.
        last: When the last message was written, where all are timed.
        limit: Messages per second from which the owner goes fast.
        multipart: Whether a message of several frames was ever seen; such a socket is never fast.
        partial: Frames of a message that is not complete yet.
    """

    __slots__ = (
        "_lock", "_marks", "_marks_taken", "_rich", "_rich_taken", "direction", "endpoint", "fast", "hurry", "instance",
        "items", "last", "limit", "multipart", "partial", "recent", "sampler", "single", "stamps", "taken", "tally",
        "timed",
    )  # fmt: skip

    def __init__(self, instance: str, direction: str, *, limit: float = FAST, timed: bool = False) -> None:
        self.instance = instance
        self.timed = timed
        self.limit = limit
        self.stamps: list[float] = []
        self.last = 0.0
        self.direction = direction
        self.endpoint = ""
        self.items: list[Any] = []
        self.hurry = False
        self.fast = False
        self.single = False
        self.multipart = False
        self.partial: list[bytes] = []
        self._rich = self._rich_taken = self._marks = self._marks_taken = 0
        self.taken = 0
        self.tally = Tally()
        self.recent: deque[tuple[float, int]] = deque(maxlen=64)
        self.sampler = Sampler()
        self._lock = threading.Lock()

    def frame(self, when: float, data: bytes, more: bool, peer: str = "") -> None:
        """Write one frame; the message is complete when no `more` follow."""
        if more:
            self.multipart = True
            self.fast = False
            self.partial.append(data)
            return
        frames = (*self.partial, data)
        self.partial.clear()
        self.last = when
        self.write(Message(when, frames, peer))

    def write(self, item: Message | Mark) -> None:
        """Write a message or a mark; bare bytes are appended to `items` directly."""
        # Counted before, so that whoever takes it off knows of it.
        self._rich += 1
        if type(item) is Mark:
            self._marks += 1
        self.items.append(item)

    def judge(self, sure: Callable[[], bool]) -> None:
        """Find out whether nobody who may send here sends several frames.

        Args:
            sure: Tells whether that is certain. Who is about to send several waits in `doubt` until it has told.
        """
        with self._lock:
            self.single = sure()

    def doubt(self) -> None:
        """Take in that somebody may send several frames here from now on."""
        with self._lock:
            self.single = False

    def rushed(self, when: float) -> bool:
        """Tell whether so much came through of late that nobody need wait for the books to say so."""
        items = self.items
        try:
            return len(items) >= RUSH and when - items[-RUSH].time < RUSH / self.limit
        except (AttributeError, IndexError):
            # A mark, or it was emptied this moment.
            return False

    def position(self) -> int:
        """Return how many items were ever written; exact at the moment of the call."""
        with self._lock:
            return self.taken + len(self.items)

    def take(self) -> Taken:
        """Take all items off the tape."""
        with self._lock:
            first, count = self.taken, len(self.items)
            items = self.items[:count]
            del self.items[:count]
            self.taken += count
            bare = self._rich == self._rich_taken
            marked = False
            if not bare:
                types = list(map(type, items))
                self._rich_taken += count - types.count(bytes)
                if self._marks != self._marks_taken:
                    marks = types.count(Mark)
                    self._marks_taken += marks
                    marked = marks > 0
            if self.timed:
                times = iter(self.stamps[: len(items)])
                items = [(next(times), item) if type(item) is bytes else item for item in items]
                del self.stamps[: sum(type(item) is tuple for item in items)]
                bare = False
        return Taken(first, items, bare, marked)

    def count(self, taken: Taken) -> int:
        """Add what was taken to the tally and return how many messages it is."""
        items = taken.items
        if not items:
            return 0
        if taken.bare:
            messages = frames = len(items)
            size = sum(map(len, items))
        else:
            messages = frames = size = 0
            for item in items:
                if type(item) is bytes:
                    messages, frames, size = messages + 1, frames + 1, size + len(item)
                elif type(item) is tuple:
                    messages, frames, size = messages + 1, frames + 1, size + len(item[1])
                elif type(item) is Message:
                    messages, frames = messages + 1, frames + len(item.frames)
                    size += sum(map(len, item.frames))
        self.tally = self.tally.plus(Tally(messages, frames, size))
        return messages

    def pace(self, when: float) -> float:
        """Return the messages per second over the last `PACE` seconds or a little more."""
        # A tape that is younger had nothing before.
        then, count = next((mark for mark in reversed(self.recent) if mark[0] <= when - PACE), (when - PACE, 0))
        return (self.tally.messages - count) / (when - then)

    def remember(self, when: float) -> None:
        """Remember how much there was by now, for `pace` and `rate`."""
        recent = self.recent
        # The books may look more often; what is remembered is to reach back far enough.
        if not recent or when - recent[-1][0] >= PACE / 8:
            recent.append((when, self.tally.messages))

    def rate(self, when: float) -> float:
        """Return the messages per second over the last second or so."""
        recent = list(self.recent)
        marks = [mark for mark in recent if mark[0] >= when - 1.05]
        if len(marks) < 2:
            # Under a full load the books are late: the last two will do.
            marks = [mark for mark in recent[-2:] if mark[0] >= when - 3]
        if len(marks) < 2 or marks[-1][0] <= marks[0][0]:
            return 0.0
        return (marks[-1][1] - marks[0][1]) / (marks[-1][0] - marks[0][0])

    def sample(self, taken: Taken, since: float, until: float) -> list[Event]:
        """Turn what was taken into the events that the journal can bear, the newest first in line where not all.

        Args:
            taken: What `take` returned.
            since: When the tape was emptied before: bare bytes get times in between.
            until: When it was emptied now.
        """
        messages = taken.messages()
        count = len(messages)
        step = max(until - since, 1e-6) / max(count, 1)
        keep = self.sampler.keep(count, since, until)
        events: list[Event] = []
        for index in range(count - keep, count):
            item = message(messages[index], since + step * (index + 1))
            events += self._skips(item.time)
            events.append(Event(item.time, self.instance, self.direction, item.frames, self.endpoint, peer=item.peer))
        # It fell silent: say what the samples left out.
        return events if not self.sampler.silent(until) else self._skips(until)

    def close(self, when: float) -> list[Event]:
        """Return what is still to be said when nothing more will come."""
        return self._skips(when)

    def _skips(self, when: float) -> list[Event]:
        return self.sampler.skips(when, self.instance, self.direction, self.endpoint)


def message(item: Any, when: float) -> Message:
    """Return an item that is no mark as a message; `when` is the time of one that has none."""
    if type(item) is Message:
        return item
    return Message(item[0], (item[1],)) if type(item) is tuple else Message(when, (item,))
