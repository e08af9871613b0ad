"""Requests whose server has gone: lost with it, or on tcp and ipc kept by libzmq for the next one.

Nobody says which. A request that had left before the connection broke is lost; one that had not is sent when there is a
connection again. libzmq's news have no time, a request may leave in the very moment, and a reply may have arrived that
its REQ has not read yet. So it is told only when it is certain: a reply can never come after that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import zmq

from zmqtui.core.connections.contacts import CONNECTED
from zmqtui.core.state import State

if TYPE_CHECKING:
    from zmqtui.core.connections.contacts import End
    from zmqtui.core.connections.directory import Directory
    from zmqtui.core.sockets.traced import Socket

LATE: Final = 0.05
"""Seconds in which libzmq's news are heard, and in which what has arrived is read."""
LEAVES: Final = 0.002
"""Seconds in which a request has left."""
_WAITS: Final = (State.RECEIVING, State.POLLING)


class _Break:
    """A connection broke while a reply was awaited.

    Attributes:
        when: When that was heard.
        asked: Since when a reply was awaited; 0 where that is to be seen.
        had_left: Whether the request had certainly left.
        server: The next server, once it is there.
        served: How many messages that one had received by then.
    """

    __slots__ = ("asked", "had_left", "served", "server", "when")

    def __init__(self, when: float, asked: float, *, had_left: bool) -> None:
        self.when, self.asked, self.had_left = when, asked, had_left
        self.server: Socket | None = None
        self.served = 0


class Bereft:
    """The REQ sockets that lost a connection while they awaited a reply."""

    def __init__(self) -> None:
        self._breaks: dict[Socket, _Break] = {}

    def broke(self, end: End, when: float, directory: Directory) -> None:
        """Take in that a connection broke."""
        socket = end.monitor.socket
        if socket.kind == zmq.REQ and (asked := socket.awaiting):
            self._breaks[socket] = _Break(when, asked, had_left=_had_left(end, asked, when, directory))

    def unbound(self, socket: Socket, when: float) -> None:
        """Take in that who had bound the inproc name that `socket` is connected to is leaving."""
        if socket.kind == zmq.REQ:
            # What it sends from now on is looked at; what it is just sending may not be written down yet.
            socket.slow_down()
            self._breaks[socket] = _Break(when, 0.0, had_left=True)

    def settle(self, when: float, directory: Directory) -> None:
        """Tell every socket whose request is lost for certain."""
        for socket, broke in list(self._breaks.items()):
            asked = socket.awaiting
            if not broke.asked and when - broke.when < LATE:
                continue
            if socket.closed or not asked or asked != (broke.asked or asked) or _served(socket, broke, asked):
                self._breaks.pop(socket, None)
                continue
            certain = broke.had_left or _passed_over(socket, broke, when, directory)
            if certain and when - broke.when >= LATE and _waits(socket):
                self._breaks.pop(socket, None)
                socket.peer_left(asked)


def _had_left(end: End, asked: float, when: float, directory: Directory) -> bool:
    server = directory.server(end)
    if server is None or not server.ended:
        return when - asked >= LATE
    # With others there, what it had taken and not answered may be another's.
    taken = server.crowd == 1 and server.socket.inbox.last > max(asked, server.socket.outbox.last)
    return asked <= server.ended - LEAVES or taken


def _waits(socket: Socket) -> bool:
    """Tell whether nothing can be in the socket's queue: its role looks into it all the time."""
    return socket.actor.status.state in _WAITS


def _connections(socket: Socket) -> list[End]:
    ends = list(socket.watched.contacts.open.values()) if socket.watched else []
    return [end for end in ends if end.state == CONNECTED]


def _served(socket: Socket, broke: _Break, asked: float) -> bool:
    """Tell whether it has another server, which may have the request."""
    if socket.watched is None:
        return socket.peers() > 0 and socket.joined <= asked
    return any(end.since <= broke.when for end in _connections(socket))


def _passed_over(socket: Socket, broke: _Break, when: float, directory: Directory) -> bool:
    """Tell whether the next server waits for requests, or has served everybody else: it takes turns."""
    for end in _connections(socket):
        monitor = directory.owner(end)
        if monitor is None or when - end.since < LATE:
            continue
        server = monitor.socket
        if broke.server is not server:
            broke.server, broke.served = server, server.inbox.position()
        status = server.actor.status
        if status.state in _WAITS and when - status.since >= LATE:
            return True
        return server.inbox.position() - broke.served > 2 * server.peers() + 2
    return False
