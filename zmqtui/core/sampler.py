"""How much of a stream of events the journal gets, where there are more than anybody can read."""

from __future__ import annotations

from typing import Final

from zmqtui.core.journal import Event

BURST: Final = 2000
"""Events in a row that a tape may bring to the journal before it is sampled."""
STEADY: Final = 100
"""Events per second up to which a tape is shown whole for ever."""
SAMPLES: Final = 4
"""Events per second that a sampled tape still shows."""


class Sampler:
    """Decides how much of a stream the journal gets, and keeps exact account of what it does not.

    Args:
        burst: Events in a row that the journal gets.
        steady: Events per second up to which it gets everything for ever.

    Attributes:
        whole: Whether it gets everything.
        skipped: What it did not get and was not told of yet.
        sparse: Whether it did not get all of the last ones.
    """

    __slots__ = ("_allowance", "_burst", "_last", "_seen", "_steady", "skipped", "sparse", "whole")

    def __init__(self, burst: int = BURST, steady: int = STEADY) -> None:
        self.whole = False
        self.skipped = 0
        self.sparse = False
        self._burst = burst
        self._steady = steady
        self._allowance = float(burst)
        self._last = 0.0
        self._seen = 0.0

    def keep(self, count: int, since: float, until: float) -> int:
        """Return how many of `count` events, the newest ones, the journal gets; the others are skipped.

        Args:
            count: Events between `since` and `until`.
            since: A time in seconds.
            until: A later one.
        """
        if count:
            self._seen = until
        if self.whole:
            return count
        steady = self._steady * max(until - since, 1e-6)
        if count <= steady:
            self._allowance = min(self._burst, self._allowance + steady)
        if count <= self._allowance:
            self._allowance -= count
            kept = count
        else:
            kept = 1 if until - self._last >= 1 / SAMPLES else 0
            self._allowance = 0.0
        if kept:
            self._last = until
        self.skipped += count - kept
        self.sparse = kept < count
        return kept

    def silent(self, when: float) -> bool:
        """Tell whether the stream has fallen silent, so that nothing will come to say what was skipped."""
        return when - self._seen >= 1 / SAMPLES

    def skips(self, when: float, instance: str, what: str, endpoint: str = "") -> list[Event]:
        """Return the event that tells of what was skipped, if anything was."""
        count, self.skipped = self.skipped, 0
        return [Event(when, instance, "skipped", endpoint=endpoint, text=what, messages=count)] if count else []
