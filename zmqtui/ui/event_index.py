"""Which events of a journal belong into whose log, kept up to date as the journal grows."""

from __future__ import annotations

from bisect import bisect_left, bisect_right

from zmqtui.core.journal import Event, Journal
from zmqtui.core.state import State

_LASTING = {
    state.value
    for state in (
        State.PAUSED,
        State.FINISHED,
        State.STOPPED,
        State.KILLED,
        State.FAILED,
        State.STUCK,
        State.BINDING,
        State.ASKING,
    )
}
"""States worth a line; the others come and go with every message."""
MESSAGES = ("send", "recv", "lost")
"""Kinds of events that are about one message."""


class EventIndex:
    """The numbers of the journal's events that a log shows, for all together and for each instance.

    While it is held it stands still, and keeps what it holds whatever the journal forgets.

    Args:
        journal: What to index.
    """

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self._cursor = 0
        self._lines: dict[str, list[int]] = {"": []}
        self._messages: dict[str, list[int]] = {"": []}
        self._gone: dict[str, int] = {}
        self._held: tuple[int, list[Event]] | None = None

    def of(self, instance: str) -> list[int]:
        """Return the numbers of the events worth a line, an instance's or all; the list grows by itself."""
        return self._lines.setdefault(instance, [])

    def gone(self, instance: str) -> int:
        """Return how many of the oldest lines were let go so far, an instance's or all."""
        return self._gone.get(instance, 0)

    def messages(self, instance: str) -> list[int]:
        """Return the numbers of the events that are messages, an instance's or all; the list grows by itself."""
        return self._messages.setdefault(instance, [])

    def step(self, instance: str, number: int | None, step: int) -> int | None:
        """Return the number of the message `step` places after message `number` (None: the newest).

        None when there is no message, or the step leads past the newest.
        """
        numbers = self.messages(instance)
        if number is None:
            place = len(numbers) + min(step, 0)
        elif step < 0:
            place = bisect_left(numbers, number) + step
        else:
            place = bisect_right(numbers, number) + step - 1
        return numbers[max(place, 0)] if numbers and place < len(numbers) else None

    @property
    def bounds(self) -> tuple[int, int]:
        """The numbers of the oldest event it holds and of the next one to come."""
        first, end = self.journal.bounds if self._held is None else (self._held[0], self._cursor)
        return min(first, self._cursor), min(end, self._cursor)

    def get(self, number: int) -> Event | None:
        """Return event `number`, or None where it was forgotten."""
        if self._held is None:
            return self.journal.get(number)
        first, events = self._held
        return events[number - first] if 0 <= number - first < len(events) else None

    def read(self, number: int, most: int) -> tuple[list[Event], int]:
        """Return up to `most` events from `number` on that it has taken in, and the number to go on from."""
        most = max(0, min(most, self._cursor - number))
        if self._held is None:
            return self.journal.read(number, most)
        first, events = self._held
        start = max(number - first, 0)
        taken = events[start : start + most]
        return taken, first + start + len(taken)

    @property
    def held(self) -> bool:
        """Whether it stands still."""
        return self._held is not None

    def hold(self, on: bool) -> None:
        """Stand still, or go on."""
        if on and self._held is None:
            events, end = self.journal.read(0, self.journal.limit * 2)
            first = end - len(events)
            self._held = first, events[: max(0, self._cursor - first)]
        elif not on and self._held is not None:
            self._held = None
            # Much of what was held may be forgotten: nobody is to see the gap.
            self.pull()

    @property
    def holding(self) -> int:
        """How many lines it holds while it stands still; none are held while it goes on."""
        return len(self._lines[""]) if self._held is not None else 0

    @property
    def passed(self) -> int:
        """How many events came since it stands still."""
        return max(0, self.journal.bounds[1] - self._cursor)

    def pull(self) -> None:
        """Take in what is new and let go what the journal forgot; nothing while it is held."""
        if self._held is not None:
            return
        first = self.journal.bounds[0]
        for name, numbers in self._lines.items():
            if numbers and numbers[0] < first:
                self._gone[name] = self.gone(name) + _let_go(numbers, first)
        for numbers in self._messages.values():
            _let_go(numbers, first)
        events, self._cursor = self.journal.read(max(self._cursor, first))
        for number, event in enumerate(events, self._cursor - len(events)):
            if event.kind in MESSAGES:
                self._messages[""].append(number)
                self.messages(event.instance).append(number)
            elif not _worth_a_line(event):
                continue
            self._lines[""].append(number)
            if event.instance:
                self.of(event.instance).append(number)


def _let_go(numbers: list[int], first: int) -> int:
    count = bisect_left(numbers, first)
    del numbers[:count]
    return count


def _worth_a_line(event: Event) -> bool:
    if event.kind == "state":
        return event.text.split(": ")[0] in _LASTING
    return event.kind != "monitor"
