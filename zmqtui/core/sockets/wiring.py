"""What ties a role's sockets to its stage."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import zmq

from zmqtui.core.addresses import LOOPBACK
from zmqtui.core.limits import Limits

if TYPE_CHECKING:
    from zmqtui.core.connections.monitor import Monitor
    from zmqtui.core.sockets.inproc import Registry
    from zmqtui.core.sockets.tape import Tape
    from zmqtui.core.sockets.traced import Socket

_ENVELOPED = (zmq.DEALER, zmq.ROUTER, zmq.STREAM)
"""Types of sockets that receive more frames than were sent."""


class Wiring:
    """What a context needs to know of its stage: who meets where, and who wants to hear of new sockets.

    Attributes:
        limits: What every new socket gets.
        expose: Whether roles may bind where others on the network can connect.
    """

    limits = Limits()
    expose = False

    def __init__(self, context: zmq.Context[Any], endpoints: dict[str, str], registry: Registry) -> None:
        self.context = context
        self.registry = registry
        self._split: set[str] = set()
        self._split_anywhere = False
        self.name(endpoints)

    def name(self, endpoints: dict[str, str]) -> None:
        """Learn which endpoints have which addresses; who binds ``*`` is met at loopback."""
        self.names = {address: name for name, address in endpoints.items()}
        self.names |= {a.replace("tcp://*:", f"tcp://{LOOPBACK}:"): name for a, name in list(self.names.items())}

    def splits(self, socket: Socket) -> None:
        """Hear that `socket` is about to send messages of several frames, not to be taken for single ones."""
        for address in socket.addresses:
            if address in self.names:
                self._split.add(self.names[address])
            else:
                # It may be the same place by another name.
                self._split_anywhere = True
        for other in self.sockets():
            if self.split(other):
                other.inbox.doubt()

    def split(self, socket: Socket) -> bool:
        """Tell whether anybody here may send messages of several frames to `socket`."""
        if self._split_anywhere or socket.kind in _ENVELOPED:
            return True
        return any(self.names.get(address) in self._split or address not in self.names for address in socket.addresses)

    def sockets(self) -> list[Socket]:
        """Return the sockets that are open."""
        return []

    def opened(self, socket: Socket) -> None:
        """Hear that `socket` was made."""

    def watched(self, monitor: Monitor) -> None:
        """Hear that there is a monitor to read."""

    def closing(self, socket: Socket) -> None:
        """Hear that `socket` is about to be closed."""

    def unbound(self, socket: Socket) -> None:
        """Hear that who had bound the inproc name that `socket` is connected to is leaving."""

    def positions(self, socket: Socket) -> dict[Tape, int]:
        """Return where the tapes of the publishers that `socket` can hear stand."""
        return {}
