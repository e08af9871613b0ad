"""Which of the journal's events are about connections, everybody's and each instance's, kept up as it grows."""

from __future__ import annotations

from bisect import bisect_left

from zmqtui.core.journal import RECEIVED, SENT, Event
from zmqtui.ui.event_index import EventIndex

_CHUNK = 10_000
"""Events that are taken in at once: so many cost about a millisecond."""


class Happenings:
    """The numbers of the events that are about connections."""

    def __init__(self) -> None:
        self.gone = 0
        self._cursor = 0
        self._all: list[int] = []
        self._mine: dict[str, list[int]] = {}

    def pull(self, index: EventIndex) -> None:
        """Take in what is new and let go what was forgotten."""
        first, end = index.bounds
        if self._all and self._all[0] < first:
            for numbers in (self._all, *self._mine.values()):
                del numbers[: bisect_left(numbers, first)]
        self._cursor = max(self._cursor, first)
        if self._cursor >= end:
            return
        events, after = index.read(self._cursor, _CHUNK)
        start, self._cursor = after - len(events), after
        for number, event in enumerate(events, start):
            if event.kind in ("link", "monitor"):
                self._all.append(number)
            elif event.kind != "skipped" or event.text not in (SENT, RECEIVED):
                continue
            self._mine.setdefault(event.instance, []).append(number)

    def rows(self, index: EventIndex, instance: str) -> Rows:
        """Return the rows of a timeline: everybody's connections, or one instance's among its messages."""
        return Rows(self._mine.get(instance, []), index.messages(instance)) if instance else Rows(self._all, [])


class Rows:
    """Two lists of numbers, each in order, as one.

    Args:
        one: Numbers in order.
        other: Others.
    """

    def __init__(self, one: list[int], other: list[int]) -> None:
        self._one = one
        self._other = other

    def __len__(self) -> int:
        return len(self._one) + len(self._other)

    def ends(self) -> tuple[int, int]:
        """Return the first and the last number; -1 where there is none."""
        heads = [numbers[0] for numbers in (self._one, self._other) if numbers]
        tails = [numbers[-1] for numbers in (self._one, self._other) if numbers]
        return min(heads, default=-1), max(tails, default=-1)

    def before(self, number: int) -> int:
        """Return how many rows are before event `number`."""
        return bisect_left(self._one, number) + bisect_left(self._other, number)

    def window(self, start: int, count: int) -> list[int]:
        """Return `count` numbers from row `start` on, at the cost of these."""
        one, other = self._one, self._other
        low, high = max(0, start - len(other)), min(start, len(one))
        while low < high:
            middle = (low + high) // 2
            if one[middle] < other[start - middle - 1]:
                low = middle + 1
            else:
                high = middle
        return sorted([*one[low : low + count], *other[start - low : start - low + count]])[:count]


def is_outside(peer: str) -> bool:
    """Tell whether a peer is none of the stage's: those have names, the others addresses."""
    return ":" in peer or peer.startswith("process ")


def gap(event: Event, before: Event | None) -> str:
    """Write how long after the row before something happened."""
    if before is None:
        return ""
    seconds = event.time - before.time
    if abs(seconds) < 0.9995:
        return f"{seconds * 1000:+.1f} ms"
    return f"{seconds:+.1f} s" if seconds < 1000 else f"{seconds:+,.0f} s"
