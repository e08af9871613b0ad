"""Moments of a run with all counts at each of them: what is kept of it, and what can be read of that.

Every count is cumulative: leaving moments out loses nothing but detail.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from typing import NamedTuple

LOSSES = ("before", "away", "dropped", "unwanted", "orphaned", "abandoned")
"""The parts of `Losses` that stay lost."""


class Count(NamedTuple):
    """What is counted.

    Attributes:
        who: An instance, or a role for the sum over all who ever played it.
        what: ``sent``, ``received``, ``work`` (seconds), ``trips`` and ``waited`` (round trips and their seconds);
            for a subscriber ``arrived``, a part of `LOSSES`, or ``in_flight``, which alone can fall.
        at: The endpoint, for messages.
    """

    who: str
    what: str
    at: str = ""


class Table:
    """Moments with the counts at each of them; it only grows, and is replaced when it is full.

    Args:
        step: Seconds between two moments.
        most: Moments of which at least to keep the last.
        whole: Whether every second moment goes when there are more, not the oldest.
    """

    def __init__(self, step: float, most: int, *, whole: bool = False) -> None:
        self.step, self.most, self.whole = step, most, whole
        self.times = array("d")
        self.columns: dict[Count, array[float]] = {}
        self.bins: dict[str, list[Sequence[int]]] = {}
        self.peaks: dict[str, array[float]] = {}
        self._pending: dict[str, float] = {}
        self._due = 0.0

    def offer(
        self,
        when: float,
        values: Mapping[Count, float],
        bins: Mapping[str, Sequence[int]],
        peaks: Mapping[str, float],
        *,
        last: bool,
    ) -> Table:
        """Take in a moment if it is time for one; return the table that goes on."""
        for role, peak in peaks.items():
            self._pending[role] = max(self._pending.get(role, 0.0), peak)
        if when < self._due and not last:
            return self
        self._due = max(self._due + self.step, when + self.step / 2)
        size = len(self.times)
        for key, value in values.items():
            if (column := self.columns.get(key)) is None:
                column = self.columns[key] = array("d", bytes(8 * size))
            column.append(value)
        for role, counts in bins.items():
            if role not in self.bins:
                self.peaks[role] = array("d", bytes(8 * size))
                self.bins[role] = [bytes(len(counts))] * size
            self.peaks[role].append(self._pending.pop(role, 0.0))
            self.bins[role].append(counts)
        # Whoever reads goes by the times: they come last.
        self.times.append(when)
        if size + 1 <= (self.most if self.whole else 2 * self.most):
            return self
        return self._shortened()

    def _shortened(self) -> Table:
        cut = slice(None, None, 2) if self.whole else slice(-self.most, None)
        table = Table(self.step * 2 if self.whole else self.step, self.most, whole=self.whole)
        table.times = self.times[cut]
        table.columns = {key: column[cut] for key, column in self.columns.items()}
        table.bins = {role: counts[cut] for role, counts in self.bins.items()}
        table.peaks = {role: peaks[cut] for role, peaks in self.peaks.items()}
        if self.whole:
            for role, peaks in self.peaks.items():
                table.peaks[role][1:] = array("d", map(max, peaks[1::2], peaks[2::2]))
        table._due = table.times[-1] + table.step
        return table


class Past:
    """A history up to one moment; it stands still.

    Attributes:
        began: When the run began.
        times: The moments, the first one being the start unless that is too long ago for it.
    """

    def __init__(self, table: Table, began: float) -> None:
        self.began = began
        self._table = table
        self._size = len(table.times)
        self.times = table.times[: self._size]

    @property
    def counts(self) -> list[Count]:
        """All that was ever counted."""
        return list(self._table.columns)

    def of(self, who: str, what: str, at: str = "") -> Sequence[float]:
        """Return a count at each moment."""
        column = self._table.columns.get(Count(who, what, at))
        return column[: self._size] if column else array("d", bytes(8 * self._size))

    @property
    def askers(self) -> list[str]:
        """The roles of which round trips are known."""
        return list(self._table.bins)

    def trips(self, role: str) -> tuple[Sequence[Sequence[int]], Sequence[float]]:
        """Return a role's round trips up to each moment by length, and the longest since the moment before."""
        return self._table.bins[role][: self._size], self._table.peaks[role][: self._size]
