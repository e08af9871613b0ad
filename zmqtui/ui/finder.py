"""Which of a log's lines are shown and which of those are sought, and the way from one to the next."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from typing import Final

from zmqtui.core.journal import Event
from zmqtui.core.text import printable
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

    def gave_up(self) -> Query | None:
        """Drop what takes too long to find, and return it."""
        if self.shown and self.shown.tired:
            slow = self.wanted
            self.begin(None, self.sought)
        elif self.found and self.found.tired:
            slow = self.sought
            self.found = self.sought = None
            self.stay()
        else:
            slow = None
        return slow

    def said(self, lines: int, picked: int | None) -> list[str]:
        """Say what is on, and how much of it there is.

        Args:
            lines: How many lines count.
            picked: The number of the line that is picked.
        """
        parts: list[str] = []
        if self.shown:
            parts += [f"& {_short(self.shown.query)}", f"{len(self.shown.found):,} of {lines:,} lines"]
        if self.found and self.sought:
            found = self.found.found
            place = bisect_left(found, picked) if picked is not None else len(found)
            at = place < len(found) and found[place] == picked
            count = f"{place + 1:,} of {len(found):,}" if at else f"{len(found):,} found"
            parts.append(f"/ {_short(self.sought)}: {count}")
        if self.share < 1:
            parts.append(f"searching {self.share:.0%}")
        return [*parts, self.around] if self.around else parts

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


def _short(query: Query) -> str:
    return printable(query.typed, 40)
