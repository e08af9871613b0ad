"""Where instances were seen lately in their role's source, one look a frame, and where to say that they are."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping
from typing import TYPE_CHECKING

from zmqtui.core.state import State
from zmqtui.core.watch import InstanceView, StageView
from zmqtui.ui.signs import FLEETING

if TYPE_CHECKING:
    from zmqtui.core.threads.pointer import Pointer

_RECENT = 15
"""Looks that decide where a running instance is said to be: those of a second."""
_KEPT = 5 * _RECENT
"""Looks that make the shares of the lines."""
_CLEAR = 3
"""Looks that another line must be ahead by before a running instance is said to be there."""


class Trail:
    """Remembers on which lines instances were seen.

    An instance that waits or works stands still, and is said to be where it is. One that runs is on another line at
    every look: it is said to be where it was seen most, so that the words can be read.

    Attributes:
        now: The line on which each running instance was seen last.
        settled: The line on which it is said to be.
    """

    def __init__(self) -> None:
        self.now: dict[str, int] = {}
        self.settled: dict[str, int] = {}
        self._seen: dict[str, deque[int]] = {}
        self._lives: dict[str, int] = {}

    def look(self, view: StageView, role: str, pointers: Mapping[str, Pointer]) -> None:
        """Take in where the instances of `role` stand now."""
        self.now = {}
        for each in view.of(role):
            who = each.name
            if self._lives.get(who) != each.life:
                self._lives[who] = each.life
                self._seen.pop(who, None)
            if pointer := pointers.get(who):
                self.now[who] = pointer.line
                self._seen.setdefault(who, deque(maxlen=_KEPT)).append(pointer.line)
        self.settled = {who: self._settle(view, who, line) for who, line in self.now.items()}

    def _settle(self, view: StageView, who: str, line: int) -> int:
        instance = view.instance(who)
        before = self.settled.get(who, 0)
        if instance is None or stands(instance, view):
            return line
        counts = Counter(list(self._seen[who])[-_RECENT:])
        most, times = counts.most_common(1)[0]
        return most if times >= counts[before] + _CLEAR or not counts[before] else before

    def shares(self, who: str) -> dict[int, float]:
        """Return the share of the last looks at which an instance was seen on each line."""
        seen = self._seen.get(who, ())
        return {line: times / len(seen) for line, times in Counter(seen).items()}


def stands(instance: InstanceView, view: StageView) -> bool:
    """Tell whether an instance stays where it is long enough to be read."""
    return instance.state is not State.RUNNING and view.age(instance) >= FLEETING
