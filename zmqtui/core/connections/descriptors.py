"""Who is at the two ends of a connection of libzmq's, asked of the system by its file descriptor.

The system is asked directly: a socket object would have to own a copy of the descriptor, and a role that is made to
raise in between would leave that open, and with it the connection.
"""

from __future__ import annotations

import ctypes
import os
import socket as _socket
import struct
import sys
import threading
from collections.abc import Callable
from typing import NamedTuple

_system = ctypes.PyDLL(None) if os.name == "posix" else None
"""The system's own functions; these do not wait, so that the interpreter's lock is kept."""
_ROOM = 128
"""Bytes of the longest address of any kind."""
_BYTES_RECEIVED = 128
"""Where Linux has that in what it tells of a tcp connection."""
_TCP_INFO = _BYTES_RECEIVED + 8


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
    if _system is None:
        return Ends()
    local, remote = _name(_system.getsockname, descriptor), peer_name(descriptor)
    return Ends(local, remote, 0 if local else _process(descriptor))


def peer_name(descriptor: int) -> str:
    """Return ``host:port`` of the other end of a tcp connection of libzmq's, or nothing."""
    return _name(_system.getpeername, descriptor) if _system else ""


def received(descriptor: int) -> int:
    """Return how many bytes have come in on a tcp connection of libzmq's; 0 where the system does not tell."""
    if _system is None or sys.platform != "linux":
        return 0
    told = ctypes.create_string_buffer(_TCP_INFO)
    room = ctypes.c_uint32(_TCP_INFO)
    if _system.getsockopt(descriptor, _socket.IPPROTO_TCP, _socket.TCP_INFO, told, ctypes.byref(room)):
        return 0
    return int(struct.unpack_from("Q", told, _BYTES_RECEIVED)[0]) if room.value >= _TCP_INFO else 0


def hang_up(descriptor: int, who: Ends) -> None:
    """End a connection of libzmq's at once: libzmq sees its peer leave."""
    # It may be gone by now, and its descriptor be something else.
    if _system is not None and any(who) and ends(descriptor) == who:
        # Reset when libzmq closes it: what is still in the system's buffers is of no use to anybody.
        _system.setsockopt(descriptor, _socket.SOL_SOCKET, _socket.SO_LINGER, struct.pack("ii", 1, 0), 8)
        _system.shutdown(descriptor, _socket.SHUT_RDWR)


class _Room(threading.local):
    """Where the system writes an address for one thread."""

    def __init__(self) -> None:
        self.address = ctypes.create_string_buffer(_ROOM)
        self.length = ctypes.c_uint32()
        self.reference = ctypes.byref(self.length)


_room = _Room()


def _name(ask: Callable[..., int], descriptor: int) -> str:
    room = _room
    room.length.value = _ROOM
    if ask(descriptor, room.address, room.reference):
        # The connection is gone, and its descriptor may be something else by now.
        return ""
    return _written(room.address.raw[: room.length.value])


def _written(address: bytes) -> str:
    """Return what the system has as an address as ``host:port``, nothing if it is not one of tcp."""
    if len(address) < 2:
        return ""
    # BSD and its like begin with the length.
    family = int.from_bytes(address[:2], sys.byteorder) if sys.platform == "linux" else address[1]
    if family == _socket.AF_INET:
        host = _socket.inet_ntop(_socket.AF_INET, address[4:8])
    elif family == _socket.AF_INET6:
        host = _socket.inet_ntop(_socket.AF_INET6, address[8:24])
    else:
        return ""
    return f"{host}:{int.from_bytes(address[2:4], 'big')}"


def _process(descriptor: int) -> int:
    if _system is None:
        return 0
    # SOL_LOCAL and LOCAL_PEERPID of macOS Python has no names for.
    level, option = (_socket.SOL_SOCKET, _socket.SO_PEERCRED) if sys.platform == "linux" else (0, 2)
    told = ctypes.create_string_buffer(12)
    if _system.getsockopt(descriptor, level, option, told, ctypes.byref(ctypes.c_uint32(12))):
        return 0
    return int(struct.unpack_from("i", told)[0])
