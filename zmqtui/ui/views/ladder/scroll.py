"""Which stretches of a story are in sight: made one by one, backwards from the lowest row, and kept."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from typing import Final, NamedTuple

from zmqtui.core.journal import WALL
from zmqtui.ui.views.ladder.arrows import Group, Row
from zmqtui.ui.views.ladder.lanes import Lanes
from zmqtui.ui.views.ladder.rows import PROMPT, Stretch, slot
from zmqtui.ui.views.ladder.story import Story

SPANS: Final = (0.0, 0.001, 0.01, 0.1, 1.0)
"""Seconds of a row; none where every message has one of its own."""
_PAUSES: Final = (0.05, 0.5, 2.0)
"""Seconds of silence that are worth one row more."""
_KEPT: Final = 5000
"""Stretches that are remembered."""


class Sight(NamedTuple):
    """A row in sight.

    Attributes:
        key: What tells it from others as long as nothing about it changes.
        row: The row.
        place: How many of those seen come before its stretch.
    """

    key: tuple[int, int, int]
    row: Row
    place: int


class Scroll:
    """Finds rows backwards.

    Args:
        story: What happened.
        lanes: The lanes that are shown.
        only: Whose messages to show; empty for everybody's.
        span: Seconds of a row; 0 where every message has one of its own.
    """

    def __init__(self, story: Story, lanes: Lanes, only: str, span: float) -> None:
        self._story, self._lanes, self._only, self._span = story, lanes, only, span
        self._groups: dict[int, tuple[int, int, Group]] = {}
        self._version = 0

    def forget(self, changed: set[int]) -> None:
        """Make those stretches anew of whose events more is known."""
        for number in changed:
            if event := self._story.event(number):
                key = slot(event.time, self._span) if self._span else number
                if entry := self._groups.get(key):
                    self._groups[key] = (entry[0], -1, entry[2])
        if len(self._groups) > _KEPT:
            self._groups.clear()

    def before(self, place: int, height: int) -> tuple[list[Sight], int, int]:
        """Return the rows up to where `place` of those seen have passed: `height` of them, or as many as there are.

        Returns:
            The rows, how many messages they show, and how many more there were.
        """
        rows: list[Sight] = []
        messages = skipped = 0
        later: Group | None = None
        for start, key, version, group in self._back(place):
            messages += group.messages
            skipped += group.skipped
            if not group.rows:
                continue
            if later:
                rows += [
                    Sight((key, version, -1 - number), row, start)
                    for number, row in reversed(list(enumerate(self._between(group, later))))
                ]
            rows += [Sight((key, version, number), row, start) for number, row in reversed(list(enumerate(group.rows)))]
            later = group
            if len(rows) >= height:
                break
        return rows[height - 1 :: -1] if len(rows) > height else rows[::-1], messages, skipped

    def _back(self, place: int) -> Iterator[tuple[int, int, int, Group]]:
        """Yield the stretches that end before `place`, the last one first: where they start, and two numbers for it."""
        seen, times = self._story.seen, self._story.times
        while place > 0:
            end = place
            if self._span:
                key = slot(times[end - 1], self._span)
                start = bisect_left(times, key * self._span - WALL - 1e-6, 0, end)
                while start < end - 1 and slot(times[start], self._span) < key:
                    start += 1
            else:
                start = self._marks(end - 1)
                key = seen[start]
            entry = self._groups.get(key)
            if entry is None or entry[0] != seen[end - 1] or entry[1] < 0:
                self._version += 1
                begin = key * self._span - WALL if self._span else times[start]
                until = begin + self._span if self._span else times[end - 1]
                group = Stretch(self._story, self._lanes, self._only, self._span).group(seen[start:end], begin, until)
                entry = self._groups[key] = (seen[end - 1], self._version, group)
            yield start, key, entry[1], entry[2]
            place = start

    def _marks(self, last: int) -> int:
        """Return where the states begin that are in one row with the one at `last`; itself for anything else."""
        story = self._story
        first = last
        while first > 0 and self._is_state(first) and self._is_state(first - 1):
            if story.times[first] - story.times[first - 1] > PROMPT:
                break
            first -= 1
        return first

    def _is_state(self, place: int) -> bool:
        event = self._story.event(self._story.seen[place])
        return event is not None and event.kind == "state"

    def _between(self, earlier: Group, later: Group) -> list[Row]:
        """Return empty rows for the time between two stretches: a few, however long it is."""
        gap = later.start - earlier.end
        if self._span:
            empty = round(gap / self._span)
            count = min(empty, 3)
        else:
            empty = count = sum(gap >= pause for pause in _PAUSES)
        step = gap / (count + 1)
        told = gap if not self._span or empty > 3 else 0.0
        return [
            Row(earlier.end + step * (number + 1), gap=told if number == (count - 1) // 2 else 0.0)
            for number in range(count)
        ]
