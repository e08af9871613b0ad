"""What the monitors of a run's sockets say, put into words, and who is at the other end of a tcp connection."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import zmq

from zmqtui.core.journal import Event, now

if TYPE_CHECKING:
    from zmqtui.core.monitor import Connection, Monitor
    from zmqtui.core.sockets import Socket

_FAILURES = {
    zmq.Event.HANDSHAKE_FAILED_NO_DETAIL: "a peer hung up before the handshake was done: it may not speak ZeroMQ",
    zmq.Event.HANDSHAKE_FAILED_PROTOCOL: "a peer was refused: it does not speak ZMTP, or its socket type does not fit",
    zmq.Event.HANDSHAKE_FAILED_AUTH: "a peer was refused: it is not authorised",
}


class Connections:
    """The connections of all sockets of a run."""

    def __init__(self) -> None:
        self._monitors: dict[Monitor, None] = {}
        self._names: dict[str, str] = {}
        self._gone: list[str] = []

    def read(self, sockets: Iterable[Socket]) -> list[Event]:
        """Read every monitor and return what is worth a line."""
        for name in self._gone:
            self._names.pop(name, None)
        self._gone.clear()
        for socket in sockets:
            if socket.watched:
                self._monitors[socket.watched] = None
        events: list[Event] = []
        for monitor in tuple(self._monitors):
            before = set(monitor.local.values())
            for connection in monitor.read():
                events += self._happened(monitor, connection)
            after = set() if monitor.closed else set(monitor.local.values())
            self._names.update(dict.fromkeys(after - before, monitor.socket.actor.name))
            # What they sent may still be on its way through the books.
            self._gone += before - after
            if monitor.closed:
                del self._monitors[monitor]
        return events

    def _happened(self, monitor: Monitor, connection: Connection) -> list[Event]:
        socket = monitor.socket
        if connection.peer_left:
            socket.peer_left()
        text = _FAILURES.get(connection.event, "")
        if not text:
            what = {
                zmq.Event.HANDSHAKE_SUCCEEDED: "a peer connected" if socket.bound else "",
                zmq.Event.CONNECTED: "" if socket.bound else f"connected to {connection.address}",
                zmq.Event.DISCONNECTED: "a peer disconnected"
                if socket.bound
                else f"disconnected from {connection.address}",
            }
            text = what.get(connection.event, "")
        return [Event(now(), socket.actor.name, "link", endpoint=socket.endpoint, text=text)] if text else []

    def who(self, address: str) -> str:
        """Return the instance whose end of a tcp connection `address` is, or the address."""
        return self._names.get(address, address)

    def close(self) -> None:
        """Close the monitors' readers, whatever is left in them."""
        for monitor in self._monitors:
            monitor.close()
        self._monitors.clear()
