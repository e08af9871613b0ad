"""Where each instance's lane is, and what is written above it; whose lanes are shown where there is room for few."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from zmqtui.core.pairs.ends import Ends
from zmqtui.core.text import printable
from zmqtui.core.watch import StageView

STAMP = 12
"""Columns of a time of day."""
SHORT_STAMP = 6
"""Columns of seconds and milliseconds."""
EASY = 9
"""Columns between two lanes that are easy to read."""
LEAST = 6
"""Columns between two lanes where not all would fit otherwise."""
MOST = 34
"""Columns between two lanes beyond which arrows only grow long."""


class Lane(NamedTuple):
    """One instance's lane.

    Attributes:
        name: Whose.
        label: Its name, as long as there is room for.
        x: Its column.
    """

    name: str
    label: str
    x: int


class Lanes:
    """The lanes there is room for.

    Args:
        shown: The names of those shown, in order.
        width: Columns there are.
        more: How many others there are.
        stamp: Columns of a time.

    Attributes:
        each: The lanes.
        pitch: Columns from one to the next.
        more: How many others there are.
        width: Columns there are.
        stamp: Columns of a time.
        tight: Whether the sign of a state stands right before the name.
    """

    def __init__(self, shown: Sequence[str], width: int, more: int, stamp: int) -> None:
        self.width, self.more, self.stamp = width, more, stamp
        self.left = stamp + 1
        room = width - self.left - 1
        pitch = min(room / max(len(shown), 1), MOST)
        self.pitch = int(pitch)
        # One column for the sign, one between two names, and one between sign and name where there is room.
        self.tight = self.pitch < EASY
        names = max(1, self.pitch - (2 if self.tight else 3))
        self.each = tuple(
            Lane(name, shorten(name, names), self.left + int(pitch * (place + 0.5))) for place, name in enumerate(shown)
        )
        self._by_name = {lane.name: lane for lane in self.each}

    def get(self, name: str) -> Lane | None:
        """Return the lane of an instance, if it is shown."""
        return self._by_name.get(name)

    def at(self, x: int) -> str:
        """Return whose lane is nearest to a column."""
        return min(self.each, key=lambda lane: abs(lane.x - x)).name if self.each else ""


def lay_out(stage: StageView, selected: str, width: int, ends: Ends) -> Lanes:
    """Return the lanes: of all, or of the selected instance and those it exchanges messages with first."""
    names = [each.name for each in stage.instances]
    for stamp, pitch in ((STAMP, EASY + 3), (SHORT_STAMP, LEAST)):
        if len(names) * pitch <= width - stamp - 2:
            return Lanes(names, width, 0, stamp)
    stamp = STAMP if width >= 90 else SHORT_STAMP
    room = max(2, (width - stamp - 2) // EASY)
    partners = set().union(*(ends.facing(endpoint.name, selected) for endpoint in stage.pattern.endpoints))
    ranked = sorted(names, key=lambda name: (name != selected, ends.role(name) not in partners))
    kept = set(ranked[:room])
    return Lanes([name for name in names if name in kept], width, len(names) - len(kept), stamp)


def shorten(name: str, room: int) -> str:
    """Return a name in at most `room` columns; its number stays."""
    name = printable(name, 40)
    if len(name) <= room:
        return name
    role, dash, number = name.rpartition("-")
    if dash and len(number) + 2 <= room:
        return f"{role[: room - len(number) - 1]}-{number}"
    return name[: room - 1] + "…" if room > 1 else name[:room]
