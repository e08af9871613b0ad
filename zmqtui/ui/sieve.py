"""Finding lines among a hundred thousand without anybody having to wait: a little in each frame, the newest first."""

from __future__ import annotations

import time
from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

from zmqtui.core.journal import Event
from zmqtui.ui.event_line import text_of
from zmqtui.ui.patience import PATIENCE, TooLong, patiently
from zmqtui.ui.search import Query

SLICE: Final = 0.004
"""Seconds of a frame that finding may take."""


class Sieve:
    """The numbers of the lines that a query finds, in order; a sequence that grows at both ends.

    Args:
        query: What is looked for.

    Attributes:
        found: The numbers.
        tired: Whether its expression took too long and it has given up.
        share: How much of the lines it has been through, 0 to 1.
    """

    def __init__(self, query: Query) -> None:
        self.query = query
        self.found: deque[int] = deque()
        self.tired = False
        self.share = 0.0
        # It has been through the numbers from `low` up to `high`.
        self._low = self._high = -1

    @property
    def done(self) -> bool:
        """Whether it has been through all lines that there are."""
        return self.tired or self.share >= 1

    def work(
        self, lines: Sequence[int], get: Callable[[int], Event | None], first: int = 0, seconds: float = SLICE
    ) -> None:
        """Go on for a while.

        Args:
            lines: The numbers of all lines; old ones may have been let go and new ones have come.
            get: Returns an event.
            first: The number of the oldest line that counts.
            seconds: How long.
        """
        floor = bisect_left(lines, first)
        oldest = lines[floor] if floor < len(lines) else self._high
        while self.found and self.found[0] < oldest:
            self.found.popleft()
        if self.tired:
            return
        if self._high < 0:
            self._low = self._high = lines[-1] + 1 if lines else 0
        try:
            if self.query.expressions:
                # It is one line that may take too long, not all of them.
                patiently(lambda: self._look(lines, get, floor, time.perf_counter() + seconds), seconds + PATIENCE)
            else:
                self._look(lines, get, floor, time.perf_counter() + seconds)
        except TooLong:
            self.tired = True
            self.found.clear()
        total = len(lines) - floor
        seen = bisect_left(lines, self._high) - max(bisect_left(lines, self._low), floor)
        self.share = seen / total if total else 1.0

    def _look(self, lines: Sequence[int], get: Callable[[int], Event | None], floor: int, end: float) -> None:
        """Go through what has come, then on towards the oldest, until the time is up."""
        for place in range(bisect_left(lines, self._high), len(lines)):
            number = lines[place]
            if self._fits(get(number)):
                self.found.append(number)
            self._high = number + 1
            if time.perf_counter() >= end:
                return
        for place in range(bisect_left(lines, self._low) - 1, floor - 1, -1):
            number = lines[place]
            if self._fits(get(number)):
                self.found.appendleft(number)
            self._low = number
            if time.perf_counter() >= end:
                return

    def _fits(self, event: Event | None) -> bool:
        if event is None or not self.query.admits(event):
            return False
        return not self.query.reads or self.query.finds(text_of(event))

    def later(self, number: int) -> int | None:
        """Return the next one found after `number`, if there is one so far."""
        place = bisect_right(self.found, number)
        return self.found[place] if place < len(self.found) and (self.done or self._low <= number + 1) else None

    def earlier(self, number: int) -> int | None:
        """Return the next one found before `number`, if there is one so far."""
        place = bisect_left(self.found, number)
        return self.found[place - 1] if place else None
