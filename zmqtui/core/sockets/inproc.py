"""Who is up on inproc: libzmq neither reconnects there nor survives many pending connects, so we keep account.

A connect to a name that is not bound is kept and done when it is; when a name is bound again, every socket that
was connected to it connects again, in its owner's thread.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zmqtui.core.sockets.traced import Socket


class Registry:
    """The inproc names of one stage and the sockets that want to be connected to them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._bound: dict[str, Socket] = {}
        self._wanting: dict[str, dict[Socket, Socket | None]] = {}

    def bound(self, address: str, socket: Socket) -> None:
        """Record that `socket` has bound `address`, and have everybody who wants it connect."""
        with self._lock:
            self._bound[address] = socket
            wanting = list(self._wanting.get(address, {}).items())
        for peer, before in wanting:
            if before is not socket:
                peer.actor.do(lambda peer=peer: peer.reconnect(address))  # type: ignore[misc]

    def wants(self, address: str, socket: Socket) -> bool:
        """Record that `socket` wants to be connected to `address`.

        Returns:
            Whether the name is up and not connected yet, so that the caller must connect now.
        """
        with self._lock:
            binder = self._bound.get(address)
            wanting = self._wanting.setdefault(address, {})
            due = binder is not None and wanting.get(socket) is not binder
            wanting[socket] = binder
            return due

    def gave_up(self, address: str, socket: Socket) -> None:
        """Record that `socket` wants `address` no longer."""
        with self._lock:
            self._wanting.get(address, {}).pop(socket, None)

    def unbound(self, address: str, socket: Socket) -> list[Socket]:
        """Record that `socket` no longer binds `address`; return who was connected to it."""
        with self._lock:
            if self._bound.get(address) is not socket:
                return []
            del self._bound[address]
            return [peer for peer, binder in self._wanting.get(address, {}).items() if binder is socket]

    def binder(self, address: str) -> Socket | None:
        """Return who binds `address`, if anybody does."""
        with self._lock:
            return self._bound.get(address)

    def peers(self, address: str, socket: Socket) -> int:
        """Return how many peers `socket` has at `address`, whichever end of it is its own."""
        with self._lock:
            binder = self._bound.get(address)
            wanting = self._wanting.get(address, {})
            if binder is socket:
                return sum(1 for to in wanting.values() if to is binder)
            return int(binder is not None and wanting.get(socket) is binder)
