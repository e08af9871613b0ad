"""The stage's books: they empty every tape, count, and tell the journal, the ledgers and the watcher."""

from __future__ import annotations

import math
import threading
from bisect import bisect_right
from collections import deque
from collections.abc import Iterable
from operator import attrgetter
from typing import TYPE_CHECKING, Any, cast

import zmq

from zmqtui.core.actor import State
from zmqtui.core.journal import FAST, RECEIVED, SENT, Event, Journal, Message, Tally, Tape, now
from zmqtui.core.ledger import Ledger
from zmqtui.core.monitor import Connection, Monitor
from zmqtui.core.sockets import Socket
from zmqtui.core.watch import Losses, PortView, Traffic

if TYPE_CHECKING:
    from zmqtui.core.model import Pattern
    from zmqtui.core.slot import Slot
    from zmqtui.core.watch import Watcher

_FAILURES = {
    zmq.Event.HANDSHAKE_FAILED_NO_DETAIL: "a peer hung up before the handshake was done: it may not speak ZeroMQ",
    zmq.Event.HANDSHAKE_FAILED_PROTOCOL: "a peer was refused: it does not speak ZMTP, or its socket type does not fit",
    zmq.Event.HANDSHAKE_FAILED_AUTH: "a peer was refused: it is not authorised",
}


class Books:
    """The accounts of one run of a stage.

    Args:
        pattern: What is played.
        slots: Who plays; the caller may add and remove.
        journal: Where events go.
        watcher: Who reads the traffic.
        whole: Whether the journal is to get every event, however many.
    """

    def __init__(
        self, pattern: Pattern, slots: dict[str, Slot], journal: Journal, watcher: Watcher, *, whole: bool
    ) -> None:
        self._slots = slots
        self._journal = journal
        self._watcher = watcher
        self._whole = whole
        self._lock = threading.Lock()
        self._last = now()
        self._frozen = False
        self._late: list[Event] = []
        self._unread: list[Traffic] = []
        self._sockets: list[Socket] = []
        self._closed: deque[Socket] = deque()
        self._monitors: list[Monitor] = []
        self.ledgers = {
            endpoint.name: Ledger(self._expected)
            for endpoint in pattern.endpoints
            if endpoint.bind.socket in ("PUB", "XPUB")
        }
        self._filters = next((knob.name for knob in pattern.knobs if knob.kind == "filters"), "")

    # Called from the roles' threads.

    def opened(self, socket: Socket) -> None:
        """Keep account of a new socket."""
        self._sockets.append(socket)

    def closing(self, socket: Socket) -> None:
        """Keep account of a socket to its end."""
        self._closed.append(socket)

    def positions(self, socket: Socket) -> dict[Tape, int]:
        """Return where the tapes of the publishers at the socket's endpoint stand."""
        if socket.endpoint not in self.ledgers:
            return {}
        return {tape: tape.position() for tape in self._publishers(socket.endpoint)}

    def _publishers(self, endpoint: str) -> list[Tape]:
        return [
            socket.outbox
            for socket in tuple(self._sockets)
            if socket.endpoint == endpoint and socket.type in (zmq.PUB, zmq.XPUB)
        ]

    def _expected(self, name: str) -> tuple[bytes, ...]:
        slot = self._slots.get(name)
        return getattr(slot.knobs, self._filters) if slot and self._filters else ()

    # Called from the stage.

    def freeze(self) -> None:
        """Take the losses as they stand: what the stage's stopping loses is nobody's loss."""
        self.harvest()
        self._frozen = True

    def harvest(self, *, last: bool = False) -> None:
        """Empty the tapes and bring everything up to date.

        Args:
            last: Whether nothing more will come, so that nothing need be held back.
        """
        with self._lock:
            self._harvest(last)

    def _harvest(self, last: bool) -> None:
        when = now()
        closed = [self._closed.popleft() for _ in range(len(self._closed))]
        upto = {tape: tape.position() for name in self.ledgers for tape in self._publishers(name)}
        self._monitor()
        events: list[Event] = []
        arrivals: dict[str, dict[str, list[Any]]] = {name: {} for name in self.ledgers}
        # Receivers first: what they have, its sender has written down by the time its tape is taken.
        for socket in sorted(self._sockets, key=lambda each: each.type in (zmq.PUB, zmq.XPUB)):
            for tape in (socket.inbox, socket.outbox):
                first, items = tape.take()
                self._gear(tape, items, when)
                if not items and not tape.skipped:
                    continue
                if socket.endpoint in self.ledgers:
                    if tape.direction == SENT and socket.type in (zmq.PUB, zmq.XPUB):
                        self.ledgers[socket.endpoint].published(tape, first, items)
                    elif tape.direction == RECEIVED:
                        arrivals[socket.endpoint].setdefault(tape.instance, []).extend(items)
                events += self._events(tape, items, when)
        for slot in tuple(self._slots.values()):
            if slot.actor:
                count = len(slot.actor.events)
                events += [slot.actor.events.popleft() for _ in range(count)]
        for socket in closed:
            self._close(socket)
        self._balance(arrivals, upto, when)
        self._tell(events, when, last)
        self._last = when

    def _gear(self, tape: Tape, items: list[Any], when: float) -> None:
        hurry = tape.count(items) > FAST * max(when - self._last, 1e-3)
        tape.recent.append((when, tape.tally.messages))
        slot = self._slots.get(tape.instance)
        tape.fast = hurry and slot is not None and slot.actor is not None
        if tape.multipart or (slot and slot.actor and slot.actor.attention):
            # Looked at after the fact: the owner may just have found out.
            tape.fast = False

    def _events(self, tape: Tape, items: list[Any], when: float) -> list[Event]:
        if self._whole:
            tape.allowance = float("inf")
        slot = self._slots.get(tape.instance)
        if slot and self._watcher.reads:
            for item in items:
                message = Message(when, (item,)) if type(item) is bytes else item
                if type(message) is Message:
                    self._unread.append(
                        Traffic(
                            message.time, slot.name, slot.role.name, slot.life, tape.direction,
                            tape.endpoint, message.frames, self._who(message.peer),
                        )
                    )  # fmt: skip
        events = tape.sample(items, self._last, when)
        return [event._replace(peer=self._who(event.peer)) if event.peer else event for event in events]

    def _close(self, socket: Socket) -> None:
        self._sockets.remove(socket)
        if slot := self._slots.get(socket.actor.name):
            add_port(slot.totals, socket)
        if socket.endpoint in self.ledgers and socket.type in (zmq.PUB, zmq.XPUB):
            self.ledgers[socket.endpoint].closed(socket.outbox)

    def _balance(self, arrivals: dict[str, dict[str, list[Any]]], upto: dict[Tape, int], when: float) -> None:
        if self._frozen:
            return
        for name, ledger in self.ledgers.items():
            waiting = {}
            for slot in tuple(self._slots.values()):
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
        for message in unread[:cut]:
            self._watcher.traffic(message)

    def _who(self, address: str) -> str:
        """Return the instance whose end of a tcp connection `address` is, or the address."""
        if not address:
            return ""
        for socket in self._sockets:
            if socket.watched and address in socket.watched.local.values():
                return socket.actor.name
        return address

    # Connections.

    def _monitor(self) -> None:
        for socket in self._sockets:
            if socket.watched and socket.watched not in self._monitors:
                self._monitors.append(socket.watched)
        for monitor in tuple(self._monitors):
            for connection in monitor.read():
                self._connection(monitor, connection)
            if monitor.closed:
                self._monitors.remove(monitor)

    def _connection(self, monitor: Monitor, connection: Connection) -> None:
        socket, binds = monitor.socket, bool(monitor.socket.bound)
        if connection.event is zmq.Event.DISCONNECTED:
            socket.peer_left()
        text = _FAILURES.get(connection.event, "")
        if binds and not text:
            text = {
                zmq.Event.HANDSHAKE_SUCCEEDED: "a peer connected",
                zmq.Event.DISCONNECTED: "a peer disconnected",
            }.get(connection.event, "")
        elif connection.event is zmq.Event.CONNECTED:
            text = f"connected to {connection.address}"
        elif connection.event is zmq.Event.DISCONNECTED:
            text = f"disconnected from {connection.address}"
        if text:
            self._late.append(Event(now(), socket.actor.name, "link", endpoint=socket.endpoint, text=text))

    def close(self) -> None:
        """Read everything to its end and close the monitors' readers."""
        self.harvest(last=True)
        for monitor in self._monitors:
            monitor.close()
        self._monitors.clear()

    # Views.

    def ports(self, slot: Slot) -> tuple[PortView, ...]:
        """Return the exact counts of an instance by endpoint."""
        totals = dict(slot.totals)
        for socket in self._live(slot):
            add_port(totals, socket)
        return tuple(PortView(name, kind, *tallies) for (name, kind), tallies in totals.items())

    def rates(self, slot: Slot, when: float) -> tuple[float, float]:
        """Return the messages per second that an instance sends and receives."""
        sockets = list(self._live(slot))
        return sum(each.outbox.rate(when) for each in sockets), sum(each.inbox.rate(when) for each in sockets)

    def losses(self, slot: Slot) -> Losses | None:
        """Return what a subscriber missed and why, where anybody here publishes."""
        for name in slot.subscribes & self.ledgers.keys():
            ledger = self.ledgers[name]
            if ledger.used and slot.name in ledger.subscribers:
                return ledger.subscribers[slot.name].losses()
        return None

    def peers(self, endpoint: str) -> int:
        """Return how many connections the binder of `endpoint` has."""
        return sum(each.peers() for each in tuple(self._sockets) if each.endpoint == endpoint and each.bound)

    def _live(self, slot: Slot) -> Iterable[Socket]:
        return [each for each in tuple(self._sockets) if each.actor.name == slot.name]


def add_port(totals: dict[tuple[str, str], tuple[Tally, Tally]], socket: Socket) -> None:
    """Add a socket's counts to its instance's totals."""
    key = (socket.endpoint, zmq.SocketType(cast("int", socket.type)).name)
    sent, received = totals.get(key, (Tally(), Tally()))
    totals[key] = (sent.plus(socket.outbox.tally), received.plus(socket.inbox.tally))
