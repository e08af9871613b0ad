"""The right of way: busy roles hold for the moment in which somebody has to be quick.

Python runs one thread at a time. Who ends a role beside fourteen busy ones has one turn in fifteen, however short turns
are. So whoever has to be quick claims the right of way: each busy role holds before its next message, and goes on where
it was when nobody is in a hurry any more.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from time import sleep
from typing import Protocol

from zmqtui.core.journal import now

LONGEST = 0.05
"""Seconds that a claim holds at most: whoever is slower than that was not in a hurry."""
STEP = 0.002
"""Seconds between two looks of whoever is not told."""


class Giver(Protocol):
    """Who gives way."""

    def give_way(self) -> None:
        """Hear that the way is claimed; called from any thread."""

    def poke(self) -> None:
        """Hear that it is free again; called from any thread."""


class RightOfWay:
    """Who claims it and who gives it, for one process.

    Attributes:
        givers: Who gives way, in their threads.
    """

    def __init__(self) -> None:
        self.givers: dict[Giver, None] = {}
        self._holding: dict[Giver, None] = {}
        self._claims: dict[object, float] = {}
        self._until = 0.0
        self._guard = threading.Lock()

    def claim(self) -> object:
        """Claim it for `LONGEST`, or until it is given back with what is returned."""
        claim = object()
        with self._guard:
            when = now()
            # Who never gave it back has it no more.
            self._claims = {each: until for each, until in self._claims.items() if until > when}
            self._claims[claim] = self._until = when + LONGEST
            for giver in list(self.givers):
                giver.give_way()
        return claim

    def give_back(self, claim: object) -> None:
        """Let everybody go on, unless others have claimed it, too."""
        with self._guard:
            if self._claims.pop(claim, None) is None:
                return
            self._until = max(self._claims.values(), default=0.0)
        self._let_go()

    @contextmanager
    def claimed(self) -> Iterator[None]:
        """Have it meanwhile."""
        claim = self.claim()
        try:
            yield
        finally:
            self.give_back(claim)

    def left(self) -> float:
        """Return the seconds for which it is claimed at most; 0 or less where it is free."""
        # Read once: it may be given back this moment.
        return until - now() if (until := self._until) else 0.0

    def wait(self) -> None:
        """Wait until it is free."""
        while self.left() > 0:
            sleep(STEP)

    @contextmanager
    def holding(self, giver: Giver) -> Iterator[None]:
        """Have `giver` poked, meanwhile, when it is free."""
        self._holding[giver] = None
        try:
            yield
        finally:
            del self._holding[giver]
            self._let_go()

    def _let_go(self) -> None:
        """Poke whoever is next to go on; that one does the same, so that whoever gives back need not."""
        if self.left() <= 0 and (giver := next(iter(list(self._holding)), None)):
            giver.poke()


WAY = RightOfWay()
"""This process's."""
