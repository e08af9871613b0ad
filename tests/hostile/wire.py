"""ZMTP byte by byte: what a peer can write that is no ZeroMQ library."""

from __future__ import annotations

import contextlib
import random
import socket
import struct
import time
from collections.abc import Callable, Iterator

PATIENCE = 20.0
"""Seconds after which a flood that nobody stops has failed."""


def greeting(mechanism: bytes = b"NULL", major: int = 3, minor: int = 1, as_server: int = 0) -> bytes:
    """Return the first 64 bytes of a connection."""
    head = b"\xff" + bytes(7) + b"\x01\x7f" + bytes([major, minor])
    return head + mechanism[:20].ljust(20, b"\0") + bytes([as_server]) + bytes(31)


def ready(kind: bytes) -> bytes:
    """Return the command that ends a handshake without security, of a socket of type `kind`."""
    properties = b"".join(
        bytes([len(name)]) + name + struct.pack(">I", len(value)) + value
        for name, value in ((b"Socket-Type", kind), (b"Identity", b""))
    )
    return command(b"READY", properties)


def command(name: bytes, data: bytes) -> bytes:
    """Return a command."""
    body = bytes([len(name)]) + name + data
    return b"\x04" + bytes([len(body)]) + body if len(body) < 256 else b"\x06" + struct.pack(">Q", len(body)) + body


def frame(data: bytes, *, more: bool = False) -> bytes:
    """Return a frame of a message."""
    if len(data) < 256:
        return bytes([more, len(data)]) + data
    return bytes([more | 2]) + struct.pack(">Q", len(data)) + data


def dial(port: int, kind: bytes = b"") -> socket.socket:
    """Connect to a port on this machine as soon as it is there, and shake hands as a `kind` where that is given."""
    until = time.monotonic() + PATIENCE
    while True:
        try:
            plug = socket.create_connection(("127.0.0.1", port), PATIENCE)
            break
        except (ConnectionRefusedError, ConnectionResetError):
            # Refused before it is there; reset where the one before it was still leaving.
            assert time.monotonic() < until, f"nobody listens on port {port}"
            time.sleep(0.01)
    if kind:
        plug.sendall(greeting() + ready(kind))
        seen = b""
        while b"READY" not in seen:
            got = plug.recv(4096)
            assert got, "it hung up during the handshake"
            seen += got
    return plug


def flood(port: int, kind: bytes, block: Callable[[], bytes]) -> str:
    """Write blocks until the other end hangs up; return who wrote."""
    with dial(port, kind) as plug:
        host, own = plug.getsockname()
        until = time.monotonic() + PATIENCE
        with contextlib.suppress(ConnectionError):
            while True:
                plug.sendall(block())
                assert time.monotonic() < until, "nobody stopped the flood"
        return f"{host}:{own}"


def subscriptions(seed: int) -> Callable[[], bytes]:
    """Return what makes blocks of subscriptions, each to something else."""
    dice = random.Random(seed)
    return lambda: b"".join(frame(b"\x01" + dice.randbytes(60)) for _ in range(4000))


def endless() -> Iterator[bytes]:
    """Yield the beginning, and then more and more, of a message that never ends."""
    block = frame(b"", more=True) * 100_000
    while True:
        yield block


class Crowd:
    """More connections than there is room for; who is sent away comes again, and who may stay answers heartbeats.

    Args:
        port: Where they all go.
        size: How many there are.
        shakes: Whether they shake hands, as REQ sockets do.
    """

    def __init__(self, port: int, size: int, *, shakes: bool) -> None:
        self._port = port
        self._size = size
        self._words = greeting() + ready(b"REQ") if shakes else b""
        self._until = time.monotonic() + PATIENCE
        self._plugs: dict[socket.socket, bytes] = {}

    def __enter__(self) -> Crowd:
        return self

    def __exit__(self, *_: object) -> None:
        for plug in self._plugs:
            plug.close()

    def press(self) -> None:
        """Come, and answer."""
        assert time.monotonic() < self._until, "nobody stopped the crowd"
        for plug in list(self._plugs):
            if not self._stays(plug):
                del self._plugs[plug]
                plug.close()
        while len(self._plugs) < self._size:
            plug = socket.socket()
            plug.setblocking(False)
            plug.connect_ex(("127.0.0.1", self._port))
            self._plugs[plug] = self._words
        time.sleep(0.02)

    def _stays(self, plug: socket.socket) -> bool:
        try:
            if self._plugs[plug]:
                plug.sendall(self._plugs[plug])
                self._plugs[plug] = b""
            heard = plug.recv(4096)
            plug.sendall(command(b"PONG", b"") * heard.count(b"PING"))
        except BlockingIOError:
            return True
        except OSError:
            return False
        return bool(heard)
