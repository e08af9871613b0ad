"""What libzmq says about the connections of a socket, on tcp and ipc; on inproc it says nothing.

The mechanism is picky: a monitor that nobody reads freezes the context after some 2,000 events, unless its reader
has no high-water mark, and `disable_monitor` must come before anything is closed.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import socket as _socket
import struct
import threading
from typing import TYPE_CHECKING, NamedTuple

import zmq

if TYPE_CHECKING:
    from zmqtui.core.sockets import Socket

_EVENTS = zmq.EVENT_ALL & ~zmq.EVENT_ACCEPT_FAILED
_numbers = itertools.count(1)


class Connection(NamedTuple):
    """Something that happened to a connection.

    Attributes:
        event: What.
        value: libzmq's value for it.
        address: The endpoint's address.
        peer_left: Whether a peer whose handshake had succeeded is gone.
    """

    event: zmq.Event
    value: int
    address: str
    peer_left: bool


class Monitor:
    """Watches one socket's connections.

    Made and stopped in the socket's own thread; read by one other.

    Attributes:
        peers: Connections whose handshake succeeded and that are still there.
        local: This end's addresses, ``host:port``, of tcp connections by file descriptor.
    """

    def __init__(self, socket: Socket) -> None:
        self.socket = socket
        self.peers = 0
        self.local: dict[int, str] = {}
        self._failed = 0
        self._lock = threading.Lock()
        self._stopped = self._abandoned = False
        address = f"inproc://monitor-{next(_numbers)}"
        socket.monitor(address, _EVENTS)
        self._reader = zmq.Context.socket(socket.stage_context, zmq.PAIR, socket_class=zmq.Socket)
        self._reader.rcvhwm = 0
        self._reader.linger = 0
        self._reader.connect(address)

    def stop(self) -> None:
        """Stop watching; to be called before the socket is closed."""
        with self._lock:
            with contextlib.suppress(zmq.ZMQError):
                self.socket.disable_monitor()
            self._stopped = True
            if self._abandoned:
                self._reader.close()

    def read(self) -> list[Connection]:
        """Return what happened since the last call; the reader closes itself when the monitor was stopped."""
        happened: list[Connection] = []
        while not self._reader.closed:
            try:
                head, address = self._reader.recv_multipart(zmq.DONTWAIT)
            except zmq.ZMQError:
                break
            number, value = struct.unpack("=hi" if len(head) == 6 else "=Hi", head)
            if number == zmq.EVENT_MONITOR_STOPPED:
                self._reader.close()
                self.peers = 0
                break
            try:
                event = zmq.Event(number)
            except ValueError:
                continue
            left = self._count(event, value)
            happened.append(Connection(event, value, address.decode("utf-8", "backslashreplace"), left))
        return happened

    @property
    def closed(self) -> bool:
        """Whether the monitor was stopped and read to its end."""
        return bool(self._reader.closed)

    def close(self) -> None:
        """Close the reader, whatever is left in it: now, or when the monitor stops, since without it libzmq blocks."""
        with self._lock:
            self._abandoned = True
            if self._stopped:
                self._reader.close()

    def _count(self, event: zmq.Event, value: int) -> bool:
        match event:
            case zmq.Event.CONNECTED | zmq.Event.ACCEPTED:
                if name := _local_name(value):
                    self.local[value] = name
            case zmq.Event.HANDSHAKE_SUCCEEDED:
                self.peers += 1
            case (
                zmq.Event.HANDSHAKE_FAILED_NO_DETAIL
                | zmq.Event.HANDSHAKE_FAILED_PROTOCOL
                | zmq.Event.HANDSHAKE_FAILED_AUTH
            ):
                self._failed += 1
            case zmq.Event.DISCONNECTED:
                self.local.pop(value, None)
                if self._failed:
                    self._failed -= 1
                elif self.peers:
                    self.peers -= 1
                    return True
        return False


def _name(descriptor: int, *, peer: bool) -> str:
    """Return ``host:port`` of one end of a tcp connection, or nothing; the descriptor stays libzmq's.

    A copy of it is asked: if anything interrupts this, libzmq's own is not closed.
    """
    try:
        copy = os.dup(descriptor)
    except OSError:
        return ""
    try:
        # Room enough for any kind of address; asking libzmq's descriptor for its kind would cost more than all else.
        socket = _socket.socket(_socket.AF_INET6, _socket.SOCK_STREAM, 0, fileno=copy)
    except OSError:
        # The connection is gone and its descriptor is something else by now.
        os.close(copy)
        return ""
    with socket:
        try:
            name = socket.getpeername() if peer else socket.getsockname()
        except OSError:
            return ""
    return f"{name[0]}:{name[1]}" if isinstance(name, tuple) else ""


def _local_name(descriptor: int) -> str:
    return _name(descriptor, peer=False)


def peer_name(descriptor: int) -> str:
    """Return ``host:port`` of the other end of a tcp connection of libzmq's, or nothing."""
    return _name(descriptor, peer=True)
