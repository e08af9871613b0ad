"""What ties a role's sockets to its stage."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import zmq

from zmqtui.core.addresses import LOOPBACK

if TYPE_CHECKING:
    from zmqtui.core.connections.monitor import Monitor
    from zmqtui.core.sockets.inproc import Registry
    from zmqtui.core.sockets.tape import Tape
    from zmqtui.core.sockets.traced import Socket


class Wiring:
    """What a context needs to know of its stage: who meets where, and who wants to hear of new sockets."""

    def __init__(self, context: zmq.Context[Any], endpoints: dict[str, str], registry: Registry) -> None:
        self.context = context
        self.registry = registry
        self.name(endpoints)

    def name(self, endpoints: dict[str, str]) -> None:
        """Learn which endpoints have which addresses; who binds ``*`` is met at loopback."""
        self.names = {address: name for name, address in endpoints.items()}
        self.names |= {a.replace("tcp://*:", f"tcp://{LOOPBACK}:"): name for a, name in list(self.names.items())}

    def opened(self, socket: Socket) -> None:
        """Hear that `socket` was made."""

    def watched(self, monitor: Monitor) -> None:
        """Hear that there is a monitor to read."""

    def closing(self, socket: Socket) -> None:
        """Hear that `socket` is about to be closed."""

    def positions(self, socket: Socket) -> dict[Tape, int]:
        """Return where the tapes of the publishers that `socket` can hear stand."""
        return {}
