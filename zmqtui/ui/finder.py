"""Which of a log's lines are shown and which of those are sought, and the way from one to the next."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from zmqtui.core.journal import Event
from zmqtui.ui.search import Query
from zmqtui.ui.sieve import SLICE, Sieve

LATER: Final = 1
EARLIER: Final = -1


class Finder:
    """Filters and searches, a little in each frame.

    Attributes:
        shown: The lines that are shown, if not all are.
        sought: What is looked for among them.
        found: The lines that have it.
        around: How it came to the line found last, if that was past an end.
    """

    def __init__(self) -> None:
        self.shown: Sieve | None = None
        self.sought: Query | None = None
        self.found: Sieve | None = None
        self.around = ""
        # From which line to look for the next one, and which way.
        self._hunt: tuple[int, int] | None = None

    @property
    def wanted(self) -> Query | None:
        """What the lines that are shown must have."""
        return self.shown.query if self.shown else None

    @property
    def share(self) -> float:
        """How much of the lines it has been through, 0 to 1."""
        return min([sieve.share for sieve in self._sieves() if not sieve.done], default=1.0)

    @property
    def tired(self) -> bool:
        """Whether an expression took too long."""
        return any(sieve.tired for sieve in self._sieves())

    def _sieves(self) -> list[Sieve]:
        return [sieve for sieve in (self.shown, self.found) if sieve]

    def begin(self, wanted: Query | None, sought: Query | None) -> None:
        """Begin anew: to show only what is wanted, and to look among that for what is sought."""
        self.shown = Sieve(wanted) if wanted else None
        self.sought = sought
        self.found = Sieve(wanted.both(sought) if wanted else sought) if sought else None
        self.stay()

    def again(self) -> None:
        """Begin anew with the same, among other lines."""
        self.begin(self.wanted, self.sought)

    def work(self, lines: Sequence[int], get: Callable[[int], Event | None], first: int) -> None:
        """Go on for a while.

        Args:
            lines: The numbers of all lines.
            get: Returns an event.
            first: The number of the oldest line that counts.
        """
        sieves = self._sieves()
        for sieve in sieves:
            sieve.work(lines, get, first, SLICE / len(sieves))

    def go(self, number: int, way: int) -> None:
        """Ask for the next line found from line `number` on, `LATER` or `EARLIER`."""
        self.around = ""
        self._hunt = number, way

    def stay(self) -> None:
        """Ask for no line any more."""
        self.around = ""
        self._hunt = None

    def arrived(self) -> int | None:
        """Return, once, the line that was asked for when it has been found; past an end it goes on at the other."""
        if not self._hunt or not self.found:
            return None
        start, way = self._hunt
        number = self.found.later(start) if way == LATER else self.found.earlier(start)
        if number is None:
            if not self.found.done:
                return None
            if self.found.found:
                number = self.found.found[0 if way == LATER else -1]
                self.around = f"on from the {'oldest' if way == LATER else 'newest'}"
        self._hunt = None
        return number
