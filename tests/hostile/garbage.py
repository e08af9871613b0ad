"""Bytes that no ZeroMQ peer sends, drawn from a seed, and ways to come and go with them."""

from __future__ import annotations

import contextlib
import random
import socket
import struct
from collections import deque

from tests.hostile.victims import VICTIMS
from tests.hostile.wire import command, dial, frame, greeting, ready

HELD = 40
"""Connections that are open at the same time."""
_MECHANISMS = (b"PLAIN", b"CURVE", b"GSSAPI", b"NONE", b"null", b"", b"\xff" * 20, b"NULL\0PLAIN")
_SIZES = (2**20 + 1, 2**31 - 1, 2**31, 2**32, 2**63 - 1, 2**63, 2**64 - 1)
_BANNERS = (
    b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"SSH-2.0-OpenSSH_9.6\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"EHLO localhost\r\n",
    b"*1\r\n$4\r\nPING\r\n",
    b"\x00" * 64,
    b"\xff" * 64,
    b"",
)
_METADATA = (
    b"",
    b"\x0bSocket-Type",
    b"\x0bSocket-Type\xff\xff\xff\xff",
    b"\x0bSocket-Type\x7f\xff\xff\xffREQ",
    b"\xffIdentity\x00\x00\x00\x00",
    b"\x00\x00\x00\x00\x00" * 20,
    b"\x08Identity\x00\x00\x01\x00" + b"i" * 256,
)


def garbage(dice: random.Random, fitting: bytes) -> bytes:
    """Draw what one connection writes; `fitting` is the socket type with which a handshake succeeds."""
    hello, done = greeting(minor=dice.choice((0, 1, 1, 9))), ready(fitting)
    match dice.randrange(12):
        case 0:
            return dice.randbytes(dice.randint(0, 400))
        case 1:
            return (hello + done)[: dice.randint(0, len(hello + done))]
        case 2:
            return _mutated(dice, hello) + done
        case 3:
            return hello + _mutated(dice, done)
        case 4:
            return hello + dice.randbytes(dice.randint(1, 300))
        case 5:
            return greeting(dice.choice(_MECHANISMS), as_server=dice.choice((0, 1, 255))) + done
        case 6:
            wrong = dice.choice([*(kind.encode() for kind in VICTIMS), b"BOGUS", b"", b"\0", b"R" * 255])
            return hello + ready(wrong) + frame(b"x")
        case 7:
            return hello + command(b"READY", dice.choice(_METADATA)) + frame(b"x")
        case 8:
            # Shaken hands, and then frames with every flag there is and lengths that are none.
            flags = bytes([dice.randrange(256)])
            return hello + done + flags + struct.pack(">Q", dice.choice(_SIZES)) + dice.randbytes(dice.randint(0, 99))
        case 9:
            # No PING: where it waits behind what nobody takes, libzmq aborts.
            names = (b"PONG", b"ERROR", b"SUBSCRIBE", b"CANCEL", b"HELLO", b"READY", b"JOIN", b"")
            words = [command(dice.choice(names), dice.randbytes(dice.choice((0, 1, 2, 18, 300)))) for _ in range(5)]
            return hello + done + b"".join(words)
        case 10:
            # Earlier versions of the protocol, and later ones that nobody knows.
            old = dice.choice((b"\x01\x00", b"\x05\x00id!!", b"\xff" + bytes(7) + b"\x01\x7f\x01" + dice.randbytes(1)))
            return dice.choice((old, greeting(major=dice.randrange(256)))) + dice.randbytes(dice.randint(0, 99))
        case _:
            return dice.choice(_BANNERS)


def _mutated(dice: random.Random, data: bytes) -> bytes:
    changed = bytearray(data)
    for _ in range(dice.randint(1, 6)):
        changed[dice.randrange(len(changed))] = dice.randrange(256)
    return bytes(changed)


class Besiegers:
    """Connections full of garbage, some of them open at any time.

    Args:
        dice: Where everything is drawn from.
        port: Whom they are for.
        fitting: The socket type with which a handshake succeeds.
    """

    def __init__(self, dice: random.Random, port: int, fitting: bytes) -> None:
        self._dice = dice
        self._port = port
        self._fitting = fitting
        self._open: deque[socket.socket] = deque()

    def come(self) -> None:
        """Connect once more, write something, and stay for a while or not."""
        plug = dial(self._port)
        self._open.append(plug)
        plug.setblocking(False)
        data = garbage(self._dice, self._fitting)
        cut = self._dice.randint(0, len(data))
        for part in self._dice.choice(((data,), (data[:cut], data[cut:]))):
            # It may have been sent away already.
            with contextlib.suppress(OSError):
                plug.sendall(part)
        if len(self._open) > HELD or self._dice.random() < 0.5:
            self._close(self._open.popleft())

    def _close(self, plug: socket.socket) -> None:
        with contextlib.suppress(OSError):
            match self._dice.randrange(4):
                case 0:
                    # A reset instead of an end.
                    plug.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                case 1:
                    plug.shutdown(socket.SHUT_WR)
                case 2:
                    plug.recv(4096)
        plug.close()

    def leave(self) -> None:
        """Close what is still open."""
        while self._open:
            self._close(self._open.popleft())
