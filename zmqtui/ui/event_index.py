"""Which events of a journal belong into whose log, kept up to date as the journal grows."""

from __future__ import annotations

from bisect import bisect_left

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


class EventIndex:
    """The numbers of the journal's events that a log shows, for all together and for each instance.

    Args:
        journal: What to index.
    """

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self._cursor = 0
        self._numbers: dict[str, list[int]] = {"": []}

    def of(self, instance: str) -> list[int]:
        """Return the numbers of an instance's events, or of all for the empty name; the list grows by itself."""
        return self._numbers.setdefault(instance, [])

    def pull(self) -> dict[str, int]:
        """Take in what is new and let go what the journal forgot.

        Returns:
            How many numbers were let go, by instance.
        """
        first = self.journal.bounds[0]
        gone = {name: bisect_left(numbers, first) for name, numbers in self._numbers.items()}
        for name, count in gone.items():
            del self._numbers[name][:count]
        start = max(self._cursor, first)
        events, self._cursor = self.journal.read(start)
        everybody = self._numbers[""]
        for number, event in enumerate(events, self._cursor - len(events)):
            if _worth_a_line(event):
                everybody.append(number)
                if event.instance:
                    self.of(event.instance).append(number)
        return gone


def _worth_a_line(event: Event) -> bool:
    return event.kind != "state" or event.text.split(": ")[0] in _LASTING
