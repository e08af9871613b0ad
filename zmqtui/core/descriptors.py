"""Who is at the two ends of a connection of libzmq's, asked of the system by its file descriptor."""

from __future__ import annotations

import os
import socket as _socket
import struct
import sys
from typing import NamedTuple


class Ends(NamedTuple):
    """The two ends of a connection; what the system does not tell is empty.

    Attributes:
        local: This end's ``host:port`` on tcp.
        remote: The other end's ``host:port`` on tcp.
        process: The other end's process on ipc.
    """

    local: str = ""
    remote: str = ""
    process: int = 0


def ends(descriptor: int) -> Ends:
    """Return who is at the ends of a connection of libzmq's; nothing if it is gone already."""
    socket = _copy(descriptor)
    if socket is None:
        return Ends()
    with socket:
        local = _host_and_port(socket, peer=False)
        remote = _host_and_port(socket, peer=True)
        return Ends(local, remote, 0 if local else _process(socket))


def peer_name(descriptor: int) -> str:
    """Return ``host:port`` of the other end of a tcp connection of libzmq's, or nothing."""
    socket = _copy(descriptor)
    if socket is None:
        return ""
    with socket:
        return _host_and_port(socket, peer=True)


def _copy(descriptor: int) -> _socket.socket | None:
    """Copy a descriptor of libzmq's: if anything interrupts this, libzmq's own is not closed."""
    try:
        copy = os.dup(descriptor)
    except OSError:
        return None
    try:
        # Room enough for any kind of address; asking libzmq's descriptor for its kind would cost more than all else.
        return _socket.socket(_socket.AF_INET6, _socket.SOCK_STREAM, 0, fileno=copy)
    except OSError:
        # The connection is gone and its descriptor is something else by now.
        os.close(copy)
        return None


def _host_and_port(socket: _socket.socket, *, peer: bool) -> str:
    try:
        name = socket.getpeername() if peer else socket.getsockname()
    except OSError:
        return ""
    return f"{name[0]}:{name[1]}" if isinstance(name, tuple) else ""


def _process(socket: _socket.socket) -> int:
    try:
        if sys.platform == "linux":
            return int(struct.unpack("3i", socket.getsockopt(_socket.SOL_SOCKET, _socket.SO_PEERCRED, 12))[0])
        # SOL_LOCAL and LOCAL_PEERPID of macOS, which Python has no names for.
        return int(socket.getsockopt(0, 2))
    except OSError:
        return 0
