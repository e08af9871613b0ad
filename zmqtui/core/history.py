"""Counts over time, from the start of a run to its end, in bounded memory.

Every count is cumulative: leaving moments out loses nothing but detail. A run is kept three times, in fine steps for
the last minute, in coarser ones for the last ten, and whole: that one drops every second moment when it is full.
Roles, harvest and screen meet here: the books write, whoever draws reads without waiting.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from zmqtui.core.journal import RECEIVED, SENT
from zmqtui.core.tape import Message
from zmqtui.core.trips import RoundTrips

if TYPE_CHECKING:
    from zmqtui.core.account import Account
    from zmqtui.core.slot import Slot
    from zmqtui.core.sockets import Socket

STEP = 0.25
"""Seconds between two moments."""
MOST = 1200
"""Moments of the whole run that are kept."""
LOSSES = ("before", "away", "dropped", "unwanted", "orphaned", "abandoned")
"""The parts of `Losses` that stay lost."""
_STRANGE = 2.0
"""Seconds for which more peers than are on the stage must be there, since who leaves is missed a little later."""


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


class History:
    """How every count grew since the start.

    Attributes:
        began: When the run began; 0 before that.
        strangers: The endpoints at which others than the stage's instances took part: sums are not whole there.
    """

    def __init__(self) -> None:
        self.began = 0.0
        self.strangers: set[str] = set()
        self._tables = [Table(STEP, 300), Table(2.0, 330), Table(STEP, MOST, whole=True)]
        self._ended = False
        self._due = 0.0
        self._values: dict[Count, float] = {}
        self._before: dict[Count, float] = {}
        self._trips: dict[str, RoundTrips] = {}
        self._bins: dict[str, Sequence[int]] = {}
        self._asked: dict[Socket, list[float]] = {}
        self._replied: dict[Socket, list[float]] = {}
        self._roles: dict[str, str] = {}
        self._strange: dict[str, float] = {}

    # Called from the books.

    def begin(self, when: float) -> None:
        """Take `when` for the start, at which every count is 0."""
        self._tables = [table.offer(when, {}, {}, {}, last=True) for table in self._tables]
        # Nothing is kept before there is a beginning.
        self.began = when

    def requests(self, socket: Socket, direction: str, items: Iterable[object]) -> None:
        """Take in what went through a REQ: the replies first, then the requests."""
        times = [item.time for item in items if type(item) is Message]
        if direction == RECEIVED:
            self._replied.setdefault(socket, []).extend(times)
        elif direction == SENT:
            self._asked.setdefault(socket, []).extend(times)

    def keep(
        self,
        when: float,
        slots: Mapping[str, Slot],
        accounts: Mapping[str, Account],
        sockets: Sequence[Socket],
        *,
        last: bool = False,
    ) -> None:
        """Keep how everything stands, if it is time for that.

        Args:
            when: The moment.
            slots: Who plays.
            accounts: How they stand.
            sockets: All that are open.
            last: Whether the run ends here.
        """
        if not self.began or self._ended or (when < self._due and not last):
            return
        self._due = max(self._due + STEP, when + STEP / 2)
        self._ended = last
        for slot in tuple(slots.values()):
            self._take(slot, accounts.get(slot.name))
        self._pair(sockets, when)
        self._look(sockets, when)
        values = self._values | self._sums()
        peaks = {}
        for role, trips in self._trips.items():
            if trips.fresh:
                self._bins[role], peaks[role] = trips.look()
        self._tables = [table.offer(when, values, self._bins, peaks, last=last) for table in self._tables]

    def left(self, slot: Slot | None, account: Account | None) -> None:
        """Close the counts of an instance that is taken off the stage; who comes by its name goes on from there."""
        if slot is None or not self.began:
            return
        self._take(slot, account)
        self._before.update({key: value for key, value in self._values.items() if key.who == slot.name})
        flying = Count(slot.name, "in_flight")
        if flying in self._values:
            self._values[flying] = self._before[flying] = 0.0

    def _take(self, slot: Slot, account: Account | None) -> None:
        name = slot.name
        self._roles[name] = slot.role.name
        counts: dict[Count, float] = {}
        for port in account.ports if account else ():
            for what, tally in (("sent", port.sent), ("received", port.received)):
                if tally.messages:
                    key = Count(name, what, port.endpoint)
                    counts[key] = counts.get(key, 0) + tally.messages
        work = slot.work_before + (slot.actor.work() if slot.actor else 0.0)
        if work:
            counts[Count(name, "work")] = work
        if account and account.losses:
            losses = account.losses
            parts = {"arrived": losses.received, "in_flight": losses.in_flight}
            parts |= {part: getattr(losses, part) for part in LOSSES}
            # What is on its way can be nothing again.
            counts |= {Count(name, what): value for what, value in parts.items() if value or what == "in_flight"}
        before = self._before
        if before:
            counts = {key: value + before.get(key, 0) for key, value in counts.items()}
        self._values.update(counts)

    def _sums(self) -> dict[Count, float]:
        """Return the sums of all who ever played a role, where it has a number."""
        sums: dict[Count, float] = {}
        roles = self._roles
        for key, value in self._values.items():
            role = roles.get(key.who, key.who)
            if role != key.who:
                total = Count(role, key.what, key.at)
                sums[total] = sums.get(total, 0) + value
        return sums

    def _pair(self, sockets: Sequence[Socket], when: float) -> None:
        """Find the request of each reply: the last one that was sent before it."""
        for socket, replies in self._replied.items():
            asked = self._asked.get(socket, [])
            name, place = socket.actor.name, 0
            role = self._roles.get(name)
            for reply in replies:
                while place < len(asked) and asked[place] <= reply:
                    place += 1
                if place and role:
                    seconds = reply - asked[place - 1]
                    self._trips.setdefault(role, RoundTrips()).add(seconds)
                    for what, more in (("trips", 1.0), ("waited", seconds)):
                        key = Count(name, what)
                        self._values[key] = self._values.get(key, 0.0) + more
            # The one that has its reply is done with; what was asked later is not.
            del asked[:place]
        self._replied.clear()
        if len(self._asked) > len(sockets):
            self._asked = {socket: self._asked[socket] for socket in sockets if socket in self._asked}
        for asked in self._asked.values():
            # All replies until now were taken in: what comes is for the last of these.
            del asked[: max(0, bisect_right(asked, when) - 1)]

    def _look(self, sockets: Sequence[Socket], when: float) -> None:
        """Find out where others take part: more peers than connect from here, or another program that binds."""
        bound: dict[str, int] = {}
        mine: dict[str, list[Socket]] = {}
        for socket in sockets:
            if socket.bound:
                bound[socket.endpoint] = bound.get(socket.endpoint, 0) + socket.peers()
            else:
                mine.setdefault(socket.endpoint, []).append(socket)
        for endpoint in bound.keys() | mine.keys():
            connectors = mine.get(endpoint, [])
            known = endpoint in bound
            if bound[endpoint] <= len(connectors) if known else not any(each.peers() for each in connectors):
                self._strange.pop(endpoint, None)
            elif when - self._strange.setdefault(endpoint, when) >= _STRANGE:
                self.strangers.add(endpoint)

    # Called from whoever draws.

    @property
    def latest(self) -> float:
        """The last moment kept, or 0."""
        times = self._tables[-1].times
        recent = self._tables[0].times
        return max(times[-1] if times else 0.0, recent[-1] if recent else 0.0)

    def past(self, span: float = 0.0) -> Past:
        """Return the last `span` seconds and more, in the finest steps that there are of them; 0 for the whole run."""
        tables = self._tables
        latest = self.latest
        for table in tables:
            times = table.times
            if times and (times[0] == self.began or (span and times[0] <= latest - span)):
                return Past(table, self.began)
        return Past(tables[-1], self.began)
