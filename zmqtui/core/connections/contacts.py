"""What becomes of one socket's connections, made out from what libzmq reports of it.

libzmq says little: a handshake's event does not say which connection it belongs to, a socket type that does not fit is
no event at all, and whoever retries does so ten times a second. Here it becomes one report for each thing that
happened.
"""

from __future__ import annotations

import errno
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, NamedTuple

import zmq

from zmqtui.core.connections.descriptors import Ends, ends

if TYPE_CHECKING:
    from zmqtui.core.connections.monitor import Monitor

LISTENING: Final = "listening"
ACCEPTED: Final = "accepted"
CONNECTING: Final = "connecting"
CONNECTED: Final = "connected"
HANDSHAKE: Final = "handshake"
DISCONNECTED: Final = "disconnected"
RETRIED: Final = "retried"
REFUSED: Final = "refused"
CLOSED: Final = "closed"

HUNG_UP, SILENT, MISFIT, PROTOCOL, UNAUTHORISED, IN_USE = range(6)
"""Why a connection came to nothing: hung up, said nothing, or refused for its socket type, its protocol, its name;
or, of a listener, because the address is taken."""
_SHAKES = 0.1
"""Seconds that a handshake takes at most, where both ends want it."""
_RETRIES_TOLD = 1.0
"""Seconds after which retries are told for the second time; then ever more seldom: nobody reads that for hours."""


class Reason(NamedTuple):
    """Why a connection came to nothing: what kind of failure, and libzmq's value for it."""

    kind: int
    value: int = 0


class End:
    """This socket's end of a connection, a listener, or somebody who wants to be connected.

    Attributes:
        monitor: The socket's monitor.
        address: The endpoint's address, as libzmq has it.
        binds: Whether this end was bound.
        state: `LISTENING`, `CONNECTING`, `HANDSHAKE`, `CONNECTED` or `REFUSED`.
        since: Since when.
        ends: Who is at the ends.
        peer: The instance at the other end, once that is known.
        retries: For one that connects: how often it tried again since.
        refusals: For one that connects: how often it came to nothing in a row, for the same reason.
        reason: That reason.
        cut: Whether the memory guard hung up on whoever it was.
    """

    __slots__ = (
        "address", "binds", "cut", "ends", "monitor", "peer", "reason", "refusals", "retries", "since", "state", "told",
    )  # fmt: skip

    def __init__(self, monitor: Monitor, address: str, state: str, since: float, *, binds: bool = False) -> None:
        self.monitor = monitor
        self.address = address
        self.state = state
        self.since = since
        self.binds = binds
        self.ends = Ends()
        self.peer = ""
        self.retries = self.refusals = 0
        self.reason: Reason | None = None
        self.cut = False
        self.told = since

    def due(self, when: float) -> bool:
        """Tell whether what goes on and on is to be told again."""
        if when - self.told < max(_RETRIES_TOLD, self.told - self.since):
            return False
        self.told = when
        return True


class Report(NamedTuple):
    """One thing that happened to a connection.

    Attributes:
        time: Seconds on the engine's clock.
        what: `LISTENING` and so on.
        end: Whose.
        times: How often; for `CLOSED`, how many connections ended.
        seconds: For how long, or until it is tried again.
        reason: Why it was refused.
    """

    time: float
    what: str
    end: End
    times: int = 1
    seconds: float = 0.0
    reason: Reason | None = None


def _port(address: str) -> str:
    return address.rpartition(":")[2]


class Contacts:
    """The connections of one socket.

    Args:
        monitor: The socket's monitor.
        tell: Called with what happened.

    Attributes:
        peers: Connections whose handshake succeeded and that are still there.
        open: Listeners and connections, by file descriptor.
        wanted: The connections that are still to come about, by address; for sockets that connect.
    """

    def __init__(self, monitor: Monitor, tell: Callable[[Report], None]) -> None:
        self.peers = 0
        self.open: dict[int, End] = {}
        self.wanted: dict[str, End] = {}
        self._monitor = monitor
        self._tell = tell
        self._shaking: dict[End, None] = {}
        self._failure: Reason | None = None
        self._cannot_bind = False

    def take(self, event: int, value: int, address: str, when: float) -> None:
        """Take in one event of libzmq's."""
        match event:
            case zmq.EVENT_CONNECT_DELAYED:
                self._want(address, when).state = CONNECTING
            case zmq.EVENT_CONNECT_RETRIED:
                self._retried(value, address, when)
            case zmq.EVENT_CONNECTED:
                self._connected(value, address, when)
            case zmq.EVENT_ACCEPTED:
                end = End(self._monitor, address, HANDSHAKE, when, binds=True)
                self._tell(Report(when, ACCEPTED, self._shake(value, end)))
            case zmq.EVENT_HANDSHAKE_SUCCEEDED:
                self._succeeded(address, when)
            # Whose handshake failed says the disconnection that follows at once.
            case zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL:
                self._failure = Reason(SILENT if value == errno.EAGAIN else HUNG_UP, value)
            case zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL:
                self._failure = Reason(PROTOCOL, value)
            case zmq.EVENT_HANDSHAKE_FAILED_AUTH:
                self._failure = Reason(UNAUTHORISED, value)
            case zmq.EVENT_DISCONNECTED:
                self._disconnected(value, when)
            case zmq.EVENT_LISTENING:
                self._cannot_bind = False
                self.open[value] = end = End(self._monitor, address, LISTENING, when, binds=True)
                end.ends = ends(value)
                self._tell(Report(when, LISTENING, end))
            case zmq.EVENT_CLOSED if value in self.open and self.open[value].state == LISTENING:
                # A connector's failed attempts are closed, too.
                self._tell(Report(when, CLOSED, self.open.pop(value)))
            case zmq.EVENT_BIND_FAILED if not self._cannot_bind:
                # It is tried again many times a second.
                self._cannot_bind = True
                end = End(self._monitor, address, LISTENING, when, binds=True)
                self._tell(Report(when, REFUSED, end, reason=Reason(IN_USE, value)))

    def stopped(self, when: float) -> None:
        """Take in that the socket is being closed, and all its connections with it."""
        self._tell(Report(when, CLOSED, End(self._monitor, "", CLOSED, when), self.peers))
        self.peers = 0
        for table in (self.open, self.wanted, self._shaking):
            table.clear()

    def _want(self, address: str, when: float) -> End:
        end = self.wanted.get(address)
        if end is None:
            self.wanted[address] = end = End(self._monitor, address, CONNECTING, when)
            self._tell(Report(when, CONNECTING, end))
        return end

    def _retried(self, pause: int, address: str, when: float) -> None:
        end = self._want(address, when)
        end.state = CONNECTING
        end.retries += 1
        if end.retries == 1:
            self._tell(Report(when, RETRIED, end, 0, pause / 1000))
        elif not end.refusals and end.due(when):
            self._tell(Report(when, RETRIED, end, end.retries, when - end.since))

    def _connected(self, descriptor: int, address: str, when: float) -> None:
        wanted = self._want(address, when)
        wanted.state = HANDSHAKE
        end = self._shake(descriptor, End(self._monitor, address, HANDSHAKE, when))
        if not wanted.refusals:
            if wanted.retries > 1:
                self._tell(Report(when, RETRIED, end, wanted.retries, when - wanted.since))
            self._tell(Report(when, CONNECTED, end))

    def _shake(self, descriptor: int, end: End) -> End:
        found = ends(descriptor)
        bound = found.local if end.binds else found.remote
        # Where this is heard late the descriptor may be another connection's by now.
        if not bound or _port(bound) == _port(end.address):
            end.ends = found
        self.open[descriptor] = end
        self._shaking[end] = None
        return end

    def _succeeded(self, address: str, when: float) -> None:
        end = self._whose(address, when)
        if end is None:
            return
        wanted = None if end.binds else self.wanted.pop(address, None)
        if wanted and wanted.refusals:
            self._tell(Report(end.since, CONNECTED, end))
        self.peers += 1
        self._settle(end, when)

    def _whose(self, address: str, when: float) -> End | None:
        """Return whose handshake succeeded: libzmq does not say.

        Not one's that was gone when it was looked at, and rather the oldest's, as long as it is not overdue.
        """
        found: End | None = None
        gone: End | None = None
        # From the newest on: thousands may hang about half open, and they are the oldest.
        for end in reversed(self._shaking):
            if end.address != address:
                continue
            due = when - end.since < _SHAKES
            if any(end.ends):
                found = end if due or found is None else found
                if not due:
                    break
            elif due or gone is None:
                gone = end
        return found or gone

    def _settle(self, end: End, when: float) -> None:
        del self._shaking[end]
        end.state, end.since = CONNECTED, when
        self._tell(Report(when, HANDSHAKE, end))

    def _disconnected(self, descriptor: int, when: float) -> None:
        failure, self._failure = self._failure, None
        end = self.open.pop(descriptor, None)
        if end is None:
            return
        other = self._whose(end.address, when) if end.binds and end.state == CONNECTED else None
        if other and (failure or when - end.since < _SHAKES):
            # So the handshake that succeeded was not this one's.
            self._settle(other, when)
        elif end.state == CONNECTED:
            self.peers -= 1
            if not end.binds:
                self.wanted[end.address] = End(self._monitor, end.address, CONNECTING, when)
            self._tell(Report(when, DISCONNECTED, end, seconds=when - end.since))
            return
        self._shaking.pop(end, None)
        # A failure of the protocol that is no event of its own: that is how libzmq treats a type that does not fit.
        self._refused(end, failure or Reason(MISFIT), when)

    def _refused(self, end: End, reason: Reason, when: float) -> None:
        if end.binds:
            self._tell(Report(when, REFUSED, end, seconds=when - end.since, reason=reason))
            return
        wanted = self._want(end.address, when)
        again = wanted.reason is not None and wanted.reason.kind == reason.kind
        wanted.state, wanted.reason = REFUSED, reason
        wanted.refusals = wanted.refusals + 1 if again else 1
        if not again or wanted.due(when):
            wanted.told = when
            self._tell(Report(when, REFUSED, end, wanted.refusals, when - end.since, reason))
