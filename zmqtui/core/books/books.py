"""The stage's books: they empty every tape, count, and tell the journal, the ledgers and the watcher."""

from __future__ import annotations

import math
import threading
from bisect import bisect_right
from collections import deque
from operator import attrgetter
from typing import TYPE_CHECKING

import zmq

from zmqtui.core.books.account import Account, add_port
from zmqtui.core.books.gears import Gears
from zmqtui.core.books.ledger import Ledger
from zmqtui.core.books.lost import Orphans
from zmqtui.core.connections.connections import Connections
from zmqtui.core.journal import RECEIVED, SENT, Event, Journal, now
from zmqtui.core.sockets.tape import Taken, Tape, message
from zmqtui.core.sockets.traced import Socket
from zmqtui.core.state import State, describe
from zmqtui.core.watch import Losses, PortView, Traffic

if TYPE_CHECKING:
    from zmqtui.core.books.history import History
    from zmqtui.core.model import Pattern
    from zmqtui.core.slot import Slot
    from zmqtui.core.threads.actor import Actor
    from zmqtui.core.watch import Watcher

LIGHT = 0.002
"""Seconds up to which a harvest is so quick that whoever looks at the books may do it."""
_PUBLISHERS = (zmq.PUB, zmq.XPUB)
_CHATTER = ("running", "working", "waiting in", "blocked in")


def _orphaned(sockets: list[Socket]) -> list[Socket]:
    """Return those that await a reply which cannot come."""
    return [socket for socket in sockets if socket.orphaned and socket.awaiting and not socket.closed]


class Books:
    """The accounts of one run of a stage.

    Args:
        pattern: What is played.
        slots: Who plays; the caller may add and remove.
        journal: Where events go.
        watcher: Who reads the traffic.
        whole: Whether the journal is to get every event, however many.
        history: What keeps the counts over time.

    Attributes:
        connections: What libzmq says of everybody's.
        ledgers: What became of what was published, by endpoint.
        closed: Set when nothing more is counted.
    """

    def __init__(
        self,
        pattern: Pattern,
        slots: dict[str, Slot],
        journal: Journal,
        watcher: Watcher,
        *,
        whole: bool,
        history: History,
    ) -> None:
        self._slots = slots
        self._journal = journal
        self._watcher = watcher
        self._whole = whole
        self._history = history
        self._lock = threading.Lock()
        self._last = now()
        self._stopped = math.inf
        self._orphaned: list[Socket] = []
        self._late: list[Event] = []
        self._notes: deque[Event] = deque()
        self._unread: list[Traffic] = []
        # The roles' threads add to it: copied as a list, since tuple() lets the garbage collector run in the middle.
        self._sockets: dict[Socket, None] = {}
        self._speakers: dict[Socket, None] = {}
        self._closed: deque[tuple[Socket, float]] = deque()
        self.connections = Connections(whole=whole)
        self._gears = Gears(self.connections)
        self.closed = threading.Event()
        self._accounts: dict[str, Account] = {}
        self._complaints: set[str] = set()
        self._heavy = False
        self._orphans = Orphans()
        self.ledgers = {
            endpoint.name: Ledger(self._expected, endpoint.name)
            for endpoint in pattern.endpoints
            if endpoint.bind.socket in ("PUB", "XPUB")
        }
        self._filters = next((knob.name for knob in pattern.knobs if knob.kind == "filters"), "")

    # Called from the roles' threads.

    def opened(self, socket: Socket) -> None:
        """Keep account of a new socket."""
        self._sockets[socket] = None
        if socket.kind in _PUBLISHERS:
            self._speakers[socket] = None

    def closing(self, socket: Socket) -> None:
        """Keep account of a socket to its end."""
        self._closed.append((socket, now()))

    def sockets(self) -> list[Socket]:
        """Return the sockets that are open."""
        return list(self._sockets)

    def positions(self, socket: Socket) -> dict[Tape, int]:
        """Return where the tapes of the publishers at the socket's endpoint stand."""
        if socket.endpoint not in self.ledgers:
            return {}
        return {tape: tape.position() for tape in self._publishers(socket.endpoint)}

    def _publishers(self, endpoint: str) -> list[Tape]:
        return [socket.outbox for socket in list(self._speakers) if socket.endpoint == endpoint]

    def _expected(self, name: str) -> tuple[bytes, ...]:
        slot = self._slots.get(name)
        return getattr(slot.knobs, self._filters) if slot and self._filters else ()

    # Called from the stage.

    def note(self, event: Event) -> None:
        """Log what the user or the playground did, in its place among what happens."""
        self._notes.append(event)

    def freeze(self) -> None:
        """Take nobody's leaving for a loss from here on: it is the stage's stopping. It takes no time."""
        self._orphaned = _orphaned(list(self._sockets))
        self._stopped = now()

    @property
    def frozen(self) -> bool:
        """Whether the stage is stopping, or has stopped."""
        return self._stopped < math.inf

    def harvest(self, *, last: bool = False) -> None:
        """Empty the tapes and bring everything up to date.

        Args:
            last: Whether nothing more will come, so that nothing need be held back.
        """
        with self._lock:
            self._harvest(last)

    def glance(self) -> None:
        """Bring everything up to date if that takes no time; the keeper does it soon anyway."""
        if not self._heavy and self._lock.acquire(blocking=False):
            try:
                self._harvest(False)
            except Exception as error:
                self.complain(error)
            finally:
                self._lock.release()

    def forget(self, slot: Slot) -> None:
        """Close the accounts of an instance that was harvested for the last time and taken off the stage."""
        with self._lock:
            self._history.left(slot, self._accounts.pop(slot.name, None))
            for ledger in self.ledgers.values():
                ledger.subscribers.pop(slot.name, None)

    def _harvest(self, last: bool) -> None:
        when = now()
        closed = [self._closed.popleft() for _ in range(len(self._closed))]
        upto = {tape: tape.position() for name in self.ledgers for tape in self._publishers(name)}
        self._late += self.connections.read(last=last)
        events = [self._notes.popleft() for _ in range(len(self._notes))]
        arrivals: dict[str, dict[str, list[Taken]]] = {name: {} for name in self.ledgers}
        sockets = list(self._sockets)
        # What was received first: its sender has most likely written it down by the time that tape is taken.
        tapes = [(socket, socket.inbox) for socket in sockets] + [(socket, socket.outbox) for socket in sockets]
        counts = []
        for socket, tape in tapes:
            taken = tape.take()
            counts.append((socket, tape, tape.count(taken)))
            if not taken.items and not tape.sampler.skipped:
                continue
            if socket.kind == zmq.REQ:
                self._history.requests(socket, tape.direction, taken.items)
                if tape.direction == SENT:
                    self._orphans.sent(socket, taken.items)
            if socket.endpoint in self.ledgers:
                if tape.direction == SENT and socket.kind in _PUBLISHERS:
                    self.ledgers[socket.endpoint].published(tape, taken)
                elif tape.direction == RECEIVED:
                    arrivals[socket.endpoint].setdefault(tape.instance, []).append(taken.open_from(self._stopped))
            events += self._events(tape, taken, socket.actor.life, when)
        self._gears.shift(counts, when)
        for slot in list(self._slots.values()):
            events += self._chatter(slot, when)
        for socket, closing in dict(closed).items():
            events += self._close(socket, closing, when)
        self._balance(arrivals, upto, when)
        for ledger in self.ledgers.values():
            events += ledger.losses(when, last=last)
        # Looked for first and asked for the freeze then: who is left alone from it on is so because everybody goes.
        orphaned = _orphaned(sockets)
        events += self._orphans.events(self._orphaned if self.frozen else orphaned, when)
        self._account(sockets)
        self._history.keep(when, self._slots, self._accounts, sockets, last=last)
        self._tell(events, when, last)
        self._last = when
        self._heavy = now() - when > LIGHT

    def _events(self, tape: Tape, taken: Taken, life: int, when: float) -> list[Event]:
        tape.sampler.whole = self._whole
        slot = self._slots.get(tape.instance)
        if slot and self._watcher.reads:
            for item in taken.messages():
                time, frames, peer = message(item, when)
                self._unread.append(
                    Traffic(
                        time, slot.name, slot.role.name, life, tape.direction,
                        tape.endpoint, frames, self.connections.who(peer),
                    )
                )  # fmt: skip
        events = tape.sample(taken, self._last, when)
        return [event._replace(peer=self.connections.who(event.peer)) if event.peer else event for event in events]

    def _chatter(self, slot: Slot, when: float) -> list[Event]:
        """Return what an instance said and where it stood, in earlier lives that nobody has asked yet and in this."""
        events: list[Event] = []
        while slot.former:
            events += self._told_by(slot.former.popleft(), when)
        return events + (self._told_by(slot.actor, when) if slot.actor else [])

    def _told_by(self, actor: Actor, when: float) -> list[Event]:
        """Return what an actor said and where it stood, as much as the journal can bear of it."""
        if not (actor.events or actor.sampler.skipped):
            return []
        actor.sampler.whole = self._whole
        taken = [actor.events.popleft() for _ in range(len(actor.events))]
        idle = [event.kind == "say" or event.text.startswith(_CHATTER) for event in taken]
        count = sum(idle)
        left_out = count - actor.sampler.keep(count, self._last, when)
        actor.sampler.skipped += actor.overflow()
        events = []
        for event, chatter in zip(taken, idle, strict=True):
            left_out -= chatter
            if not chatter or left_out < 0:
                events.append(event)
        if left_out < 0 or not actor.alive or actor.sampler.silent(when):
            events += actor.sampler.skips(events[-1].time if events else when, actor.name, "say")
        return events

    def _close(self, socket: Socket, closing: float, when: float) -> list[Event]:
        if socket not in self._sockets:
            return []
        del self._sockets[socket]
        self._speakers.pop(socket, None)
        if slot := self._slots.get(socket.actor.name):
            add_port(slot.totals, socket)
        if socket.endpoint in self.ledgers and socket.kind in _PUBLISHERS and closing < self._stopped:
            self.ledgers[socket.endpoint].closed(socket.outbox)
        return [*socket.inbox.close(when), *socket.outbox.close(when)]

    def _account(self, sockets: list[Socket]) -> None:
        """Put down how everybody stands, for views to read without waiting."""
        live: dict[str, list[Socket]] = {}
        for socket in sockets:
            if socket in self._sockets:
                live.setdefault(socket.actor.name, []).append(socket)
        for slot in list(self._slots.values()):
            mine = live.get(slot.name, [])
            totals = dict(slot.totals)
            for socket in mine:
                add_port(totals, socket)
            ports = tuple(PortView(name, kind, *tallies) for (name, kind), tallies in totals.items())
            tapes = tuple(tape for socket in mine for tape in (socket.outbox, socket.inbox))
            self._accounts[slot.name] = Account(ports, self._losses(slot), tapes)

    def _losses(self, slot: Slot) -> Losses | None:
        for name in slot.subscribes & self.ledgers.keys():
            ledger = self.ledgers[name]
            if ledger.used and slot.name in ledger.subscribers:
                return ledger.subscribers[slot.name].losses()
        return None

    def _balance(self, arrivals: dict[str, dict[str, list[Taken]]], upto: dict[Tape, int], when: float) -> None:
        for name, ledger in self.ledgers.items():
            waiting = {}
            for slot in list(self._slots.values()):
                if name in slot.subscribes:
                    ledger.add(slot.name)
                    status = slot.status
                    if status.state is State.RECEIVING:
                        waiting[slot.name] = status.since
            ledger.balance(arrivals[name], upto, waiting, when)

    def _tell(self, events: list[Event], when: float, last: bool) -> None:
        """Order what happened, holding back what may be overtaken by what is not harvested yet."""
        until = math.inf if last else when
        events = sorted([*self._late, *events], key=attrgetter("time"))
        cut = bisect_right(events, until, key=attrgetter("time"))
        self._late = events[cut:]
        self._journal.extend(events[:cut])
        unread = sorted(self._unread, key=attrgetter("time"))
        cut = bisect_right(unread, until, key=attrgetter("time"))
        self._unread = unread[cut:]
        for each in unread[:cut]:
            try:
                self._watcher.traffic(each)
            except Exception as error:
                # What a peer sent must never stop the books.
                self.complain(error)

    def complain(self, error: Exception) -> None:
        """Log an error of the books or the watcher, once."""
        text = f"the playground's own books stumbled: {describe(error)}"
        if text not in self._complaints and len(self._complaints) < 20:
            self._complaints.add(text)
            self._journal.extend([Event(now(), "", "error", text=text)])

    def close(self) -> None:
        """Count what is left."""
        try:
            self.harvest(last=True)
        finally:
            self.closed.set()

    # Views: from any thread, never waiting.

    def account(self, slot: Slot) -> Account:
        """Return how an instance stands."""
        return self._accounts.get(slot.name, Account())

    def peers(self, endpoint: str) -> int:
        """Return how many connections the binder of `endpoint` has."""
        return sum(each.peers() for each in list(self._sockets) if each.endpoint == endpoint and each.bound)
