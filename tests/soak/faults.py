"""What comes from outside: peers that come and vanish, bytes that mean nothing, programs that take a port."""

from __future__ import annotations

import contextlib
import random
import socket
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager

import zmq

_GREETING = b"\xff" + bytes(8) + b"\x7f\x03\x00" + b"NULL" + bytes(16) + b"\x00" + bytes(31)
_READY = b"\x04\x19\x05READY\x0bSocket-Type\x00\x00\x00"


def _port(address: str) -> tuple[str, int]:
    host, _, port = address.removeprefix("tcp://").rpartition(":")
    return host, int(port)


def _tail(dice: random.Random) -> bytes:
    kinds = (b"\x03REQ", b"\x03SUB", b"\x04PUSH", b"\x06DEALER", b"\x05BOGUS")
    return dice.choice(
        (
            b"",
            dice.randbytes(dice.randint(1, 400)),
            _GREETING[: dice.randint(1, len(_GREETING))],
            _GREETING,
            _GREETING + dice.randbytes(dice.randint(1, 200)),
            _GREETING + _READY + dice.choice(kinds),
            b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        )
    )


def garbage(address: str, seed: int) -> None:
    """Send bytes that no ZeroMQ peer sends to a port, and go in one of the ways that there are."""
    dice = random.Random(seed)
    for _ in range(dice.randint(1, 5)):
        with contextlib.suppress(OSError), socket.create_connection(_port(address), 0.5) as plug:
            plug.settimeout(0.5)
            plug.sendall(_tail(dice))
            if dice.random() < 0.5:
                # Reset instead of closed.
                plug.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            time.sleep(dice.choice((0.0, 0.0, 0.01)))


def outsider(address: str, kind: int, seconds: float) -> int:
    """Be a peer that comes, says something if it can, and vanishes; return how many messages it sent."""
    with zmq.Context() as context, context.socket(kind) as peer:
        peer.linger = 0
        peer.connect(address)
        if kind == zmq.SUB:
            peer.subscribe(b"")
        sent = 0
        if kind == zmq.REQ:
            peer.send(b"from outside")
            sent = 1
        peer.poll(int(seconds * 1000))
        return sent


@contextmanager
def taken(address: str) -> Iterator[None]:
    """Hold a port as another program does."""
    with socket.socket() as plug:
        plug.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        deadline = time.monotonic() + 2
        while True:
            try:
                plug.bind(_port(address))
                break
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.005)
        plug.listen()
        yield
