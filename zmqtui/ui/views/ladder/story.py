"""A part of the journal, read for a sequence diagram: who sent what to whom, and who was in which state."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection
from math import inf

from zmqtui.core.journal import LOST, RECEIVED, SENT, Event
from zmqtui.core.model import Pattern
from zmqtui.core.pairs.ends import Ends
from zmqtui.core.pairs.pairing import Pairing
from zmqtui.core.state import State
from zmqtui.ui.event_index import EventIndex

WINDOW = 4000
"""Events that are read at once; the diagram knows nothing of what is further away."""
MARGIN = 1000
"""Events before and after what is in sight that tell who sent it, and who got it."""
_MESSAGES = (SENT, RECEIVED, LOST)
_LASTING = {
    state.value: state
    for state in (State.KILLED, State.FAILED, State.FINISHED, State.STOPPED, State.STUCK, State.PAUSED)
}
_STATES = {state.value: state for state in State}


class Story:
    """Events in a row, from number `first` up to `end`.

    Args:
        pattern: What is played.
        transport: On what.

    Attributes:
        about: What tells it from other stories.
        ends: Who can be at which end of an endpoint.
        pairing: Which received message is which sent one.
        seen: The numbers of the events that a diagram shows, in order.
        times: Their times.
    """

    def __init__(self, pattern: Pattern, transport: str) -> None:
        self.ends = Ends(pattern)
        self.about: object = None
        self._pattern, self._transport = pattern, transport
        self._begin(0, -inf)

    def _begin(self, first: int, since: float) -> None:
        self.first = self.end = first
        self.events: list[Event] = []
        self.seen: list[int] = []
        self.times: list[float] = []
        self.pairing = Pairing(self._pattern, self._transport, since)
        self._states: dict[str, tuple[list[float], list[State]]] = {}
        self._active: set[str] = set()
        self._since = since

    def cover(self, index: EventIndex, anchor: int | None, names: Collection[str], strangers: Collection[str]) -> bool:
        """Read what is new, or what is around an event.

        Args:
            index: The journal.
            anchor: The number of the event in sight; None for the newest.
            names: Who there is.
            strangers: The endpoints at which somebody else may be too.

        Returns:
            Whether everything was read anew.
        """
        first, end = index.bounds
        anew = not self._holds(first, end, anchor)
        if anew:
            middle = end if anchor is None else min(anchor + WINDOW // 2, end)
            start = max(first, middle - WINDOW)
            # Where nothing was forgotten yet, this is the beginning of everything.
            whole = start == first and end - first < index.journal.limit
            events, self.end = index.read(start, middle - start)
            self._begin(self.end - len(events), -inf if whole or not events else events[0].time)
        elif anchor is None or self.end - anchor < MARGIN:
            events, self.end = index.read(self.end, min(end - self.end, 2 * WINDOW))
        else:
            return False
        self.pairing.meet(names)
        self.pairing.open.update(strangers)
        self._take(events)
        return anew

    def _holds(self, first: int, end: int, anchor: int | None) -> bool:
        """Tell whether what is wanted is at hand, or follows what is."""
        if not self.events or first >= self.end or self.end > end or len(self.events) > 2 * WINDOW:
            return not self.events and self.end == end
        if anchor is None:
            return end - self.end < WINDOW
        return (self.first <= first or anchor - self.first >= MARGIN) and anchor < self.end

    def _take(self, events: list[Event]) -> None:
        number = self.first + len(self.events)
        self.events += events
        for event in events:
            self.pairing.feed(number, event)
            kind = event.kind
            if kind == "state":
                state = _STATES.get(event.text.partition(": ")[0], State.RUNNING)
                times, states = self._states.setdefault(event.instance, ([], []))
                born = not states[-1].alive if states else self._since == -inf
                shown = state in _LASTING.values() or born
                times.append(event.time)
                states.append(state)
            else:
                if kind != "note":
                    self._active.add(event.instance)
                shown = kind in _MESSAGES or kind == "error" or (kind == "skipped" and event.text in _MESSAGES)
            if shown:
                self.seen.append(number)
                self.times.append(event.time)
            number += 1
        self.end = number

    def event(self, number: int) -> Event | None:
        """Return event `number` if it is at hand."""
        return self.events[number - self.first] if self.first <= number < self.end else None

    def place(self, number: int) -> int:
        """Return how many of those seen come before event `number`."""
        return bisect_left(self.seen, number)

    def state(self, name: str, when: float) -> State | None:
        """Return the state that an instance was in, or None where that is not known."""
        times, states = self._states.get(name, ((), ()))
        place = bisect_right(times, when) - 1
        if place >= 0:
            return states[place]
        return None if self._since > -inf or name in self._active else State.NOT_STARTED
