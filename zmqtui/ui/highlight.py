"""What is highlighted in the lines in sight, as long as it can be found in time."""

from __future__ import annotations

import time

from zmqtui.core.journal import Event
from zmqtui.ui.event_line import text_of
from zmqtui.ui.patience import PATIENCE, TooLong, patiently
from zmqtui.ui.search import Query


class Highlight:
    """Finds what a query looks for in one line after the other.

    Args:
        query: What it looks for, if anything.

    Attributes:
        tired: Whether its expression took too long and it has given up.
    """

    def __init__(self, query: Query | None) -> None:
        self._query = query
        self.tired = False
        # Seconds of this frame.
        self._spent = 0.0

    def rest(self) -> None:
        """Begin another frame."""
        self._spent = 0.0

    def spans(self, event: Event) -> list[tuple[int, int]]:
        """Return what to highlight of an event's text; nothing if it is not what is looked for."""
        query = self._query
        if query is None or self.tired or not query.admits(event):
            return []
        text = text_of(event)
        if not query.expressions:
            return query.highlights(text)
        began = time.thread_time()
        try:
            if self._spent < PATIENCE:
                return patiently(lambda: query.highlights(text), PATIENCE - self._spent)
            self.tired = True
        except TooLong:
            self.tired = True
        finally:
            self._spent += time.thread_time() - began
        return []
