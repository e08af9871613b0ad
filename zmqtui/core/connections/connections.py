"""The connections of all sockets of a run: one thread reads what libzmq says of them, the moment it says it."""

from __future__ import annotations

import selectors
import time
from collections import deque
from math import inf
from typing import Final, NamedTuple

from zmqtui.core.connections import words
from zmqtui.core.connections.bereft import Bereft
from zmqtui.core.connections.contacts import (
    CONNECTED,
    DISCONNECTED,
    HANDSHAKE,
    LISTENING,
    REFUSED,
    End,
    Report,
)
from zmqtui.core.connections.descriptors import peer_name
from zmqtui.core.connections.directory import Directory
from zmqtui.core.connections.monitor import Monitor
from zmqtui.core.journal import Event, now
from zmqtui.core.sampler import Sampler
from zmqtui.core.threads.wake import Wake
from zmqtui.core.watch import ConnectionView

UNREAD: Final = 20_000
"""Reports that are kept until the books fetch them; what comes on top is only counted."""
ROUNDS: Final = 20
"""Rounds of reading in a row, at once when something happens, before there is a pause in between."""
CROWD: Final = 256
"""Monitors that may wait to be adopted or closed, before whoever makes the next one waits, too."""
HEARD: Final = 0.03
"""Seconds after which both ends of a connection have been heard of."""
PAUSE: Final = 0.002
"""Seconds of that pause: a thousand who retry must not wake anybody ten thousand times a second."""


class Stranger(NamedTuple):
    """Somebody from outside who is connected to a socket that is bound here.

    Attributes:
        name: The address, or the process on ipc.
        endpoint: The name of the socket's endpoint.
        socket: The socket's type.
        descriptor: The connection's file descriptor.
        end: This end of the connection.
    """

    name: str
    endpoint: str
    socket: str
    descriptor: int
    end: End


class Connections:
    """The connections of all sockets of a run.

    Args:
        whole: Whether the journal is to get every event, however many.

    Attributes:
        bereft: Who lost a connection and awaits a reply.
    """

    def __init__(self, *, whole: bool = False) -> None:
        self._whole = whole
        self._directory = Directory()
        self.bereft = Bereft()
        self._selector: selectors.BaseSelector | None = None
        self._wake: Wake | None = None
        self._new: deque[Monitor] = deque()
        self._monitors: dict[Monitor, None] = {}
        self._unfinished: dict[Monitor, None] = {}
        self._leaving: dict[Monitor, None] = {}
        self._reports: deque[Report] = deque(maxlen=UNREAD)
        self._samplers: dict[Monitor, Sampler] = {}
        self._lost = self._lost_told = 0
        self._last = now()
        # Until when there was nothing to read that was not read, and the same for what is being read now.
        self._looked = self._quiet = 0.0
        self._dismissed = False
        self._changes = 0
        self._view: tuple[int, tuple[ConnectionView, ...]] = (0, ())

    # Called by those who make and end the run.

    def open(self) -> None:
        """Get ready to listen.

        Raises:
            OSError: If the system has no room.
        """
        self._wake = Wake()
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._wake.fd, selectors.EVENT_READ)

    def dismiss(self) -> None:
        """Have whoever listens leave."""
        self._dismissed = True
        if self._wake:
            self._wake.set()

    # Called from the roles' threads.

    def watch(self, monitor: Monitor) -> None:
        """Read `monitor` from now on."""
        if self._wake:
            monitor.followed = True
            self._new.append(monitor)
            self._wake.set()
            while len(self._new) + len(self._leaving) > CROWD and not self._dismissed:
                # Each of them is a socket more, and the system has an end of those.
                monitor.socket.actor.pace(PAUSE)

    def closing(self, monitor: Monitor) -> None:
        """Take in that the monitor's socket is about to be closed."""
        if monitor.followed:
            self._leaving[monitor] = None

    # Called by the one who listens.

    def listen(self, seconds: float) -> bool:
        """Take in what happens until `seconds` have passed; return whether to go on."""
        until = now() + seconds
        rounds = 0
        while (selector := self._selector) and not self._dismissed:
            ready = selector.select(0 if self._unfinished else max(0.0, until - now()))
            if not ready and not self._unfinished:
                # There was nothing as long as it waited.
                self._looked = until
            else:
                rounds += 1
                if rounds > ROUNDS:
                    time.sleep(PAUSE)
                self._round(selector, until)
            if now() >= until:
                return True
        return False

    def close(self) -> None:
        """Read what is left; readers of sockets that are still open are closed when those are."""
        selector, self._selector = self._selector, None
        try:
            if selector:
                self._adopt(selector)
                for monitor in tuple(self._monitors):
                    self._read(monitor, selector)
        finally:
            for monitor in self._monitors:
                monitor.abandon()
            self._monitors.clear()
            self._leaving.clear()
            if selector:
                selector.close()
            if self._wake:
                self._wake.close()

    def _round(self, selector: selectors.BaseSelector, until: float) -> None:
        """Read of every socket of which there is something, as far as the time goes: the books want their turn."""
        looked, self._quiet = now(), self._looked
        for monitor in list(self._unfinished):
            self._read(monitor, selector)
        for key, _ in selector.select(0):
            if key.data is not None:
                self._read(key.data, selector)
            elif self._wake:
                self._wake.clear()
            if now() > until:
                break
        else:
            if not self._unfinished:
                self._looked = looked
        self._quiet = 0.0
        self._adopt(selector, until)
        if self._new and self._wake:
            self._wake.set()

    def _adopt(self, selector: selectors.BaseSelector, until: float = inf) -> None:
        # No more than there are now: roles that make sockets faster than these are read would hold up the books.
        for _ in range(len(self._new)):
            monitor = self._new.popleft()
            monitor.follow(self._tell)
            self._monitors[monitor] = None
            selector.register(monitor.fd, selectors.EVENT_READ, monitor)
            self._read(monitor, selector)
            if monitor in self._unfinished:
                # It was not listened to before.
                self._looked = 0.0
            if now() > until:
                return

    def _read(self, monitor: Monitor, selector: selectors.BaseSelector) -> None:
        self._unfinished.pop(monitor, None)
        stopped = monitor.read()
        # After the reading: whoever looked in the middle of it saw an old state, and has to look again.
        self._changes += 1
        if not stopped and monitor.unfinished:
            self._unfinished[monitor] = None
        if stopped:
            self._directory.leave(monitor)
            del self._monitors[monitor]
            self._leaving.pop(monitor, None)
            selector.unregister(monitor.fd)
            monitor.close()

    def _tell(self, report: Report) -> None:
        if report.what in (LISTENING, HANDSHAKE, CONNECTED) or report.end.state == HANDSHAKE:
            self._directory.add(report.end)
        if report.what in (CONNECTED, HANDSHAKE, DISCONNECTED):
            # It may be from outside, or the next one: who it is is known at the next harvest.
            report.end.monitor.socket.inbox.doubt()
        if report.what in (DISCONNECTED, REFUSED):
            self._directory.remove(report.end)
        if report.what == DISCONNECTED:
            self.bereft.broke(report.end, report.time, self._quiet, self._directory)
        if len(self._reports) == UNREAD:
            self._lost += 1
        self._reports.append(report)

    # Called by the books.

    def read(self, *, last: bool = False) -> list[Event]:
        """Return what happened since the last call, in words.

        Args:
            last: Whether nothing more will come, so that nothing need be held back.
        """
        when = now()
        taken = [self._reports.popleft() for _ in range(len(self._reports))]
        events: list[Event] = []
        by_monitor: dict[Monitor, list[Report]] = {}
        doubtful: dict[Monitor, None] = {}
        held: list[Report] = []
        for report in taken:
            monitor = report.end.monitor
            if not last and (monitor in doubtful or self._doubtful(report, when)):
                doubtful[monitor] = None
                held.append(report)
            else:
                by_monitor.setdefault(monitor, []).append(report)
                if report.what == HANDSHAKE and words.peer(report.end, self._directory).outside:
                    monitor.socket.visited = True
        self._reports.extendleft(reversed(held))
        for monitor, reports in by_monitor.items():
            events += self._sample(monitor, reports, when)
        for monitor, sampler in tuple(self._samplers.items()):
            if sampler.silent(when):
                events += _skipped(sampler, monitor, when)
                del self._samplers[monitor]
        lost, self._lost_told = self._lost - self._lost_told, self._lost
        if lost:
            events.append(Event(when, "", "link", text=f"{lost:,} connection events were not kept: too many at once"))
        self.bereft.settle(when, self._directory)
        self._directory.sweep()
        self._last = when
        return events

    def _doubtful(self, report: Report, when: float) -> bool:
        """Tell whether a peer that seems to be from outside may be one of ours that was not heard of yet."""
        return report.end.binds and when - report.time < HEARD and words.peer(report.end, self._directory).outside

    def _sample(self, monitor: Monitor, reports: list[Report], when: float) -> list[Event]:
        """Return as much of `reports` as the journal can bear."""
        sampler = self._samplers.get(monitor)
        if sampler is None:
            sampler = self._samplers[monitor] = Sampler()
            sampler.whole = self._whole
        kept = sampler.keep(len(reports), self._last, when)
        events = [words.event(report, self._directory) for report in reports[len(reports) - kept :]]
        return [*_skipped(sampler, monitor, events[0].time), *events] if events else []

    def ours(self, monitor: Monitor) -> bool:
        """Tell whether a socket is connected to all it wants, and all of them are known to be of this run."""
        contacts = monitor.contacts
        ends = [end for end in list(contacts.open.values()) if end.state != LISTENING]
        return bool(ends) and not contacts.wanted and all(self._directory.owner(end) is not None for end in ends)

    def who(self, address: str) -> str:
        """Return the instance whose end of a tcp connection `address` is, or the address."""
        return self._directory.who(address)

    # Views: from any thread, never waiting.

    def strangers(self) -> list[Stranger]:
        """Return who is connected from outside to what is bound here."""
        found = []
        for monitor in list(self._monitors):
            contacts = monitor.contacts
            for descriptor in list(contacts.open):
                end = contacts.open.get(descriptor)
                if end is None or not end.binds or end.state == LISTENING:
                    continue
                if not any(end.ends) or peer_name(descriptor) != end.ends.remote:
                    # Of those whom a socket sends away itself, as a PAIR does, libzmq says nothing.
                    continue
                peer = words.peer(end, self._directory)
                if peer.outside:
                    socket = monitor.socket
                    found.append(Stranger(peer.name, socket.endpoint, words.kind(socket.kind), descriptor, end))
        return found

    def view(self) -> tuple[ConnectionView, ...]:
        """Return the listeners and connections as they stand."""
        changes, view = self._view
        if changes != self._changes:
            changes = self._changes
            view = tuple(self._look(end) for monitor in list(self._monitors) for end in _ends(monitor))
            self._view = changes, view
        return view

    def _look(self, end: End) -> ConnectionView:
        socket, peer = end.monitor.socket, words.peer(end, self._directory)
        reason = words.why(end, end.reason, self._directory) if end.reason else ""
        return ConnectionView(
            socket.actor.name,
            socket.endpoint,
            end.address,
            words.kind(socket.kind),
            end.binds,
            end.state,
            end.since,
            peer.name,
            peer.outside,
            end.retries,
            reason,
        )


def _ends(monitor: Monitor) -> list[End]:
    contacts = monitor.contacts
    # A connection under way is in both tables.
    wanted = list(contacts.wanted.values())
    return [*(end for end in list(contacts.open.values()) if end.binds or end.state != HANDSHAKE), *wanted]


def _skipped(sampler: Sampler, monitor: Monitor, when: float) -> list[Event]:
    count, sampler.skipped = sampler.skipped, 0
    socket = monitor.socket
    text = f"{count:,} more connection events: too many to list"
    return [Event(when, socket.actor.name, "link", endpoint=socket.endpoint, text=text)] if count else []
