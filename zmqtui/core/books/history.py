"""Counts over time, from the start of a run to its end, in bounded memory.

A run is kept three times: in fine steps for the last minute, in coarser ones for the last ten, and whole, where every
second moment goes when there are too many. The books write; whoever draws reads without waiting.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from zmqtui.core.books.moments import LOSSES, Count, Past, Table
from zmqtui.core.books.trips import Pairs, RoundTrips

if TYPE_CHECKING:
    from zmqtui.core.books.account import Account
    from zmqtui.core.slot import Slot
    from zmqtui.core.sockets.traced import Socket

STEP = 0.25
"""Seconds between two moments."""
MOST = 1200
"""Moments of the whole run that are kept."""
CROWD = 256
"""So many instances make the steps, and the time between two harvests, longer by as much again."""
_STRANGE = 2.0
"""Seconds for which more peers than are on the stage must be there, since who leaves is missed a little later."""


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
        self._pairs = Pairs()
        self._totals: dict[Count, Count | None] = {}
        self._roles: dict[str, str] = {}
        self._strange: dict[str, float] = {}

    # Called from the books.

    def begin(self, when: float) -> None:
        """Take `when` for the start, at which every count is 0."""
        self._tables = [table.offer(when, {}, {}, {}, last=True) for table in self._tables]
        # Nothing is kept before there is a beginning.
        self.began = when

    def requests(self, socket: Socket, direction: str, items: Iterable[object]) -> None:
        """Take in what went through a REQ in one direction."""
        self._pairs.take(socket, direction, items)

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
        self._due = max(self._due, when - STEP / 2) + STEP * (1 + len(slots) // CROWD)
        self._ended = last
        for slot in list(slots.values()):
            self._take(slot, accounts.get(slot.name))
        for name, seconds in self._pairs.settle(sockets, when):
            self._waited(name, seconds)
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

    def _waited(self, name: str, seconds: list[float]) -> None:
        role = self._roles.get(name, name)
        self._trips.setdefault(role, RoundTrips()).add(seconds)
        for what, more in (("trips", float(len(seconds))), ("waited", sum(seconds))):
            key = Count(name, what)
            self._values[key] = self._values.get(key, 0.0) + more

    def _sums(self) -> dict[Count, float]:
        """Return the sums of all who ever played a role, where they have numbers."""
        sums: dict[Count, float] = {}
        totals = self._totals
        for key, value in self._values.items():
            if key not in totals:
                role = self._roles.get(key.who, key.who)
                totals[key] = key._replace(who=role) if role != key.who else None
            if total := totals[key]:
                sums[total] = sums.get(total, 0.0) + value
        return sums

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
