"""Round trips: how long every request waited for its reply, counted so that any span's percentiles can be had."""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence
from itertools import accumulate
from operator import sub

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

    def add(self, seconds: float) -> None:
        """Count one."""
        place = int(math.log10(max(seconds, LEAST) / LEAST) * DECADE)
        self.bins[min(place, BINS - 1)] += 1
        self.peak = max(self.peak, seconds)
        self.fresh = True

    def look(self) -> tuple[Sequence[int], float]:
        """Return the bins as they are and the longest round trip since the last look."""
        peak, self.peak, self.fresh = self.peak, 0.0, False
        return self.bins[:], peak


def percentile(before: Sequence[int] | None, after: Sequence[int], share: float) -> float | None:
    """Return the seconds that `share` of the round trips between two moments took at most, or None if there were none.

    Args:
        before: The bins at the first moment; None for the start.
        after: The bins at the second one.
        share: Such as 0.5 for the median.
    """
    sums = list(accumulate(after if before is None else map(sub, after, before)))
    if not sums[-1]:
        return None
    rank = max(1, math.ceil(share * sums[-1]))
    low, high = 0, len(sums) - 1
    while low < high:
        middle = (low + high) // 2
        if sums[middle] < rank:
            low = middle + 1
        else:
            high = middle
    return float(LEAST * 10 ** ((low + 0.5) / DECADE))
