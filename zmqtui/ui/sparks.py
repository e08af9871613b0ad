"""Sparklines: how an instance's rate went over the last seconds, in one line of text."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise

from zmqtui.core.books.history import History

CELLS = 10
"""Seconds that a sparkline shows, one cell each."""
_LEVELS = "▁▂▃▄▅▆▇█"


def spark(rates: Sequence[float | None]) -> str:
    """Draw rates as columns, the highest one in full; None is a moment before the start."""
    top = max((each for each in rates if each), default=0.0)
    # What is not quite nothing is seen to be more than nothing.
    return "".join(" " if each is None else _LEVELS[1 + int(each / top * 6.999) if each else 0] for each in rates)


class Sparks:
    """The sparklines of a stage's instances; new ones once a second, when that second is over."""

    def __init__(self) -> None:
        self._history: History | None = None
        self._upto = 0
        self._sparks: dict[str, str] = {}

    def show(self, history: History) -> None:
        """Take in what is new."""
        upto = int(history.latest - history.began) if history.began else 0
        if history is self._history and upto == self._upto:
            return
        self._history, self._upto = history, upto
        past = history.past(CELLS + 2)
        times = [when - past.began for when in past.times]
        edges = [max(0, bisect_right(times, second) - 1) for second in range(upto - CELLS, upto + 1)]
        rates: dict[str, dict[str, list[float]]] = {}
        for who, what, at in past.counts:
            if what in ("sent", "received"):
                column = past.of(who, what, at)
                sums = rates.setdefault(who, {}).setdefault(what, [0.0] * CELLS)
                for cell, (first, last) in enumerate(pairwise(edges)):
                    if last > first:
                        sums[cell] += (column[last] - column[first]) / (times[last] - times[first])
        missing = max(0, CELLS - upto)
        self._sparks = {
            who: spark([None] * missing + [max(values) for values in zip(*kinds.values(), strict=True)][missing:])
            for who, kinds in rates.items()
        }

    def of(self, instance: str) -> str:
        """Return an instance's sparkline, or nothing while it never had a message."""
        return self._sparks.get(instance, "")
