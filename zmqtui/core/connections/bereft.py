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
LEAVES: Final = 0.001
"""Seconds in which a request has left."""
_WAITS: Final = (State.RECEIVING, State.POLLING)


class _Break:
    """A connection broke while a reply was awaited.

    Attributes:
        when: When that was heard.
        asked: Since when a reply was awaited.
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
        if socket.kind == zmq.REQ and (asked := socket.awaiting):
            self._breaks[socket] = _Break(when, asked, had_left=True)

    def settle(self, when: float, directory: Directory) -> None:
        """Tell every socket whose request is lost for certain."""
        for socket, broke in list(self._breaks.items()):
            if socket.closed or socket.awaiting != broke.asked or _connected(socket, before=broke.when):
                self._breaks.pop(socket, None)
                continue
            certain = broke.had_left or _passed_over(socket, broke, when, directory)
            if certain and when - broke.when >= LATE and _waits(socket):
                self._breaks.pop(socket, None)
                socket.peer_left(broke.asked)


def _had_left(end: End, asked: float, when: float, directory: Directory) -> bool:
    server = directory.server(end)
    if server is None or not server.ended:
        return when - asked >= LATE
    taken = server.socket.inbox.last > server.socket.outbox.last
    return asked <= server.ended - LEAVES or (taken and asked < server.socket.inbox.last)


def _waits(socket: Socket) -> bool:
    """Tell whether nothing can be in the socket's queue: its role looks into it all the time."""
    return socket.actor.status.state in _WAITS


def _connections(socket: Socket) -> list[End]:
    ends = list(socket.watched.contacts.open.values()) if socket.watched else []
    return [end for end in ends if end.state == CONNECTED]


def _connected(socket: Socket, before: float) -> bool:
    """Tell whether it has another server, which may have the request."""
    return any(end.since <= before for end in _connections(socket))


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
