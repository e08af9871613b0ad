"""What every chart draws from: a span of the history, and how what is drawn looks."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from textual.content import Content

from zmqtui.core.books.moments import Past
from zmqtui.core.model import Pattern, Role
from zmqtui.ui.signs import rate
from zmqtui.ui.view import Scene

SENDS = frozenset({"REQ", "REP", "PUB", "PUSH", "DEALER", "ROUTER", "PAIR", "XPUB"})
RECEIVES = frozenset({"REQ", "REP", "SUB", "PULL", "DEALER", "ROUTER", "PAIR", "XSUB"})
SUBSCRIBES = frozenset({"SUB", "XSUB"})
_ENDS = (10, 15, 20, 30, 45, 60, 90, 120, 180, 240, 300, 450, 600, 900, 1200, 1800, 2700, 3600)
SMOOTH = 1.0
"""Seconds over which a rate is taken at least."""


@dataclass
class Drawing:
    """A chart as it was drawn.

    Attributes:
        head: The parts of the legend, the most important ones first.
        rows: Lines of text.
        table: The numbers, one list of cells for each line.
        hits: The instances at the rows.
    """

    head: list[Content]
    rows: list[Content]
    table: list[list[str]]
    hits: dict[int, str] = field(default_factory=dict)


class Frame:
    """A span of the history, cut into moments that can be told from each other on the screen.

    Args:
        scene: What there is to see besides.
        past: The history.
        span: Seconds before the end; 0 for all.
        dots: How many moments can be told from each other.
        offset: How many rows were scrolled past.

    Attributes:
        start: Seconds since the beginning of the run at which the span begins.
        end: Where it ends; it grows in steps that are easy to read.
        pairs: Moments, each with one before it over which a rate is taken.
    """

    def __init__(self, scene: Scene, past: Past, span: float, dots: int, offset: int = 0) -> None:
        self.scene, self.past, self.span, self.offset = scene, past, span, offset
        self.dots = max(2, dots)
        self.times = [when - past.began for when in past.times]
        self.latest = self.times[-1] if self.times else 0.0
        if not span:
            hours = 3600.0 * (int(self.latest / 3600) + 1)
            self.start, self.end = 0.0, float(next((end for end in _ENDS if end >= self.latest), hours))
        else:
            # Whole dots: what is drawn moves, but does not change.
            dot = span / self.dots
            self.end = max(span, (int(self.latest / dot) + 1) * dot)
            self.start = self.end - span
        self.first = max(0, bisect_right(self.times, self.start) - 1)
        self.pairs = self._pairs()

    def _pairs(self) -> list[tuple[int, int]]:
        dot = (self.end - self.start) / self.dots
        over = max(SMOOTH, dot)
        pairs: list[tuple[int, int]] = []
        place = -1
        for index in range(max(1, self.first), len(self.times)):
            now = int((self.times[index] - self.start) / dot)
            before = min(index - 1, max(0, bisect_right(self.times, self.times[index] - over + 0.05) - 1))
            if now == place:
                pairs.pop()
            place = now
            pairs.append((before, index))
        return pairs

    def sum(self, who: Iterable[str], what: str, at: str = "") -> Sequence[float]:
        """Return a count at every moment, over all endpoints where none is named, the sum where several are asked."""
        places = [at] if at else [endpoint.name for endpoint in self.scene.stage.pattern.endpoints]
        columns = [self.past.of(name, what, place) for name in who for place in places]
        columns = [column for column in columns if column and column[-1]]
        if len(columns) == 1:
            return columns[0]
        return list(map(sum, zip(*columns, strict=True))) if columns else [0.0] * len(self.times)

    def rate(self, counts: Sequence[float]) -> list[tuple[float, float]]:
        """Return how many more there were each second, as points of a line."""
        times = self.times
        # At the start there is less than a second to look back on: nothing came before.
        return [
            (times[index], max(0.0, counts[index] - counts[before]) / max(times[index] - times[before], SMOOTH * 0.8))
            for before, index in self.pairs
        ]

    def level(self, values: Sequence[float]) -> list[tuple[float, float]]:
        """Return values as points of a line."""
        return [(self.times[index], values[index]) for _, index in self.pairs]

    def grown(self, counts: Sequence[float]) -> float:
        """Return how many more there were in the span."""
        return counts[-1] - (counts[self.first] if self.start > 0 else 0.0) if len(counts) else 0.0

    def bins(self, counts: Sequence[float], cells: int) -> list[float | None]:
        """Return how many more there were in each of as many parts of the span; None for what is to come."""
        if len(self.times) < 2:
            return [None] * cells
        step = max(self.times[-1] - self.times[-2], 0.25)
        parts = max(1, min(cells, int((self.end - self.start) / step)))
        length = (self.end - self.start) / parts
        found: list[float | None] = []
        before = self.first if self.start > 0 else 0
        for part in range(parts):
            begin = self.start + part * length
            index = max(before, bisect_left(self.times, begin + length) - 1)
            found.append(counts[index] - counts[before] if begin <= self.latest else None)
            before = index
        return [found[cell * parts // cells] for cell in range(cells)]


def sockets(pattern: Pattern, role: str) -> set[str]:
    """Return the types of the sockets that a role uses."""
    links = [link for endpoint in pattern.endpoints for link in (endpoint.bind, *endpoint.connect)]
    return {link.socket for link in links if link.role == role}


def sends(pattern: Pattern, role: Role) -> bool:
    """Tell whether a role sends."""
    return bool(sockets(pattern, role.name) & SENDS)


def names(frame: Frame, role: Role) -> list[str]:
    """Return the instances of a role: those on the stage, then those that went and left counts."""
    here = [each.name for each in frame.scene.stage.of(role.name)]
    known = {count.who for count in frame.past.counts} - set(here) - {role.name}
    gone = [role.instance(number) for number in range(1, role.most + 1) if role.instance(number) in known]
    return [*here, *gone]


class Chart:
    """One kind of chart; which of them a pattern has is derived from its declaration.

    Attributes:
        TITLE: What it is called.
        UNIT: What its numbers are.
        EMPTY: What to say while there is nothing to draw.
    """

    TITLE: ClassVar[str]
    UNIT: ClassVar[str] = ""
    EMPTY: ClassVar[str] = "Nothing happened yet: space starts it."

    def fits(self, pattern: Pattern) -> bool:
        """Tell whether the pattern has something for it to draw."""
        raise NotImplementedError

    def most(self, frame: Frame, room: int) -> int:
        """Return the rows that it has any use for where there is `room`."""
        return room

    def draw(self, frame: Frame, width: int, height: int) -> Drawing | None:
        """Draw it, or return None while there is nothing to draw."""
        raise NotImplementedError


def present(points: Sequence[tuple[float, float]]) -> str:
    """Write the last of some rates."""
    return (rate(points[-1][1]) or "0/s") if points else ""
