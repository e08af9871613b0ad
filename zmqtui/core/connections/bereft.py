"""Requests whose server has gone: lost with it, or on tcp and ipc kept by libzmq for the next one.

Nobody says which. A request that had left before the connection broke is lost; one that had not is sent when there is a
connection again. libzmq's news have no time, a request may leave in the very moment, and a reply may have arrived that
its REQ has not read yet. So it is told only when it is certain: a reply can never come after that.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

import zmq

from zmqtui.core.connections.contacts import CONNECTED
from zmqtui.core.state import State

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zmqtui.core.connections.contacts import End
    from zmqtui.core.connections.directory import Directory
    from zmqtui.core.connections.monitor import Monitor
    from zmqtui.core.sockets.traced import Socket

LATE: Final = 0.05
"""Seconds in which libzmq's news are heard, unless the machine is busy, and in which what has arrived is read."""
LEAVES: Final = 0.002
"""Seconds in which a request has left."""
_WAITS: Final = (State.RECEIVING, State.POLLING)


class _Break:
    """The end of a connection of a REQ.

    Attributes:
        when: When that was heard; it may have been a good while after the fact.
        quiet: Until when there was no news of it; they may be as late as a busy machine is.
        gone: The monitor of who was at its other end, where that is known.
        server: Who is there next.
        served: How many messages that one had received when it was seen first.
    """

    __slots__ = ("gone", "quiet", "served", "server", "when")

    def __init__(self, when: float, quiet: float = 0.0, gone: Monitor | None = None) -> None:
        self.when, self.quiet, self.gone = when, quiet, gone
        self.server: Socket | None = None
        self.served = 0


class Bereft:
    """The REQ sockets that lost a connection, until it is certain what has become of their requests."""

    def __init__(self) -> None:
        self._breaks: dict[Socket, _Break] = {}

    def broke(self, end: End, when: float, quiet: float, directory: Directory) -> None:
        """Take in that a connection broke.

        Args:
            end: Its end here.
            when: When that was heard.
            quiet: Until when there was no news of it.
            directory: Who has which address.
        """
        socket = end.monitor.socket
        if _may_be_bereft(socket):
            gone = directory.server(end)
            # One that was made since is the next one already.
            self._breaks[socket] = _Break(when, quiet, gone if gone and gone.made <= quiet else None)

    def unbound(self, socket: Socket, when: float) -> None:
        """Take in that who had bound the inproc name that `socket` is connected to is leaving."""
        if _may_be_bereft(socket):
            # What it sends from now on is looked at.
            socket.slow_down()
            self._breaks[socket] = _Break(when)

    def settle(self, when: float, directory: Directory) -> None:
        """Tell every socket whose request is lost for certain."""
        for socket, broke in list(self._breaks.items()):
            # What was just being sent is written down by then.
            if when - broke.when < LATE:
                continue
            asked = socket.awaiting
            if socket.closed or not asked or _served(socket, broke, asked):
                self._breaks.pop(socket, None)
            elif _waits(socket) and (_had_left(socket, broke, asked) or _passed_over(socket, broke, when, directory)):
                self._breaks.pop(socket, None)
                # Its own thread has the last word: it may be late, and the reply in its queue.
                socket.actor.do(partial(socket.confirm_lost, asked))


def _may_be_bereft(socket: Socket) -> bool:
    """Tell whether it is a REQ with one server: of several, nobody says which has the request."""
    return socket.kind == zmq.REQ and not socket.bound and len(socket.addresses) == 1


def _had_left(socket: Socket, broke: _Break, asked: float) -> bool:
    """Tell whether a request had certainly left before the connection broke."""
    server = broke.gone
    if socket.watched is None:
        return not socket.peers() or asked < socket.joined
    if server is None or not server.ended:
        return asked <= broke.quiet - LATE
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
    """Tell whether another server has the request, or may have it."""
    if socket.watched is None:
        # For a moment libzmq deals to the one that is leaving, too.
        return socket.peers() > 0 and asked > max(socket.joined, broke.when) + LATE
    return asked > broke.when


def _next(socket: Socket, directory: Directory) -> Iterator[tuple[Socket, float]]:
    """Yield the servers of this run that a socket is connected to now, and since when."""
    if socket.watched is None:
        for address in list(socket.addresses):
            if server := socket.wiring.registry.binder(address):
                yield server, socket.joined
    for end in _connections(socket):
        if monitor := directory.owner(end):
            yield monitor.socket, end.since


def _passed_over(socket: Socket, broke: _Break, when: float, directory: Directory) -> bool:
    """Tell whether the next server waits for requests, or has served everybody else: it takes turns."""
    for server, since in _next(socket, directory):
        if when - since < LATE:
            continue
        if broke.server is not server:
            broke.server, broke.served = server, server.inbox.position()
        status = server.actor.status
        if status.state in _WAITS and when - status.since >= LATE:
            return True
        return server.inbox.position() - broke.served > 2 * server.peers() + 2
    return False
