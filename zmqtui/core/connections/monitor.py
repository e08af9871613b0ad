"""What libzmq says about the connections of a socket, on tcp and ipc; on inproc it says nothing.

The mechanism is picky: a monitor that nobody reads freezes the context after some 2,000 events, unless its reader
has no high-water mark. In the end the monitor is disabled, its reader reads to the end and is closed, and only then the
socket is.
"""

from __future__ import annotations

import contextlib
import errno
import itertools
import struct
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

import zmq
from zmq.backend import Socket as RawSocket

from zmqtui.core.connections.contacts import Contacts, Report
from zmqtui.core.connections.descriptors import peer_name
from zmqtui.core.journal import now

if TYPE_CHECKING:
    from zmqtui.core.sockets.traced import Socket

__all__ = ["Monitor", "peer_name"]

MOST = 1000
"""Events read in one go: in a storm the others must have their turn."""
_EVENTS = zmq.EVENT_ALL & ~zmq.EVENT_ACCEPT_FAILED
_HEAD = struct.Struct("=Hi")
_numbers = itertools.count(1)


class Monitor:
    """Watches one socket's connections.

    Made and stopped in the socket's own thread; read by one other.

    Attributes:
        socket: The socket.
        made: When it was made.
        contacts: Its connections.
        fd: What becomes readable when there may be something to read.
        begun: Whether libzmq writes.
        followed: Whether there is somebody who reads.
        unfinished: Whether the last reading left something.
        ended: When its socket began to close, 0 before that.
        crowd: How many peers it had then.
    """

    def __init__(self, socket: Socket) -> None:
        self.socket = socket
        self.made = now()
        self.contacts = Contacts(self, lambda report: None)
        self.begun = self.followed = self.unfinished = False
        self.ended = 0.0
        self.crowd = 0
        self._lock = threading.Lock()
        self._stopped = self._abandoned = False
        self._address = f"inproc://monitor-{next(_numbers)}"
        persist, context = socket.actor.persist, socket.stage_context
        self._reader = persist(lambda: zmq.Context.socket(context, zmq.PAIR, socket_class=zmq.Socket), errno.EMFILE)
        self._reader.rcvhwm = 0
        self._reader.linger = 0
        self._reader.connect(self._address)
        self.fd = int(self._reader.get(zmq.FD))
        # Before libzmq begins to write: whoever is made to raise here closes it with the socket.
        socket.watched = self

    def begin(self) -> None:
        """Have libzmq write; where that is refused it may be tried again."""
        self.socket.actor.persist(lambda: self.socket.monitor(self._address, _EVENTS), errno.EMFILE)
        self.begun = True

    @property
    def peers(self) -> int:
        """Connections whose handshake succeeded and that are still there."""
        return self.contacts.peers

    # Called in the socket's thread.

    def stop(self) -> None:
        """Stop watching; to be called before the socket is closed.

        Whoever reads closes the reader when it has read to the end: it may be busy, and nobody waits for it.
        """
        self.ended, self.crowd = now(), self.peers
        with self._lock:
            with contextlib.suppress(zmq.ZMQError):
                self.socket.disable_monitor()
            self._stopped = True
            if self._abandoned or not self.followed:
                self._reader.close()

    # Called by whoever reads.

    def follow(self, tell: Callable[[Report], None]) -> None:
        """Have `tell` called with what happens from now on."""
        self.contacts = Contacts(self, tell)

    def read(self) -> bool:
        """Take in what happened since the last call, or so much of it; return whether the monitor was stopped.

        Where `unfinished` is true then there is more, and libzmq will not say so again.
        """
        recv, reader, take = RawSocket.recv, self._reader, self.contacts.take
        when = now()
        try:
            for _ in range(MOST):
                number, value = _HEAD.unpack(recv(reader, zmq.DONTWAIT))
                address = recv(reader, zmq.DONTWAIT)
                if number == zmq.EVENT_MONITOR_STOPPED:
                    self.contacts.stopped(when)
                    return True
                take(number, value, address.decode("utf-8", "backslashreplace"), when)
        except zmq.Again:
            self.unfinished = False
        else:
            self.unfinished = True
        return False

    def close(self) -> None:
        """Close the reader, after it has read all there is."""
        self._reader.close()

    def abandon(self) -> None:
        """Read no more: the reader is closed when the monitor stops, since without it libzmq blocks."""
        with self._lock:
            self._abandoned = True
            if self._stopped:
                self._reader.close()
        self.followed = False
