"""Round trips: how long every request waited for its reply, counted so that any span's percentiles can be had."""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from itertools import accumulate
from operator import sub
from typing import TYPE_CHECKING, Any

from zmqtui.core.journal import RECEIVED

if TYPE_CHECKING:
    from zmqtui.core.sockets.traced import Socket

LEAST = 1e-6
"""Seconds of the shortest round trip that is told from a shorter one."""
DECADE = 40
"""Bins for each power of ten: the middle of a bin is 3 % off its ends at most."""
BINS = 9 * DECADE
"""Bins in all, up to 1,000 s."""


class RoundTrips:
    """All round trips so far, by length.

    Attributes:
        bins: How many there were of each length.
        peak: Seconds of the longest one since somebody looked last.
        fresh: Whether there were any since then.
    """

    __slots__ = ("bins", "fresh", "peak")

    def __init__(self) -> None:
        self.bins = array("Q", bytes(8 * BINS))
        self.peak = 0.0
        self.fresh = False

    def add(self, seconds: Sequence[float]) -> None:
        """Count some."""
        bins, log10 = self.bins, math.log10
        for each in seconds:
            place = int(log10(each / LEAST) * DECADE) if each > LEAST else 0
            bins[place if place < BINS else BINS - 1] += 1
        self.peak = max(self.peak, max(seconds, default=0.0))
        self.fresh = True

    def look(self) -> tuple[Sequence[int], float]:
        """Return the bins as they are and the longest round trip since the last look."""
        peak, self.peak, self.fresh = self.peak, 0.0, False
        return self.bins[:], peak


def percentile(before: Sequence[int] | None, after: Sequence[int], share: float) -> float | None:
    """Return one of `percentiles`."""
    found = percentiles(before, after, (share,))
    return found[0] if found else None


def percentiles(
    before: Sequence[int] | None, after: Sequence[int], shares: Sequence[float], within: slice = slice(0, BINS)
) -> list[float]:
    """Return the seconds that so many of the round trips between two moments took at most, nothing if there were none.

    Args:
        before: The bins at the first moment; None for the start.
        after: The bins at the second one.
        shares: Such as 0.5 for the median.
        within: Where all that is counted is, to look nowhere else.
    """
    counts = after[within]
    sums = list(accumulate(counts if before is None else map(sub, counts, before[within])))
    if not sums or not sums[-1]:
        return []
    places = [bisect_left(sums, max(1, math.ceil(share * sums[-1]))) + within.start for share in shares]
    return [float(LEAST * 10 ** ((place + 0.5) / DECADE)) for place in places]


def used(bins: Sequence[int]) -> slice:
    """Return where there is anything in the bins."""
    places = [place for place, count in enumerate(bins) if count]
    return slice(places[0], places[-1] + 1) if places else slice(0, 0)


class Pairs:
    """Finds the request of every reply that came through a REQ: the last one that was sent before it."""

    def __init__(self) -> None:
        self._asked: dict[Socket, list[float]] = {}
        self._replied: dict[Socket, list[float]] = {}

    def take(self, socket: Socket, direction: str, items: Iterable[Any]) -> None:
        """Take in what went through a REQ in one direction."""
        times = self._replied if direction == RECEIVED else self._asked
        # Be it a message or just its time and its bytes: the time comes first.
        times.setdefault(socket, []).extend(item[0] for item in items)

    def settle(self, sockets: Sequence[Socket], when: float) -> list[tuple[str, list[float]]]:
        """Return whose replies came, and after how many seconds each.

        Args:
            sockets: All that are open.
            when: A moment until which everything was taken in.
        """
        found = []
        for socket, replies in self._replied.items():
            asked, place, trips = self._asked.get(socket, []), 0, []
            for reply in replies:
                while place < len(asked) and asked[place] <= reply:
                    place += 1
                if place:
                    trips.append(reply - asked[place - 1])
            del asked[:place]
            if trips:
                found.append((socket.actor.name, trips))
        self._replied.clear()
        if len(self._asked) > len(sockets):
            self._asked = {socket: self._asked[socket] for socket in sockets if socket in self._asked}
        for asked in self._asked.values():
            # What comes from now on replies to the last one of these.
            del asked[: max(0, bisect_right(asked, when) - 1)]
        return found
